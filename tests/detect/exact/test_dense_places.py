# SPDX-License-Identifier: MIT
"""Many places of one kind: which of them are taken together, and how they are counted."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact import dense
from stress.detect.exact.damage_kind import LARGEST_DITHER, SHORTEST_DITHER, SHORTEST_FIT, Namer
from stress.detect.exact.decode import Decoder
from stress.detect.exact.dense import MANY, DenseNamer
from stress.detect.exact.findings import LARGEST_GAP
from stress.detect.exact.track import TrackEvent
from stress.detect.exact.window import Stretch
from stress.model.finding import Finding, Kind
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern
from tests.detect.exact.spoilt import FIRST, due

FRAME, SHIFT = 1000, 5


def dense_namer(fmt="S16_LE", channels=2):
    decoder = Decoder(Pattern("mix1", FORMATS[fmt], channels), Rings(480, 528))
    return DenseNamer(decoder, Namer(decoder))


def events_of(starts, long=1, shift=SHIFT):
    return [TrackEvent("noise", at, at + long, 0, shift) for at in starts]


def taken(rows, events, before=None):
    return dense_namer().taken(Stretch(rows, FRAME, FIRST + SHIFT, before), events)


def spoilt(starts, spoil, long=1, frames=None):
    rows = due(frames=frames or max(starts) + long + 3)
    for number, at in enumerate(starts):
        spoil(rows[at : at + long], number)
    return rows


def flip(rows, number):
    rows[:, 3] ^= 0x40


def zero(rows, number):
    rows[:] = 0


def damage(rows, number):
    rows[:] = np.random.default_rng(number).integers(0, 256, rows.shape, dtype=np.uint8) | 1


STARTS = list(range(4, 4 + 3 * MANY, 3))


def test_so_many_flips_in_a_row_are_one_finding_with_each_bit_counted():
    found, left = taken(spoilt(STARTS, flip), events_of(STARTS))
    span = STARTS[-1] + 1 - STARTS[0]
    per_bit = [0] * 14 + [MANY, 0]
    details = {"places": MANY, "span": span, "flips": MANY, "per_bit": per_bit}
    assert found == [Finding(Kind.BITFLIP, FRAME + 4, MANY, FIRST + 4, details=details)]
    assert left == []


def test_one_place_less_is_left_to_be_named_one_by_one():
    events = events_of(STARTS[1:])
    assert taken(spoilt(STARTS[1:], flip), events) == ([], events)


@pytest.mark.parametrize(("spoil", "kind"), [(zero, Kind.ZERO), (damage, Kind.UNKNOWN)])
def test_zeros_and_damage_without_a_name_are_taken_as_well(spoil, kind):
    found, left = taken(spoilt(STARTS, spoil, 2), events_of(STARTS, 2))
    details = {"places": MANY, "span": STARTS[-1] + 2 - STARTS[0]}
    assert found == [Finding(kind, FRAME + 4, 2 * MANY, FIRST + 4, details=details)]
    assert left == []


def test_held_frames_are_taken_from_the_frame_before_the_stretch_on():
    starts = list(range(0, 3 * MANY, 3))
    rows = due(frames=3 * MANY + 3)
    before = due(frames=1, first=FIRST - 1)[0]
    rows[0] = before
    for at in starts[1:]:
        rows[at] = rows[at - 1]
    found, left = taken(rows, events_of(starts), before)
    details = {"places": MANY, "span": starts[-1] + 1}
    assert found == [Finding(Kind.HOLD, FRAME, MANY, FIRST, details=details)]
    # Without the frame before the first place is something else, and one is lacking.
    events = events_of(starts)
    assert taken(rows, events) == ([], events)


def test_places_part_where_the_gap_is_larger_than_the_largest():
    for gap, whole in ((LARGEST_GAP, True), (LARGEST_GAP + 1, False)):
        starts = [*range(4, 4 + 3 * 300, 3)]
        starts += [starts[-1] + 1 + gap + 3 * k for k in range(MANY - 300)]
        events = events_of(starts)
        found, left = taken(spoilt(starts, flip), events)
        assert (len(found), left) == ((1, []) if whole else (0, events))


def test_what_lies_before_between_and_behind_is_left_in_its_order():
    starts = list(range(4, 4 + 3 * (2 * MANY + 5), 3))

    def one_other(rows, number):
        (damage if number in (0, MANY + 1, 2 * MANY + 2) else flip)(rows, number)

    events = events_of(starts)
    found, left = taken(spoilt(starts, one_other), events)
    assert [(one.kind, one.frame, one.details["places"]) for one in found] == [
        (Kind.BITFLIP, FRAME + starts[1], MANY),
        (Kind.BITFLIP, FRAME + starts[MANY + 2], MANY),
    ]
    assert left == [events[0], events[MANY + 1], *events[2 * MANY + 2 :]]


def test_old_data_and_slips_part_the_places():
    old = TrackEvent("displaced", STARTS[300] + 1, STARTS[300] + 3, 480, SHIFT)
    events = events_of(STARTS)
    mixed = [*events[:301], old, *events[301:]]
    assert taken(spoilt(STARTS, flip), mixed) == ([], mixed)
    other = [*events[:301], *events_of(STARTS[301:], shift=SHIFT + 1)]
    assert taken(spoilt(STARTS, flip), other)[0] == []


@pytest.mark.parametrize(("fine", "together"), [(460, True), (461, False)])
def test_low_bits_in_nearly_all_places_may_be_dither_and_are_left(fine, together):
    # Of 512 places 460 are 0.898, 461 are 0.9004.
    def low(rows, number):
        rows[:, 0 if number < fine else 3] ^= 1 if number < fine else 0x40

    found, _ = taken(spoilt(STARTS, low), events_of(STARTS))
    assert bool(found) is together


def test_runs_are_noise_of_one_alignment_and_everything_else_alone():
    a, b = events_of([1, 3])
    c = events_of([5], shift=9)[0]
    slip, old = TrackEvent("slip", 7, 7, 3, 9), TrackEvent("displaced", 8, 9, 480, 9)
    d, e = events_of([10, 12], shift=9)
    assert dense._runs([a, b, c, slip, old, d, e]) == [[a, b], [c], [slip], [old], [d, e]]
    assert dense._runs([]) == []


@pytest.mark.parametrize(
    ("frames", "what"),
    [
        ([1, 1], 1),
        ([3, 4], 4),
        ([4, 3], 4),
        ([3, 5], 5),
        ([1, 4], 5),
        ([2, 3], 5),
        ([4, 4, 4], 4),
        ([5, 5], 5),
    ],
)
def test_flips_among_damage_are_damage_and_any_other_mixture_is_strange(frames, what):
    given = np.array([9, *frames, 9], np.int64)
    found = dense._of_events(given, np.array([1]), np.array([1 + len(frames)]))
    assert found.tolist() == [what]


def test_values_are_reduced_over_the_frames_of_each_place():
    values = np.array([5, 1, 7, 2, 9, 3])
    start, end = np.array([0, 3, 5]), np.array([2, 5, 6])
    assert dense._over(np.add, values, start, end).tolist() == [6, 11, 3]
    assert dense._over(np.minimum, values, start, end).tolist() == [1, 2, 3]
    assert dense._over(np.maximum, values, start, end).tolist() == [5, 9, 3]


@pytest.mark.parametrize(("fmt", "channels"), [("S16_LE", 2), ("S24_3LE", 2), ("S16_LE", 1), ("S16_LE", 3)])
def test_frames_of_other_channels_or_of_a_stream_out_of_step_are_moved(fmt, channels):
    one = dense_namer(fmt, channels)
    sent = due(fmt, channels, 12)
    size = FORMATS[fmt].sample_bytes
    seen = sent.copy()
    moved = [False] * 12
    if channels > 1:
        cells = seen.reshape(12, channels, size)
        cells[2] = cells[2][::-1].copy()
        cells[3, 0] = cells[3, 1]
        moved[2] = moved[3] = True
        cells[4, 0] ^= 1
    for frame, shift in ((5, 1), (6, -1), (7, 2), (8, -2), (9, 3), (10, -3)):
        if abs(shift) <= sent.shape[1]:
            flat, at = sent.reshape(-1), frame * sent.shape[1]
            seen[frame] = flat[at - shift : at - shift + sent.shape[1]]
            moved[frame] = True
    wrong = (seen != sent).any(axis=1)
    assert (one._moved(seen, sent)[wrong]).tolist() == np.array(moved)[wrong].tolist()


def test_small_differences_are_fine_and_scaled_places_are_scaled():
    one = dense_namer()
    sent = due(frames=30)
    samples = np.ascontiguousarray(sent).view("<i2").astype(int)
    inward = np.where(samples[:, 0] > 0, -1, 1)
    samples[0:3, 0] += LARGEST_DITHER * inward[0:3]
    samples[3:6, 0] += (LARGEST_DITHER + 1) * inward[3:6]
    samples[6:12] = np.round(samples[6:12] * 0.5)
    samples[12:18] = np.random.default_rng(1).integers(-20000, 20000, (6, 2))
    samples[18:24] = np.round(samples[18:24] * [0.5, -0.25])
    seen = samples.astype("<i2").view(np.uint8)
    start, end = np.array([0, 3, 6, 12, 18]), np.array([3, 6, 12, 18, 24])
    fine, scaled = one._samples(seen, sent, start, end)
    assert fine.tolist() == [True, False, False, False, False]
    assert scaled[2:].tolist() == [True, False, True]


def test_a_long_place_that_fits_as_a_whole_is_strange_here():
    # It is named by itself: dither from its shortest on, gain from its own.
    one = dense_namer()

    def what(rows, long):
        some = Stretch(rows, FRAME, FIRST, None)
        return one._places(some, events_of([2], long, 0)).what.tolist()

    for long, kind in ((SHORTEST_DITHER, dense._STRANGE), (SHORTEST_DITHER - 1, dense._FLIP)):
        rows = due(frames=40)
        rows[2 : 2 + long, 0] ^= 1
        assert what(rows, long) == [kind]
    for long, kind in ((SHORTEST_FIT, dense._STRANGE), (SHORTEST_FIT - 1, dense._OTHER)):
        rows = due(frames=40)
        half = np.round(np.ascontiguousarray(rows).view("<i2") * 0.5).astype("<i2").view(np.uint8)
        rows[2 : 2 + long] = half[2 : 2 + long]
        assert what(rows, long) == [kind]


def test_wrong_bits_are_those_of_the_frames_of_the_run():
    one = dense_namer()
    rows = due(frames=20)
    rows[5, 1] ^= 0x21
    rows[9, 0] ^= 0x80
    places = one._places(Stretch(rows, FRAME, FIRST, None), events_of([5, 9], shift=0))
    assert (places.start.tolist(), places.end.tolist()) == ([5, 9], [6, 10])
    assert places.wrong.shape == rows.shape
    assert [
        (int(frame), int(byte), int(places.wrong[frame, byte])) for frame, byte in np.argwhere(places.wrong)
    ] == [
        (5, 1, 0x21),
        (9, 0, 0x80),
    ]
    assert one._per_bit(places.wrong) == [0] * 7 + [1, 1] + [0] * 4 + [1, 0, 0]


def test_a_frame_by_itself_is_zero_held_flipped_moved_or_other():
    one = dense_namer()
    sent = due(frames=12)
    rows = sent.copy()
    rows[1] = 0
    rows[3] = rows[2]
    rows[5] ^= np.array([1, 1, 1, 1], np.uint8)
    rows[7] ^= np.array([1, 1, 1, 3], np.uint8)
    rows[9] = sent[9, [2, 3, 0, 1]]
    what = one._frames(rows, None, sent, rows ^ sent)
    assert [int(what[at]) for at in (1, 3, 5, 7, 9)] == [
        dense._ZERO,
        dense._HOLD,
        dense._FLIP,
        dense._OTHER,
        5,
    ]
    assert int(one._frames(rows, rows[0], sent, rows ^ sent)[0]) == dense._HOLD


def test_samples_at_the_rails_do_not_speak_against_a_scaled_place():
    one = dense_namer()
    sent = np.array([[10000, 9000], [-20000, 8000], [20000, -7000], [5000, 5000]])
    for rail, scaled in ((32767, True), (-32768, True), (32766, False), (-32766, False)):
        seen = np.round(1.5 * sent).astype(int)
        seen[2, 0] = rail
        rows = [np.ascontiguousarray(some.astype("<i2")).view(np.uint8) for some in (seen, sent)]
        assert one._samples(*rows, np.array([0]), np.array([4]))[1].tolist() == [scaled], rail


@pytest.mark.parametrize(("off", "scaled"), [([2, 2, 2, 2], True), ([3, 3, 2, 2], False)])
def test_what_a_gain_leaves_is_limited_by_the_frames_of_the_place(off, scaled):
    # Four frames may leave the sum of four squares of the residual, and one for rounding: 17.
    one = dense_namer()
    sent = np.zeros((20, 2), int)
    sent[10:14, 0] = [100, -100, 100, -100]
    sent[10:14, 1] = 1000
    seen = sent // 2
    seen[10:14, 0] += off
    rows = [np.ascontiguousarray(some.astype("<i2")).view(np.uint8) for some in (seen, sent)]
    assert one._samples(*rows, np.array([10]), np.array([14]))[1].tolist() == [scaled]
