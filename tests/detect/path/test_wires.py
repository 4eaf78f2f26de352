# SPDX-License-Identifier: MIT
"""A stream that is moved by bytes, bits or slots is told as that, in any number of channels."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.path.bitmap import BitMap, wiring
from stress.detect.path.judge import judge_behind
from stress.detect.path.wires import Named, named
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern

LAYOUTS = [("S16_LE", 1), ("S16_LE", 2), ("S24_3LE", 2), ("S24_3LE", 4), ("S32_LE", 6), ("S16_LE", 8)]


def wired(layout, move, bits=False):
    fmt, channels = FORMATS[layout[0]], layout[1]
    pattern = Pattern("mix1", fmt, channels)
    raw = pattern.bytes_at(1000, 4000)
    if bits:
        raw = np.packbits(np.roll(np.unpackbits(raw, bitorder="little"), move), bitorder="little")
    else:
        raw = np.roll(raw, move)
    size = pattern.frame_bytes
    return named(wiring(raw[50 * size : 3000 * size], 1050, pattern), fmt, channels)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("move", [1, -1])
def test_stream_moved_by_a_byte_exchanges_no_channel(layout, move):
    found = wired(layout, move)
    assert (found.kind, found.shift) == ("byteshift", 8 * move)
    assert found.encoding == f"byte stream shifted by {move} byte"
    assert found.channels == tuple(range(layout[1])) and set(found.delay) == {0}


@pytest.mark.parametrize("layout", LAYOUTS[1:])
@pytest.mark.parametrize("move", [1, -1, 3])
def test_stream_moved_by_bits_is_told_by_their_number(layout, move):
    found = wired(layout, move, bits=True)
    assert (found.kind, found.shift) == ("byteshift", move)


@pytest.mark.parametrize("layout", LAYOUTS[3:])
@pytest.mark.parametrize("move", [1, -1])
def test_stream_moved_by_a_slot_rotates_the_channels(layout, move):
    fmt, channels = FORMATS[layout[0]], layout[1]
    found = wired(layout, move * fmt.sample_bytes)
    assert (found.kind, found.encoding) == ("rotate", "")
    assert found.channels == tuple((c - move) % channels for c in range(channels))


def behind(raw, pattern):
    size = pattern.frame_bytes
    blocks = [raw[at : at + 4096 * size] for at in range(0, len(raw) // size * size, 4096 * size)]
    return judge_behind(blocks, pattern, Rings(), first_position=1, locked=(0, 1))


@pytest.mark.parametrize("layout", [("S16_LE", 2), ("S32_LE", 6)])
@pytest.mark.parametrize("lost", [1, "slot"])
def test_bytes_lost_within_a_capture_are_one_finding_from_the_frame_they_cut(layout, lost):
    pattern = Pattern("mix1", FORMATS[layout[0]], layout[1])
    raw, size = pattern.bytes_at(1, 12000), pattern.frame_bytes
    lost = FORMATS[layout[0]].sample_bytes if lost == "slot" else lost
    found = behind(np.concatenate([raw[: 6000 * size], raw[6000 * size + lost :]]), pattern)
    assert [one.frame for one in found.analysis.findings] == [6000]


@pytest.mark.parametrize("layout", [("S16_LE", 2), ("S24_3LE", 2)])
def test_capture_that_begins_inside_a_frame_has_no_wrong_frame(layout):
    pattern = Pattern("mix1", FORMATS[layout[0]], layout[1])
    size = pattern.frame_bytes
    restored: list[np.ndarray] = []
    found = judge_behind([pattern.bytes_at(1, 12000)[1 : 1 - size]], pattern, Rings(), restored=restored)
    # A frame less one byte ahead is the same as one byte back.
    assert found.path.encoding in (
        "byte stream shifted by -1 byte",
        f"byte stream shifted by {size - 1} bytes",
    )
    assert found.analysis.found == 0
    position = found.analysis.first_position - found.analysis.first_frame
    assert np.array_equal(restored[0], found.sent.bytes_at(position, len(restored[0]) // size))


S16, S24, S32 = FORMATS["S16_LE"], FORMATS["S24_3LE"], FORMATS["S32_LE"]


def straight(fmt, channels, order=None, moved=0, lost=(), flipped=(), held=None, samples=None):
    """The wiring of a frame, made from its definition.

    `order` says which bit of a sample each captured one is, `moved` by how many bits the stream is late,
    `samples` which sample each captured one is.
    """
    width = 8 * fmt.sample_bytes
    count = width * channels
    place = np.arange(count) - moved
    source, frame = place % count, -(place // count)
    if order is not None:
        source = np.array([n // width * width + order(n % width) for n in range(count)])
    if samples is not None:
        source = np.array([samples[n // width] * width + n % width for n in range(count)])
    source = np.where((source < 0) | np.isin(np.arange(count), lost), -1, source)
    constant = np.full(count, -1)
    for plane, value in (held or {}).items():
        source[plane], constant[plane] = -1, value
    return BitMap(source, frame, np.isin(np.arange(count), flipped), constant)


def test_wiring_that_changes_nothing_has_no_name():
    assert named(straight(S16, 2), S16, 2) == Named("", (0, 1), (16, 16), (0, 0))


@pytest.mark.parametrize(
    ("fmt", "order", "text"),
    [
        (S16, lambda b: b ^ 8, "bytes of each sample exchanged"),
        (S24, lambda b: 8 * (2 - b // 8) + b % 8, "bytes of each sample exchanged"),
        (S32, lambda b: 8 * (3 - b // 8) + b % 8, "bytes of each sample exchanged"),
        (S32, lambda b: (b + 16) % 32, "16-bit halves exchanged"),
        (S32, lambda b: b ^ 8, "bytes of each 16-bit half exchanged"),
        (S16, lambda b: 15 - b, "bits of each sample reversed"),
        (S24, lambda b: 23 - b, "bits of each sample reversed"),
        (S32, lambda b: b ^ 7, "bits of each byte reversed"),
        (S16, lambda b: {3: 9, 9: 3}.get(b, b), "bits 3 and 9 of each sample exchanged"),
        (S16, lambda b: {3: 9, 9: 4, 4: 3}.get(b, b), "bits of each sample in another order"),
        (S16, lambda b: b * 3 % 16, "bits of each sample in another order"),
    ],
)
def test_order_of_bits_is_named(fmt, order, text):
    found = named(straight(fmt, 2, order), fmt, 2)
    assert (found.encoding, found.kind, found.shift) == (text, "endian", 0)
    assert (found.channels, found.bits) == ((0, 1), (fmt.bits, fmt.bits))


def shifted(width, by, turned=0):
    """Bits of a sample moved by so many places; so many of those that fall out come in again."""

    def order(bit):
        source = bit - by
        if 0 <= source < width:
            return source
        return source % width if (bit if by > 0 else width - 1 - bit) < turned else -width

    return order


@pytest.mark.parametrize(
    ("by", "turned", "text"),
    [
        (3, 0, "each sample shifted left by 3 bits"),
        (1, 0, "each sample shifted left by 1 bit"),
        (-2, 0, "each sample shifted right by 2 bits"),
        (4, 2, "each sample shifted left by 4 bits"),
        (4, 3, "each sample rotated by 4 bits"),
        (4, 4, "each sample rotated by 4 bits"),
        (-4, 4, "each sample rotated by 4 bits"),
        (1, 1, "each sample shifted left by 1 bit"),
        (2, 2, "each sample rotated by 2 bits"),
    ],
)
def test_shift_of_samples_is_named_and_a_rotation_by_the_bits_that_come_in_again(by, turned, text):
    found = named(straight(S16, 1, shifted(16, by, turned)), S16, 1)
    assert (found.encoding, found.kind, found.shift) == (text, "shift", by)
    assert found.bits == (16 - abs(by) + turned,)


@pytest.mark.parametrize(
    ("moved", "text"), [(10, "each sample shifted left by 2 bits"), (9, "another order")]
)
def test_shift_is_that_of_six_bits_of_ten(moved, text):
    # The others come from their mirrored places.
    found = named(straight(S16, 1, lambda b: b - 2 if 2 <= b < 2 + moved else (b * 5 + 1) % 16), S16, 1)
    assert text in found.encoding


@pytest.mark.parametrize(("wrong", "named_so"), [(1, True), (2, False)])
def test_order_of_bits_may_miss_a_tenth_of_them(wrong, named_so):
    def order(bit):
        return (bit ^ 8) if bit >= wrong else (bit ^ 8) ^ 1

    found = named(straight(S16, 1, order), S16, 1)
    assert (found.encoding == "bytes of each sample exchanged") is named_so


@pytest.mark.parametrize(
    ("moved", "text", "shift"),
    [
        (8, "byte stream shifted by 1 byte", 8),
        (-8, "byte stream shifted by -1 byte", -8),
        (24, "byte stream shifted by 3 bytes", 24),
        (1, "bit stream shifted by 1 bit", 1),
        (-3, "bit stream shifted by -3 bits", -3),
    ],
)
def test_stream_that_is_moved_keeps_its_channels(moved, text, shift):
    found = named(straight(S16, 2, moved=moved), S16, 2)
    assert found == Named(text, (0, 1), (16, 16), (0, 0), "byteshift", shift)


@pytest.mark.parametrize("moved", [16, -16, 32])
def test_stream_that_is_moved_by_slots_rotates(moved):
    found = named(straight(S16, 4, moved=moved), S16, 4)
    assert (found.encoding, found.kind, found.shift) == ("", "rotate", moved)
    assert found.channels == tuple((c - moved // 16) % 4 for c in range(4))
    assert found.delay == tuple(-((c - moved // 16) // 4) for c in range(4))


@pytest.mark.parametrize(("late", "words"), [(1, "1 bit late"), (3, "3 bits late"), (-2, "2 bits early")])
def test_serial_data_is_told_as_sent_highest_bit_first(late, words):
    width, channels = 16, 2
    serial = np.arange(32).reshape(2, 16)[:, ::-1].reshape(-1)
    planes = np.argsort(serial)
    place = serial - late
    source, frame = planes[place % 32], -(place // 32)
    found = named(BitMap(source, frame, np.zeros(32, bool), np.full(32, -1)), S16, channels)
    assert found.encoding == f"serial data {words}, the highest bit first"
    assert (found.kind, found.shift, found.channels, found.delay) == ("byteshift", late, (0, 1), (0, 0))
    assert width == 8 * S16.sample_bytes


@pytest.mark.parametrize(("broken", "moved"), [(3, True), (4, False)])
def test_stream_is_moved_where_more_than_nine_of_ten_bits_are(broken, moved):
    wires = straight(S16, 2, moved=8)
    source = wires.source.copy()
    source[4 : 4 + broken] = (source[4 : 4 + broken] + 5) % 32
    found = named(BitMap(source, wires.frame, wires.inverted, wires.constant), S16, 2)
    assert (found.kind == "byteshift") is moved


def test_exchanged_channels_are_told_by_most_of_their_bits():
    found = named(straight(S16, 2, samples=(1, 0)), S16, 2)
    assert (found.encoding, found.channels, found.kind) == ("", (1, 0), "")
    wires = straight(S16, 2)
    source = wires.source.copy()
    source[:5] += 16
    assert named(BitMap(source, wires.frame, wires.inverted, wires.constant), S16, 2).channels == (0, 1)


def test_channel_without_a_bit_has_no_source():
    found = named(straight(S16, 2, lost=range(16, 32)), S16, 2)
    assert (found.channels, found.bits, found.delay, found.encoding) == ((0, None), (16, 0), (0, 0), "")


def test_late_channel_is_told_by_most_of_its_bits():
    wires = straight(S16, 2)
    frame = wires.frame.copy()
    frame[16:] = 1
    assert named(BitMap(wires.source, frame, wires.inverted, wires.constant), S16, 2).delay == (0, 1)


@pytest.mark.parametrize(
    ("held", "flipped", "text", "kind"),
    [
        ({5: 1, 21: 1}, (), "bit 5 of every sample is always 1 in both channels", "stuck"),
        ({5: 0, 21: 0}, (), "bit 5 of every sample is always 0 in both channels", "stuck"),
        ({21: 0}, (), "bit 5 of every sample is always 0 (right only)", "stuck"),
        ({}, (4, 20), "bit 4 of every sample inverted in both channels", "stuck"),
        ({}, (15, 31), "unsigned samples (bit 15 of every sample inverted) in both channels", "endian"),
        ({}, (15,), "unsigned samples (bit 15 of every sample inverted) (left only)", "endian"),
        # Zeros below the lowest bit that arrives are a narrow path; ones are not.
        ({0: 0, 1: 0}, (), "", ""),
        ({0: 1}, (), "bit 0 of every sample is always 1 (left only)", "stuck"),
    ],
)
def test_bits_that_are_held_or_inverted_are_marked(held, flipped, text, kind):
    found = named(straight(S16, 2, held=held, flipped=flipped), S16, 2)
    assert (found.encoding, found.kind) == (text, kind)


def test_marks_of_one_and_of_many_channels_name_them():
    one = named(straight(S16, 1, held={5: 1}), S16, 1)
    assert one.encoding == "bit 5 of every sample is always 1"
    four = named(straight(S16, 4, held={5: 1, 37: 1}), S16, 4)
    assert four.encoding == "bit 5 of every sample is always 1 (channel 1, channel 3 only)"
    every = named(straight(S16, 4, held={5 + 16 * c: 1 for c in range(4)}), S16, 4)
    assert every.encoding == "bit 5 of every sample is always 1"
    # Beside a silent channel the others are all there are.
    beside = named(straight(S16, 2, held={5: 1}, lost=range(16, 32)), S16, 2)
    assert beside.encoding == "bit 5 of every sample is always 1"


def test_bits_in_another_order_have_no_held_ones():
    found = named(straight(S16, 1, lambda b: b ^ 8, held={5: 1}), S16, 1)
    assert found.encoding == "bytes of each sample exchanged"


def test_bits_above_those_of_the_format_are_not_marked_or_counted():
    padded = FORMATS["S24_LE"]
    found = named(straight(padded, 1, held={30: 1}), padded, 1)
    assert (found.encoding, found.bits) == ("", (24,))


def test_order_in_one_channel_names_it():
    wires = straight(S16, 2)
    source = wires.source.copy()
    source[:16] = np.arange(16) ^ 8
    found = named(BitMap(source, wires.frame, wires.inverted, wires.constant), S16, 2)
    assert (found.encoding, found.kind) == ("bytes of each sample exchanged (left only)", "endian")
