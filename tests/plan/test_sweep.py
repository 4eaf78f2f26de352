# SPDX-License-Identifier: MIT
"""Sweeps make arms when a plan is read; their trend says what a line has to survive."""

from __future__ import annotations

import dataclasses

import pytest

from stress.errors import ConfigError
from stress.model.pcm import Direction
from stress.plan.plan import load_plan, read_plan
from stress.plan.sweep import runs
from stress.settings import schema
from stress.verdict.contrast import Measured
from stress.verdict.tally import Tally
from stress.verdict.trend import trends

BASE = {"name": "player", "group": "player", "side": "playback", "playback_buffer": 384}


def _plan(*sweeps, arm=BASE):
    return read_plan({"arm": [arm], "sweep": list(sweeps)}, "my.toml")


def _measured(plan, shares):
    entries = []
    for arm in plan.arm:
        tally = Tally(arm.name, bursts=4, checked_frames=192_000)
        share = shares[arm.name]
        # Four bursts that differ a little: a trend is judged against their spread.
        tally.samples = [(round(48_000 * share * spread), 48_000) for spread in (0.9, 1.0, 1.1, 1.0)]
        tally.wrong_frames = sum(wrong for wrong, _ in tally.samples)
        entries.append(Measured(arm, tally))
    return entries


def test_sweep_repeats_the_arm_with_each_size_outside_its_group():
    plan = _plan({"of": "player", "playback_buffer": [1024, 192]})
    assert [(arm.name, arm.playback_buffer) for arm in plan.arm] == [
        ("player", 384),
        ("player-ring-1024", 1024),
        ("player-ring-192", 192),
    ]
    assert all((arm.group, arm.sweep, arm.side) == ("", "player", "playback") for arm in plan.arm[1:])
    assert read_plan(schema.write(plan), "config.json") == plan


def test_sweep_over_several_settings_crosses_them():
    plan = _plan({"of": "player", "period_size": [48, 96], "access": ["mmap", "rw"]})
    made = [(arm.name, arm.period_size, arm.access, arm.sweep) for arm in plan.arm[1:]]
    assert made == [
        ("player-period-48-access-mmap", 48, "mmap", ""),
        ("player-period-48-access-rw", 48, "rw", ""),
        ("player-period-96-access-mmap", 96, "mmap", ""),
        ("player-period-96-access-rw", 96, "rw", ""),
    ]


def test_sweep_pairs_its_lists_where_it_says_so():
    plan = _plan({"of": "player", "paired": True, "period_size": [48, 96], "playback_buffer": [192, 384]})
    assert [(arm.period_size, arm.playback_buffer) for arm in plan.arm[1:]] == [(48, 192), (96, 384)]


@pytest.mark.parametrize(
    ("sweep", "words"),
    [
        ({"of": "palyer", "period_size": [96]}, "sweep[0].of: no arm 'palyer'"),
        ({"of": "player"}, "sweep[0]: sweeps nothing"),
        (
            {"of": "player", "paired": True, "period_size": [48], "access": ["mmap", "rw"]},
            "different lengths",
        ),
        ({"of": "player", "access": ["dma"]}, "sweep[0].access[0]"),
        ({"of": "player", "period_size": [*range(1, 21)], "playback_buffer": [*range(400, 420)]}, "400 arms"),
        ({"of": "player", "period_size": [0]}, "sweep[0].period_size[0]"),
        ({"of": "player", "period": [96]}, "did you mean period_size"),
        ({"of": "player", "period_size": [384]}, "ring too small"),
    ],
)
def test_sweep_that_cannot_be_names_its_key(sweep, words):
    with pytest.raises(ConfigError) as caught:
        _plan(sweep)
    assert "my.toml" in str(caught.value)
    assert words in str(caught.value)


def test_trend_that_rises_as_the_ring_shrinks_needs_a_lap():
    plan = _plan({"of": "player", "playback_buffer": [1024, 192]})
    (line,) = trends(_measured(plan, {"player": 0.36, "player-ring-1024": 0.06, "player-ring-192": 0.6}))
    assert line.startswith("player: rings of 192, 384, 1024 frames: 60, 36, 6 % of the frames wrong")
    assert "rises as the ring shrinks" in line
    assert line.endswith("a line has to survive a lap")


