# SPDX-License-Identifier: MIT
"""An event in the middle of a burst: what is taken out of the capture, and what is found across it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stress.experiment import middle
from stress.experiment.middle import gap_in
from stress.model.finding import Analysis, Finding, Kind
from stress.model.lifecycle import FirstLap, LifecycleEvent
from stress.model.middle import Middle, Stood
from stress.model.pcm import Exchange, StreamResult
from stress.model.record.events import LifecycleRecord, SkipRecord
from stress.model.verdict import Verdict
from stress.pcm.virtual import VirtualPcm
from stress.plan.plan import read_plan
from stress.record import reader
from stress.virtual.spec import BoardSpec
from tests.experiment.walking import PATTERN, walked

AT, LAP = 600, 100
PAUSE = Middle(LifecycleEvent.PAUSE, AT, 0.1)


def _played(frames=2000):
    out = np.zeros(frames * 4, dtype=np.uint8)
    PATTERN.fill(5000, out)
    return out.reshape(-1, 4)


def _gap(middle, *parts):
    seen = np.concatenate(parts).reshape(-1)
    gap = gap_in(seen, _played().reshape(-1), middle, 4, LAP)
    return gap, np.delete(seen.reshape(-1, 4), np.s_[gap.at : gap.at + gap.frames], axis=0)


def _silence(frames):
    return np.zeros((frames, 4), dtype=np.uint8)


def test_silence_of_a_pause_is_taken_out_whole():
    out = _played()
    gap, rest = _gap(PAUSE, _silence(40), out[:AT], _silence(333), out[AT:])
    assert gap == (40 + AT, 333, True)
    assert np.array_equal(rest[40:], out)


def test_silence_lies_anywhere_in_the_last_ring_full_that_was_written():
    out = _played()
    for at in (AT - LAP, AT - LAP + 3, AT - 40, AT):
        gap, rest = _gap(PAUSE, _silence(40), out[:at], _silence(333), out[at:])
        assert gap == (40 + at, 333, True)
        assert np.array_equal(rest[40:], out)


def test_event_before_the_ring_was_full_has_its_silence_behind_the_lead():
    out = _played()
    early = Middle(LifecycleEvent.PAUSE, 60, 0.1)
    gap, rest = _gap(early, _silence(500), out[:50], _silence(70), out[50:])
    assert gap == (550, 70, True)
    assert np.array_equal(rest[500:], out)


def test_pause_that_leaves_no_silence_takes_nothing_out():
    out = _played()
    gap, rest = _gap(PAUSE, _silence(40), out)
    assert gap == (40 + AT, 0, True)
    assert np.array_equal(rest[40:], out)


def test_old_data_beside_the_silence_is_left_in():
    out = _played()
    gap, rest = _gap(PAUSE, out[:AT], _silence(200), out[AT - LAP : AT - LAP + 60], out[AT:])
    assert gap == (AT, 200, True)
    assert len(rest) == len(out) + 60


def test_silence_before_and_behind_that_ring_full_is_left_in():
    out = _played()
    out[100:300] = out[900:1100] = 0
    gap, rest = _gap(PAUSE, out[:AT], _silence(30), out[AT:])
    assert gap == (AT, 30, True)
    assert np.array_equal(rest, out)


def test_nothing_but_silence_is_no_return():
    assert _gap(PAUSE, _silence(900))[0] == (0, 0, False)


def test_place_is_known_by_either_side():
    out = _played()
    lost_behind = _gap(PAUSE, out[:AT], _silence(200), out[AT + 50 :])[0]
    lost_before = _gap(PAUSE, out[: AT - 50], _silence(200), out[AT:])[0]
    assert (lost_behind, lost_before) == ((AT, 200, True), (AT - 50, 200, True))


def test_lead_of_a_capture_is_never_taken_for_the_event():
    out = _played()
    wrong = out ^ 0x55
    gap, _ = _gap(PAUSE, _silence(500), wrong[:AT], _silence(200), wrong[AT:], _silence(700))
    assert gap == (500 + AT, 200, True)


def test_stream_that_stays_silent_did_not_return():
    gap, _ = _gap(PAUSE, _played()[:AT], _silence(900))
    assert (gap.at, gap.returned) == (AT, False)


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Bursts only as long as the stand-in needs."""
    monkeypatch.setattr(middle, "EXTRA_S", 0.05)


