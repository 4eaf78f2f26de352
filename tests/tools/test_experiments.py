# SPDX-License-Identifier: MIT
"""The table of the experiments: bursts to arms, agreement to rows, empty cells to reasons."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO

import numpy as np
import pytest

from stress.plan.plan import Plan, load_plan
from stress.virtual import footprint
from stress.virtual.spec import BoardSpec
from tests.record_cases import log
from tools.labkit import (
    arguments,
    boards,
    emulator_arms,
    experiment_store,
    experiment_table,
    experiments,
    remedies,
)
from tools.labkit.emulator_truth import Agreement
from tools.labkit.errors import LabError
from tools.labkit.experiment_store import Result, Store
from tools.labkit.experiment_suites import SUITES
from tools.labkit.experiment_table import Row

START, FRAMES = 5000, 64


def word(position: int) -> int:
    product = position * 0x9E3779B1 & 0xFFFFFFFF
    return product ^ product >> 15


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    path = tmp_path / "plan.toml"
    arms = [("small", "playback", 0), ("player", "playback", 0), ("dosed", "playback", 30)]
    path.write_text(
        "".join(
            f'[[arm]]\nname = "{name}"\nside = "{side}"\ngroup = "g"\n'
            f"switches_per_s = {dose}\nperiod_size = 4\n"
            "playback_buffer = 16\ncapture_buffer = 20\n"
            for name, side, dose in arms
        )
    )
    return load_plan(str(path))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run whose first arm was refused, so that the second one's burst has number 2."""
    events = (
        {"event": "skip", "arm": "small", "reason": "ring too short"},
        {"event": "burst", "number": 2, "arm": "player"},
    )
    monkeypatch.setattr(experiments, "read_run", lambda path: log({"event": "start"}, *events))
    (tmp_path / "out").mkdir()
    words = [word(START + at) for at in range(FRAMES)]
    words[40] = word(START + 24)
    np.array(words, dtype="<u4").tofile(tmp_path / "out" / "captured-1.bin")
    burst = {
        "number": 1,
        "position": START,
        "frames": FRAMES,
        "checked_frames": FRAMES,
        "xruns": 0,
        "counters": {"ns": 10**9},
        "findings": [["stale", 40, 1, START + 40, 16, "playback", 1, False, {}]],
    }
    (tmp_path / "out" / emulator_arms.TRUTH).write_text(json.dumps(burst) + "\n")
    stale = f"stale 20 1 k 3 4 4 {word(START + 24):x} {word(START + 40):x} 0 clean memory 5"
    experiments.truth_log(tmp_path / "out").write_text(
        f"vivt-log 1 mode=full\nmark 10 2\n{stale}\nmark 30 3\n"
    )
    return tmp_path / "out"


def rows(plan: Plan, on: dict[str, Result], off: dict[str, Result] | None = None) -> list[Row]:
    off = off or {}
    return [Row("s", arm, 25.0, on.get(arm.name), off.get(arm.name)) for arm in plan.arm]


def test_bursts_go_to_their_arms_past_a_refused_one(folder: Path, plan: Plan) -> None:
    seen = experiments.outcome(folder, plan)
    assert seen == {
        "small": Result(reason="ring too short"),
        "player": Result(
            Agreement(served=1, found=1, checked=FRAMES, wrong=1), counters={"ns": 10**9}, ticks=[[0, 1]]
        ),
    }


def test_without_a_log_the_same_finding_is_false(folder: Path, plan: Plan) -> None:
    experiments.truth_log(folder).unlink()
    assert experiments.outcome(folder, plan)["player"].seen.false == 1


def test_table_has_a_row_per_arm_and_the_reason_of_an_empty_one(folder: Path, plan: Plan) -> None:
    off = {"player": Result(Agreement(checked=FRAMES))}
    text = experiment_table.lines(rows(plan, experiments.outcome(folder, plan), off))
    assert text[3].split() == ["s", "player", "64", "25.00", "%", "1.56", "%", "1", "1", "0", "0", "0", "0"]
    assert text[2].split() == ["s", "small", "64", "25.00", "%", *["-"] * 7]
    assert "s small: not run: ring too short" in text


@pytest.mark.parametrize(
    ("on", "off", "good"),
    [
        (Agreement(served=3, found=3, checked=9, wrong=3), Agreement(checked=9), True),
        (Agreement(served=3, found=2, missed=1, checked=9, wrong=3), Agreement(checked=9), False),
        (Agreement(served=3, found=3, false=1, checked=9, wrong=3), Agreement(checked=9), False),
        (Agreement(checked=9), Agreement(checked=9, wrong=1), False),
    ],
)
def test_row_is_good_when_both_settings_agree_with_the_log(
    plan: Plan, on: Agreement, off: Agreement, good: bool
) -> None:
    assert Row("s", plan.arm[0], 0.0, Result(on), Result(off)).good is good