def test_trend_of_periods_is_told_apart_and_flat_ones_are_flat():
    plan = _plan({"of": "player", "period_size": [96, 12]}, {"of": "player", "playback_buffer": [192]})
    shares = {"player": 0.3, "player-period-96": 0.05, "player-period-12": 0.6, "player-ring-192": 0.3}
    periods, rings = trends(_measured(plan, shares))
    assert "a line has to survive a period" in periods
    assert "no dependence on the ring is shown" in rings


def test_trend_the_wrong_way_speaks_against_an_alias():
    plan = _plan({"of": "player", "playback_buffer": [1024, 192]})
    (line,) = trends(_measured(plan, {"player": 0.1, "player-ring-1024": 0.5, "player-ring-192": 0.05}))
    assert "which no cache alias explains" in line


def test_trend_of_clean_or_missing_arms_is_none():
    plan = _plan({"of": "player", "playback_buffer": [192]})
    clean = _measured(plan, {"player": 0.0, "player-ring-192": 0.0})
    assert trends(clean) == []
    unmeasured = dataclasses.replace(clean[1], tally=Tally("player-ring-192"))
    assert trends([clean[0], unmeasured]) == []


def test_plan_diagnose_sweeps_rings_down_and_periods():
    swept = {arm.sweep for arm in load_plan("diagnose").arm} - {""}
    assert swept == {"player", "recorder", "ahead"}


RUNS = {
    "bound": 0.01,
    "arm": [{"name": "a"}, {"name": "b", "access": "rw"}],
    "sweep": [{"rate": [44100, 48000], "channels": ["2", "2,1"]}],
}


def test_sweep_of_whole_runs_crosses_its_lists():
    assert runs(RUNS, "plan") == [
        {"rate": rate, "channels": channels} for rate in (44100, 48000) for channels in ("2", "2,1")
    ]
    assert runs({"arm": [{"name": "a"}]}, "plan") == []


def test_sweep_of_whole_runs_pairs_rates_with_periods_of_an_arm():
    entry = {"of": "a", "rate": [44100, 48000], "period_size": [441, 480], "paired": True}
    values = {**RUNS, "sweep": [entry]}
    settings = runs(values, "plan")
    assert settings == [{"rate": 44100, "period_size": 441}, {"rate": 48000, "period_size": 480}]
    plan = read_plan(values, "plan", settings[0])
    assert (plan.rate, [arm.period_size for arm in plan.arm]) == (44100, [441, 48])


def test_setting_of_a_run_changes_every_arm_where_none_is_named():
    values = {**RUNS, "sweep": [{"format": ["S32_LE"], "access": ["mmap", "rw"]}]}
    plan = read_plan(values, "plan", runs(values, "plan")[1])
    assert (plan.format, [arm.access for arm in plan.arm]) == ("S32_LE", ["rw", "rw"])


def test_setting_of_channels_sets_the_directions_apart():
    plan = read_plan(RUNS, "plan", runs(RUNS, "plan")[1])
    assert [plan.layout(way)[1] for way in (Direction.PLAYBACK, Direction.CAPTURE)] == [2, 1]


def test_plan_of_several_runs_is_refused_where_one_is_made():
    with pytest.raises(ConfigError, match=r"sweep\[0\].*makes several runs.*pcmstress run"):
        read_plan(RUNS, "plan")


@pytest.mark.parametrize(
    ("sweep", "words"),
    [
        ([{"rate": [44100]}, {"format": ["S16_LE"]}], r"sweep\[1\].*second sweep of whole runs"),
        ([{"rate": [44100, 48000], "channels": ["2"], "paired": True}], "different lengths"),
        ([{"channels": ["two"]}], r"sweep\[0\].channels.*'two'"),
        ([{"of": "c", "rate": [44100]}], "no arm 'c'"),
        ([{"rate": [1]}], "rate"),
        ([{"format": ["S17"]}], "format"),
    ],
)
def test_sweep_of_whole_runs_that_cannot_be_names_its_key(sweep, words):
    with pytest.raises(ConfigError, match=words):
        runs({**RUNS, "sweep": sweep}, "plan")
