# SPDX-License-Identifier: MIT
"""The whole walk on the virtual board: verdicts, record, resume, loss."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stress.errors import ParamsRefused
from stress.experiment.method.exact import ByPattern
from stress.experiment.runner import Run
from stress.model.formats import FORMATS
from stress.model.record.events import (
    EndRecord,
    LoopbackRecord,
    SkipRecord,
    StartRecord,
    StopRecord,
    VerdictRecord,
)
from stress.model.verdict import Verdict
from stress.patterns.word import Pattern
from stress.pcm.virtual import VirtualPcm
from stress.plan.plan import read_plan
from stress.record import reader, rundir
from stress.record.clock import Clock
from stress.record.evidence import EvidenceStore
from stress.record.journal import Journal
from stress.report.text import lines
from stress.verdict.summary import Summing, summarise
from stress.virtual.spec import BoardSpec

CLOCK = Clock(monotonic_ns=lambda: 1, wall_s=lambda: 1e9)
PATTERN = Pattern("mix1", FORMATS["S16_LE"], 2)
SMALL = {"name": "small", "playback_buffer": 192, "capture_buffer": 240, "burst_s": "500ms", "bursts": 2}


def summed(events):
    done = Summing()
    for event in events:
        done.add(event)
    return done


class _Walk:
    def __init__(self, folder, board, *arms, bound=1e-2, settings=None, plan=None, **changes):
        self.folder = rundir.create(str(folder), CLOCK)
        self.journal = Journal(self.folder, CLOCK)
        self.steps = []
        self.run = Run(
            plan=read_plan({"bound": bound, "arm": list(arms), **(plan or {})}, "plan"),
            pcm=VirtualPcm(BoardSpec.load(board, settings or {}), 7),
            name="virtual",
            line_bytes=32,
            method=ByPattern(PATTERN, 32),
            journal=self.journal,
            evidence=EvidenceStore(self.folder, 20, 4),
            seed=3,
            position=12345,
            progress=self.steps.append,
            **changes,
        )
        self.journal.append(StartRecord(seed=3, backend="virtual", first_position=12345))

    def __call__(self):
        try:
            with self.run.pcm:
                judgement, code = self.run.walk()
        finally:
            self.journal.close()
        return judgement, code, reader.read_run(self.folder)


def test_run_on_the_vivt_board_fails_and_names_whole_laps_of_a_ring(tmp_path):
    judgement, code, log = _Walk(tmp_path, "arm926", SMALL)()
    assert (judgement.verdict, code) == (Verdict.FAIL, 1)
    findings = [finding for burst in log.bursts for finding in burst.analysis.findings]
    stale = [finding for finding in findings if finding.kind == "stale" and not finding.injected]
    sizes = {"playback": 192, "capture": 240}
    assert stale
    for finding in stale:
        assert finding.lag == finding.laps * sizes[finding.ring]
    assert log.events[-1] == EndRecord(1)


def test_run_on_a_coherent_board_passes_with_the_control_whole(tmp_path):
    judgement, code, log = _Walk(tmp_path, "cortex-a", SMALL)()
    assert (judgement.verdict, code) == (Verdict.PASS, 0)
    assert all(burst.control.found == burst.control.planted > 0 for burst in log.bursts)
    assert not list((tmp_path / "evidence").iterdir())


def test_run_position_carries_on_from_burst_to_burst(tmp_path):
    _, _, log = _Walk(tmp_path, "cortex-a", SMALL)()
    positions = [burst.position for burst in log.bursts]
    assert positions == [12345, 12345 + 24000]


def test_run_evidence_is_capped_and_holds_both_views(tmp_path):
    _, _, log = _Walk(tmp_path, "arm926", SMALL)()
    names = [name for burst in log.bursts for name in burst.evidence]
    assert len(names) == 8
    entry = rundir.read_json(tmp_path / "evidence", names[0])
    report = "\n".join(lines(summarise(log.events, read_plan({"arm": [SMALL]}, "plan"))))
    assert "8 samples of the corruption kept" in report
    assert len(entry["expected"]) == len(entry["observed"]) > 0
    assert entry["expected"] != entry["observed"]


def test_run_unsupported_arm_is_skipped_and_said(tmp_path):
    arm = {**SMALL, "name": "odd", "access": "rw", "playback": "rmw"}
    judgement, _, log = _Walk(tmp_path / "a", "cortex-a", SMALL, arm)()
    assert log.first(SkipRecord).arm == "odd"
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert judgement.reasons[0].startswith("1 arm not judged: odd (")
    judgement, _, _ = _Walk(tmp_path / "b", "cortex-a", SMALL, {**arm, "optional": True})()
    assert judgement.verdict is Verdict.PASS
    assert any("odd skipped" in reason for reason in judgement.reasons)


def test_run_refused_only_arm_raises_before_anything_is_recorded_as_run(tmp_path):
    with pytest.raises(ParamsRefused, match="access mmap"):
        _Walk(tmp_path, "arm926", SMALL, settings={"limits.mmap": False})()


def test_run_by_duration_walks_the_plan_until_the_streamed_time(tmp_path):
    walk = _Walk(tmp_path, "cortex-a", SMALL, duration_s=2.2)
    walk()
    assert [step.number for step in walk.steps] == [1, 2, 3, 4, 5, 6]
    assert walk.steps[-1].streamed_s == pytest.approx(3.0)


STOP = {"repeats": 9, "stop": {"good_per_h": 360, "bad_per_h": 3600}}


@pytest.mark.parametrize(("board", "decision", "code"), [("cortex-a", "good", 0), ("arm926", "bad", 1)])
def test_run_ends_early_once_decided_and_the_record_says_so(tmp_path, board, decision, code):
    # A clean second at these rates leaves 3.3 s to go: four walks of one second.
    judgement, status, log = _Walk(tmp_path, board, SMALL, plan=STOP)()
    walks = 4 if decision == "good" else 1
    stop = log.first(StopRecord)
    assert (stop.decision, stop.bursts, stop.planned) == (decision, 2 * walks, 18)
    assert len(log.bursts) == 2 * walks
    assert status == code
    assert judgement.reasons[-1] == stop.text == log.last(VerdictRecord).reasons[-1]


def test_run_resumed_after_an_early_stop_stops_again_at_once(tmp_path):
    _, _, log = _Walk(tmp_path / "a", "cortex-a", SMALL, plan=STOP)()
    done = summed(log.events)
    walk = _Walk(tmp_path / "b", "cortex-a", SMALL, plan=STOP, done=done)
    walk()
    assert walk.steps == []


def test_run_planted_faults_under_corruption_are_counted_as_covered(tmp_path):
    _, _, log = _Walk(tmp_path, "arm926", SMALL)()
    controls = [burst.control for burst in log.bursts]
    assert sum(control.covered for control in controls) > 0
    for control in controls:
        assert control.found + control.covered == control.planted
        assert len(control.missed) == control.covered


def test_run_resumed_does_only_what_is_left(tmp_path):
    _, _, log = _Walk(tmp_path / "a", "cortex-a", {**SMALL, "bursts": 1})()
    done = summed(log.events)
    walk = _Walk(tmp_path / "b", "cortex-a", {**SMALL, "bursts": 3}, done=done)
    judgement, _, _ = walk()
    assert [step.number for step in walk.steps] == [2, 3]
    assert judgement.verdict is Verdict.PASS


def test_run_device_that_goes_away_ends_with_75_and_keeps_the_record(tmp_path):
    fault = [{"kind": "unplug", "frame": 4800, "burst": 1}]
    judgement, code, log = _Walk(tmp_path, "cortex-a", {**SMALL, "bursts": 5}, settings={"fault": fault})()
    assert (judgement.verdict, code) == (Verdict.INCONCLUSIVE, 75)
    assert len(log.bursts) == 2


def test_run_frozen_device_is_an_error(tmp_path):
    fault = [{"kind": "freeze", "frame": 4800, "burst": 0}]
    judgement, code, _ = _Walk(tmp_path, "cortex-a", SMALL, settings={"fault": fault})()
    assert (judgement.verdict, code) == (Verdict.ERROR, 70)


class _RunsDry(VirtualPcm):
    """A virtual board of which the first bursts in rings below a size run dry, and nothing comes back."""

    def __init__(self, least, first):
        super().__init__(BoardSpec.load("cortex-a", {}), 7)
        self.least, self.first, self.opened = least, first, []

    def open(self, request):
        granted = super().open(request)
        self.opened.append(granted.playback.buffer_size)
        return granted

    def exchange(self, play, captured, handling):
        done = super().exchange(play, captured, handling)
        if self.opened[-1] >= self.least or not self.first:
            return done
        self.first -= 1
        captured[:] = 0
        return replace(done, playback=replace(done.playback, xruns=1))


def _other():
    raise AssertionError("another stimulus was tried on a burst with xruns")


def _dry(tmp_path, least, first=100, other=_other):
    walk = _Walk(tmp_path, "cortex-a", SMALL, others=(other,))
    walk.run.pcm = _RunsDry(least, first)
    _, code, log = walk()
    said = [event for event in log.events if isinstance(event, LoopbackRecord)]
    return walk.run.pcm.opened, said, log, code


def test_loopback_behind_an_xrun_is_decided_by_larger_rings_and_the_burst_repeated(tmp_path):
    opened, (said,), log, code = _dry(tmp_path, least=2000, first=2)
    assert opened == [192, 768, 3072, 192]
    assert said.kind == "digital"
    assert "rings of 3072 and 3840 frames: the first burst had an xrun and was repeated" in said.why
    assert [burst.number for burst in log.bursts] == [1, 2]
    assert all(burst.analysis.locked for burst in log.bursts)
    assert code == 0


def test_loopback_behind_an_xrun_the_arm_keeps_its_own_rings_and_its_xruns(tmp_path):
    opened, (said,), log, code = _dry(tmp_path, least=2000)
    assert (opened, said.kind, code) == ([192, 768, 3072, 192], "digital", 5)
    # Twice the plan: a burst without xrun would have decided it.
    assert [burst.exchange.playback.xruns for burst in log.bursts] == [1, 1, 1, 1]


def test_loopback_that_has_xruns_with_every_ring_is_not_decided(tmp_path):
    opened, said, log, code = _dry(tmp_path, least=1 << 30, other=lambda: ByPattern(PATTERN, 32))
    # Three bursts decide nothing; what the fourth says of it is no lock.
    assert opened == [*[192, 768, 3072] * 3, 192]
    assert [one.kind for one in said] == ["none"]
    assert (len(log.bursts), code) == (4, 5)


def test_loopback_where_nothing_returns_in_larger_rings_either_tries_the_other_stimuli(tmp_path):
    tried = []

    def other():
        tried.append(1)
        return ByPattern(PATTERN, 32)

    class Silent(_RunsDry):
        def exchange(self, play, captured, handling):
            done = super().exchange(play, captured, handling)
            captured[:] = 0
            return done

    walk = _Walk(tmp_path, "cortex-a", SMALL, others=(other,))
    walk.run.pcm = Silent(700, 100)
    _, _, log = walk()
    assert tried == [1]
    assert log.first(LoopbackRecord).kind == "none"
