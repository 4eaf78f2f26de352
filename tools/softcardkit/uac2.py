# SPDX-License-Identifier: MIT
"""Descriptors and clock requests of the audio class 2.0.

Source: USB Device Class Definition for Audio Devices 2.0, 4.7 to 4.10 and 5.2.5.1
(clock source control requests, layout 3 parameter blocks).
"""

from __future__ import annotations

import struct

from stress.model.formats import SampleFormat
from tools.softcardkit.config import CardConfig
from tools.softcardkit.units import (
    AUDIO,
    AUDIOCONTROL,
    CAPTURE_IN,
    CAPTURE_OUT,
    CS_ENDPOINT,
    CS_INTERFACE,
    DIGITAL_INTERFACE,
    PLAYBACK_IN,
    PLAYBACK_OUT,
    USB_STREAMING,
    descriptor,
    interface,
    places_of,
)

PROTOCOL = 0x20
CLOCK = 9
# Clock source: internal and programmable; its frequency may be read and set.
_PROGRAMMABLE, _FREQUENCY_READ_WRITE, _FREQUENCY_READ = 3, 0x03, 0x01
_PCM = 1
# bmRequestType | bRequest << 8, wValue of the sampling frequency.
GET_CUR, GET_RANGE, SET_CUR = 0x01A1, 0x02A1, 0x0121
FREQUENCY = 0x0100


def control_interface(config: CardConfig) -> bytes:
    """Return the association and the control interface with its clock and terminals."""
    several = len(config.rates) > 1
    controls = _FREQUENCY_READ_WRITE if several else _FREQUENCY_READ
    units = descriptor(CS_INTERFACE, "BBBBBB", 0x0A, CLOCK, _PROGRAMMABLE, controls, 0, 0)
    if config.plays:
        units += _input_terminal(config.channels, PLAYBACK_IN, USB_STREAMING)
        units += _output_terminal(PLAYBACK_OUT, DIGITAL_INTERFACE, PLAYBACK_IN)
    if config.captures:
        units += _input_terminal(config.channels_of(True), CAPTURE_IN, DIGITAL_INTERFACE)
        units += _output_terminal(CAPTURE_OUT, USB_STREAMING, CAPTURE_IN)
    # Category "pro audio".
    header = descriptor(CS_INTERFACE, "BHBHB", 1, 0x0200, 0x0D, 9 + len(units), 0)
    count = 1 + config.plays + config.captures
    group = descriptor(0x0B, "BBBBBB", 0, count, AUDIO, 0, PROTOCOL, 0)
    return group + interface(0, 0, 0, AUDIOCONTROL, PROTOCOL) + header + units


def _input_terminal(channels: int, unit: int, kind: int) -> bytes:
    fields = (2, unit, kind, 0, CLOCK, channels, places_of(channels), 0, 0, 0)
    return descriptor(CS_INTERFACE, "BBHBBBIBHB", *fields)


def _output_terminal(unit: int, kind: int, source: int) -> bytes:
    return descriptor(CS_INTERFACE, "BBHBBBHB", 3, unit, kind, 0, source, CLOCK, 0, 0)


def streaming(terminal: int, channels: int, fmt: SampleFormat) -> bytes:
    """Return what an alternate setting says of its stream, and its format."""
    general = descriptor(CS_INTERFACE, "BBBBIBIB", 1, terminal, 0, 1, _PCM, channels, places_of(channels), 0)
    return general + descriptor(CS_INTERFACE, "BBBB", 2, 1, fmt.sample_bytes, fmt.bits)


def data_endpoint() -> bytes:
    """Return the class-specific descriptor of a data endpoint."""
    return descriptor(CS_ENDPOINT, "BBBBH", 1, 0, 0, 0, 0)


def rates(config: CardConfig) -> bytes:
    """Return the RANGE of the clock: each rate by itself."""
    parts = [struct.pack("<III", rate, rate, 0) for rate in sorted(config.rates)]
    return struct.pack("<H", len(parts)) + b"".join(parts)
