# SPDX-License-Identifier: MIT
"""minimise: on a virtual ARM926 whose corruption has a known cause, and what it refuses."""

from __future__ import annotations

import json

import pytest

from stress.cli import main
from stress.plan.plan import load_plan
from tests.cli.command import told as _main

PLAN = """
[[arm]]
name = "mixer"
playback = "rmw"
queue_periods = 2
switches_per_s = 2.0
period_size = 96
playback_buffer = 384
capture_buffer = 480
burst_s = "300ms"
[[arm]]
name = "rw"
access = "rw"
burst_s = "50ms"
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("minimise")
    (folder / "p.toml").write_text(PLAN)
    argv = ["run", "--backend", "virtual", "--plan", f"{folder}/p.toml", "--out", f"{folder}/run", "-q"]
    assert main.main([*argv, "--seed", "1"]) == 1
    return folder / "run"


def test_minimal_plan_of_a_cache_alias_is_mmap_and_little_else(run, tmp_path, capsys):
    plan, records = tmp_path / "minimal.toml", tmp_path / "records"
    base = ("minimise", run, "--out", plan, "--seed", 7, "--within", "200ms")
    status, out, err = _main(capsys, *base, "--records", records, "--json")
    assert (status, err) == (0, "")
    found = json.loads(out)
    (arm,) = load_plan(str(plan)).arm
    assert (arm.name, arm.access) == ("mixer", "mmap")
    assert (arm.switches_per_s, arm.period_size) == (0.0, 48)
    assert arm.playback_buffer < 384
    assert any("mmap access" in trial["change"] and not trial["kept"] for trial in found["trials"])
    assert found["sentence"] in " ".join(
        line.lstrip("# ").rstrip() for line in plan.read_text().splitlines() if line.startswith("#")
    )
    assert len(list(records.glob("*/run.jsonl"))) >= len(found["trials"])
    # The result is a plan for run: bad here, good where the kernel does not map the ring twice.
    argv = ("run", "--backend", "virtual", "--plan", plan, "-q", "--seed", 3)
    assert _main(capsys, *argv, "--out", tmp_path / "bad")[0] == 1
    assert _main(capsys, *argv, "--out", tmp_path / "good", "--set", "kernel.use_vmalloc=false")[0] == 0


def test_corruption_that_is_not_seen_again_is_inconclusive(run, tmp_path, capsys):
    base = ("minimise", run, "--out", tmp_path / "m.toml", "--within", "100ms")
    status, out, _ = _main(capsys, *base, "--backend", "virtual", "--board", "cortex-a")
    assert status == 5
    assert out.startswith("INCONCLUSIVE  stale data in the playback ring was not seen again within 100ms")
    assert not (tmp_path / "m.toml").exists()
    status, out, _ = _main(capsys, *base, "--backend", "virtual", "--board", "cortex-a", "--json")
    assert (status, json.loads(out)["plan"]) == (5, None)


def test_plan_comes_with_the_command_that_runs_it(run, tmp_path, capsys):
    plan = tmp_path / "my plan.toml"
    base = ("minimise", run, "--out", plan, "--seed", 7, "--within", "200ms", "--duration", "1s")
    status, out, _ = _main(
        capsys, *base, "--backend", "virtual", "--board", "arm926", "--set", "kernel.use_vmalloc=true"
    )
    assert status == 0
    told = out.splitlines()
    assert "the time was up before everything was tried: a longer --duration goes further" in told
    again = told[-1].partition("repeat it with: ")[2]
    assert again == (
        f"pcmstress run --plan '{plan}' --backend virtual --board arm926 --set kernel.use_vmalloc=true"
    )


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("{run}", "--out", "{run}/config.json"), "--out: exists already"),
        (("{run}", "--arm", "nobody"), "no arm 'nobody' (allowed: mixer, rw)"),
        (("{run}", "--arm", "rw"), "holds no corruption to minimise"),
        (("{run}", "--power", "1"), "'1' is not a chance from 0.5 to 0.999"),
        (("{run}", "--board", "arm926"), "describes a virtual board"),
        (("{run}", "--backend", "virtual", "--card", "1"), "a virtual board has no cards"),
        (("{run}", "--records", "{run}"), "--records: exists already"),
        (("{run}/nothing",), "nothing"),
    ],
)
def test_what_cannot_be_minimised_is_one_line(run, tmp_path, monkeypatch, capsys, argv, words):
    monkeypatch.chdir(tmp_path)
    status, _, err = _main(capsys, "minimise", *(part.format(run=run) for part in argv))
    assert status == 64
    assert words in err
    assert err.count("\n") == 1
