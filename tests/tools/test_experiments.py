"""The table of the experiments: bursts to arms, agreement to rows, empty cells to reasons."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from stress.experiment.plan import Plan, load_plan
from stress.experiment.predict import Prediction
from tools.labkit import emulator_arms, experiments
from tools.labkit.emulator_truth import Agreement

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
    monkeypatch.setattr(experiments, "read_run", lambda path: SimpleNamespace(events=events))
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
        "findings": [["stale", 40, 1, START + 40, 16, "playback", 1, False, {}]],
    }
    (tmp_path / "out" / emulator_arms.TRUTH).write_text(json.dumps(burst) + "\n")
    stale = f"stale 20 1 k 3 4 4 {word(START + 24):x} {word(START + 40):x} 0 clean memory 5"
    experiments.truth_log(tmp_path / "out").write_text(
        f"vivt-log 1 mode=full\nmark 10 2\n{stale}\nmark 30 3\n"
    )
    return tmp_path / "out"


def test_bursts_go_to_their_arms_past_a_refused_one(folder: Path, plan: Plan) -> None:
    seen = experiments.outcome(folder, plan)
    assert seen.arms == {"player": Agreement(served=1, found=1, checked=FRAMES, wrong=1)}
    assert seen.skipped == {"small": "ring too short"}


def test_without_a_log_the_same_finding_is_false(folder: Path, plan: Plan) -> None:
    experiments.truth_log(folder).unlink()
    assert experiments.outcome(folder, plan).arms["player"].false == 1


def test_table_has_a_row_per_arm_and_the_reason_of_an_empty_one(folder: Path, plan: Plan) -> None:
    off = experiments.Outcome({"player": Agreement(checked=FRAMES)}, {}, {})
    shares = [Prediction(arm.name, False, lines=100, wrong_lines=25) for arm in plan.arm]
    text = experiments.lines(plan, experiments.outcome(folder, plan), off, shares)
    assert text[3].split() == ["player", "64", "25.00", "%", "1.56", "%", "1", "1", "0", "0", "0", "0"]
    assert text[2].split() == ["small", "64", "25.00", "%", *["-"] * 7]
    assert "small: not run: ring too short" in text


def test_xruns_are_named(plan: Plan) -> None:
    seen = experiments.Outcome({"player": Agreement(checked=9)}, {"player": 2}, {})
    shares = [Prediction(arm.name, False) for arm in plan.arm]
    assert "player: 2 xruns, judged up to the first" in experiments.lines(plan, seen, seen, shares)


def test_doses_give_the_exposure_time(plan: Plan) -> None:
    wrong = {"small": 1000, "player": 1000, "dosed": round(1000 * np.exp(-30 * 0.04))}
    arms = {name: Agreement(wrong=number, checked=10000) for name, number in wrong.items()}
    seen = experiments.Outcome(arms, {}, {})
    shares = [Prediction(arm.name, False) for arm in plan.arm]
    assert "exposed for 40" in experiments.lines(plan, seen, seen, shares)[-1]


@pytest.mark.parametrize("name", sorted(experiments.SUITES))
def test_every_suite_has_its_plan(name: str) -> None:
    assert load_plan(experiments.SUITES[name].plan).control.least == 0
