# SPDX-License-Identifier: MIT
"""ddmin takes away all that can go; rings are halved and keep telling playback from capture."""

from __future__ import annotations

import itertools

import pytest

from stress.experiment.plan_changes import CHANGES, Change, applied, ddmin, halved
from stress.plan.plan import read_plan
from stress.settings import schema


def _plan(**arm):
    return read_plan({"arm": [{"name": "a", **arm}]}, "p")


@pytest.mark.parametrize(
    "needed", list(itertools.chain.from_iterable(itertools.combinations(range(5), n) for n in range(4)))
)
def test_ddmin_leaves_exactly_what_is_needed(needed):
    items = [Change(str(number), lambda plan: plan) for number in range(5)]
    done = ddmin(items, lambda changes: not {int(one.name) for one in changes} & set(needed))
    assert {int(one.name) for one in done} == set(range(5)) - set(needed)


def test_every_change_gives_a_plan_that_is_read_again():
    arm = {
        "playback": "rmw", "queue_periods": 2, "capture": "ahead", "switches_per_s": 100.0, "load": "memory",
        "event": "restart", "lever": "clean+invalidate", "bursts": 2,
    }  # fmt: skip
    plan = _plan(**arm)
    for one in CHANGES:
        read_plan(schema.write(one.change(plan)), one.name)


def test_changes_that_do_nothing_more_have_no_name():
    plan = _plan(load="memory")
    by_name = {one.name: one for one in CHANGES}
    twice = [
        by_name["mmap of the playback ring"],
        by_name["mmap of the capture ring"],
        by_name["background load"],
    ]
    smaller, names = applied(plan, twice)
    assert names == ("mmap of the playback ring", "background load")
    assert smaller.arm[0].side == "capture"


@pytest.mark.parametrize(
    ("key", "arm", "size"),
    [
        ("playback_buffer", {"playback_buffer": 4800}, 2400),
        ("playback_buffer", {"playback_buffer": 150, "capture_buffer": 480}, 96),
        ("playback_buffer", {"playback_buffer": 192, "capture_buffer": 96}, 144),
        ("period_size", {"period_size": 96}, 48),
    ],
)
def test_halved_is_half_in_whole_periods_and_unlike_the_other_ring(key, arm, size):
    assert getattr(halved(_plan(**arm), key).arm[0], key) == size


@pytest.mark.parametrize(
    ("key", "arm"), [("playback_buffer", {"playback_buffer": 96}), ("period_size", {"period_size": 64})]
)
def test_halved_ends_at_two_periods_and_at_a_millisecond(key, arm):
    assert halved(_plan(**arm), key) is None
