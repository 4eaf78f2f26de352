# SPDX-License-Identifier: MIT
"""Plans: the shipped ones are valid; wrong ones name file and key."""

from __future__ import annotations

import pytest

from stress.errors import ConfigError
from stress.model.pcm import Access, CaptureTouch
from stress.plan.plan import load_plan, read_plan
from stress.settings import find, schema


@pytest.mark.parametrize("name", find.names("plans"))
def test_shipped_plan_is_valid_and_survives_the_record(name):
    plan = load_plan(name)
    assert plan.title
    assert read_plan(schema.write(plan), "config.json") == plan


@pytest.mark.parametrize(
    ("arms", "words"),
    [
        ([], "has no arm"),
        ([{"name": "a"}, {"name": "a"}], "arm[1].name: 'a' is there twice"),
        ([{"name": "a", "period_size": 48, "capture_buffer": 95}], "arm[0].capture_buffer: ring too small"),
        ([{"name": "a", "burst_s": "10h"}], "arm[0].burst_s: burst too long"),
        ([{"name": "a", "acess": "rw"}], "did you mean access"),
        ([{}], "arm[0].name: is missing"),
    ],
)
def test_read_plan_wrong_arm_names_file_and_key(arms, words):
    with pytest.raises(ConfigError) as caught:
        read_plan({"arm": arms}, "my.toml")
    assert "my.toml" in str(caught.value)
    assert words in str(caught.value)


def test_request_one_sided_arm_takes_the_other_side_by_rw():
    plan = read_plan({"arm": [{"name": "a", "side": "capture", "capture": "ahead"}]}, "p")
    request = plan.request(plan.arm[0])
    assert request.playback.access is Access.RW
    assert request.capture.access is Access.MMAP
    assert plan.arm[0].handling.capture is CaptureTouch.AHEAD
    assert plan.arm[0].provoking


@pytest.mark.parametrize("values", [1, 0.5, True, "text", None, []])
def test_plan_that_is_no_table_is_named(values):
    with pytest.raises(ConfigError, match="plan: is not a table"):
        read_plan(values, "config.json")


@pytest.mark.parametrize("event", ["none", "restart", "usb-reset", "mixer"])
def test_time_away_is_refused_where_nothing_is_away(event):
    arm = {"name": "a", "event": event, "down_s": "2s", "bursts": 2}
    with pytest.raises(ConfigError, match=r"arm\[0\].down_s.*allowed: with usb-rebind, usb-power"):
        read_plan({"arm": [arm]}, "p.toml")


def test_time_away_may_be_none():
    plan = read_plan({"arm": [{"name": "a", "event": "restart", "down_s": "0s", "bursts": 2}]}, "p.toml")
    assert plan.arm[0].down_s == 0.0