def test_xruns_are_named(plan: Plan) -> None:
    text = experiment_table.lines(rows(plan, {"player": Result(Agreement(checked=9), 2)}))
    assert "s player: 2 xruns, judged up to the first" in text


def test_doses_give_the_exposure_time(plan: Plan) -> None:
    wrong = {"small": 1000, "player": 1000, "dosed": round(1000 * np.exp(-30 * 0.04))}
    on = {name: Result(Agreement(wrong=number, checked=10000)) for name, number in wrong.items()}
    assert "exposed for 40" in experiment_table.lines(rows(plan, on))[-1]


@pytest.mark.parametrize("name", sorted(SUITES))
def test_every_suite_has_its_plan_its_short_form_and_its_model(name: str) -> None:
    suite = SUITES[name]
    assert suite.arms().control.least == 0
    assert [arm.name for arm in suite.arms(quick=True).arm] == [
        arm.name for arm in suite.arms().arm if arm.name in suite.quick
    ]
    assert len(suite.arms(quick=True).arm) == len(suite.quick)
    assert footprint.load(BoardSpec.load("arm926", suite.model).kernel.footprint).ms


def test_command_offers_every_suite() -> None:
    for name in SUITES:
        assert arguments.parser().parse_args(["experiments", "b", "--suite", name]).suite == [name]


@pytest.fixture
def guests(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """Boots that find one frame of each arm wrong; the second one of them breaks."""
    booted: list[list[str]] = []

    def walked(board: object, suite: object, plan: Plan, setting: str, folder: Path) -> dict[str, Result]:
        booted.append([arm.name for arm in plan.arm])
        if len(booted) == 2:
            raise LabError("the guest broke")
        return {arm.name: Result(Agreement(wrong=1, checked=9), 0, "", {"ns": 5}) for arm in plan.arm}

    monkeypatch.setenv("PCMSTRESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(experiments, "_walked", walked)
    monkeypatch.setattr(experiments, "_ARMS", 2)
    return booted


def test_interrupted_table_goes_on_where_it_stopped(
    guests: list[list[str]], plan: Plan, tmp_path: Path
) -> None:
    board, suite = boards.load("armv5-vivt"), SUITES["aloop"]
    with pytest.raises(LabError, match="the guest broke"):
        experiments.measured(board, suite, plan, "", tmp_path)
    results = experiments.measured(board, suite, plan, "", tmp_path)
    assert guests == [["small", "player"], ["dosed"], ["dosed"]]
    assert sorted(results) == ["dosed", "player", "small"]
    assert results["player"] == Result(Agreement(wrong=1, checked=9), 0, "", {"ns": 5})


def test_kept_arm_is_not_taken_for_one_of_another_setting_or_another_tester(
    guests: list[list[str]], plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board, suite = boards.load("armv5-vivt"), SUITES["aloop"]
    one = replace(plan, arm=plan.arm[:1])
    Store(board, suite, "").put(one, one.arm[0], Result(xruns=7))
    assert experiments.measured(board, suite, one, "", tmp_path)["small"].xruns == 7
    experiments.measured(board, suite, one, "off", tmp_path)
    assert guests == [["small"]]
    longer = replace(one.arm[0], burst_s=3.0)
    assert Store(board, suite, "").get(one, longer) is None
    monkeypatch.setattr(experiment_store, "digest", lambda: "another tester")
    assert Store(board, suite, "").get(one, one.arm[0]) is None


def test_boot_shows_progress_and_not_the_report_and_names_the_patch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    patch = tmp_path / "one line.patch"
    patch.write_text("a change\n")
    board = remedies.patched(boards.load("armv5-vivt"), [patch])
    told = {"failure": ""}

    def run(board: object, argv: object, options: object, *, live: tuple[BinaryIO, BinaryIO]) -> Any:
        live[0].write(b'{"schema": "pcmstress/report/1"}\n')
        live[1].write(b"burst 1 of 9\n")
        live[1].flush()
        return SimpleNamespace(failure=told["failure"], logs=tmp_path, console_tail="last words")

    monkeypatch.setattr(experiments.runner, "run", run)
    experiments.boot(board, ["diagnose"], tmp_path / "run")
    shown = capfd.readouterr()
    assert (shown.out, shown.err) == ("", "burst 1 of 9\n")
    told["failure"] = "no exit code came back"
    with pytest.raises(
        LabError, match=r"^armv5-vivt with one line\.patch: no exit code came back \(console: "
    ):
        experiments.boot(board, ["diagnose"], tmp_path / "run")