class _Pausing(VirtualPcm):
    """A virtual board whose card pauses: so many frames of silence, then what `behind` makes of the rest."""

    def __init__(self, behind=lambda rest: rest, refused="", early=0):
        super().__init__(BoardSpec.load("x86_64", {}), 7)
        self.behind, self.refused, self.early = behind, refused, early

    def supports(self, handling):
        return super().supports(replace(handling, middle=None))

    def exchange(self, play, captured, handling):
        done = super().exchange(play, captured, replace(handling, middle=None))
        if handling.middle is None:
            return done
        if self.refused:
            return replace(done, stood=Stood(refused=self.refused))
        frames = captured.reshape(-1, 4)
        (lead,) = np.flatnonzero((frames == play.reshape(-1, 4)[0]).all(axis=1))[:1]
        at = int(lead) + handling.middle.frames - self.early
        heard = [frames[:at], _silence(1000), self.behind(frames[at:].copy())]
        frames[:] = np.concatenate(heard)[: len(frames)]
        return replace(done, stood=Stood(20_000_000, 0))


def _walk(tmp_path, pcm, **rule):
    arm = {"name": "a", "burst_s": "200ms", "bursts": 3, "playback_buffer": 480, "capture_buffer": 528}
    plan = {"bound": 1.0, "arm": [arm], "control": {"least": 4}}
    rules = [{"name": "pause", "into_s": "100ms", **rule}]
    folder = tmp_path / "run"
    whole = read_plan({**plan, "event": rules}, "plan")
    judgement = walked(folder, whole, pcm, 64, disturber=_Willing())
    return judgement, reader.read_run(folder)


class _Willing:
    """Can do every event."""

    def unfit(self, event):
        return ""


def _outcomes(log):
    return [(one.shown, one.outcome) for one in log.all(LifecycleRecord)]


@pytest.mark.parametrize("early", [0, 100, 400])
def test_clean_card_is_right_behind_a_pause_in_the_middle_of_each_burst(tmp_path, early):
    judgement, log = _walk(tmp_path, _Pausing(early=early))
    assert judgement.verdict is Verdict.PASS
    assert _outcomes(log) == [("pause in the middle", "right")] * 3
    assert all(one.at_frame and abs(one.took_s - 1000 / 48000) < 1e-9 for one in log.all(LifecycleRecord))


@pytest.mark.parametrize(
    ("behind", "outcome"),
    [
        (lambda rest: rest[70:], "lost"),
        (lambda rest: rest[:, [2, 3, 0, 1]], "rotated"),
        (lambda rest: np.concatenate([rest[:96], rest]), "repeated"),
        (lambda rest: np.concatenate([rest[:40], _silence(60), rest[100:]]), "mute"),
        (lambda rest: _silence(len(rest)), "mute"),
    ],
)
def test_fault_behind_an_event_in_the_middle_is_found_and_named(tmp_path, behind, outcome):
    judgement, log = _walk(tmp_path, _Pausing(behind))
    assert judgement.verdict is Verdict.FAIL
    assert _outcomes(log) == [("pause in the middle", outcome)] * 3
    assert f"the first lap after pause in the middle is {outcome} in 3 of 3 times" in " ".join(
        judgement.reasons
    )


def test_fault_far_behind_the_event_is_a_finding_but_not_of_the_event(tmp_path):
    def far(rest):
        rest[2000:2016] = 0
        return rest

    judgement, log = _walk(tmp_path, _Pausing(far))
    assert judgement.verdict is Verdict.FAIL
    assert _outcomes(log) == [("pause in the middle", "right")] * 3


def test_event_by_chance_is_in_some_bursts_only(tmp_path):
    _, log = _walk(tmp_path, _Pausing(), chance=0.5)
    assert 0 < len(_outcomes(log)) < 3


def test_event_that_never_came_keeps_the_run_from_pass(tmp_path):
    judgement, log = _walk(tmp_path, _Pausing(), at_s="1h")
    assert _outcomes(log) == []
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert judgement.reasons[0] == "pause in the middle did not happen in any arm: nothing is known of it"


