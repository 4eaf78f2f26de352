# SPDX-License-Identifier: MIT
"""Feature units and clocks, from descriptors written by hand after the class definitions."""

from __future__ import annotations

import struct
from random import Random

from stress.board.usb_units import UAC1, UAC2, ClockSource, FeatureUnit, parse_units

CONFIGURATION = struct.pack("<BBHBBBBB", 9, 2, 200, 3, 1, 0, 0x80, 50)
# A stereo dongle: USB stream 1 -> unit 5 -> line out 2; microphone 3 -> unit 6 -> USB stream 4.
UAC1_CONTROL = (
    bytes((9, 4, 0, 0, 0, 1, 1, 0, 0))
    + bytes((12, 0x24, 0x02, 1, 0x01, 0x01, 0, 2, 3, 0, 0, 0))
    + bytes((9, 0x24, 0x03, 2, 0x01, 0x03, 0, 5, 0))
    + bytes((12, 0x24, 0x02, 3, 0x01, 0x02, 0, 1, 0, 0, 0, 0))
    + bytes((9, 0x24, 0x03, 4, 0x01, 0x01, 0, 6, 0))
    + bytes((10, 0x24, 0x06, 5, 1, 1, 0x01, 0x02, 0x02, 0))
    + bytes((9, 0x24, 0x06, 6, 3, 1, 0x03, 0x00, 0))
)
UAC1_STREAM = (
    bytes((9, 4, 1, 1, 1, 1, 2, 0, 0))
    + bytes((9, 5, 0x01, 0x09, 0xC0, 0, 1, 0, 0))
    + bytes((7, 0x25, 1, 0x01, 0, 0, 0))
)
UAC2_CONTROL = (
    bytes((9, 4, 0, 0, 0, 1, 1, 0x20, 0))
    + bytes((8, 0x24, 0x0A, 0x29, 3, 0x07, 0, 0))
    + bytes((17, 0x24, 0x02, 2, 0x01, 0x01, 0, 0x29, 2, 3, 0, 0, 0, 0, 0, 0, 0))
    + bytes((18, 0x24, 0x06, 0x0A, 2))
    + struct.pack("<III", 0x3, 0xC, 0xC)
    + b"\0"
)


def test_uac1_units_tell_their_channels_and_their_direction():
    units = parse_units(CONFIGURATION + UAC1_CONTROL + UAC1_STREAM)
    assert units.features == (
        FeatureUnit(5, 0, UAC1, volume=(1, 2), mute=(0,), playback=True),
        FeatureUnit(6, 0, UAC1, volume=(0,), mute=(0,), playback=False),
    )
    assert units.clocks == (ClockSource(0x01, 1, UAC1, readable=True, tells_validity=False),)


def test_uac2_units_have_two_bits_a_control_and_a_clock_of_their_own():
    units = parse_units(CONFIGURATION + UAC2_CONTROL + UAC1_STREAM)
    assert units.features == (FeatureUnit(0x0A, 0, UAC2, volume=(1, 2), mute=(0,), playback=True),)
    assert units.clocks == (ClockSource(0x29, 0, UAC2, readable=True, tells_validity=True),)


def test_second_configuration_is_not_read():
    once = CONFIGURATION + UAC1_CONTROL
    assert parse_units(once + once) == parse_units(once)


def test_unit_that_names_itself_as_its_source_ends():
    loop = bytes((9, 4, 0, 0, 0, 1, 1, 0, 0)) + bytes((9, 0x24, 0x06, 6, 6, 1, 0x03, 0x00, 0))
    assert [unit.playback for unit in parse_units(CONFIGURATION + loop).features] == [False]


def test_descriptors_cut_or_damaged_anywhere_are_read_as_far_as_they_go():
    whole = CONFIGURATION + UAC1_CONTROL + UAC2_CONTROL + UAC1_STREAM
    random = Random(1)
    for cut in range(len(whole)):
        parse_units(whole[:cut])
        damaged = bytearray(whole)
        damaged[cut] = random.randrange(256)
        parse_units(bytes(damaged))
