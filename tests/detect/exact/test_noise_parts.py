# SPDX-License-Identifier: MIT
"""Noise in one stretch: what is one thing in many places, and what is many things."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.damage_kind import SHORTEST_DITHER, Part
from stress.detect.exact.noise_parts import DENSE_SHARE, HEAD, MOST_LOOSE, MOST_VAIN, SELDOM, NoiseParts
from stress.detect.exact.track import TrackEvent
from stress.detect.exact.window import Stretch
from stress.model.finding import Kind
from tests.detect.exact.spoilt import FIRST, due, namer, rows_of, scaled, strange, told

SHIFT = 5


def stretch(rows, before=None):
    """A stretch whose frames are due `SHIFT` earlier than its alignment says."""
    return Stretch(rows, 1000, FIRST + SHIFT, before)


def noise(*places):
    return [TrackEvent("noise", start, end, 0, SHIFT) for start, end in places]


def named(rows, *places, before=None):
    return told(NoiseParts(namer()).named(stretch(rows, before), noise(*places)))


def flipped(frames, places):
    rows = due(frames=frames)
    rows[list(places), 0] ^= 1
    return rows


# Dither.


@pytest.mark.parametrize(("more", "one"), [([21], True), ([], False)])
def test_places_of_low_bits_are_one_dither_from_a_share_of_wrong_frames_on(more, one):
    # Twelve of forty frames; of eleven neither half is denser: 5 of 18 and 6 of 21.
    assert DENSE_SHARE * 40 == 12
    places = sorted([0, 4, 8, 12, 17, 19, 23, 27, 31, 35, 39, *more])
    found = named(flipped(40, places), *((at, at + 1) for at in places))
    flips = [(at, at + 1, Kind.BITFLIP) for at in places]
    assert found == ([(0, 40, Kind.DITHER)] if one else flips)


@pytest.mark.parametrize(("frames", "one"), [(SHORTEST_DITHER, True), (SHORTEST_DITHER - 1, False)])
def test_places_of_low_bits_are_one_dither_from_the_shortest_on(frames, one):
    places = [at for at in range(frames) if at % 3 == 0 or at == frames - 1]
    found = named(flipped(frames, places), *((at, at + 1) for at in places))
    flips = [(at, at + 1, Kind.BITFLIP) for at in places]
    assert found == ([(0, frames, Kind.DITHER)] if one else flips)


@pytest.mark.parametrize("frames", [4 * HEAD, 4 * HEAD + 1, 6 * HEAD])
def test_a_long_dither_fits_as_a_whole(frames):
    places = [at for at in range(frames) if at % 3 == 0 or at == frames - 1]
    assert named(flipped(frames, places), *((at, at + 1) for at in places)) == [(0, frames, Kind.DITHER)]


def test_a_long_stretch_whose_head_does_not_fit_is_parted():
    frames = 4 * HEAD + 44
    rows = flipped(frames, range(frames))
    rows[3] = strange(1)
    parts = named(rows, (0, frames))
    assert parts[-1] == (4, frames, Kind.DITHER)


def test_two_dithers_of_another_size_stay_two():
    rows = due(frames=41)
    rows[:20, 0] ^= 1
    rows[21:, 0] ^= np.array([4, 5] * 10, np.uint8)
    assert named(rows, (0, 20), (21, 41)) == [(0, 20, Kind.DITHER), (21, 41, Kind.DITHER)]


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("strange_frames", "absorbed"), [(MOST_LOOSE - 3, True), (MOST_LOOSE - 2, False)])
def test_dither_reaches_into_a_short_part_that_fits_nothing(turned, strange_frames, absorbed):
    # Twenty dithered frames, a right one, three dithered ones too few to be told, then damage.
    n = 24 + strange_frames
    rows = due(frames=n)
    low, part = np.arange(24), (0, 20)
    rest, damage = (21, n), slice(24, n)
    if turned:
        low, part = n - 1 - low, (n - 20, n)
        rest, damage = (0, n - 21), slice(0, n - 24)
    rows[[at for at in low if at != (n - 21 if turned else 20)], 0] ^= 1
    rows[damage] = strange(strange_frames, 8)
    events = sorted([part, rest])
    if absorbed:
        wanted = [(0, 24, Kind.DITHER), (24, n, Kind.UNKNOWN)]
        if turned:
            wanted = [(0, n - 24, Kind.UNKNOWN), (n - 24, n, Kind.DITHER)]
    else:
        wanted = sorted([(*part, Kind.DITHER), (*rest, Kind.UNKNOWN)])
    assert named(rows, *events) == wanted


def test_a_frame_that_scaled_damage_takes_from_unknown_is_named_with_it():
    one = NoiseParts(namer())
    rows = rows_of(np.round(scaled(0.5, 12)))
    rows[10:] = strange(2)
    parts = [Part(0, 8, Kind.GAIN), Part(8, 12, Kind.UNKNOWN)]
    assert told(one.joined(stretch(rows), parts, SHIFT)) == [(0, 10, Kind.GAIN), (10, 12, Kind.UNKNOWN)]
    # Nothing fits a kind that is no dither and no gain.
    flips = [Part(0, 8, Kind.BITFLIP), Part(8, 12, Kind.UNKNOWN)]
    assert one.joined(stretch(rows), flips, SHIFT) == flips


# Gain, zeros and held frames.


def test_scaled_parts_that_touch_are_one():
    one = NoiseParts(namer())
    rows = rows_of(np.round(scaled(0.5, 20)))
    parts = [Part(0, 8, Kind.GAIN), Part(8, 14, Kind.UNKNOWN), Part(14, 20, Kind.GAIN)]
    (whole,) = one.joined(stretch(rows), parts, SHIFT)
    assert (whole.start, whole.end, whole.kind) == (0, 20, Kind.GAIN)
    assert whole.details == {"gain_db": -6.021}


def test_scaled_parts_of_two_levels_stay_two():
    rows = rows_of(np.round(scaled(0.5, 16)))
    rows[8:] = rows_of(np.round(scaled(0.25, 16)))[8:]
    assert named(rows, (0, 8), (8, 16)) == [(0, 8, Kind.GAIN), (8, 16, Kind.GAIN)]


@pytest.mark.parametrize("kind", [Kind.HOLD, Kind.ZERO])
def test_right_frames_between_held_ones_belong_to_them_where_they_look_the_same(kind):
    # The frame in the middle is right by chance: it is what is held.
    rows = due(frames=7)
    value = rows[3].copy()
    one = NoiseParts(namer())
    parts = [Part(0, 3, kind), Part(4, 7, kind)]
    rows[:] = value
    joined = told(one.joined(stretch(rows, value), parts, SHIFT))
    assert joined == ([(0, 7, Kind.HOLD)] if kind is Kind.HOLD else told(parts))
    rows[3, 0] ^= 1
    assert one.joined(stretch(rows, value), parts, SHIFT) == parts


def test_zeros_around_a_right_frame_that_is_zero_are_one():
    # Position 0 is all zeros.
    rows = np.zeros((5, 4), np.uint8)
    one = NoiseParts(namer())
    some = Stretch(rows, 0, 2**32 - 2 + SHIFT, None)
    parts = [Part(0, 2, Kind.ZERO), Part(3, 5, Kind.ZERO)]
    assert told(one.joined(some, parts, SHIFT)) == [(0, 5, Kind.ZERO)]
    held = [Part(0, 2, Kind.ZERO), Part(3, 5, Kind.HOLD)]
    assert one.joined(some, held, SHIFT) == held


def test_parts_of_one_event_lie_where_the_event_does():
    rows = due(frames=12)
    rows[4:6], rows[6:9] = 0, strange(3)
    found = NoiseParts(namer()).of(stretch(rows), noise((4, 9))[0])
    assert told(found) == [(4, 6, Kind.ZERO), (6, 9, Kind.UNKNOWN)]
    rows[4:9] = rows[3]
    assert told(NoiseParts(namer()).of(stretch(rows), noise((4, 9))[0])) == [(4, 9, Kind.HOLD)]


def test_a_fit_is_that_of_the_frames_and_their_places():
    rows = due(frames=40)
    rows[10:30] = rows_of(np.round(scaled(0.5, 40)))[10:30]
    one = NoiseParts(namer())
    found = one.fit(stretch(rows), 10, 30, SHIFT)
    assert found == Part(10, 30, Kind.GAIN, {"gain_db": -6.021})
    assert one.fit(stretch(rows), 9, 30, SHIFT) is None
    assert one.fit(stretch(rows), 10, 30, SHIFT + 1) is None


def test_parts_that_could_not_be_joined_for_long_are_tried_seldom():
    one, tries = NoiseParts(namer()), []
    answer = [None]
    one.fit = lambda *place: tries.append(place) or answer[0]
    some, swap = stretch(due(frames=8)), Part(0, 2, Kind.SWAP)

    def join(times):
        tries.clear()
        for _ in range(times):
            one._join(some, swap, Part(4, 6, Kind.SWAP), SHIFT)
        return len(tries)

    assert join(MOST_VAIN) == MOST_VAIN
    assert tries[0] == (some, 0, 6, SHIFT)
    assert join(SELDOM * 4) == 4
    # What is joined at last makes them worth trying again.
    answer[0] = Part(0, 6, Kind.SWAP)
    assert join(SELDOM) == 1
    answer[0] = Part(0, 6, Kind.GAIN)
    assert join(MOST_VAIN) == MOST_VAIN
    assert join(SELDOM * 2) == 2


def test_parts_in_either_order_are_joined_from_the_first_to_the_last():
    one = NoiseParts(namer())
    rows = rows_of(np.round(scaled(0.5, 20)))
    first, second = Part(0, 8, Kind.GAIN), Part(8, 20, Kind.GAIN)
    for pair in ((first, second), (second, first)):
        both = one._join(stretch(rows), *pair, SHIFT)
        assert (both.start, both.end) == (0, 20)
