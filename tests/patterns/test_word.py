# SPDX-License-Identifier: MIT
"""The word pattern against its definition in plain Python integers."""

from __future__ import annotations

import sys
import tracemalloc

import numpy as np
import pytest

from stress.errors import ConfigError
from stress.model.formats import FORMATS
from stress.patterns.word import Pattern

hypothesis = pytest.importorskip("hypothesis", reason="needs hypothesis: pip install .[test]")
given, settings, st = hypothesis.given, hypothesis.settings, hypothesis.strategies

MASK = 0xFFFFFFFF
STARTS = (0, 1, 7, 0x7FFFFFFF, 0xFFFFFFEF, 0xFFFFFFF0)
# Published vectors of pattern version 1, pair 0: position, mix1 word, mix2 word.
VECTORS = (
    (0x00000000, 0x00000000, 0x00000000),
    (0x00000001, 0x9E3645DF, 0x688990C0),
    (0x00000002, 0x3C6E8BBF, 0xD1132181),
    (0x00000003, 0xDAA7D85F, 0x53F1E9DD),
    (0x000012C0, 0x90289693, 0xEC8DD763),
    (0x12345678, 0xF6D76D55, 0xF5E71C96),
    (0x40000000, 0x40008000, 0xA3EFD09D),
    (0xFFFFFFFF, 0x61C845DE, 0x6768824A),
)


def slow_mix(name: str, j: int) -> int:
    if name == "mix1":
        x = j * 0x9E3779B1 & MASK
        return x ^ (x >> 15)
    x = j ^ (j >> 16)
    x = x * 0x7FEB352D & MASK
    x ^= x >> 15
    x = x * 0x846CA68B & MASK
    return x ^ (x >> 16)


def slow_frame(name: str, fmt: str, channels: int, q: int) -> bytes:
    out = b""
    for channel in range(channels):
        key = channel // 2 * 0x85EBCA6B & MASK
        alone = channels % 2 == 1 and channel == channels - 1
        j, side = (q >> 1, q & 1) if alone else (q, channel & 1)
        top = (slow_mix(name, j) ^ key) >> (16 * side) & 0xFFFF
        low = (slow_mix("mix2", j ^ 0x5EED5EED) ^ key) >> (16 * side) & 0xFFFF
        wide = (top << 16 | low).to_bytes(4, "little")
        sign = b"\xff" if top & 0x8000 else b"\0"
        out += {
            "S16_LE": wide[2:],
            "S24_3LE": wide[1:],
            "S24_LE": wide[1:] + sign,
            "S32_LE": wide,
        }[fmt]
    return out


@pytest.mark.parametrize(("j", "word1", "word2"), VECTORS)
def test_fill_vector_is_the_published_word(j, word1, word2):
    for name, word in (("mix1", word1), ("mix2", word2)):
        got = Pattern(name, FORMATS["S16_LE"], 2).bytes_at(j, 1)
        assert int(got.view("<u4")[0]) == word


def test_fill_wide_formats_give_the_published_samples():
    s32 = Pattern("mix1", FORMATS["S32_LE"], 2).bytes_at(1, 1).view("<u4")
    assert [hex(int(v)) for v in s32] == ["0x45dfff23", "0x9e360394"]
    s24 = Pattern("mix1", FORMATS["S24_3LE"], 2).bytes_at(1, 1)
    assert s24.tobytes() == bytes.fromhex("ffdf4503369e")


@pytest.mark.parametrize("name", ["mix1", "mix2"])
@pytest.mark.parametrize("fmt", list(FORMATS))
@pytest.mark.parametrize("channels", [*range(1, 9), 17, 64])
def test_fill_and_image_equal_the_definition(name, fmt, channels):
    pattern = Pattern(name, FORMATS[fmt], channels, block=16)
    for start in STARTS:
        want = b"".join(slow_frame(name, fmt, channels, (start + i) & MASK) for i in range(53))
        assert pattern.bytes_at(start, 53).tobytes() == want
        positions = np.arange(53, dtype=np.uint32) + np.array(start, np.uint32)
        assert pattern.image(positions).tobytes() == want


@pytest.mark.parametrize("name", ["mix1", "mix2"])
@pytest.mark.parametrize("fmt", list(FORMATS))
@pytest.mark.parametrize("channels", [*range(1, 9), 17, 64])
def test_positions_of_a_fill_are_the_positions_filled(name, fmt, channels):
    pattern = Pattern(name, FORMATS[fmt], channels)
    start = 0xFFFFFFF0
    want = np.arange(64, dtype=np.uint32) + np.array(start, np.uint32)
    frames = pattern.bytes_at(start, 64)
    kept = frames.copy()
    got = pattern.positions(frames)
    assert np.array_equal(frames, kept)
    if channels == 1:
        even = want[:-1] % 2 == 0
        assert got.shape == (63, 1)
        assert np.array_equal(got[even, 0], want[:-1][even])
    else:
        assert got.shape == (64, channels // 2)
        assert np.array_equal(got, np.repeat(want[:, None], channels // 2, axis=1))


@given(
    start=st.integers(0, MASK),
    cuts=st.lists(st.integers(1, 90), min_size=1, max_size=6),
    channels=st.integers(1, 8),
    fmt=st.sampled_from(list(FORMATS)),
)
@settings(max_examples=60, deadline=None)
def test_fill_in_pieces_equals_fill_at_once(start, cuts, channels, fmt):
    pattern = Pattern("mix1", FORMATS[fmt], channels, block=32)
    whole = pattern.bytes_at(start, sum(cuts))
    position, pieces = start, []
    for cut in cuts:
        pieces.append(pattern.bytes_at(position, cut))
        position += cut
    assert whole.tobytes() == b"".join(piece.tobytes() for piece in pieces)


@given(position=st.integers(0, MASK), ring=st.integers(1, 1 << 20), laps=st.integers(1, 64))
@settings(max_examples=200, deadline=None)
def test_fill_of_another_lap_never_shares_a_frame(position, ring, laps):
    pattern = Pattern("mix1", FORMATS["S16_LE"], 2)
    lag = ring * laps % (1 << 32)
    now, then = pattern.bytes_at(position, 8), pattern.bytes_at(position - lag, 8)
    assert lag == 0 or not (now.view("<u4") == then.view("<u4")).any()


# Little-endian samples on a big-endian machine go through buffers of numpy's own: measured on s390x, up to
# 183292 bytes at a time, however many frames there are.
_SWAPPED = 0 if sys.byteorder == "little" else 24 * np.getbufsize()


def test_fill_allocates_nothing():
    for fmt in FORMATS.values():
        for channels in (1, 2, 3, 8):
            pattern = Pattern("mix1", fmt, channels)
            out = np.empty(4096 * pattern.frame_bytes, np.uint8)
            pattern.fill(5, out)
            tracemalloc.start()
            pattern.fill(5, out)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert peak < 4096 + _SWAPPED, (fmt.name, channels, peak)


@pytest.mark.parametrize(("name", "channels"), [("mix3", 2), ("mix1", 0), ("mix1", 65)])
def test_pattern_with_bad_arguments_is_refused(name, channels):
    with pytest.raises(ConfigError, match="allowed"):
        Pattern(name, FORMATS["S16_LE"], channels)


def test_fill_of_a_part_of_a_frame_is_refused():
    with pytest.raises(ValueError, match="whole frames"):
        Pattern("mix1", FORMATS["S16_LE"], 2).fill(0, np.empty(6, np.uint8))
