# SPDX-License-Identifier: MIT
"""Events of arms: when one is due, what is refused, when the driver is loaded."""

from __future__ import annotations

import dataclasses

import pytest

from stress.errors import DeviceError
from stress.experiment.arm_events import ArmEvents, gone
from stress.model.lifecycle import LifecycleEvent
from stress.plan.plan import Arm

ARM = Arm(name="a", event="restart")
PLAIN = Arm(name="b")
CACHED, COHERENT = Arm(name="c", vmalloc="on"), Arm(name="d", vmalloc="off")


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
    events = ArmEvents(Disturber())
    due = [events.due(arm) for arm in (ARM, ARM, PLAIN, PLAIN, ARM, ARM)]
    restart = LifecycleEvent.RESTART
    assert due == [None, restart, None, None, None, restart]


def test_nothing_is_due_where_nobody_can_do_it():
    events = ArmEvents(None)
    assert [events.due(ARM), events.due(ARM)] == [None, None]
    assert not events.tells_of_rest(ARM)


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
    assert ArmEvents(disturber).refusal(arm) == told


def test_driver_is_loaded_once_for_arms_that_ask_for_the_same():
    disturber = Disturber()
    events = ArmEvents(disturber)
    for arm in (PLAIN, CACHED, CACHED, dataclasses.replace(CACHED, name="e"), COHERENT, PLAIN, COHERENT):
        events.load_driver(arm)
    assert disturber.loaded == [True, False]


def test_driver_that_was_refused_is_asked_for_again():
    disturber = Disturber()
    events = ArmEvents(disturber)

    def refuse(vmalloc):
        raise DeviceError("in use", device="card 1")

    disturber.load_driver = refuse
    with pytest.raises(DeviceError):
        events.load_driver(CACHED)
    del disturber.load_driver
    events.load_driver(CACHED)
    assert disturber.loaded == [True]


def test_card_that_is_gone_has_no_burst():
    record = gone(ARM)
    assert (record.number, record.name, record.outcome) == (0, "restart", "did not come back")
