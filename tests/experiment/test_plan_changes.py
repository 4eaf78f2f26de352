# SPDX-License-Identifier: MIT
"""ddmin takes away all that can go; rings are halved and keep telling playback from capture."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from stress.experiment.plan_changes import CHANGES, Change, applied, ddmin, halved
from stress.plan.plan import Arm, read_plan
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


@pytest.mark.parametrize(
    ("key", "arm", "half"),
    [
        # A millisecond at 48 kHz are 48 frames: 96 may be halved, 95 not.
        ("period_size", {"period_size": 96}, 48),
        ("period_size", {"period_size": 97}, 48),
        ("period_size", {"period_size": 95}, None),
        # Halves are whole periods of 48, two of them at least.
        ("capture_buffer", {"capture_buffer": 960, "playback_buffer": 96}, 480),
        ("capture_buffer", {"capture_buffer": 144, "playback_buffer": 480}, 96),
        ("capture_buffer", {"capture_buffer": 97, "playback_buffer": 480}, 96),
        ("capture_buffer", {"capture_buffer": 96, "playback_buffer": 480}, None),
        ("playback_buffer", {"playback_buffer": 336, "capture_buffer": 480}, 144),
        # Where the other ring has that size already it is a period more, and that has to be less.
        ("capture_buffer", {"capture_buffer": 960, "playback_buffer": 480}, 528),
        ("capture_buffer", {"capture_buffer": 144, "playback_buffer": 96}, None),
        ("playback_buffer", {"playback_buffer": 193, "capture_buffer": 96}, 144),
    ],
)
def test_halved_at_its_limits(key, arm, half):
    plan = _plan(**{"period_size": 48, **arm})
    smaller = halved(plan, key)
    assert (smaller and getattr(smaller.arm[0], key)) == half
    if smaller:
        assert replace(smaller.arm[0], **{key: arm[key]}) == plan.arm[0], "nothing else changed"


CURED = {
    "access": "rw", "playback": "rmw", "queue_periods": 2, "start_burst": True, "capture": "ahead",
    "lever": "clean+invalidate", "switches_per_s": 100.0, "load": "memory", "event": "restart",
}  # fmt: skip


def test_each_change_takes_its_setting_away_and_no_other():
    plan = _plan()
    base = replace(plan, conditions=replace(plan.conditions, cpu=1, irq_cpu=2))
    by_name = {one.name: one for one in CHANGES}
    unpinned = by_name["pinned CPU"].change(base)
    assert (unpinned.conditions.cpu, unpinned.conditions.irq_cpu, unpinned.arm) == (-1, -1, base.arm)
    fields = {
        "touch of playback (store instead)": "playback",
        "playback queue": "queue_periods",
        "start burst": "start_burst",
        "touch of capture (exact instead)": "capture",
        "cache lever": "lever",
        "context switches": "switches_per_s",
        "background load": "load",
        "life-cycle event": "event",
    }
    arm = replace(plan.arm[0], **CURED)
    for name, field in fields.items():
        (changed,) = by_name[name].change(replace(plan, arm=(arm,))).arm
        assert changed == replace(arm, **{field: getattr(Arm("x"), field)}), name


@pytest.mark.parametrize(
    ("arm", "playback", "capture"),
    [
        ({}, "capture", "playback"),
        ({"side": "playback"}, "playback", "playback"),
        ({"access": "rw"}, "both", "both"),
    ],
)
def test_one_ring_is_left_of_two_that_are_mapped(arm, playback, capture):
    by_name = {one.name: one for one in CHANGES}
    plan = _plan(**arm)
    assert by_name["mmap of the playback ring"].change(plan).arm[0].side == playback
    assert by_name["mmap of the capture ring"].change(plan).arm[0].side == capture


def _tried(number, works):
    """Return what ddmin applied of `number` items, and each set that it tried."""
    tried = []

    def test(changes):
        tried.append("".join(one.name for one in changes))
        return works(set(tried[-1]))

    items = [Change(chr(ord("a") + at), lambda plan: plan) for at in range(number)]
    return "".join(one.name for one in ddmin(items, test)), tried


def test_ddmin_tries_all_then_halves_then_ever_smaller_parts():
    assert _tried(4, lambda names: True) == ("abcd", ["abcd"])
    assert _tried(0, lambda names: True) == ("", [])
    assert _tried(4, lambda names: False) == ("", ["abcd", "ab", "cd", "a", "b", "c", "d"])
    # c is needed: the first half goes at once; what was refused beside it is tried again, then halved.
    assert _tried(4, lambda names: "c" not in names) == (
        "abd",
        ["abcd", "ab", "abcd", "abcd", "abc", "abd", "abdc"],
    )
