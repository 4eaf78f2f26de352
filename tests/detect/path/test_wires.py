# SPDX-License-Identifier: MIT
"""A stream that is moved by bytes, bits or slots is told as that, in any number of channels."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.path.bitmap import wiring
from stress.detect.path.judge import judge_behind
from stress.detect.path.wires import named
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
