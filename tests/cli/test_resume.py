"""--resume goes on with what was begun, and refuses to be asked for anything else."""

from __future__ import annotations

import pytest

from stress.cli import main

PLAN = (
    '[[arm]]\nname = "a"\nperiod_size = 48\nplayback_buffer = 192\ncapture_buffer = 480\nburst_s = "100ms"\n'
)


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    folder = tmp_path_factory.mktemp("resume")
    (folder / "p.toml").write_text(PLAN)
    argv = [
        "run",
        "--backend",
        "virtual",
        "--plan",
        f"{folder}/p.toml",
        "--seed",
        "5",
        "--out",
        f"{folder}/r",
    ]
    assert main.main(argv) == 1
    return folder


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (("--plan", "smoke"), "--plan: is not what this run was begun with"),
        (("--seed", "0"), "--seed: is not what this run was begun with (allowed: 5, or leave it out"),
        (("--backend", "pyalsaaudio"), "allowed: virtual, or leave it out"),
        (("--board", "xscale"), "--board"),
        (("--set", "cache.ways=2"), "--set"),
        (("--duration", "1h"), "--duration"),
        (("--loopback", "none"), "--loopback"),
        (("--access", "rw"), "--access"),
        (("--stop-early", "off"), "--stop-early"),
    ],
)
def test_resume_with_something_else_is_refused(begun, capsys, asked, words):
    before = (begun / "r" / "run.jsonl").read_bytes()
    assert main.main(["run", "--resume", "--out", f"{begun}/r", *asked]) == 64
    assert words in capsys.readouterr().err
    assert (begun / "r" / "run.jsonl").read_bytes() == before


@pytest.mark.parametrize("asked", [(), ("--backend", "virtual", "--seed", "5"), ("--plan", "p.toml")])
def test_resume_with_the_same_or_nothing_goes_on(begun, capsys, monkeypatch, asked):
    monkeypatch.chdir(begun)
    assert main.main(["run", "--resume", "--out", "r", *asked]) == 1
    assert capsys.readouterr().out.startswith("FAIL")
