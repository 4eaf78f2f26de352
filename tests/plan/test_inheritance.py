# SPDX-License-Identifier: MIT
"""Plans inherit: a file says what differs, and what it says is checked where it stands."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stress.errors import ConfigError
from stress.plan.plan import load_plan
from stress.settings import schema

BASE = """
title = "below"
bound = 1e-3
[control]
share = 0.01
least = 3
[[arm]]
name = "a"
side = "playback"
burst_s = "1s"
[[arm]]
name = "b"
burst_s = "2s"
[[sweep]]
of = "a"
playback_buffer = [1024]
"""


@pytest.fixture
def plan(tmp_path):
    (tmp_path / "below.toml").write_text(BASE)

    def read(text, name="own.toml"):
        (tmp_path / name).write_text(text)
        return load_plan(str(tmp_path / name))

    return read


def test_own_keys_win_and_tables_are_merged(plan):
    found = plan('base = "below.toml"\ntitle = "mine"\n[control]\nleast = 5\n')
    assert (found.title, found.bound) == ("mine", 1e-3)
    assert (found.control.share, found.control.least) == (0.01, 5)
    assert [arm.name for arm in found.arm] == ["a", "b", "a-ring-1024"]


def test_arm_of_the_base_is_changed_and_a_new_one_added(plan):
    found = plan('base = "below.toml"\n[[arm]]\nname = "b"\nbursts = 7\n[[arm]]\nname = "c"\n')
    b = found.arm[1]
    assert (b.name, b.burst_s, b.bursts) == ("b", 2.0, 7)
    assert [arm.name for arm in found.arm] == ["a", "b", "c", "a-ring-1024"]


def test_keep_picks_and_orders_arms_and_drops_the_sweeps_of_the_others(plan):
    found = plan('base = "below.toml"\nkeep = ["c", "b"]\n[[arm]]\nname = "c"\n')
    assert [arm.name for arm in found.arm] == ["c", "b"]


def test_every_sets_what_the_base_says_and_an_arm_of_the_file_wins(plan):
    text = 'base = "below.toml"\n[every]\nburst_s = "9s"\n'
    text += '[[arm]]\nname = "b"\nburst_s = "4s"\n[[arm]]\nname = "c"\n'
    found = {arm.name: arm.burst_s for arm in plan(text).arm}
    assert found == {"a": 9.0, "b": 4.0, "c": 2.0, "a-ring-1024": 9.0}


def test_like_copies_an_arm_of_the_file_or_the_base(plan):
    text = '[[arm]]\nname = "x"\nside = "capture"\ngroup = "g"\n'
    text += '[[arm]]\nname = "y"\nlike = "x"\nlever = "cacheflush"\n'
    y = plan(text).arm[1]
    assert (y.name, y.side, y.group, y.lever) == ("y", "capture", "g", "cacheflush")
    z = plan('base = "below.toml"\n[[arm]]\nname = "z"\nlike = "a"\n').arm[2]
    assert (z.name, z.side, z.burst_s) == ("z", "playback", 1.0)


def test_base_of_a_base_and_a_shipped_base(plan):
    plan('base = "below.toml"\nbound = 1e-2\n', "middle.toml")
    assert plan('base = "middle.toml"\n').bound == 1e-2
    assert len(plan('base = "bringup"\n', "bringup.toml").arm) == len(load_plan("bringup").arm)


def test_resolved_plan_is_written_without_its_base(plan):
    written = schema.write(plan('base = "below.toml"\n'))
    assert not written.keys() & {"base", "keep", "every", "sweep"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('base = "bringupp"', "no plan called 'bringupp' (did you mean bringup?)"),
        ("base = 3", "own.toml: base: 3 is not a text"),
        ('base = "own.toml"', "own.toml: base: plans inherit in a circle"),
        ('base = "nowhere/x.toml"', "cannot be read"),
        ('keep = ["a"]', "own.toml: keep: is about the arms of a base"),
        ('[every]\nburst_s = "1s"', "own.toml: every: is about the arms of a base"),
        ('base = "below.toml"\nkeep = ["z"]', "own.toml: keep[0]: no arm 'z' (allowed: a or b)"),
        ('base = "below.toml"\nkeep = "a"', "own.toml: keep: is not a list"),
        ('base = "below.toml"\nkeep = [["a"]]', "own.toml: keep[0]: no arm ['a']"),
        (
            'base = "below.toml"\n[every]\nburst = 1',
            "own.toml: every.burst: unknown key (did you mean bursts?)",
        ),
        ('base = "below.toml"\nevery = 1', "own.toml: every: is not a table"),
        ('base = "below.toml"\narm = 1', "own.toml: arm: is not a list"),
        ('base = "below.toml"\narm = [1]', "own.toml: arm[0]: is not a table"),
        ('base = "below.toml"\n[[arm]]\nbursts = 1', "own.toml: arm[0].name: is missing"),
        ('base = "below.toml"\n[[arm]]\nname = "a"\nbursts = 0', "arm[0].bursts: 0 is not a whole"),
        ('base = "below.toml"\n[[arm]]\nname = "y"\nlike = "z"', "own.toml: arm[0].like: no arm 'z'"),
        ('base = "below.toml"\n[[arm]]\nname = "y"\nlike = ["a"]', "own.toml: arm[0].like: no arm ['a']"),
        ('[[arm]]\nname = "y"\nlike = "y"', "own.toml: arm[0].like: no arm 'y' (allowed: nothing)"),
        ('[[arm]]\nname = "y"\n[[arm]]\nname = "y"', "own.toml: arm[1].name: 'y' is there twice"),
        ('base = "below.toml"\nsweep = 1', "own.toml: sweep: is not a list"),
    ],
)
def test_what_cannot_be_inherited_names_file_and_key(plan, text, words):
    with pytest.raises(ConfigError) as caught:
        plan(text + "\n")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_error_in_a_base_names_the_base(plan, tmp_path):
    (tmp_path / "below.toml").write_text(BASE + "humidity = 1\n")
    with pytest.raises(ConfigError, match=r"below\.toml: .*humidity: unknown key"):
        plan('base = "below.toml"\n')


def test_bases_round_a_directory_are_found_to_be_a_circle(plan, tmp_path):
    here = tmp_path.name
    (tmp_path / "below.toml").write_text(f'base = "../{here}/own.toml"\n')
    with pytest.raises(ConfigError, match="in a circle"):
        plan(f'base = "../{here}/below.toml"\n')


def test_qa_is_bringup_with_longer_bursts():
    bringup, qa = load_plan("bringup"), load_plan("qa")
    assert [arm.name for arm in qa.arm] == [arm.name for arm in bringup.arm]
    assert {arm.burst_s for arm in qa.arm if arm.name != "start-burst"} == {5.0}
    assert [replace(arm, burst_s=1.0) for arm in qa.arm] == [replace(arm, burst_s=1.0) for arm in bringup.arm]
