# SPDX-License-Identifier: MIT
"""Old data inside frames, to the byte: one stretch at a time, without the checker around it."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact import partial_frames as partial
from stress.detect.exact.decode import NONE, Decoder, runs_of
from stress.detect.exact.partial_frames import Edges, _leading, _merge, _touch
from stress.detect.exact.ring_offset import RingGeometry
from stress.detect.exact.track import Tracker, TrackEvent
from stress.detect.exact.window import Stretch
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern

RINGS = Rings(480, 528)
# The stretch begins at playback ring offset 0 and at capture ring offset 77.
BURST, AT, FRAME = 1000, 1000 + 480 * 50, 77


class Stretched:
    """Frames of a stretch, some of them spoilt, and what settles in them.

    Parameters
    ----------
    olds : (first byte, last + 1, lag), None for damage.
    slip : (frame, lag) from which on the stream lags.
    """

    def __init__(self, fmt, channels, *olds, n=60, slip=None, slipped=(), line=32, rings=RINGS):
        pattern = Pattern("mix1", FORMATS[fmt], channels)
        self.size = pattern.frame_bytes
        flat = pattern.bytes_at(AT, n)
        if slip is not None:
            flat[slip[0] * self.size :] = pattern.bytes_at(AT + slip[0] - slip[1], n - slip[0])
        for first, stop, lag in olds:
            if lag is None:
                flat[first:stop] = np.random.default_rng(first).integers(0, 256, stop - first)
            else:
                flat[first:stop] = pattern.bytes_at(AT - lag, n)[first:stop]
        self.decoder = Decoder(pattern, rings)
        self.geometry = RingGeometry(rings, self.size, BURST, line)
        self.stretch = Stretch(self.decoder.rows(flat), FRAME, AT, None)
        self.edges = Edges(self.decoder, self.geometry, self.stretch.rows, self.stretch.due, list(slipped))
        runs = runs_of(self.decoder.lags(flat, AT, slipped=slipped))
        self.events = Tracker(runs, self.geometry, AT).walk(n)[0]

    def settled(self, events=None):
        return self.edges.settle(self.events if events is None else events, FRAME)


def told(events):
    return [
        (one.what, one.lag, one.first, one.last)
        if one.what == "displaced"
        else (one.what, one.start, one.end)
        for one in events
    ]


def displaced(first, last, lag):
    return "displaced", lag, first, last


def test_only_frames_that_lines_cut_or_that_hold_half_a_word_need_edges():
    for fmt, channels, needed in (
        ("S16_LE", 1, True),
        ("S16_LE", 2, False),
        ("S16_LE", 3, True),
        ("S16_LE", 4, False),
        ("S24_3LE", 2, True),
        ("S32_LE", 1, True),
        ("S32_LE", 2, False),
        ("S32_LE", 4, False),
        ("S32_LE", 8, True),
    ):
        assert Stretched(fmt, channels).edges.needed is needed, (fmt, channels)


# Old data from one byte to another. Frames are of 6 bytes, samples of 3.


@pytest.mark.parametrize(
    ("first", "stop"),
    [
        (64, 96),
        (66, 98),
        (64, 80),
        (70, 75),
        (70, 73),
        (60, 66),
        (60, 72),
        (60, 78),
        (62, 70),
        (0, 9),
        (3, 32),
    ]
    + [(331, 360), (354, 357), (345, 360)],
)
@pytest.mark.parametrize("lag", [480, 528, 960, 480 * 7])
def test_old_bytes_are_found_from_the_first_to_the_last(first, stop, lag):
    one = Stretched("S24_3LE", 2, (first, stop, lag))
    (found,) = one.settled()
    assert told([found]) == [displaced(first, stop, lag)]
    assert (found.start, found.end) == (first // 6, -(-stop // 6))


def test_less_than_three_bytes_name_no_age():
    for stop, what in ((72, "noise"), (73, "displaced")):
        (found,) = Stretched("S24_3LE", 2, (70, stop, 480)).settled()
        assert found.what == what


def test_laps_of_data_too_short_to_decode_are_tried_up_to_the_last():
    # Three bytes in two frames: no frame shows a position by itself.
    most = partial.TRIED_LAPS
    for laps, what in ((most, "displaced"), (most + 1, "noise")):
        for ring in (480, 528):
            (found,) = Stretched("S24_3LE", 2, (70, 73, laps * ring)).settled()
            assert found.what == what
            assert what == "noise" or found.lag == laps * ring


def test_two_lines_of_two_ages_part_where_the_first_ends():
    one = Stretched("S24_3LE", 2, (64, 96, 480), (96, 128, 960))
    assert told(one.settled()) == [displaced(64, 96, 480), displaced(96, 128, 960)]
    one = Stretched("S24_3LE", 2, (64, 80, 480), (80, 96, 960))
    assert told(one.settled()) == [displaced(64, 80, 480), displaced(80, 96, 960)]


def test_right_bytes_between_two_lines_part_them():
    one = Stretched("S24_3LE", 2, (64, 96, 480), (99, 128, 960))
    assert told(one.settled()) == [displaced(64, 96, 480), displaced(99, 128, 960)]
    one = Stretched("S24_3LE", 2, (60, 75, 480), (84, 108, 480))
    assert told(one.settled()) == [displaced(60, 75, 480), displaced(84, 108, 480)]


def test_damage_beside_old_data_stays_damage_and_takes_no_byte_of_it():
    one = Stretched("S24_3LE", 2, (64, 96, 480), (102, 150, None))
    assert told(one.settled()) == [displaced(64, 96, 480), ("noise", 17, 25)]
    one = Stretched("S24_3LE", 2, (12, 60, None), (64, 96, 480))
    assert told(one.settled()) == [("noise", 2, 10), displaced(64, 96, 480)]
    one = Stretched("S24_3LE", 2, (12, 66, None), (66, 99, 480), (102, 150, None))
    assert told(one.settled()) == [("noise", 2, 11), displaced(66, 99, 480), ("noise", 17, 25)]


def test_frames_are_left_alone_when_too_many_of_a_stretch_fitted_nothing():
    for fmt, channels, most in (("S24_3LE", 2, partial.MOST_FAILED), ("S16_LE", 1, partial.MOST_FAILED_MONO)):
        one = Stretched(fmt, channels, (30, 60, 480))
        assert one.edges._most_failed == most
        one.edges._failed = most - 1
        wanted = (
            [TrackEvent("displaced", 15, 17, 480, 0)]
            if channels == 1
            else [TrackEvent("displaced", 5, 6, 480, 0)]
        )
        noise = TrackEvent("noise", wanted[0].start, wanted[0].end, 0, 0)
        assert one.edges._split(noise, None, None) == wanted
        one.edges._failed = most
        assert one.edges._split(noise, None, None) is None


def test_each_frame_that_fits_nothing_is_counted():
    one = Stretched("S24_3LE", 2, (60, 66, None))
    assert one.edges._split(TrackEvent("noise", 10, 11, 0, 0), None, None) is None
    assert one.edges._failed == 1


# Slips.


def test_old_data_up_to_a_slip_ends_inside_a_frame():
    one = Stretched("S24_3LE", 2, (150, 177, 480), slip=(30, 7))
    assert told(one.settled()) == [displaced(150, 177, 480), ("slip", 30, 30)]
    one = Stretched("S24_3LE", 2, (171, 178, 480), slip=(30, 7))
    assert told(one.settled()) == [displaced(171, 178, 480), ("slip", 30, 30)]


def test_old_data_behind_a_slip_begins_inside_a_frame_of_its_alignment():
    # Frame 30 is part old in the alignment that begins there, so that the slip lies before it.
    one = Stretched("S24_3LE", 2, (183, 210, 473), slip=(30, -7), slipped=(-7,))
    events = one.settled()
    assert told(events) == [("slip", 30, 30), displaced(183, 210, 480)]
    assert [event.shift for event in events] == [-7, -7]
    # As many frames as the stream fell back are what came in between.
    one = Stretched("S24_3LE", 2, (180, 222, None), (225, 252, 487), slip=(30, 7), slipped=(7,))
    events = one.settled()
    assert told(events) == [("noise", 30, 37), ("slip", 37, 37), displaced(225, 252, 480)]
    assert [event.shift for event in events] == [0, 7, 7]


def test_what_is_inserted_behind_old_data_begins_inside_a_frame():
    one = Stretched("S24_3LE", 2, (150, 183, 480), (186, 228, None), slip=(31, 7), slipped=(7,))
    assert told(one.settled()) == [displaced(150, 183, 480), ("noise", 31, 38), ("slip", 38, 38)]


def test_old_data_of_the_capture_ring_behind_a_slip_is_laps_of_that_ring_and_the_slip():
    one = Stretched("S24_3LE", 2, (240, 243, 528 + 7 + 7), slip=(30, 7), slipped=(7,))
    tried = one.edges._candidates(TrackEvent("noise", 40, 41, 0, 7))
    assert [lag for lag in tried if lag % 480 and lag % 528] == []
    tried = one.edges._candidates(TrackEvent("noise", 40, 41, 0, 0))
    assert [lag - 7 for lag in tried if lag % 480 and lag % 528] == [528 * k for k in range(1, 9)]


def test_laps_of_rings_are_tried_in_order_behind_those_that_frames_claim():
    laps = [k * size for k in range(1, 9) for size in (480, 528)]
    one = Stretched("S24_3LE", 2, (60, 66, 480 * 20))
    assert one.edges._candidates(TrackEvent("noise", 10, 11, 0, 0)) == [480 * 20, *laps]
    assert one.edges._candidates(TrackEvent("noise", 20, 22, 0, 0)) == laps
    one = Stretched("S16_LE", 1, (60, 66, 480 * 20))
    assert one.edges._candidates(TrackEvent("noise", 30, 33, 0, 0)) == laps
    one = Stretched("S24_3LE", 2, rings=Rings(480, None))
    assert one.edges._candidates(TrackEvent("noise", 10, 11, 0, 0)) == [480 * k for k in range(1, 9)]


# Mono.


@pytest.mark.parametrize(
    ("fmt", "first", "stop"),
    [("S16_LE", 64, 96), ("S16_LE", 66, 98), ("S16_LE", 62, 96), ("S16_LE", 20, 26), ("S16_LE", 22, 28)]
    + [("S24_3LE", 64, 96), ("S24_3LE", 80, 96), ("S24_3LE", 66, 72)],
)
def test_old_samples_of_mono_are_found_to_the_byte(fmt, first, stop):
    one = Stretched(fmt, 1, (first, stop, 480))
    assert told(one.settled()) == [displaced(first, stop, 480)]


# Edges of lines.


def test_an_edge_of_a_line_wins_then_one_of_a_frame_then_one_of_a_sample():
    edges = Stretched("S24_3LE", 2).edges
    assert edges._pick(range(90, 100), 0) == 96
    assert edges._pick(range(100, 89, -1), 0) == 96
    # With 16 bytes before it the half line lies at 80 and the line at 112.
    assert edges._pick(range(75, 100), 16) == 80
    assert edges._pick(range(75, 113), 16) == 80
    assert edges._pick(range(81, 117), 16) == 112
    assert edges._pick(range(81, 100), 16) == 96
    assert edges._pick(range(82, 93), None) == 84
    assert edges._pick(range(85, 90), None) == 87
    assert edges._pick(range(85, 87), None) == 85
    assert edges._pick(range(86, 84, -1), None) == 86
    assert edges._pick(range(81, 96), 0) == 84


def test_lines_are_those_of_the_board():
    for line, byte in ((64, 64), (32, 32), (16, 16)):
        edges = Stretched("S24_3LE", 2, line=line).edges
        assert edges._pick(range(1, 200), 0) == byte


def test_the_ring_whose_laps_the_data_is_old_says_where_its_lines_lie():
    edges = Stretched("S24_3LE", 2).edges

    def choose(lag):
        event = TrackEvent("displaced", 10, 14, lag, 0)
        return edges._choose(event, 9, FRAME, (0, 12), (12, 40))

    # Frame 9 lies at byte 54 of the playback ring, so that a line begins 10 bytes behind it and ends 42.
    assert choose(480) == (10, 26)
    # In the capture ring it lies at byte 516: lines begin 28 bytes behind it, halves 12 bytes behind it.
    assert choose(528) == (12, 28)
    assert choose(481) == (12, 28)
    assert choose(480 * 4096) == (10, 26)
    assert choose(480 * 4097) == (12, 28)


# Small parts.


def test_leading_bytes_are_those_that_fit_from_the_first_on():
    for fits, number in (([1, 1, 0, 1], 2), ([0, 1], 0), ([1, 1], 2), ([], 0)):
        assert _leading(np.array(fits, bool)) == number


def event(what, start, end, lag=0, shift=0):
    return TrackEvent(what, start, end, lag, shift)


def test_events_touch_in_one_alignment_or_at_a_slip():
    one = event("noise", 3, 5)
    assert _touch(one, event("displaced", 5, 7, 480))
    assert not _touch(one, event("displaced", 6, 7, 480))
    assert not _touch(one, event("displaced", 5, 7, 480, 7))
    assert _touch(one, event("slip", 5, 5, 7, 7))


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (event("displaced", 3, 5, 9), event("displaced", 5, 8, 9), (3, 8)),
        (event("displaced", 3, 5, 9), event("displaced", 4, 8, 9), (3, 8)),
        (event("displaced", 3, 9, 9), event("displaced", 4, 8, 9), (3, 9)),
        (event("displaced", 4, 9, 9), event("displaced", 3, 8, 9), (3, 9)),
        (event("displaced", 3, 5, 9), event("displaced", 6, 8, 9), None),
        (event("displaced", 3, 5, 9), event("displaced", 5, 8, 8), None),
        (event("displaced", 3, 5, 9, 1), event("displaced", 5, 8, 9), None),
        (event("noise", 3, 5), event("noise", 5, 8), None),
        (event("displaced", 3, 5, 9), event("noise", 5, 8), None),
    ],
)
def test_old_data_of_one_age_that_touches_is_one_event(one, other, both):
    merged = _merge([one, other])
    if both is None:
        assert merged == [one, other]
    else:
        assert [(each.start, each.end, each.lag, each.shift) for each in merged] == [(*both, 9, 0)]


def test_many_events_are_snapped_a_block_at_a_time(monkeypatch):
    olds = [(60 * k + 3, 60 * k + 21, 480) for k in range(5)]
    for at_once in (1, 2, 5, 512):
        monkeypatch.setattr(partial, "AT_ONCE", at_once)
        assert told(Stretched("S24_3LE", 2, *olds).settled()) == [displaced(*one) for one in olds]


def test_damage_without_rings_is_left_as_it_is():
    one = Stretched("S16_LE", 1, (60, 80, None), rings=Rings())
    assert {each.what for each in one.settled()} == {"noise"}
    assert NONE not in [each.lag for each in one.settled()]
