# SPDX-License-Identifier: MIT
"""The analyzer between its stages: what it looks at, and what it makes of what they find."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from stress.detect.spectral import analyzer
from stress.detect.spectral.explain import Event
from stress.detect.spectral.laps import FREE_LAGS, SWAP, ZERO, Guess
from stress.detect.spectral.lock import Lock
from stress.detect.spectral.scan import SIZE
from stress.detect.spectral.track import BLOCK
from stress.detect.spectral.walk import EDGE, Options
from stress.model.finding import Finding, Kind
from stress.model.ring import Rings
from tests.detect.spectral.conftest import Loop
from tests.detect.spectral.known import Noise

FIRST, RINGS = 5000, Rings(400, 1000)
LOCKED, LOOSE = Lock(8192, 300, 50.0), Lock(8192, 0, 3.0)


def _square(level, frames):
    return np.resize(np.array([level, -level], dtype=np.float32), frames)


def _case(y=None, locks=(LOCKED, LOCKED), first=FIRST, **options):
    y = np.zeros((2, 20000), np.float32) if y is None else y
    samples = np.zeros(y.shape, np.int32)
    return analyzer._Case(samples, y, Noise(), RINGS, first, Options(**options), list(locks), [0.0, 0.0])


def _track(stop):
    return SimpleNamespace(segments=(SimpleNamespace(stop=stop - 1), SimpleNamespace(stop=stop)))


def _walk(late=300, checked=777):
    return SimpleNamespace(captured=lambda played: played + late, checked=checked)


@pytest.mark.parametrize(
    ("locks", "used"),
    [((LOCKED, LOCKED), [0, 1]), ((LOOSE, LOCKED), [1]), ((None, LOOSE), []), ((LOCKED, None), [0])],
)
def test_channels_used_are_those_that_locked(locks, used):
    assert _case(locks=locks).used == used


def test_lags_are_whole_laps_of_both_rings_and_those_that_are_named():
    assert _case(laps=2, extra_lags=(77, 5)).lags == [400, 800, 1000, 2000, 77, 5]


@pytest.mark.parametrize(
    ("delay", "played", "frames"),
    [
        (300, None, 20000 + SIZE),
        (-300, None, 20300 + SIZE),
        (300, 9000, 9000),
        (300, 99999, 20000 + SIZE),
        (0, None, 20000 + SIZE),
    ],
)
def test_reference_reaches_to_the_end_of_the_capture_or_of_what_was_played(delay, played, frames):
    x = _case(locks=(None, Lock(8192, delay, 50.0)), played=played).reference(1)
    assert (x.before, x.frames) == (FREE_LAGS + SIZE, frames)
    np.testing.assert_allclose(x.at(-3, 6), Noise().played(FIRST - 3, 6, 1))


@pytest.mark.parametrize(("lag", "before"), [(FREE_LAGS - 1, FREE_LAGS), (FREE_LAGS + 5, FREE_LAGS + 5)])
def test_reference_is_kept_as_far_back_as_the_oldest_lag(lag, before):
    assert _case(extra_lags=(lag,)).reference(0).before == before + SIZE


def test_delay_is_followed_from_the_block_of_the_first_lock():
    noise = Noise()
    y = np.zeros((2, 15 * BLOCK), np.float32)
    y[1] = noise.played(FIRST - 300, 15 * BLOCK, 1)
    case = _case(y, (LOOSE, Lock(2 * BLOCK, 300, 50.0)))
    (segment,) = case.follow(case.reference(1)).segments
    assert (segment.start, segment.stop) == (2 * BLOCK, 15 * BLOCK)
    np.testing.assert_allclose(segment.delays, 300, atol=0.05)


def test_judged_band_is_a_tenth_inside_the_lower_edge_and_up_to_the_upper_one():
    low, high = _case()._band()
    assert (low, high) == (pytest.approx(110.0 / 4000), pytest.approx(1500.0 / 4000))


@pytest.mark.parametrize(("level", "silent"), [(0.0, True), (0.049, True), (0.051, False), (1.0, False)])
def test_silence_at_the_end_is_below_a_twentieth_of_what_was_before(level, silent):
    y = np.concatenate((_square(1.0, 5 * BLOCK), _square(1.0, BLOCK), _square(level, 2 * BLOCK)))
    assert analyzer._ends_early(_track(5 * BLOCK), y) == silent


@pytest.mark.parametrize(("frames", "silent"), [(BLOCK, False), (BLOCK + 1, True)])
def test_silence_at_the_end_is_longer_than_a_block_behind_the_block_of_the_end(frames, silent):
    y = np.concatenate((_square(1.0, 6 * BLOCK), np.zeros(frames, np.float32)))
    assert analyzer._ends_early(_track(5 * BLOCK), y) == silent


@pytest.mark.parametrize(
    ("tail", "level", "words"),
    [(2 * BLOCK - 1, 0.0, None), (2 * BLOCK, 0.5, "without the stimulus"), (3 * BLOCK, 0.0, "silent")],
)
def test_note_says_how_the_capture_goes_on_behind_the_stimulus(tail, level, words):
    y = np.array(
        [_square(9.0, 5 * BLOCK + tail), np.concatenate((_square(1.0, 5 * BLOCK), _square(level, tail)))]
    )
    notes = _case(y.astype(np.float32), (LOOSE, LOCKED))._notes(_track(5 * BLOCK))
    wanted = f"the capture is {words} from about frame {5 * BLOCK} of {5 * BLOCK + tail} on"
    assert notes == ([] if words is None else [wanted])


def _ended(found, tail, played, late=300):
    end = 5 * BLOCK
    y = np.concatenate((_square(1.0, end), np.zeros(tail, np.float32)))
    case = _case(np.array([y, y]), played=played)
    return case._ended(found, _track(end), _walk(late))


STALE = Finding(Kind.STALE, 900, 8, 0)


def test_findings_of_a_capture_that_goes_on_are_left_as_they_are():
    late = Finding(Kind.ZERO, 5 * BLOCK + 10, 8, 0)
    assert _ended([STALE, late], BLOCK, None) == [STALE, late]


def test_silence_at_the_end_is_no_finding_where_no_more_was_played():
    end = 5 * BLOCK
    tail = [Finding(Kind.ZERO, end - 100, 100, 0), Finding(Kind.DROP, end - 50, 1, 0)]
    assert _ended([STALE, *tail], 4 * BLOCK, None) == [STALE]
    assert _ended([STALE, *tail], 4 * BLOCK, end - 400) == [STALE]


@pytest.mark.parametrize(("frames", "kept"), [(BLOCK, 1), (BLOCK + 1, 0)])
def test_zeros_that_end_more_than_a_block_before_the_end_are_findings(frames, kept):
    zeros = Finding(Kind.ZERO, 3 * BLOCK, frames, 0)
    assert len(_ended([zeros], 4 * BLOCK, None)) == kept


@pytest.mark.parametrize(("due", "told"), [(2 * BLOCK - 1, False), (2 * BLOCK, True), (3 * BLOCK, True)])
def test_silence_where_more_was_played_is_a_mute_from_two_blocks_on(due, told):
    end = 5 * BLOCK
    got = _ended([STALE], 4 * BLOCK, end - 300 + due)
    assert got[0] == STALE
    mute = Finding(Kind.MUTE, end, due, FIRST + end - 300, text=f"silence from frame {end} on")
    assert got[1:] == ([mute] if told else [])


def test_mute_begins_with_the_zeros_before_the_end_and_ends_with_the_capture():
    end = 5 * BLOCK
    zeros = Finding(Kind.ZERO, end - 100, 50, 0), Finding(Kind.ZERO, end - 40, 40, 0)
    inside = Finding(Kind.STALE, end - 60, 8, 0)
    (mute,) = _ended([*zeros, inside], 4 * BLOCK, 99 * BLOCK)
    assert (mute.kind, mute.frame, mute.frames) == (Kind.MUTE, end - 100, 4 * BLOCK + 100)
    assert mute.position == FIRST + end - 100 - 300


def test_analysis_counts_all_findings_and_keeps_the_most():
    found = [Finding(Kind.STALE, frame, 8, 0) for frame in (0, 1000, 2009, 9000)]
    got = _case(most=2)._analysis(found, _walk(), 300.6, ["one"])
    assert (got.detector, got.locked, got.frames, got.checked_frames) == ("spectral", True, 20000, 777)
    assert (got.first_frame, got.first_position, got.episodes) == (301, FIRST, 3)
    assert got.notes == ("one", "4 findings, the first 2 kept")
    assert (got.findings, got.counts) == (tuple(found[:2]), {Kind.STALE: 4})
    assert _case(most=4)._analysis(found, _walk(), 0.0, []).notes == ()


def test_recording_that_starts_late_begins_at_frame_zero_with_a_later_position():
    got = _case()._analysis([], _walk(), -250.4, [])
    assert (got.first_frame, got.first_position) == (0, FIRST + 250)
    assert _case(first=(1 << 32) - 100)._analysis([], _walk(), -250.4, []).first_position == 150


def test_episodes_without_a_ring_are_of_findings_that_touch():
    case = _case()
    case = analyzer._Case(case.samples, case.y, case.pattern, Rings(), 0, case.options, case.locks, [])
    found = [Finding(Kind.STALE, frame, 8, 0) for frame in (0, 9, 19)]
    assert case._analysis(found, _walk(), 0.0, []).episodes == 2


def test_findings_of_all_stages_are_in_order_and_name_no_larger_line_than_the_board_has():
    y = np.array([_square(1.0, 20000)] * 2)
    events = [
        Event(Guess(400, 8, 16, 5.0), 8, 20.0),
        Event(None, 50, 11.0),
        Event(Guess(ZERO, 800, 808, 5.0), 800, 30.0),
    ]
    jump = SimpleNamespace(
        frames=-3.0, frame=1500, played=1200, splice=SimpleNamespace(side="playback", gap=0, silent=False)
    )
    captured = Finding(Kind.STALE, 700, 8, 0, 1000, 1, "capture", line_bytes=64)
    case = _case(y, line_bytes=16)
    got = case._findings(events, _walk(), [jump], _track(20000), [captured])
    assert [(one.kind, one.frame) for one in got] == [
        (Kind.STALE, 308),
        (Kind.STALE, 700),
        (Kind.ZERO, 1100),
        (Kind.DROP, 1500),
    ]
    assert [one.line_bytes for one in got[:2]] == [16, 16]
    assert (got[0].ring, got[0].laps, got[0].position) == ("playback", 1, FIRST + 8)


def test_view_is_made_where_it_is_asked_for():
    y = _square(0.5, 20000)
    walk = SimpleNamespace(remainders=lambda: iter([(0, np.zeros(20000, np.float32))]))
    assert _case()._view(y, walk) is None
    seen = _case(view=(1000, 3000))._view(y, walk)
    assert (seen.before.start_frame, seen.before.edges_hz[-1]) == (1000, 2000.0)


LATENCY = 701


@pytest.fixture(scope="module")
def short():
    return Loop(0.6)


def _frames(captured):
    return captured.view("<i2").reshape(-1, 2).copy()


def _bytes(samples):
    return np.ascontiguousarray(samples.astype("<i2")).view(np.uint8).reshape(-1)


def test_silence_before_the_stimulus_is_neither_level_nor_finding(short):
    heard = _frames(short.hear())
    padded = np.concatenate((np.zeros((30000, 2)), heard))
    got = short.judge(_bytes(padded), before_s=1.0, after_s=1.0)
    assert (got.advice, got.disturbances, got.analysis.findings) == ((), 0, ())
    assert got.channel.latency_frames == pytest.approx(30000 + LATENCY, abs=3)
    assert got.analysis.first_frame == round(got.channel.latency_frames)
    assert got.analysis.first_position == short.first
    assert got.analysis.checked_frames == (short.frames - LATENCY - 2 - EDGE) // 8 * 8
    assert got.analysis.notes == ()
    assert 4 < got.quiet_score < 10
    assert got.view is None
    assert [one.frame for one in got.seconds] == [0]


def test_click_repeated_line_and_clipping_are_told_apart(short):
    samples = _frames(short.hear())
    samples[20000:20008] = samples[20000 - 5280 : 20008 - 5280]
    samples[14000, 0] += 6000
    samples[24000:24060, 1] = 30000
    got = short.judge(_bytes(samples))
    (line,) = [one for one in got.analysis.findings if one.ring == "capture"]
    assert (line.frame, line.frames, line.laps) == (20000, 8, 1)
    assert line.position == short.first + 20000 - round(got.channel.latency_frames)
    assert got.channel.clipped_share == pytest.approx(60 / len(samples))
    told = [one for one in got.advice if "disturbance" in one]
    assert f"{got.disturbances} disturbance" in told[0]
    assert abs(int(told[0].split("first at frame ")[1].split(":")[0]) - 14000) < 96


def test_clicks_alone_are_counted_as_they_are_advised(short):
    samples = _frames(short.hear())
    samples[[14000, 21000], 0] += 6000
    got = short.judge(_bytes(samples))
    assert got.disturbances >= 2 and got.analysis.found == 0
    assert got.advice[0].startswith(f"{got.disturbances} disturbances")


@pytest.mark.parametrize(("channels", "swap"), [(1, False), (2, True)])
def test_exchanged_channels_are_looked_for_where_there_are_two(monkeypatch, channels, swap):
    asked = []

    class Recorded(analyzer.Explainer):
        def __init__(self, references, weights, sources):
            asked.append((len(references), len(weights), sources))
            super().__init__(references, weights, sources)

    monkeypatch.setattr(analyzer, "Explainer", Recorded)
    loop = Loop(0.5, channels)
    assert loop.judge(loop.hear(), laps=1).analysis.locked
    assert asked == [(channels, channels, [4800, 5280, ZERO, *([SWAP] if swap else [])])]


def test_start_is_looked_for_as_late_and_early_as_asked(monkeypatch):
    asked = []
    monkeypatch.setattr(analyzer, "lock_all", lambda *given: asked.append(given[2:]) or [None, None])
    got = analyzer.analyze(
        np.zeros(600, np.uint8), Noise(), RINGS, first_position=7, options=Options(before_s=2.5, after_s=3.5)
    )
    assert asked == [(7, 14000, 10000)]
    assert (got.analysis.locked, got.analysis.frames, got.channel) == (False, 100, None)
    analyzer.analyze(np.zeros(600, np.uint8), Noise(), RINGS)
    assert asked[1] == (0, 40000, 40000)
