# SPDX-License-Identifier: MIT
"""Each kind of damage by itself, with the least and the most of it that has this name."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact import damage_kind as kinds
from stress.model.finding import Kind
from stress.model.formats import FORMATS
from stress.patterns.word import Pattern
from tests.detect.exact.spoilt import FIRST, due, namer, rows_of, scaled, strange, words

# Single bits.


@pytest.mark.parametrize("flips", range(1, kinds.MOST_FLIPS + 2))
def test_flips_up_to_the_most_of_one_frame_are_flips_and_one_more_is_unknown(flips):
    rows = due(frames=3)
    places = [(1, bit) for bit in (3, 9, 14, 20, 31)[:flips]]
    for frame, bit in places:
        rows[frame, bit // 8] ^= 1 << bit % 8
    kind, details = namer().name(rows, FIRST)
    if flips <= kinds.MOST_FLIPS:
        assert (kind, details) == (Kind.BITFLIP, {"bits": [list(one) for one in places], "flips": flips})
    else:
        assert (kind, details) == (Kind.UNKNOWN, {})


def test_flips_in_many_frames_are_all_counted_and_the_first_sixteen_bytes_listed():
    rows = due(frames=18)
    rows[:, 1] ^= 0x81
    kind, details = namer().name(rows, FIRST)
    assert kind is Kind.BITFLIP
    assert details["flips"] == 36
    assert details["bits"] == [[frame, bit] for frame in range(16) for bit in (8, 15)]


# Exchanged channels.


def test_stereo_with_its_channels_exchanged_is_a_swap():
    rows = due(frames=1)
    assert namer().name(rows[:, [2, 3, 0, 1]], FIRST) == (Kind.SWAP, {"source": [1, 0]})


@pytest.mark.parametrize("source", [[1, 0, 2, 3], [3, 0, 1, 2], [0, 1, 3, 3]])
def test_channels_that_equal_others_in_all_frames_are_a_swap_with_their_source(source):
    rows = due("S24_LE", 4, 3)
    cells = rows.reshape(3, 4, 4)[:, source].copy()
    assert namer("S24_LE", 4).name(cells.reshape(3, 16), FIRST) == (Kind.SWAP, {"source": source})


def test_channels_exchanged_in_all_frames_but_one_are_no_swap():
    rows = due("S24_LE", 4, 3)
    cells = rows.reshape(3, 4, 4)[:, [1, 0, 2, 3]].copy()
    cells[2] = rows.reshape(3, 4, 4)[2]
    assert namer("S24_LE", 4).name(cells.reshape(3, 16), FIRST)[0] is Kind.UNKNOWN


def test_a_channel_that_equals_none_is_no_swap():
    rows = due("S24_LE", 4, 2)
    cells = rows.reshape(2, 4, 4)[:, [1, 0, 2, 3]].copy()
    cells[:, 3] ^= 0xFF
    assert namer("S24_LE", 4).name(cells.reshape(2, 16), FIRST)[0] is Kind.UNKNOWN


def test_a_channel_that_equals_itself_and_a_lower_one_is_its_own_source():
    one = namer("S16_LE", 3)
    rows = due("S16_LE", 3, 2)
    rows[:, 4:6] = rows[:, 0:2]
    assert one._swap(rows, rows) is None
    moved = rows.copy()
    moved[:, 2:4] = rows[:, 0:2]
    assert one._swap(moved, rows) == (Kind.SWAP, {"source": [0, 0, 2]})


def test_mono_has_no_channels_to_exchange():
    rows = due("S16_LE", 1, 4)
    assert namer("S16_LE", 1)._swap(rows, rows) is None


# A byte stream out of step.


@pytest.mark.parametrize("shift", [1, -1, 2, -2, 3, -3])
@pytest.mark.parametrize("frames", [2, 3, 8])
def test_a_stream_out_of_step_is_shifted_by_its_bytes(shift, frames):
    size = 6
    around = due("S24_3LE", 2, frames + 2, FIRST - 1).reshape(-1)
    rows = around[size - shift : size - shift + frames * size].reshape(frames, size)
    expected = (Kind.BYTESHIFT, {"bytes": shift})
    assert namer("S24_3LE", 2).name(rows, FIRST) == expected
    assert namer("S24_3LE", 2).fit(rows, FIRST) == expected


def test_a_shift_of_a_whole_frame_or_more_is_no_byte_shift():
    around = due("S16_LE", 1, 12, FIRST - 1).reshape(-1)
    for shift in (2, -2, 3, -3):
        rows = around[4 - shift : 4 - shift + 16].reshape(8, 2)
        named = namer("S16_LE", 1)._byteshift(rows, FIRST + 1)
        assert named is None


@pytest.mark.parametrize("shift", [2, -2])
def test_a_shift_may_begin_and_end_inside_a_frame(shift):
    size, frames = 6, 5
    around = due("S24_3LE", 2, frames + 2, FIRST - 1).reshape(-1)
    flat = around[size - shift : size - shift + frames * size].copy()
    right = around[size:-size]
    flat[:3], flat[-2:] = right[:3], right[-2:]
    assert namer("S24_3LE", 2)._byteshift(flat.reshape(frames, size), FIRST) == (
        Kind.BYTESHIFT,
        {"bytes": shift},
    )


@pytest.mark.parametrize("at", [0, 29])
def test_a_shift_whose_first_or_last_frame_is_right_does_not_reach_so_far(at):
    size, frames = 6, 5
    around = due("S24_3LE", 2, frames + 2, FIRST - 1).reshape(-1)
    rows = around[size - 1 : size - 1 + frames * size].copy().reshape(frames, size)
    rows[at // size] = around[size:-size].reshape(frames, size)[at // size]
    assert namer("S24_3LE", 2)._byteshift(rows, FIRST) is None


def test_a_shift_of_whose_first_frame_only_a_strange_byte_is_wrong_does_not_reach_so_far():
    size, frames = 6, 5
    around = due("S24_3LE", 2, frames + 2, FIRST - 1).reshape(-1)
    rows = around[size - 1 : size - 1 + frames * size].copy().reshape(frames, size)
    rows[0] = around[size : 2 * size]
    rows[0, 0] ^= 0x5A
    assert namer("S24_3LE", 2)._byteshift(rows, FIRST) is None


def test_a_shift_with_right_bytes_between_is_none():
    size, frames = 6, 7
    around = due("S24_3LE", 2, frames + 2, FIRST - 1).reshape(-1)
    rows = around[size - 1 : size - 1 + frames * size].copy().reshape(frames, size)
    rows[3, 2:4] = around[size:-size].reshape(frames, size)[3, 2:4]
    assert namer("S24_3LE", 2)._byteshift(rows, FIRST) is None


def test_two_frames_that_are_shifted_only_in_part_are_not_shifted():
    size = 4
    around = due(frames=4, first=FIRST - 1).reshape(-1)
    flat = around[size - 1 : size - 1 + 2 * size].copy()
    flat[0] = around[size]
    assert namer()._byteshift(flat.reshape(2, size), FIRST) is None


def test_a_shift_may_take_in_damaged_bytes_from_beyond_its_edge_and_none_amid():
    size, frames = 6, 5
    around = due("S24_3LE", 2, frames + 2, FIRST - 1).reshape(-1)
    for shift, edge, amid in ((2, 1, 2), (-2, -2, -3)):
        rows = around[size - shift : size - shift + frames * size].copy()
        rows[edge] ^= 0x55
        assert namer("S24_3LE", 2)._byteshift(rows.reshape(frames, size), FIRST) is not None
        rows = around[size - shift : size - shift + frames * size].copy()
        rows[amid] ^= 0x55
        assert namer("S24_3LE", 2)._byteshift(rows.reshape(frames, size), FIRST) is None


@pytest.mark.parametrize(
    ("moved", "strange_bytes", "named"),
    [(7, 0, True), (6, 0, False), (7, 1, True), (6, 1, False), (12, 1, True)],
)
def test_a_shift_needs_more_bytes_moved_than_right_and_twice_the_strange(moved, strange_bytes, named):
    # Three frames of four bytes, of which the last bytes of the first frame, the middle one and the
    # first bytes of the last one are shifted; a strange byte is the first, which came from before.
    size = 4
    around = due(frames=5, first=FIRST - 1).reshape(-1)
    flat, shifted = around[size:-size].copy(), around[size - 1 : size - 1 + 3 * size]
    tail = 1 if moved < 12 else 4
    low, high = 8 + tail - moved, 8 + tail
    flat[low:high] = shifted[low:high]
    if strange_bytes:
        flat[0] = around[size] ^ 0x5A
        assert flat[0] != around[size - 1]
    one = namer()._byteshift(flat.reshape(3, size), FIRST)
    assert one == ((Kind.BYTESHIFT, {"bytes": 1}) if named else None)


# Dither and gain.


def test_dither_needs_its_shortest_stretch_and_says_the_largest_difference():
    for frames, kind in ((kinds.SHORTEST_DITHER, Kind.DITHER), (kinds.SHORTEST_DITHER - 1, None)):
        samples = words(due(frames=frames))
        samples[::2, 0] += 3
        samples[1::2, 1] -= 2
        named = kinds._dither(samples.astype(float), words(due(frames=frames)).astype(float), 16)
        assert (named and named[0]) is kind
        assert named is None or named[1] == {"lsb": 3}


def test_dither_up_to_its_largest_difference_is_counted_in_bits_of_the_format():
    sent = words(due(frames=20)).astype(float)
    for off, lsb in ((16.0, 4096), (-16.0, 4096), (1.0, 256), (1 / 256, 1), (0.5, 128)):
        seen = sent.copy()
        seen[7, 1] += off
        assert kinds._dither(seen, sent, 24) == (Kind.DITHER, {"lsb": lsb})
    for off in (16 + 1 / 256, -16 - 1 / 256):
        seen = sent.copy()
        seen[7, 1] += off
        assert kinds._dither(seen, sent, 24) is None


@pytest.mark.parametrize(("fmt", "lsb"), [("S16_LE", 1), ("S24_3LE", 256), ("S32_LE", 65536)])
def test_dither_of_each_format_is_fitted_in_steps_of_sixteen_bits(fmt, lsb):
    pattern = Pattern("mix1", FORMATS[fmt], 2)
    rows = due(fmt, 2, 20)
    size, at = pattern.fmt.sample_bytes, pattern.fmt.bits // 8 - 2
    top = np.ascontiguousarray(rows.reshape(20, 2, size)[:, :, at : at + 2]).view("<i2")[:, :, 0]
    moved = (top + np.where(np.abs(top) < 30000, 1, 0)).astype("<i2")
    cells = rows.reshape(20, 2, size).copy()
    cells[:, :, at : at + 2] = moved[:, :, None].view(np.uint8)
    assert namer(fmt).fit(cells.reshape(20, -1), FIRST) == (Kind.DITHER, {"lsb": lsb})


@pytest.mark.parametrize(
    ("factor", "kind", "details"),
    [
        (0.5, Kind.GAIN, {"gain_db": -6.021}),
        (0.25, Kind.GAIN, {"gain_db": -12.041}),
        ([0.5, 0.25], Kind.GAIN, {"gain_db": -9.031, "channels_db": [-6.021, -12.041]}),
        (-0.5, Kind.GAIN, {"gain_db": -6.021, "inverted": True}),
        ([0.5, -0.5], Kind.GAIN, {"gain_db": -6.021, "inverted": [1]}),
        ([-0.5, 0.5], Kind.GAIN, {"gain_db": -6.021, "inverted": [0]}),
        ([-1.0, 1.0], Kind.POLARITY, {"gain_db": 0.0, "inverted": [0]}),
        (-1.0, Kind.POLARITY, {"gain_db": 0.0, "inverted": True}),
        ([1.0, 0.5], Kind.GAIN, {"gain_db": -3.01, "channels_db": [0.0, -6.021]}),
    ],
)
def test_a_scaled_stretch_says_level_and_sign_of_its_channels(factor, kind, details):
    sent = words(due(frames=8)).astype(float)
    seen = np.round(scaled(factor))
    assert kinds._gain(seen, sent) == (kind, details)


def test_channels_whose_levels_are_nearly_alike_have_one_level():
    sent = words(due(frames=8)).astype(float)
    near, far = 10 ** (-0.04 / 20), 10 ** (-0.06 / 20)
    assert "channels_db" not in kinds._gain(sent * [0.5, 0.5 * near], sent)[1]
    assert kinds._gain(sent * [0.5, 0.5 * far], sent)[1]["channels_db"] == [-6.021, -6.081]


def test_a_gain_nearer_to_none_than_the_smallest_is_none():
    sent = words(due(frames=8)).astype(float)
    more = kinds.SMALLEST_GAIN_DB
    assert kinds._gain(sent * 10 ** (-0.99 * more / 20), sent) is None
    assert kinds._gain(sent * 10 ** (-1.01 * more / 20), sent) == (Kind.GAIN, {"gain_db": -0.01})
    assert kinds._gain(sent.copy(), sent) is None


def test_a_residual_up_to_its_largest_is_a_gain_and_more_is_none():
    sent = np.tile([[100.0], [-100.0], [100.0], [-100.0]], (4, 1))
    seen = 0.5 * sent
    # In turn above and below, so that the fitted factor stays a half.
    off = np.tile([[1.0], [1.0], [-1.0], [-1.0]], (4, 1))
    assert kinds._gain(seen + kinds.GAIN_RESIDUAL * off, sent) == (Kind.GAIN, {"gain_db": -6.021})
    assert kinds._gain(seen + 1.001 * kinds.GAIN_RESIDUAL * off, sent) is None


def test_clipped_samples_do_not_take_part_in_a_gain():
    sent = np.array([[10000.0], [-20000.0], [20000.0], [5000.0]])
    for rail, free in ((32767.0, False), (-32768.0, False), (32766.0, True), (-32766.0, True)):
        seen = 1.5 * sent
        seen[2] = rail
        assert (kinds._gain(seen, sent) is None) is free, rail
    assert kinds._gain(np.full((4, 1), 32767.0), sent) is None


def test_a_silent_channel_is_no_gain():
    sent = words(due(frames=8)).astype(float)
    assert kinds._gain(sent * [0.5, 0.0], sent) is None
    assert kinds._gain(sent, sent * [1.0, 0.0]) is None


@pytest.mark.parametrize(("fmt", "bits"), [("S16_LE", 16), ("S24_3LE", 24), ("S24_LE", 24), ("S32_LE", 32)])
def test_frames_with_all_samples_at_the_rails_are_clipped(fmt, bits):
    size, top = FORMATS[fmt].sample_bytes, (1 << (bits - 1)) - 1

    def frame(*samples):
        cells = [int(one).to_bytes(4, "little", signed=True)[:size] for one in samples]
        return np.frombuffer(b"".join(cells), np.uint8)

    rows = np.stack(
        [
            frame(top, top),
            frame(-top - 1, top),
            frame(-top - 1, -top - 1),
            frame(top, top - 1),
            frame(-top, -top - 1),
            frame(0, top),
        ]
    )
    assert namer(fmt).clipped(rows).tolist() == [True, True, True, False, False, False]


# One name for a stretch.


def test_a_scaled_stretch_is_named_from_the_shortest_fit_on():
    for frames, kind in ((kinds.SHORTEST_FIT - 1, Kind.UNKNOWN), (kinds.SHORTEST_FIT, Kind.GAIN)):
        rows = rows_of(np.round(scaled(0.5, frames)))
        assert namer().name(rows, FIRST)[0] is kind


def test_low_bits_are_flips_in_a_short_stretch_and_dither_in_a_longer():
    for frames, kind in ((kinds.SHORTEST_DITHER - 1, Kind.BITFLIP), (kinds.SHORTEST_DITHER, Kind.DITHER)):
        rows = due(frames=frames)
        rows[:, 0] ^= 1
        assert namer().name(rows, FIRST)[0] is kind


@pytest.mark.parametrize("frames", [9, 10, 48])
@pytest.mark.parametrize("bit", [1, 3, 15])
def test_one_bit_that_differs_in_every_frame_is_flips_unless_it_is_the_lowest(frames, bit):
    rows = due(frames=frames)
    rows[:, bit // 8] ^= 1 << bit % 8
    named = namer().name(rows, FIRST)
    assert (named[0], named[1]["flips"]) == (Kind.BITFLIP, frames)


def test_one_bit_in_all_frames_but_one_is_what_fits():
    rows = due(frames=32)
    rows[:, 0] ^= 2
    rows[7] = due(frames=32)[7]
    assert namer().name(rows, FIRST)[0] is Kind.DITHER


def test_one_bit_in_fewer_frames_than_tell_fits_nothing():
    for frames in (kinds.FEWEST_SAME_BIT - 1, kinds.FEWEST_SAME_BIT):
        rows = due(frames=frames)
        rows[:, 0] ^= 2
        found = namer().fit(rows, FIRST)
        assert (found or (None,))[0] is (Kind.BITFLIP if frames == kinds.FEWEST_SAME_BIT else None)


def test_names_that_failed_too_often_are_not_tried_until_the_next_stretch():
    one, flipped = namer(), due(frames=1)
    flipped[0, 0] ^= 1
    for _ in range(kinds.MOST_FAILED - 1):
        assert one.name(strange(1), FIRST)[0] is Kind.UNKNOWN
    assert one.name(flipped, FIRST)[0] is Kind.BITFLIP
    assert one.name(strange(1), FIRST)[0] is Kind.UNKNOWN
    assert one.name(flipped, FIRST) == (Kind.UNKNOWN, {})
    one.begin()
    for _ in range(kinds.MOST_FAILED - 1):
        one.name(strange(1), FIRST)
    assert one.name(flipped, FIRST)[0] is Kind.BITFLIP
