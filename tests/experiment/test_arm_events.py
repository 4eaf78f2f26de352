# SPDX-License-Identifier: MIT
"""Events of arms: when one is due, what is refused, when the driver is loaded."""

from __future__ import annotations

import dataclasses

import pytest

from stress.errors import DeviceError
from stress.experiment.arm_events import ArmEvents, gone
from stress.model.lifecycle import LifecycleEvent
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
    assert (record.number, record.name, record.outcome) == (0, "restart", "did not come back")