def test_event_that_the_driver_refuses_in_the_middle_ends_its_arm(tmp_path):
    judgement, log = _walk(tmp_path, _Pausing(refused="snd_pcm_pause: Function not implemented"))
    (skip,) = log.all(SkipRecord)
    assert "in the middle of burst 1: snd_pcm_pause" in skip.reason
    assert judgement.verdict is not Verdict.PASS


def test_virtual_board_refuses_an_event_in_the_middle_before_it_streams(tmp_path):
    judgement, log = _walk(tmp_path, VirtualPcm(BoardSpec.load("x86_64", {}), 7))
    assert judgement.verdict is Verdict.SKIP
    assert "not modelled" in log.all(SkipRecord)[0].reason


def test_longest_silence_near_the_event_is_the_one_of_the_event():
    out = _played()
    out[AT - 20 : AT - 12] = 0
    gap, rest = _gap(PAUSE, out[: AT - 60], _silence(200), out[AT - 60 :])
    assert gap == (AT - 60, 200, True)
    assert np.array_equal(rest, out)


def test_place_is_looked_for_in_whole_frames():
    needle = bytes(range(1, 9))
    assert middle._frame_of(b"\0" * 2 + needle + b"\0" * 6 + needle, needle, 4, 0) == 4
    assert middle._frame_of(b"\0" * 2 + needle, needle, 4, 0) is None


def test_burst_without_its_gap_has_neither_its_frames_nor_its_time():
    stream = StreamResult(frames=5000, state="RUNNING", hw_ptr=4900, started_ns=1000, ended_ns=10_000)
    done = middle.without(Exchange(stream, stream, 5000), middle.Gap(600, 333, True), Stood(4000, 3000))
    assert (done.capture.frames, done.capture.hw_ptr) == (5000 - 333, 4900 - 333)
    assert (done.playback.frames, done.playback.hw_ptr) == (5000, 4900)
    assert done.playback.started_ns == done.capture.started_ns == 5000
    late = middle.without(Exchange(stream, stream, 5000), middle.Gap(600, 333, True), Stood(50_000, 3000))
    assert late.playback.started_ns == 10_000


def _analysis(*findings, locked=True):
    return Analysis("exact", locked=locked, frames=5000, findings=findings)


def _finding(kind, frame, frames, **more):
    return Finding(kind, frame, frames, position=0, **more)


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ([], (FirstLap.RIGHT, 0)),
        ([_finding(Kind.STALE, 610, 8)], (FirstLap.STALE, 8)),
        ([_finding(Kind.MISPLACED, 610, 8, lag=100)], (FirstLap.STALE, 8)),
        ([_finding(Kind.MISPLACED, 610, 8, lag=-100)], (FirstLap.WRONG, 8)),
        ([_finding(Kind.STALE, 610, 8, injected=True)], (FirstLap.RIGHT, 0)),
        # Of a run that goes on behind the lap, what lies in the lap counts.
        ([_finding(Kind.STALE, 690, 50)], (FirstLap.STALE, 10)),
        ([_finding(Kind.STALE, 700, 8), _finding(Kind.STALE, 100, 8)], (FirstLap.RIGHT, 0)),
        ([_finding(Kind.BITFLIP, 610, 8), _finding(Kind.DROP, 620, 3)], (FirstLap.LOST, 11)),
    ],
)
def test_outcome_is_the_worst_in_the_lap_behind_the_gap(findings, expected):
    assert middle.outcome(_analysis(*findings), middle.Gap(600, 300, True), LAP) == expected


@pytest.mark.parametrize(("locked", "returned"), [(False, True), (True, False)])
def test_outcome_of_a_stream_that_did_not_return_is_mute(locked, returned):
    found = middle.outcome(_analysis(locked=locked), middle.Gap(600, 300, returned), LAP)
    assert found == (FirstLap.MUTE, 0)


@pytest.mark.parametrize(("start", "frame"), [(0, 0), (1, 3), (3, 3), (4, None)])
def test_piece_is_found_from_a_frame_on_where_a_frame_begins(start, frame):
    # Bytes 0 to 3 are a frame, 5 to 8 lie across two, 12 to 15 are one again.
    data = b"abcd" + b"xabcdxxx" + b"abcd"
    assert middle._frame_of(data, b"abcd", 4, start) == frame


