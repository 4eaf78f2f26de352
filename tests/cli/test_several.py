# SPDX-License-Identifier: MIT
"""report of several runs: comparing them, and the exit status for `git bisect run`."""

from __future__ import annotations

import json
import shutil

import pytest

from stress.cli import main, several
from stress.report.facts import Facts
from tests.cli.command import told as _main

PLAN = """
ordinary = true
bound = 0.01
[[arm]]
name = "a"
period_size = 48
playback_buffer = 192
capture_buffer = 480
burst_s = "100ms"
bursts = 3
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("several")
    (folder / "p.toml").write_text(PLAN)
    for name, vmalloc in (("bad", "true"), ("good", "false")):
        argv = ["run", "--backend", "virtual", "--plan", f"{folder}/p.toml", "--out", f"{folder}/runs/{name}"]
        main.main([*argv, "--seed", "1", "--set", f"kernel.use_vmalloc={vmalloc}"])
    (folder / "s.toml").write_text(PLAN.replace("100ms", "20ms").replace("0.01", "1e-6"))
    argv = ["run", "--backend", "virtual", "--plan", f"{folder}/s.toml", "--out", f"{folder}/runs/short"]
    main.main([*argv, "--seed", "1", "--set", "kernel.use_vmalloc=false"])
    return folder / "runs"


def test_compare_says_that_the_cured_board_is_better(runs, tmp_path, capsys):
    status, out, _ = _main(capsys, "report", "--compare", runs / "bad", runs / "good")
    assert status == 0
    assert out.startswith("better: ")
    assert "  use_vmalloc: Y -> N" in out
    status, out, _ = _main(capsys, "report", runs / "bad", runs / "good", "--compare", "--json")
    assert json.loads(out)["comparisons"][0]["verdict"] == "better"


def test_compare_takes_bundles_and_writes_a_page(runs, tmp_path, capsys):
    bundle, page = tmp_path / "b.tar.gz", tmp_path / "c.html"
    assert _main(capsys, "report", runs / "good", "--bundle", bundle)[0] == 0
    status, out, _ = _main(capsys, "report", "--compare", bundle, runs / "bad", "--html", page)
    assert (status, out.split()[:2]) == (0, ["wrote", str(page)])
    assert "worse: " in page.read_text()


@pytest.mark.parametrize(
    ("order", "status"),
    [(("good", "bad"), 1), (("bad", "good"), 0), (("good", "short"), 125), (("bad", "bad"), 0)],
)
def test_compare_exits_for_a_script_with_exit_skip(runs, capsys, order, status):
    argv = ("report", "--compare", *(runs / name for name in order), "--exit-skip", 125, "-q")
    assert _main(capsys, *argv)[0] == status


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("--compare", "bad"), "1 of them (allowed: 2 to 50 runs or bundles)"),
        (("bad", "good"), "2 runs (allowed: one, or several with --compare or --trend"),
        (("--compare", "bad", "good", "--junit", "x.xml"), "with --junit (allowed: --html, --json, -q)"),
        (("--compare", "bad", "none"), "none"),
    ],
)
def test_compare_of_the_wrong_things_is_one_line(runs, capsys, argv, words):
    named = [runs / part if part in ("bad", "good", "none") else part for part in argv]
    status, _, err = _main(capsys, "report", *named)
    assert status == 64
    assert words in err
    assert err.count("\n") == 1


def test_exit_skip_keeps_answers_and_replaces_the_rest(runs, tmp_path, capsys):
    plan = runs.parent / "p.toml"
    base = ("run", "--backend", "virtual", "--plan", plan, "-q", "--seed", "1", "--exit-skip", "125")
    assert _main(capsys, *base, "--out", tmp_path / "1")[0] == 1
    assert _main(capsys, *base, "--out", tmp_path / "2", "--set", "kernel.use_vmalloc=false")[0] == 0
    # A directory that is in use, an option that is none: never a bad revision.
    assert _main(capsys, *base, "--out", tmp_path / "2")[0] == 125
    assert _main(capsys, *base, "--no-such-option")[0] == 125
    assert _main(capsys, "report", runs / "bad", "-q", "--exit-skip", "125")[0] == 1
    assert _main(capsys, "report", runs / "good", "-q", "--exit-skip", "125")[0] == 0
    assert _main(capsys, "report", runs / "none", "--exit-skip", "125")[0] == 125


def test_trend_reads_directories_of_runs_and_skips_what_is_damaged(runs, tmp_path, capsys):
    (runs / "torn").mkdir(exist_ok=True)
    (runs / "torn" / "run.jsonl").write_text("{}\n")
    status, out, _ = _main(capsys, "report", "--trend", runs, "--json")
    found = json.loads(out)
    assert status == 0
    assert [run["name"].rpartition("/")[2] for run in found["boards"][0]["runs"]] == ["bad", "good", "short"]
    assert len(found["unread"]) == 1
    page = tmp_path / "n.html"
    assert _main(capsys, "report", "--trend", runs, "--html", page)[0] == 0
    assert "<svg" in page.read_text()


def test_trend_counts_a_run_and_its_bundle_once(runs, tmp_path, capsys):
    nights = tmp_path / "nights"
    shutil.copytree(runs / "bad", nights / "bad")
    assert _main(capsys, "report", nights / "bad", "--bundle", nights / "a.tar.gz")[0] in (0, 1)
    shutil.copytree(runs / "bad", nights / "copy")
    status, out, _ = _main(capsys, "report", "--trend", nights, "--json")
    found = json.loads(out)
    assert status == 0
    assert len(found["boards"][0]["runs"]) == 1
    assert found["unread"] == ["2 duplicates: a bundle or a copy of a run that is there already"]


@pytest.mark.parametrize(
    ("device", "card"),
    [
        ("hw:Loopback,0", "Loopback (Loopback)"),
        ("hw:0,0/hw:1,0", "Loopback (Loopback)"),
        ("hw:Audio,0", "Audio (USB-Audio), USB 46f4:0002"),
    ],
)
def test_trend_of_a_board_with_two_cards_names_the_one_that_was_used(device, card):
    cards = [("card", "0 Loopback (Loopback)"), ("card", "1 Audio (USB-Audio), USB 46f4:0002")]
    known = Facts((("host", "lab 6.1"), ("cpu", "ARM926EJ-S"), *cards))
    assert several._board("alsa", device, known) == f"lab, ARM926EJ-S, {card}"


def test_trend_of_a_run_that_opened_nothing_asks_for_the_card_of_its_call(tmp_path):
    (tmp_path / "config.json").write_text('{"card": "Loopback"}')
    assert several._asked(tmp_path) == "hw:Loopback"
    (tmp_path / "config.json").write_text('{"card": "hw:1,0"}')
    assert several._asked(tmp_path) == "hw:1,0"
    (tmp_path / "config.json").write_text("{}")
    assert several._asked(tmp_path) == ""


@pytest.mark.parametrize(
    ("argv", "words"),
    [((), "holds no run"), (("--exit-skip", "125"), "says nothing of a trend"), (("--mail",), "with --mail")],
)
def test_trend_of_nothing_is_one_line(tmp_path, capsys, argv, words):
    status, _, err = _main(capsys, "report", "--trend", tmp_path, *argv)
    assert status == (125 if "125" in argv else 64)
    assert words in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("--exit-skip", "125", "--typo"), 125),
        (("--exit-skip=125", "--typo"), 125),
        (("--exit-skip", "0x7d", "--typo"), 125),
        # No status that a shell has: the command line is wrong for this as well.
        (("--exit-skip", "99999999999999999999", "--typo"), 64),
        (("--exit-skip", "9" * 5000, "--typo"), 64),
        (("--typo", "--exit-skip", "1"), 64),
        (("--typo", "--exit-skip"), 64),
    ],
)
def test_exit_skip_of_a_command_line_that_cannot_be_read(capsys, words, status):
    with pytest.raises(SystemExit) as stop:
        main.main(["run", "--backend", "virtual", *words])
    assert stop.value.code == status
    assert capsys.readouterr().err.count("\n") == 1
