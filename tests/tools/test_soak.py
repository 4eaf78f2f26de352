# SPDX-License-Identifier: MIT
"""The soak: what it asks of the guest, what it makes of the runs, and the stops of the emulator."""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import time

import pytest

from stress.plan.plan import load_plan
from tools.labkit import soak, soak_guest
from tools.labkit.errors import LabUsage
from tools.labkit.soak_load import LOADS, loads

RUN = {"seconds": 30.0, "xruns": 2, "reason": "", "reasons": [], "record": ""}


def _args(*words):
    parser = argparse.ArgumentParser()
    soak.arguments(parser)
    return parser.parse_args([*words])


def _plan(tmp_path, *words):
    path = tmp_path / "soak.toml"
    path.write_text(soak.plan_text(_args(*words)))
    return load_plan(str(path))


def test_plan_without_options_is_the_whole_plan_named(tmp_path):
    assert _plan(tmp_path) == load_plan("qa")


def test_plan_with_options_differs_in_these_alone(tmp_path):
    made = _plan(tmp_path, "--repeats", "2", "--burst", "3s", "--bound", "1e-4")
    assert (made.repeats, made.bound) == (2, 1e-4)
    assert {arm.burst_s for arm in made.arm} == {3.0}
    assert [arm.name for arm in made.arm] == [arm.name for arm in load_plan("qa").arm]


def test_loop_options_give_each_card_its_index_and_id():
    assert soak.loop_options(["loop0", "loop1"]) == "snd-aloop enable=1,1 index=0,1 id=loop0,loop1"


def test_guest_has_the_memory_of_its_board_unless_more_is_asked():
    assert soak.machine(_args("--cpus", "1")) == ["-smp", "1"]
    assert soak.machine(_args("--megabytes", "3072")) == ["-smp", "2", "-m", "3072"]


@pytest.mark.parametrize(
    "words", [("--runs", "0"), ("--cpus", "0"), ("--megabytes", "-1"), ("--loops", "0", "--softcards", "0")]
)
def test_soak_of_nothing_is_refused_before_a_guest_boots(words):
    with pytest.raises(LabUsage, match="at least 1"):
        soak.run(_args(*words))


def test_summary_counts_each_verdict_by_card_and_names_every_fail(tmp_path):
    runs = [
        {**RUN, "card": "loop0", "run": 1, "code": 0},
        {**RUN, "card": "loop0", "run": 2, "code": 5, "reasons": ["3 xruns: too slow", "4 xruns: too slow"]},
        {**RUN, "card": "soft0", "run": 3, "code": 1, "reason": "1 wrong run", "record": "run-0003-soft0"},
        {**RUN, "card": "soft0", "run": 4, "code": 70, "reason": "broke"},
    ]
    lines = soak.summary(runs, tmp_path)
    rows = {line.split()[0]: line.split()[1:7] for line in lines if line.split()[:1]}
    assert rows["loop0"] == ["2", "1", "1", "0", "0", "4"]
    assert rows["soft0"] == ["2", "0", "0", "1", "1", "4"]
    assert rows["all"] == ["4", "1", "1", "1", "1", "8"]
    # Both reasons of run 2 are of one kind.
    assert "     1 N xruns: too slow" in lines
    assert f"record: {tmp_path / 'run-0003-soft0'}" in lines
    assert any("exit 70" in line for line in lines)


def test_summary_of_no_run_says_so(tmp_path):
    assert soak.summary([], tmp_path) == ["no run ended"]


def test_read_leaves_a_torn_last_line_out(tmp_path):
    path = tmp_path / "runs.jsonl"
    path.write_text(json.dumps({"run": 1}) + "\n" + '{"run": 2')
    assert soak.read(path) == [{"run": 1}]


class _Process:
    def __init__(self):
        self.signals = []

    def send_signal(self, number):
        self.signals.append(number)


def test_stop_is_always_followed_by_a_continue_and_comes_when_due(monkeypatch):
    slept, now, process = [], [0.0], _Process()
    monkeypatch.setattr(soak.time, "sleep", slept.append)
    stops = soak.Stops(random.Random(1), clock=lambda: now[0])
    stops(process)
    assert not process.signals
    for _ in range(100):
        now[0] += 1.0
        stops(process)
    assert process.signals == [signal.SIGSTOP, signal.SIGCONT] * stops.count
    assert 10 < stops.count < 50
    assert min(slept) >= 0.01 and max(slept) <= 0.3


