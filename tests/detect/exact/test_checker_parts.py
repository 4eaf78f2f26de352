# SPDX-License-Identifier: MIT
"""The checker in its parts: locks that are given, limits, and every field of an analysis."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.checker import STRETCH, Begun, ExactChecker, _is_long_unknown, check
from stress.detect.exact.expected import Expected
from stress.detect.rate.resample import SHORTEST
from stress.model.finding import Analysis, Finding, Kind
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern
from tests.detect.exact.edited import FIRST, RINGS, STEREO, capture, judge


def flat(rows):
    return np.ascontiguousarray(rows).reshape(-1)


def test_a_clean_capture_has_every_field_of_its_analysis():
    assert judge(capture(frames=5000, lead=100)) == Analysis(
        "exact", True, 5100, checked_frames=5000, first_frame=100, first_position=FIRST, valid_bits=16
    )


def test_damage_is_counted_by_kind_and_site():
    rows = capture(frames=9000, lead=0)
    for at in (2000, 4000, 6000):
        rows[at : at + 8] = STEREO.bytes_at(FIRST + at - 480, 8).reshape(-1, 4)
    rows[8000, 1] ^= 1
    made = judge(rows, first_position=FIRST)
    assert made.counts == {Kind.STALE: 3, Kind.BITFLIP: 1}
    assert made.sites == {(Kind.STALE, "playback", 1): 3, (Kind.BITFLIP, None, None): 1}
    assert (made.wrong_frames, made.episodes, made.checked_frames) == (25, 4, 9000)
    assert made.notes == ()
    assert made.beyond is None


def test_findings_past_the_cap_are_said_and_placed():
    rows = capture(frames=9000, lead=0)
    rows[[2000, 4000, 6000], 1] ^= 1
    made = judge(rows, cap=1)
    assert [one.frame for one in made.findings] == [2000]
    assert made.counts == {Kind.BITFLIP: 3}
    assert made.notes == ("2 findings past the first 1 are only counted",)
    assert made.beyond is not None
    assert judge(rows, cap=3).notes == ()


@pytest.mark.parametrize(
    ("rings", "stretch"),
    [
        (Rings(), STRETCH[0]),
        (Rings(1024, 100), STRETCH[0]),
        (Rings(100, 1025), 8200),
        (Rings(8192, 8192), STRETCH[1]),
        (Rings(8191, 100), 65528),
        (Rings(100_000, 100), STRETCH[1]),
    ],
)
def test_a_stretch_is_eight_laps_of_the_larger_ring_within_limits(rings, stretch):
    assert ExactChecker(Expected(STEREO, rings))._stretch == stretch


# A lock that is given.


def test_a_lock_that_is_given_judges_every_frame_from_the_first_on():
    rows = np.concatenate([np.zeros((9, 4), np.uint8), capture(frames=5000, lead=0)])
    checker = ExactChecker(Expected(STEREO, RINGS), begun=Begun(FIRST - 9, None, 16, frame=700))
    checker.feed(flat(rows))
    made = checker.finish()
    (zero,) = made.findings
    assert (zero.kind, zero.frame, zero.frames, zero.position) == (Kind.ZERO, 700, 9, FIRST - 9)
    assert (made.frames, made.checked_frames) == (5709, 5009)
    assert made.lock == checker.lock == (700, FIRST - 9)


def test_a_lock_knows_the_bits_and_the_position_of_frames_before_it():
    wide = Pattern("mix1", FORMATS["S32_LE"], 2)
    raw = wide.bytes_at(5, 100).reshape(100, 2, 4).copy()
    raw[:, :, 0] = 0
    begun = Begun.at_lock(raw.reshape(-1), 5, wide, 7, 33)
    assert (begun.position, begun.valid_bits, begun.frame) == (2**32 - 2, 24, 33)
    assert begun.mask.tolist() == [0, 255, 255, 255] * 2
    assert begun.notes == ("the path carries 24 of 32 bits per sample; the rest is not judged",)
    begun = Begun.at_lock(wide.bytes_at(5, 100), 5, wide)
    assert (begun.position, begun.mask, begun.valid_bits, begun.notes, begun.frame) == (5, None, 32, (), 0)


def test_a_capture_shows_its_lock_when_it_has_one():
    checker = ExactChecker(Expected(STEREO, RINGS))
    assert checker.lock is None
    checker.feed(flat(np.zeros((100, 4), np.uint8)))
    assert checker.lock is None
    checker.feed(flat(capture(frames=20000, lead=0)))
    assert checker.lock == (100, FIRST)


def test_silence_has_no_lock_and_no_numbers():
    made = check(np.zeros(4000, np.uint8), Expected(STEREO, RINGS))
    assert made == Analysis("exact", False, 1000)


# The end of what was played.


@pytest.mark.parametrize("limit", [1, 1000, 4999, 5000, 5001])
def test_frames_past_the_limit_are_taken_and_not_judged(limit):
    rows = capture(frames=5000, lead=0)
    made = judge(rows, first_position=FIRST, played_limit=limit)
    assert (made.frames, made.checked_frames) == (5000, min(limit, 5000))
    rows[limit - 1 :, 1] ^= 1
    found = judge(rows, first_position=FIRST, played_limit=limit).wrong_frames
    assert found in ((1,) if limit <= 5000 else (0,)) or limit == 1


def test_the_limit_counts_from_the_first_position_that_was_played():
    rows = capture(frames=5000, lead=0, first=FIRST + 10)
    made = judge(rows, first_position=FIRST, played_limit=1000)
    assert made.checked_frames == 990
    assert judge(rows, played_limit=1000).checked_frames == 1000


@pytest.mark.parametrize(
    ("finding", "part"),
    [
        (Finding(Kind.ZERO, 90, 10, 1090), Finding(Kind.ZERO, 90, 10, 1090)),
        (Finding(Kind.ZERO, 90, 11, 1090), Finding(Kind.ZERO, 90, 10, 1090)),
        (Finding(Kind.ZERO, 99, 5, 1099), Finding(Kind.ZERO, 99, 1, 1099)),
        (Finding(Kind.ZERO, 100, 5, 1100), None),
        (Finding(Kind.DROP, 99, 50, 1099), Finding(Kind.DROP, 99, 50, 1099)),
        (Finding(Kind.DROP, 100, 50, 1100), None),
    ],
)
def test_a_finding_is_cut_at_the_limit_and_a_slip_is_not(finding, part):
    checker = ExactChecker(Expected(STEREO, RINGS, first_position=1000, played_limit=100))
    assert checker._due_part(finding, 1000) == part
    free = ExactChecker(Expected(STEREO, RINGS, first_position=1000))
    assert free._due_part(finding, 1000) == finding


def test_long_damage_without_a_name_may_be_another_rate():
    assert _is_long_unknown(Finding(Kind.UNKNOWN, 0, SHORTEST, 0))
    assert not _is_long_unknown(Finding(Kind.UNKNOWN, 0, SHORTEST - 1, 0))
    assert not _is_long_unknown(Finding(Kind.ZERO, 0, SHORTEST, 0))


# Another rate.


def stretched(ratio, frames, origin):
    place = origin + ratio * np.arange(frames)
    due = STEREO.bytes_at(FIRST, int(place[-1]) + 3).view("<i2").reshape(-1, 2)
    lines = np.stack([np.interp(place, np.arange(len(due)), due[:, c]) for c in (0, 1)], axis=1)
    return np.rint(lines).astype("<i2").view(np.uint8).reshape(frames, 4)


@pytest.mark.parametrize("frames", [3000, 40000])
def test_a_stream_at_another_rate_is_one_finding_and_the_check_goes_on_behind_it(frames):
    behind = 3000 + frames // 2
    rows = np.concatenate(
        [
            capture(frames=3000, lead=0),
            stretched(0.5, frames, 3000.0),
            STEREO.bytes_at(FIRST + behind, 4000).reshape(-1, 4),
        ]
    )
    rows[-1000, 1] ^= 1
    made = judge(rows, first_position=FIRST)
    one, flip = made.findings
    assert (one.kind, one.details) == (Kind.RESAMPLE, {"ratio": pytest.approx(0.5, abs=1e-4)})
    # The first frame lies on the last right one's line and is right itself.
    assert (one.frame, one.frames, one.position) == (3001, frames - 1, FIRST + 3001)
    assert (flip.kind, flip.frame, flip.position) == (Kind.BITFLIP, len(rows) - 1000, FIRST + behind + 3000)
    assert made.checked_frames == len(rows)


def test_a_stream_that_ends_at_another_rate_is_judged_to_its_end():
    rows = np.concatenate([capture(frames=3000, lead=0), stretched(2.0, 9000, 3000.0)])
    (one,) = judge(rows, first_position=FIRST).findings
    assert (one.kind, one.frame + one.frames) == (Kind.RESAMPLE, 12000)


# Several things in one capture.


def at(first, frames):
    return STEREO.bytes_at(FIRST + first, frames).reshape(-1, 4)


def strange(frames):
    return np.random.default_rng(1).integers(0, 256, (frames, 4), dtype=np.uint8)


def shown(made):
    return [(one.kind, one.frame, one.frames, one.position - FIRST) for one in made.findings]


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        # Damage for so long that another rate may begin in it, and does or does not.
        (lambda: [at(0, 3000), strange(700), at(3700, 3000)], [(Kind.UNKNOWN, 3000, 700, 3000)]),
        (
            lambda: [at(0, 3000), strange(700), stretched(0.5, 3000, 3700.0), at(5200, 3000)],
            [(Kind.UNKNOWN, 3000, 700, 3000), (Kind.RESAMPLE, 3701, 2999, 3701)],
        ),
        # Another rate soon behind the lock, to the end, and behind a slip.
        (lambda: [at(0, 9), stretched(0.5, 3000, 9.0), at(1509, 3000)], [(Kind.RESAMPLE, 10, 2999, 10)]),
        (lambda: [at(0, 3000), stretched(0.91875, 20000, 3000.0)], [(Kind.RESAMPLE, 3001, 19999, 3001)]),
        (
            lambda: [at(0, 3000), stretched(0.5, 20000, 3300.0), at(13300, 3000)],
            [(Kind.DROP, 3000, 300, 3000), (Kind.RESAMPLE, 3001, 19999, 3301)],
        ),
    ],
)
def test_damage_and_other_rates_are_told_from_each_other(parts, found):
    rows = np.concatenate(parts())
    made = judge(rows, first_position=FIRST)
    assert shown(made) == found
    assert made.checked_frames == len(rows)
    assert made.wrong_frames == sum(one[2] for one in found)


def damaged():
    rows = at(0, 30000).copy()
    rows[5000:5100] = at(5000 - 480, 100)
    rows[12000:12009] = 0
    rows[20000:20004] = at(20000 - 1056, 4)
    return np.delete(rows, slice(16000, 16033), axis=0)


FOUND = [
    (Kind.STALE, 5000, 100, 5000),
    (Kind.ZERO, 12000, 9, 12000),
    (Kind.DROP, 16000, 33, 16000),
    (Kind.STALE, 19967, 4, 20000),
]


@pytest.mark.parametrize("step", [1, 7, 1000, 4999, 8192, 8193, 40000])
def test_findings_do_not_hang_on_how_the_capture_is_cut(step):
    rows, checker = damaged(), ExactChecker(Expected(STEREO, RINGS, first_position=FIRST))
    if step < 1000:
        # Small pieces around what is damaged only: each costs a call.
        cuts = [0, 4990, *range(4991, 5120, step), 15990, *range(15991, 16010, step), len(rows)]
    else:
        cuts = [*range(0, len(rows), step), len(rows)]
    for first, stop in zip(cuts, cuts[1:]):
        checker.feed(flat(rows[first:stop]))
    made = checker.finish()
    assert shown(made) == FOUND
    assert (made.frames, made.checked_frames, made.wrong_frames, made.episodes) == (29967, 29967, 146, 4)


def test_damage_at_each_end_of_a_stretch_is_found_once():
    # A stretch is 8192 frames long and begins at the first wrong one.
    for distance in (4090, 4095, 4096, 4097, 8190, 8191, 8192, 8193):
        rows = at(0, 30000).copy()
        for place in (5000, 5000 + distance):
            rows[place, 1] ^= 0x40
        made = judge(rows, first_position=FIRST)
        assert shown(made) == [(Kind.BITFLIP, place, 1, place) for place in (5000, 5000 + distance)]


def test_old_data_across_the_middle_of_a_stretch_is_one_finding():
    rows = at(0, 30000).copy()
    rows[5000:11000] = at(5000 - 480, 6000)
    assert shown(judge(rows, first_position=FIRST)) == [(Kind.STALE, 5000, 6000, 5000)]
    rows[5000:15000] = 0
    assert shown(judge(rows, first_position=FIRST)) == [(Kind.MUTE, 5000, 10000, 5000)]


def test_slips_one_after_another_are_all_told():
    parts = [at(0, 3000), at(3010, 2000), at(5000, 2000), at(7040, 3000)]
    assert shown(judge(np.concatenate(parts), first_position=FIRST)) == [
        (Kind.DROP, 3000, 10, 3000),
        (Kind.REPEAT, 5000, 10, 5010),
        (Kind.DROP, 7000, 40, 7000),
    ]


def test_zeros_to_the_end_of_what_is_judged_are_mute_behind_silence_as_well():
    # Shorter than a lap: only their place makes them mute.
    for lead in (0, 100):
        rows = capture(frames=5000, lead=lead)
        rows[-500:] = 0
        (one,) = judge(rows).findings
        assert (one.kind, one.frame, one.frames) == (Kind.MUTE, lead + 4500, 500)
        assert one.details["to_end"]
        rows[-1] = STEREO.bytes_at(FIRST + 4999, 1)
        (one,) = judge(rows).findings
        assert (one.kind, one.frames) == (Kind.ZERO, 499)
