# SPDX-License-Identifier: MIT
import pytest

from stress.detect.spectral.explain import Event
from stress.detect.spectral.findings import FindingMaker, episodes, joined, ring_of, whole_laps
from stress.detect.spectral.laps import HOLD, SWAP, ZERO, Guess
from stress.model.finding import Finding, Kind
from stress.model.ring import Rings

RINGS = Rings(4800, 5280, capture_start=16)


def maker(rings=RINGS, first=(1 << 32) - 100):
    """Findings of frames that are captured 700 frames after they were played."""
    return FindingMaker(rings, 8, 4, first, lambda played: played + 700)


def guess(source, start=4816, stop=4832):
    """Some frames from a source."""
    return Guess(source, start, stop, 1.0)


def test_laps_of_both_rings_are_listed_once_each():
    assert whole_laps(Rings(100, 200), 3) == [100, 200, 300, 400, 600]
    assert whole_laps(Rings(None, 200), 1) == [200]
    assert whole_laps(Rings(None, None), 3) == []


@pytest.mark.parametrize(
    ("lag", "ring"),
    [
        (4800, ("playback", 1)),
        (5280, ("capture", 1)),
        (4800 * 8, ("playback", 8)),
        (4800 * 9, (None, None)),
        (4799, (None, None)),
        # Eleven laps of one are ten of the other: the fewest laps win.
        (52800, (None, None)),
        (0, (None, None)),
    ],
)
def test_ring_of_a_lag_is_the_one_of_whole_laps(lag, ring):
    assert ring_of(lag, RINGS, 8) == ring


def test_fewest_laps_tell_the_ring():
    assert ring_of(400, Rings(100, 200), 8) == ("capture", 2)
    assert ring_of(400, Rings(200, 100), 8) == ("playback", 2)
    assert ring_of(400, Rings(400, None), 8) == ("playback", 1)


def test_stale_finding_of_the_playback_ring_tells_its_place_there():
    assert maker().finding(guess(9600), 12.345) == Finding(
        Kind.STALE, 5516, 16, 4716, 9600, 2, "playback", 64, 64, False, {"score": 12.3},
        "16 frames at frame 5516 are 9600 frames old: 2 laps of the playback ring",
    )  # fmt: skip


def test_stale_finding_of_the_capture_ring_tells_its_place_there():
    found = maker().finding(guess(5280, 4848, 4856), 9.0)
    assert (found.ring, found.laps, found.lag) == ("capture", 1, 5280)
    assert (found.ring_offset, found.line_bytes) == ((4848 + 700 + 16) % 5280 * 4, 16)
    assert found.text.endswith("are 5280 frames old: 1 lap of the capture ring")


def test_finding_of_no_whole_lap_is_misplaced():
    found = maker().finding(guess(777), 9.0)
    assert (found.kind, found.ring, found.laps, found.lag) == (Kind.MISPLACED, None, None, 777)
    assert found.text == "16 frames at frame 5516 are 777 frames old: no whole lap"
    assert (found.ring_offset, found.line_bytes) == (64, 64)


@pytest.mark.parametrize(("source", "kind"), [(ZERO, Kind.ZERO), (SWAP, Kind.SWAP), (HOLD, Kind.HOLD)])
def test_finding_of_other_content_has_no_age(source, kind):
    assert maker().finding(guess(source), 9.04) == Finding(
        kind, 5516, 16, 4716, None, None, None, 64, 64, False, {"score": 9.0},
        f"{kind.value} for 16 frames at frame 5516",
    )  # fmt: skip


def test_finding_without_a_ring_has_a_line_and_no_offset():
    found = maker(Rings(None, 5280)).finding(guess(ZERO, 32, 48), 9.0)
    assert (found.ring_offset, found.line_bytes) == (None, 64)


def event(source, start, stop, score=5.0, gain=1.0):
    """An event that was explained."""
    made = object.__new__(Event)
    for name in Event.__dataclass_fields__:
        object.__setattr__(made, name, None)
    object.__setattr__(made, "guess", None if source is None else Guess(source, start, stop, gain))
    object.__setattr__(made, "score", score)
    return made


def test_touching_runs_of_one_source_are_one():
    events = [
        event(4800, 40, 50, 7.0),
        event(4800, 10, 20, 5.0),
        event(4800, 21, 40, 6.0, 2.0),
        event(None, 0, 0),
    ]
    assert joined(events) == [(Guess(4800, 10, 50, 4.0), 7.0)]


def test_runs_of_other_sources_or_farther_apart_stay_apart():
    assert len(joined([event(4800, 10, 20), event(4800, 22, 30)])) == 2
    assert len(joined([event(4800, 10, 20), event(9600, 20, 30)])) == 2
    assert joined([event(4800, 10, 30), event(4800, 15, 20)])[0][0].stop == 30


@pytest.mark.parametrize(
    ("places", "span", "count"),
    [
        ([], 100, 0), ([(0, 8)], 100, 1), ([(0, 8), (108, 8)], 100, 1), ([(0, 8), (109, 8)], 100, 2),
        ([(109, 8), (0, 8)], 100, 2), ([(0, 200), (50, 8), (300, 8)], 100, 1),
        ([(0, 8), (20, 8), (40, 8)], 0, 3),
    ],
)  # fmt: skip
def test_episodes_are_findings_within_a_span(places, span, count):
    assert episodes([Finding(Kind.STALE, frame, frames, 0) for frame, frames in places], span) == count