def test_runs_are_numbered_once_each_up_to_the_number_asked(tmp_path):
    counter = tmp_path / "count"
    assert [soak_guest.claim(counter, 3) for _ in range(5)] == [1, 2, 3, 0, 0]


def _card(tmp_path, monkeypatch, execute, end=None):
    (tmp_path / "memory").mkdir()
    monkeypatch.setattr(soak_guest, "_MEMORY", tmp_path / "memory")
    monkeypatch.chdir(tmp_path)
    job = {"runs": 4, "seed": 10, "end": time.time() + 60 if end is None else end}
    return soak_guest.Card("loop0", job, execute)


def test_card_runs_until_nothing_is_left_each_with_a_seed_of_its_own(tmp_path, monkeypatch):
    seeds = []

    def execute(words, output):
        seeds.append(words[words.index("--seed") + 1])
        (output / "stdout").write_text(json.dumps({"verdict": "PASS", "reasons": ["clean"]}))
        (output / "stderr").write_text("")
        return 0

    card = _card(tmp_path, monkeypatch, execute)
    card.walk()
    assert seeds == ["11", "12", "13", "14"]
    assert card.codes == {0: 4}
    assert [run["verdict"] for run in soak.read(tmp_path / "runs-loop0.jsonl")] == ["PASS"] * 4
    assert not [path for path in (tmp_path / "memory").iterdir() if path.is_dir()]


def test_no_run_starts_after_the_deadline(tmp_path, monkeypatch):
    card = _card(tmp_path, monkeypatch, None, end=0)
    card.walk()
    assert not card.codes


def test_run_in_a_child_leaves_its_output_and_exit_code(tmp_path):
    code = soak_guest.forked(["run", "--backend", "virtual", "--board", "none"], tmp_path)
    assert code == 64
    assert "none" in (tmp_path / "stderr").read_text()


def test_records_of_every_fail_are_kept_and_those_of_pass_deleted(tmp_path, monkeypatch, capsys):
    card, codes = _card(tmp_path, monkeypatch, None), [0, 1, 5, 5, 5, 5, 1, 70]
    for number, code in enumerate(codes, 1):
        folder = tmp_path / "memory" / f"run-{number:04d}-loop0"
        folder.mkdir()
        text = json.dumps({"verdict": "?", "reasons": ["why"], "arms": [{"xruns": 2}, {"xruns": 1}]})
        card.done(number, code, text, 1.0, folder)
    kept = sorted(int(path.name[4:8]) for path in tmp_path.glob("run-*"))
    assert kept == [2, 3, 4, 7, 8]
    runs = soak.read(tmp_path / "runs-loop0.jsonl")
    assert [run["code"] for run in runs] == codes
    assert {run["xruns"] for run in runs} == {3}
    assert [bool(run["record"]) for run in runs] == [number in kept for number in range(1, 9)]
    assert not list((tmp_path / "memory").iterdir())


def test_output_that_is_no_report_becomes_the_reason():
    assert soak_guest.told("no such card")["reason"] == "no such card"


def test_loads_are_at_work_inside_the_block_and_gone_behind_it(monkeypatch):
    started = []
    real = subprocess.Popen

    def popen(*args, **kwargs):
        started.append(real(*args, **kwargs))
        return started[-1]

    monkeypatch.setattr("tools.labkit.soak_load.subprocess.Popen", popen)
    with loads(["cpu", "pipes"], 2, seed=1):
        while len(started) < 2:
            pass
    assert len(started) == 2
    assert {process.returncode for process in started} == {-signal.SIGKILL}


def test_every_load_names_itself_on_the_command_line():
    assert _args("--load", "cpu", "--load", "pipes").load == ["cpu", "pipes"]
    with pytest.raises(SystemExit):
        _args("--load", "nothing")
    assert {"cpu", "memory", "processes"} <= set(LOADS)


def test_kinds_name_each_arm_that_was_not_judged_and_leave_figures_out():
    reasons = [
        "2 arms not judged: a-768B (20 ms at a time: a ring (4 ms) is late), b (an xrun in every burst)",
        "3 xruns: the machine was too slow",
        "4 xruns: the machine was too slow",
    ]
    assert soak.kinds(reasons) == [
        "arm not judged: a-768B",
        "arm not judged: b",
        "N xruns: the machine was too slow",
    ]