def test_piece_of_nothing_or_one_that_lies_across_frames_alone_is_nowhere():
    assert middle._frame_of(b"abcdabcd", b"", 4, 0) is None
    assert middle._frame_of(b"xabcdxxx", b"abcd", 4, 0) is None
    assert middle._frame_of(b"aaaaa", b"aaaa", 4, 0) == 0
    # One that overlaps with the one before it.
    assert middle._frame_of(b"xaaaaaaa", b"aaaa", 4, 0) == 1


@pytest.mark.parametrize(
    ("silent", "first", "last", "run"),
    [
        ("..##.###..#", 0, 11, (5, 8)),
        ("..##.###..#", 0, 7, (2, 4)),
        ("..##.###..#", 3, 11, (5, 8)),
        ("..##.###..#", 8, 11, (10, 11)),
        ("...........", 2, 11, (2, 2)),
        ("###########", 2, 9, (2, 9)),
        ("##..##", 0, 6, (0, 2)),
    ],
)
def test_longest_silence_is_that_between_two_frames(silent, first, last, run):
    flags = np.array([one == "#" for one in silent])
    assert middle._longest_run(flags, first, last) == run


def test_silence_of_the_source_long_before_the_event_is_not_taken_for_it():
    out = _played()
    out[100:480] = 0
    played = out.reshape(-1)
    seen = np.concatenate([_silence(40), out[:AT], _silence(50), out[AT:]]).reshape(-1)
    assert gap_in(seen, played, PAUSE, 4, LAP) == (40 + AT, 50, True)
    # Bytes behind the last whole frame are none of it.
    assert gap_in(np.append(seen, [0, 0, 0]).astype(np.uint8), played, PAUSE, 4, LAP) == (40 + AT, 50, True)


def test_silence_up_to_the_end_is_a_stream_that_did_not_return():
    out = _played()
    seen = np.concatenate([_silence(40), out[:AT], _silence(70)]).reshape(-1)
    assert gap_in(seen, out.reshape(-1), PAUSE, 4, LAP) == (40 + AT, 70, False)
    assert gap_in(_silence(70).reshape(-1), out.reshape(-1), PAUSE, 4, LAP) == (0, 0, False)


def test_stream_that_goes_on_without_silence_has_a_gap_of_nothing_where_the_event_was():
    out = _played()
    seen = np.concatenate([_silence(40), out]).reshape(-1)
    assert gap_in(seen, out.reshape(-1), PAUSE, 4, LAP) == (40 + AT, 0, True)


@pytest.mark.parametrize(
    ("frame", "frames", "counts"),
    [
        (92, 8, 8),  # ends where the gap was
        (91, 8, None),
        (100, 8, 8),
        (199, 8, 1),
        (200, 8, None),
        (195, 8, 5),
    ],
)
def test_finding_counts_where_it_lies_in_the_lap_behind_the_gap_or_reaches_it(frame, frames, counts):
    finding = Finding(Kind.DROP, frame, frames, 1)
    analysis = Analysis("exact", True, 2000, first_frame=0, first_position=0, findings=(finding,))
    expected = (FirstLap.RIGHT, 0) if counts is None else (FirstLap.LOST, counts)
    assert middle.outcome(analysis, middle.Gap(100, 30, True), 100) == expected
    planted = replace(analysis, findings=(replace(finding, injected=True),))
    assert middle.outcome(planted, middle.Gap(100, 30, True), 100) == (FirstLap.RIGHT, 0)


@pytest.mark.parametrize(
    ("lag", "named"), [(1, FirstLap.STALE), (0, FirstLap.WRONG), (-1, FirstLap.WRONG), (None, FirstLap.WRONG)]
)
def test_misplaced_data_is_stale_where_it_is_older(lag, named):
    assert middle._named(Finding(Kind.MISPLACED, 100, 8, 1, lag=lag)) is named
    assert middle._named(Finding(Kind.UNKNOWN, 100, 8, 1, lag=lag)) is FirstLap.WRONG
