# SPDX-License-Identifier: MIT
"""Which bits a path carries is read from frames that are right above."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.valid_bits import SHARE, _mask_of, probe_mask, top_mask
from stress.model.formats import FORMATS
from stress.patterns.word import Pattern

FRAMES = 1000


def _sent(name):
    pattern = Pattern("mix1", FORMATS[name], 2)
    return pattern, pattern.bytes_at(77, FRAMES)


def _narrow(raw, name, bits):
    # A path that clears what lies below so many bits of the sample.
    fmt = FORMATS[name]
    keep = ((1 << bits) - 1) << (fmt.bits - bits)
    mask = np.frombuffer(keep.to_bytes(fmt.sample_bytes, "little"), np.uint8)
    return (raw.reshape(-1, fmt.sample_bytes) & mask).reshape(-1)


def _spread(count):
    # Indices of so many of FRAMES frames, in no long rows, as a path that changes some of them leaves it.
    return (np.arange(count) * 9) % FRAMES


def test_format_of_16_bits_has_no_mask():
    pattern, raw = _sent("S16_LE")
    assert probe_mask(raw, 77, pattern) == (None, 16, [])
    assert top_mask(pattern) is None


@pytest.mark.parametrize("name", ["S24_3LE", "S32_LE"])
def test_path_that_carries_everything_has_no_mask(name):
    pattern, raw = _sent(name)
    mask, bits, notes = probe_mask(raw, 77, pattern)
    assert (mask, bits, notes) == (None, FORMATS[name].bits, [])


@pytest.mark.parametrize(("name", "bits"), [("S24_3LE", 16), ("S24_3LE", 20), ("S32_LE", 24), ("S32_LE", 18)])
def test_narrow_path_is_seen_and_said(name, bits):
    pattern, raw = _sent(name)
    mask, found, notes = probe_mask(_narrow(raw, name, bits), 77, pattern)
    assert found == bits
    assert notes == [
        f"the path carries {bits} of {FORMATS[name].bits} bits per sample; the rest is not judged"
    ]
    assert mask.shape == (pattern.frame_bytes,)
    assert (
        int.from_bytes(mask[: FORMATS[name].sample_bytes].tobytes(), "little").bit_length()
        == FORMATS[name].bits
    )
    assert sum(bin(byte).count("1") for byte in mask) == 2 * bits


@pytest.mark.parametrize(("share", "bits"), [(0.05, 24), (0.15, 16)])
def test_width_holds_while_nine_of_ten_frames_carry_it(share, bits):
    # Above 1 - SHARE of frames wrong in the low bits are a narrow path, below they are faults.
    assert 0.05 < 1 - SHARE < 0.15
    pattern, raw = _sent("S24_3LE")
    rows = raw.reshape(FRAMES, -1).copy()
    rows[_spread(round(share * FRAMES)), 0] ^= 0xFF
    assert probe_mask(rows.reshape(-1), 77, pattern)[1] == bits


def test_frames_that_are_wrong_above_decide_nothing():
    pattern, raw = _sent("S24_3LE")
    rows = raw.reshape(FRAMES, -1).copy()
    rows[:, 2] ^= 0x40
    rows[:, 0] = 0
    assert probe_mask(rows.reshape(-1), 77, pattern) == (None, 24, [])


def test_top_mask_keeps_16_bits_of_every_sample():
    assert top_mask(Pattern("mix1", FORMATS["S24_3LE"], 2)).tolist() == [0, 255, 255] * 2


# Formats with a byte above the sample.


def _padded(raw, frames):
    # The padding byte is 0, and no sign, in some of the frames.
    cells = raw.reshape(FRAMES, 2, 4).copy()
    cells[:frames, :, 3] = ~cells[:frames, :, 3]
    return cells.reshape(-1)


NOT_SIGN = "the padding byte is not the sign of the sample; it is not judged"


@pytest.mark.parametrize(("frames", "told"), [(0, False), (99, False), (101, True), (FRAMES, True)])
def test_padding_that_is_no_sign_in_more_than_a_tenth_of_the_frames_is_not_judged(frames, told):
    pattern, raw = _sent("S24_LE")
    mask, bits, notes = probe_mask(_padded(raw, frames), 77, pattern)
    assert bits == 24
    assert notes == ([NOT_SIGN] if told else [])
    assert (None if mask is None else mask.tolist()) == ([255, 255, 255, 0] * 2 if told else None)


def test_a_narrow_path_keeps_its_padding_where_that_is_the_sign():
    pattern, raw = _sent("S24_LE")
    cells = raw.reshape(FRAMES, 2, 4).copy()
    cells[:, :, 0] = 0
    mask, bits, notes = probe_mask(cells.reshape(-1), 77, pattern)
    assert (bits, len(notes)) == (16, 1)
    assert mask.tolist() == [0, 255, 255, 255] * 2
    cells[:, :, 3] = 0
    mask, bits, notes = probe_mask(cells.reshape(-1), 77, pattern)
    assert (bits, len(notes)) == (16, 2)
    assert mask.tolist() == [0, 255, 255, 0] * 2


def test_formats_without_padding_have_none_that_is_wrong():
    for name, bits in (("S24_3LE", 20), ("S32_LE", 24)):
        pattern, raw = _sent(name)
        assert len(probe_mask(_narrow(raw, name, bits), 77, pattern)[2]) == 1


@pytest.mark.parametrize("wrong", [100, 101])
def test_exactly_nine_of_ten_frames_carry_a_width(wrong):
    pattern, raw = _sent("S24_3LE")
    rows = raw.reshape(FRAMES, -1).copy()
    rows[_spread(wrong), 0] ^= 0xFF
    assert probe_mask(rows.reshape(-1), 77, pattern)[1] == (24 if wrong == 100 else 16)


@pytest.mark.parametrize(("wrong", "bits"), [(499, 24), (500, 24), (501, 16)])
def test_low_bits_wrong_in_one_piece_are_damage_up_to_half_of_the_frames(wrong, bits):
    # A narrow path is narrow all through; these were not judged, and a burst that began so was PASS.
    pattern, raw = _sent("S24_3LE")
    rows = raw.reshape(FRAMES, -1).copy()
    rows[:wrong, 0] ^= 0x04
    assert probe_mask(rows.reshape(-1), 77, pattern)[1] == (bits if bits == 24 else 20)


@pytest.mark.parametrize(("row", "bits"), [(16, 24), (15, 20)])
def test_rows_of_sixteen_whole_frames_refute_a_narrow_path(row, bits):
    # Two frames differ, then a row has every bit right.
    pattern, raw = _sent("S24_3LE")
    rows = raw.reshape(FRAMES, -1).copy()
    rows[np.arange(FRAMES) % (row + 2) < 2, 0] ^= 0x04
    assert probe_mask(rows.reshape(-1), 77, pattern)[1] == bits


def test_nothing_below_sixteen_bits_is_a_width():
    pattern, raw = _sent("S32_LE")
    cells = raw.reshape(FRAMES, 2, 4).copy()
    cells[:, :, :2] ^= 0xFF
    assert probe_mask(cells.reshape(-1), 77, pattern)[1] == 16


@pytest.mark.parametrize(
    ("width", "bits", "size", "mask"),
    [
        (16, 16, 2, [255, 255]),
        (16, 24, 3, [0, 255, 255]),
        (20, 24, 3, [0xF0, 255, 255]),
        (18, 32, 4, [0, 0xC0, 255, 255]),
        (24, 24, 4, [255, 255, 255, 0]),
    ],
)
def test_masks_are_the_upper_bits_of_a_sample(width, bits, size, mask):
    assert _mask_of(width, bits, size).tolist() == mask
