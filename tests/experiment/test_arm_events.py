# SPDX-License-Identifier: MIT
"""Events of arms: when one is due, what is refused, when the driver is loaded."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import pytest

from stress.errors import DeviceError
from stress.experiment import arm_events
from stress.experiment.arm_events import ArmEvents, gone
from stress.experiment.middle import Gap
from stress.model.lifecycle import FirstLap, LifecycleEvent
from stress.model.record.events import LifecycleRecord
from stress.plan.event_rules import EventRule
from stress.plan.plan import Arm, Plan

ARM = Arm(name="a", event="restart", bursts=2)
PLAIN = Arm(name="b")
CACHED, COHERENT = Arm(name="c", vmalloc="on"), Arm(name="d", vmalloc="off")


def _events(disturber, *rules, seed=1, streamed_s=0.0):
    plan = Plan(arm=(ARM, PLAIN, CACHED, COHERENT), event=rules)
    return ArmEvents(plan, disturber, seed, streamed_s)


class Disturber:
    def __init__(self, unfit="", driver=""):
        self.why, self.driver, self.loaded = unfit, driver, []

    def unfit(self, event):
        return self.why

    def unfit_driver(self):
        return self.driver

    def load_driver(self, vmalloc):
        self.loaded.append(vmalloc)


def test_event_is_due_before_each_burst_of_an_arm_but_the_first_of_a_row():
    events = _events(Disturber())
    due = [[rule.event for rule in events.due(arm)] for arm in (ARM, ARM, PLAIN, PLAIN, ARM, ARM)]
    restart = [LifecycleEvent.RESTART]
    assert due == [[], restart, [], [], [], restart]


def test_nothing_is_due_where_nobody_can_do_it():
    events = _events(None)
    assert [events.due(ARM), events.due(ARM)] == [(), ()]
    assert not events.tells_of_rest(ARM)


def test_event_of_the_plan_happens_at_its_time_in_the_arm_it_is_of():
    events = _events(Disturber(), EventRule("usb-reset", "b", at_s=3.0))
    due = [[rule.name for rule in events.due(PLAIN, number, float(number))] for number in range(6)]
    assert due == [[], [], [], ["usb-reset"], [], []]


def test_run_that_goes_on_does_not_repeat_an_event_that_is_past():
    events = _events(Disturber(), EventRule("usb-reset", at_s=3.0), streamed_s=4.0)
    assert [events.due(PLAIN, number, 4.0 + number) for number in range(3)] == [(), (), ()]


def test_event_in_the_middle_is_in_the_first_burst_as_well():
    events = _events(Disturber(), EventRule("pause", "b", into_s=0.5))
    assert events.due(PLAIN, 1, 0.0) == ()
    assert events.inside() == (LifecycleEvent.PAUSE, 24000, 0.1)
    events.due(ARM, 2, 1.0)
    assert events.inside() is None
    assert events.middles(PLAIN) == ((LifecycleEvent.PAUSE, 24000, 0.1),)


@pytest.mark.parametrize(
    ("disturber", "arm", "told"),
    [
        (None, ARM, "restart: not on this backend"),
        (None, CACHED, "use_vmalloc: not on this backend"),
        (None, PLAIN, ""),
        (Disturber(unfit="no such file"), ARM, "no such file"),
        (Disturber(unfit="no such file"), PLAIN, ""),
        (Disturber(driver="built in"), COHERENT, "built in"),
        (Disturber(driver="built in"), ARM, ""),
    ],
)
def test_refusal_is_of_what_the_arm_asks_only(disturber, arm, told):
    assert _events(disturber).refusal(arm) == told


def test_driver_is_loaded_once_for_arms_that_ask_for_the_same():
    disturber = Disturber()
    events = _events(disturber)
    for arm in (PLAIN, CACHED, CACHED, dataclasses.replace(CACHED, name="e"), COHERENT, PLAIN, COHERENT):
        events.load_driver(arm)
    assert disturber.loaded == [True, False]


def test_driver_that_was_refused_is_asked_for_again():
    disturber = Disturber()
    events = _events(disturber)

    def refuse(vmalloc):
        raise DeviceError("in use", device="card 1")

    disturber.load_driver = refuse
    with pytest.raises(DeviceError):
        events.load_driver(CACHED)
    del disturber.load_driver
    events.load_driver(CACHED)
    assert disturber.loaded == [True]


def test_card_that_is_gone_has_no_burst():
    record = gone(ARM, "restart")
    assert record == LifecycleRecord("a", 0, "restart", "did not come back", 0, 0.0, 0, 0)


@dataclasses.dataclass(frozen=True)
class _Heard:
    analysis: object


@dataclasses.dataclass(frozen=True)
class _Result:
    heard: _Heard
    xruns: int = 0
    by_wire: bool = False
    locked: bool = True
    gap: object = None
    position: int = 7

    @property
    def analysis(self):
        return self.heard.analysis

    @property
    def exchange(self):
        return SimpleNamespace(xruns=self.xruns)


def _result(detector="exact", first_frame=12, **changes):
    return _Result(_Heard(SimpleNamespace(detector=detector, first_frame=first_frame)), **changes)


@pytest.fixture
def starts(monkeypatch):
    """Have the begin of a burst be what the case says; return what was asked of it."""
    asked = SimpleNamespace(began="usual", lost=[])
    of = SimpleNamespace(of=lambda *burst: asked.began)
    monkeypatch.setattr(arm_events, "Start", of)

    def lost(analysis, exchange, position, usual):
        asked.lost.append((position, usual))
        return "with loss"

    monkeypatch.setattr(arm_events, "with_lost_start", lost)
    return asked


def test_burst_behind_an_event_is_compared_with_the_first_plain_one_of_its_arm(starts):
    events = _events(Disturber())
    plain = _result()
    assert events.judged(ARM, plain, False) is plain
    starts.began = "later"
    assert events.judged(ARM, plain, False) is plain
    assert events.judged(ARM, plain, True).analysis == "with loss"
    events.judged(PLAIN, plain, True)
    assert starts.lost == [(7, "usual"), (7, None)]


def test_burst_whose_begin_is_not_known_is_no_usual_one(starts):
    events = _events(Disturber())
    starts.began = None
    events.judged(ARM, _result(), False)
    starts.began = "known"
    events.judged(ARM, _result(), False)
    events.judged(ARM, _result(), True)
    assert starts.lost == [(7, "known")]


@pytest.mark.parametrize(
    "result", [_result(xruns=1), _result(by_wire=True), _result("spectral"), _result("spectral", xruns=1)]
)
def test_burst_that_lost_frames_otherwise_or_was_judged_otherwise_is_left_as_it_is(starts, result):
    events = _events(Disturber())
    assert events.judged(ARM, result, True) is result
    assert events.judged(ARM, result, False) is result
    events.judged(ARM, _result(), True)
    assert starts.lost == [(7, None)], "it is no usual begin either"


HAPPENED = [("restart", 0.25), ("usb-reset", 1.5)]


@pytest.mark.parametrize(
    ("changes", "returned", "outcome", "frames"),
    [
        ({}, True, FirstLap.STALE, 5),
        ({"xruns": 1}, True, FirstLap.STALE, 5),
        # Nothing came back in this run so far: its silence is none of the event.
        ({"locked": False}, False, FirstLap.STALE, 5),
        ({"locked": False}, True, FirstLap.MUTE, 0),
        ({"locked": False, "xruns": 1}, True, FirstLap.XRUN, 0),
    ],
)
def test_each_event_before_a_burst_is_recorded_with_what_it_did(
    monkeypatch, changes, returned, outcome, frames
):
    monkeypatch.setattr(arm_events, "first_lap", lambda *burst: (FirstLap.STALE, 5))
    found = _events(Disturber()).records(ARM, 3, _result(**changes), 480, HAPPENED, returned)
    assert found == [
        LifecycleRecord("a", 3, name, outcome.value, frames, took_s, 12) for name, took_s in HAPPENED
    ]


def test_burst_without_a_right_frame_has_no_lead(monkeypatch):
    monkeypatch.setattr(arm_events, "first_lap", lambda *burst: (FirstLap.MUTE, 0))
    (record,) = _events(Disturber()).records(ARM, 3, _result(first_frame=None), 480, HAPPENED[:1], True)
    assert (record.lead_frames, record.at_frame) == (0, 0)


PAUSE = EventRule("pause", "b", into_s=0.5)
GAP = Gap(at=1200, frames=4800, returned=True)


@pytest.mark.parametrize(
    ("changes", "held", "outcome"),
    [
        ({}, FirstLap.STALE, FirstLap.STALE),
        ({"xruns": 1}, FirstLap.STALE, FirstLap.STALE),
        ({}, FirstLap.MUTE, FirstLap.MUTE),
        ({"xruns": 1}, FirstLap.MUTE, FirstLap.XRUN),
    ],
)
def test_event_in_the_middle_is_recorded_with_the_time_of_its_gap(monkeypatch, changes, held, outcome):
    monkeypatch.setattr(arm_events.middle, "outcome", lambda analysis, gap, lap: (held, 5))
    monkeypatch.setattr(arm_events, "first_lap", lambda *burst: (FirstLap.RIGHT, 0))
    events = _events(Disturber(), PAUSE)
    events.due(PLAIN)
    result = _result(gap=GAP, **changes)
    # 4800 frames at 48 kHz are 0.1 s.
    inside = LifecycleRecord("b", 3, "pause", outcome.value, 5, 0.1, 0, 1200)
    assert events.records(PLAIN, 3, result, 480, [], True) == [inside]
    before = LifecycleRecord("b", 3, "restart", FirstLap.RIGHT.value, 0, 0.25, 12)
    assert events.records(PLAIN, 3, result, 480, HAPPENED[:1], True) == [before, inside]


@pytest.mark.parametrize(("rules", "gap"), [((), GAP), ((PAUSE,), None), ((), None)])
def test_burst_without_a_gap_or_an_event_in_its_middle_has_no_record(rules, gap):
    events = _events(Disturber(), *rules)
    events.due(PLAIN)
    assert events.records(PLAIN, 3, _result(gap=gap), 480, [], True) == []
