# SPDX-License-Identifier: MIT
"""Runs on several cards: a process each, started together, ended together, compared with each alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from stress.board.cards import Card
from stress.cli import cards_at_once, main, series, series_runs
from stress.errors import ConfigError
from stress.model.verdict import Verdict
from stress.verdict.together import CardRun


def test_cards_run_at_once_in_processes_of_their_own(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(
        series_runs, "ended", lambda name, folder, code: series_runs.Done(name, list(Verdict)[code], code, "")
    )
    args = main.parser().parse_args(
        ["run", "--card", "1", "--card", "hw:2,0", "--out", str(tmp_path / "out")]
    )
    codes = {"1": 1, "hw:2,0": 4}
    assert series.asked(args)
    # Exit codes of children become verdicts here: PASS of 1, FAIL of 4.
    assert cards_at_once.run(args, lambda one: codes[one.card]) == 1
    out = capsys.readouterr().out
    assert out.startswith("FAIL  2 runs: 1 FAIL, 1 PASS")
    assert (tmp_path / "out" / "1.txt").exists() and (tmp_path / "out" / "hw-2-0.txt").exists()


def test_cards_named_twice_are_a_usage_error(tmp_path, capsys):
    assert main.main(["run", "--card", "1", "--card", "1", "--out", str(tmp_path / "out")]) == 64
    assert "'1' is a card that was named before" in capsys.readouterr().err


def test_card_named_by_two_of_its_names_is_a_usage_error(tmp_path, capsys, monkeypatch):
    known = [Card(1, "mic", "USB-Audio", "Mic, type=2"), Card(12, "mic_1", "USB-Audio", "Mikrofon \u00fc")]
    monkeypatch.setattr("stress.board.cards.cards", lambda: known)
    out = str(tmp_path / "out")
    for other in ("mic", "hw:mic,0", "hw:CARD=mic,DEV=0", "Mic, type=2"):
        assert main.main(["run", "--card", "1", "--card", other, "--out", out]) == 64
        assert f"{other!r} is a card that was named before" in capsys.readouterr().err
    # Another device of the same card, and another card, are others.
    assert cards_at_once._named(["1", "hw:1,1", "12"]) == ["1", "hw:1,1", "12"]
    with pytest.raises(ConfigError):
        cards_at_once._named(["Mikrofon \u00fc", "hw:12"])


def test_folders_of_cards_are_plain_and_never_meet():
    names = ["hw:1,0", "hw:1 0", "hw:1.0", "Mikrofon \u00fc", "Mikrofon u", "a/b", "a=b", "softcard"]
    folders = [cards_at_once._slug(name) for name in names]
    assert len(set(folders)) == len(names)
    assert all(folder.isascii() and "/" not in folder for folder in folders)
    long = [
        cards_at_once._slug("x" * 1000),
        cards_at_once._slug("x" * 1001),
        cards_at_once._slug("\u00fc\udcff" * 999),
    ]
    assert len(set(long)) == 3
    assert all(len(folder) == cards_at_once.MOST_NAME for folder in long)


def test_cards_alone_and_together_are_compared(tmp_path, capsys, monkeypatch):
    streamed = {"alone-1": CardRun(0, 60.0, 0, 60.0), "1": CardRun(30, 60.0, 0, 60.0)}
    monkeypatch.setattr(
        cards_at_once, "_streamed", lambda folder: streamed.get(folder.name, streamed["alone-1"])
    )
    monkeypatch.setattr(
        series_runs, "ended", lambda name, folder, code: series_runs.Done(name, list(Verdict)[code], code, "")
    )
    out = str(tmp_path / "out")
    args = main.parser().parse_args(["run", "--card", "1", "--card", "2", "--alone", "--out", out, "--json"])
    assert series.execute(args, lambda one: int(not one.alone)) == 0
    report = json.loads(capsys.readouterr().out)
    assert [(run["card"], run["streamed"]) for run in report["runs"]] == [
        ("1", "alone"),
        ("2", "alone"),
        ("1", "together"),
        ("2", "together"),
    ]
    assert report["sentence"].startswith("1: the other cards change it: 30 episodes")
    assert {run["verdict"] for run in report["runs"]} == {"PASS"}


def test_process_of_a_card_that_breaks_is_an_error_and_no_fail(tmp_path, capsys):
    def breaks(one):
        raise ZeroDivisionError("a defect of ours")

    args = main.parser().parse_args(["run", "--card", "1", "--card", "2", "--out", str(tmp_path / "out")])
    assert cards_at_once.run(args, breaks) == 70
    assert capsys.readouterr().out.startswith("ERROR  2 runs: 2 ERROR")
    assert "internal error: ZeroDivisionError" in (tmp_path / "out" / "1.txt").read_text()


def test_signal_for_the_run_alone_ends_the_processes_of_its_cards(tmp_path, monkeypatch):
    monkeypatch.setattr(cards_at_once, "GRACE_S", 0.1)
    monkeypatch.setattr(cards_at_once, "START_S", 5.0)

    def stopped(number, frame):
        raise KeyboardInterrupt(number)

    def endless(one):
        try:
            if one.card == "2":
                # Both stream by now.
                os.kill(os.getppid(), signal.SIGTERM)
            signal.pause()
        finally:
            sys.stdout.write("closed its record")
        return 0

    args = main.parser().parse_args(["run", "--card", "1", "--card", "2", "--out", str(tmp_path / "out")])
    before = signal.signal(signal.SIGTERM, stopped)
    try:
        with pytest.raises(KeyboardInterrupt):
            cards_at_once.run(args, endless)
    finally:
        signal.signal(signal.SIGTERM, before)
    for card in ("1", "2"):
        assert "closed its record" in (tmp_path / "out" / f"{card}.txt").read_text()


def test_card_that_is_refused_is_told_by_its_own_line_and_status(tmp_path, capsys):
    def refused(one):
        raise ConfigError("is no format", where="--format", allowed="S16_LE")

    args = main.parser().parse_args(["run", "--card", "1", "--card", "2", "--out", str(tmp_path / "out")])
    assert cards_at_once.run(args, refused) == 64
    out = capsys.readouterr().out
    assert out.count("--format: is no format (allowed: S16_LE)") == 2
    assert "run.jsonl" not in out


@pytest.mark.parametrize("more", [[], ["--alone"]])
@pytest.mark.parametrize("folder", ["2", "alone-2"])
def test_cards_into_the_directory_of_an_earlier_series_are_refused(tmp_path, folder, more):
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "run.jsonl").write_text('{"event":"start"}\n')
    args = main.parser().parse_args(["run", "--card", "1", "--card", "2", *more, "--out", str(tmp_path)])
    if folder == "2" or more:
        with pytest.raises(ConfigError, match=f"{folder}: holds a run of an earlier series"):
            cards_at_once.run(args, lambda one: 0)
        assert not (tmp_path / "1.txt").exists()
    else:
        # No run of this series.
        cards_at_once.run(args, lambda one: 4)


def test_cards_into_the_directory_of_a_living_series_are_refused_with_its_process(tmp_path):
    hold = "import pathlib, sys; from stress.record.folder_lock import FolderLock as F\n"
    hold += "lock = F(pathlib.Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", hold, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        args = main.parser().parse_args(["run", "--card", "1", "--card", "2", "--out", str(tmp_path)])
        with pytest.raises(ConfigError, match=f"is in use by process {other.pid} "):
            cards_at_once.run(args, lambda one: 0)


def test_run_that_was_refused_is_not_told_by_the_record_that_is_there(tmp_path):
    (tmp_path / "1").mkdir()
    line = '{"v":1,"event":"start","seed":1,"backend":"x","t_ns":1,"wall":"w"}\n'
    verdict = '{"v":1,"event":"verdict","verdict":"PASS","reasons":["all is right"],"t_ns":1,"wall":"w"}\n'
    (tmp_path / "1" / "run.jsonl").write_text(line + verdict)
    (tmp_path / "1.txt").write_text("pcmstress: 1: holds a run already\n")
    told = series_runs.ended("1", tmp_path, 64)
    assert (told.verdict, told.reason) == (Verdict.ERROR, "1: holds a run already")


@pytest.mark.parametrize(
    ("codes", "status"),
    [((64, 64), 64), ((74, 74), 74), ((64, 70), 70), ((64, 74), 70), ((4, 64), 64), ((-9, -9), 70)],
)
def test_status_of_a_series_tells_why_nothing_could_be_run(tmp_path, capsys, codes, status):
    args = main.parser().parse_args(["run", "--card", "1", "--card", "2", "--out", str(tmp_path / "out")])
    by_card = dict(zip(("1", "2"), codes))

    def ends(one):
        code = by_card[one.card]
        if code < 0:
            os.kill(os.getpid(), -code)
        return code

    assert cards_at_once.run(args, ends) == status


def test_process_of_a_card_shows_where_it_broke_when_asked_and_is_no_fail(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("PCMSTRESS_DEBUG", "1")
    args = main.parser().parse_args(["run", "--card", "1", "--card", "2", "--out", str(tmp_path / "out")])
    assert cards_at_once.run(args, lambda one: 1 // 0) == 70
    capsys.readouterr()
    assert "Traceback" in (tmp_path / "out" / "1.txt").read_text()


def test_output_of_a_card_that_cannot_be_written_is_told_by_the_series(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(cards_at_once, "MOST_NAME", 1000)
    words = ["run", "--card", "1", "--card", "x" * 300, "--out", str(tmp_path / "out")]
    assert main.main(words) == 64
    assert "File name too long" in capsys.readouterr().err
