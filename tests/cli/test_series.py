# SPDX-License-Identifier: MIT
"""Several runs as one: a table, the worst verdict, and the sentence that ties a fault to a setting."""

from __future__ import annotations

import json
import os
import signal
import sys

import pytest

from stress.board.cards import Card
from stress.cli import main, series
from stress.errors import ConfigError, DeviceError
from stress.model.offers import Choice, Offer
from stress.model.verdict import Verdict
from stress.verdict.together import CardRun

RATES = (44100, 48000)


def _offers(card):
    choices = tuple(
        Choice(name, channels, RATES, (48, 4800), (96, 48000))
        for name in ("S16_LE", "S24_3LE")
        for channels in (1, 2)
    )
    return [Offer(f"hw:card,0 {way}", ("mmap", "rw"), choices) for way in ("playback", "capture")], ""


@pytest.fixture
def runs(monkeypatch):
    """Let every run be a made-up one; return the settings they were made with."""
    made, bad = [], {}
    monkeypatch.setattr(series, "offers_of", _offers)

    def read(name, folder, code):
        wrong = bad.get("when", lambda one: False)(made[-1])
        verdict = Verdict.FAIL if wrong else Verdict.PASS
        return series.Done(name, verdict, int(wrong), "wrong" if wrong else "clean")

    def execute(args):
        if bad.get("refused"):
            raise DeviceError("refused", device="hw:card,0")
        made.append((args.rate, args.format, args.channels, args.access))
        sys.stdout.write("a report of its own\n")
        return 0

    monkeypatch.setattr(series, "_read", read)
    monkeypatch.setattr(
        "stress.cli.commands.run.series.execute", lambda args, one: series.sweep(args, execute)
    )
    return made, bad


def _sweep(tmp_path, *more):
    return main.main(["run", "--card", "card", "--out", str(tmp_path / "out"), *more])


def test_sweep_all_walks_what_the_card_offers_and_passes(tmp_path, capsys, runs):
    made, _ = runs
    assert _sweep(tmp_path, "--sweep", "all") == 0
    out = capsys.readouterr().out
    assert out.startswith(f"PASS  {len(made)} runs")
    assert "a report of its own" not in out
    assert {one[0] for one in made} == set(RATES) and {one[3] for one in made} == {"mmap", "rw"}
    assert len(made) < 16


def test_sweep_with_a_fault_at_one_rate_fails_and_names_it(tmp_path, capsys, runs):
    made, bad = runs
    bad["when"] = lambda one: one[0] == 44100
    assert _sweep(tmp_path, "--sweep", "rate,format", "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert found["verdict"] == "FAIL" and len(found["runs"]) == len(made) == 4
    assert found["sentence"].startswith("wrong only at rate 44100: in 2 of 2")


def test_sweep_run_that_decides_nothing_does_not_hide_the_setting(tmp_path, capsys, runs, monkeypatch):
    # An xrun in one of the runs at the rate that is wrong.
    made, bad = runs
    bad["when"] = lambda one: one[0] == 44100
    read = series._read

    def undecided(name, folder, code):
        one = read(name, folder, code)
        return series.Done(name, Verdict.INCONCLUSIVE, 5, "an xrun") if "44100-S16_LE" in name else one

    monkeypatch.setattr(series, "_read", undecided)
    assert _sweep(tmp_path, "--sweep", "rate,format", "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert len(made) == 4
    assert found["sentence"].startswith("wrong only at rate 44100: in 1 of 1")


@pytest.mark.parametrize(
    ("played", "captured", "axes", "code", "said"),
    [
        # Formats of its own in each direction: the other settings are walked all the same.
        (("S16_LE", 48000), ("S24_3LE", 48000), "all", 0, "PASS"),
        (("S16_LE", 48000), ("S24_3LE", 48000), "format", 70, "no format in common"),
        (("S16_LE", 48000), ("S16_LE", 16000), "all", 70, "no rate in common"),
    ],
)
def test_sweep_of_directions_that_share_no_setting(
    tmp_path, capsys, monkeypatch, runs, played, captured, axes, code, said
):
    def offers(card):
        return [
            Offer(f"hw:c,0 {way}", ("mmap",), (Choice(name, 2, (rate,), (48, 4800), (96, 48000)),))
            for way, (name, rate) in (("playback", played), ("capture", captured))
        ], ""

    monkeypatch.setattr(series, "offers_of", offers)
    assert _sweep(tmp_path, "--sweep", axes) == code
    captured_text = capsys.readouterr()
    assert said in captured_text.out + captured_text.err


def test_sweep_run_that_is_refused_is_a_skip_of_its_own(tmp_path, capsys, runs):
    runs[1]["refused"] = True
    assert _sweep(tmp_path, "--sweep", "rate") == 4
    assert capsys.readouterr().out.startswith("SKIP  2 runs: 2 SKIP")


@pytest.mark.parametrize("axes", ["speed", "rate,rate", "all,rate"])
def test_sweep_over_what_is_no_setting_is_a_usage_error(tmp_path, capsys, runs, axes):
    assert _sweep(tmp_path, "--sweep", axes) == 64
    assert "--sweep" in capsys.readouterr().err


@pytest.mark.parametrize("more", [["--html", "x"], ["--backend", "virtual", "--card", ""], ["--card", "2"]])
def test_series_with_what_is_for_one_run_is_a_usage_error(tmp_path, capsys, more):
    assert main.main(["run", "--card", "1", "--sweep", "all", "--out", str(tmp_path / "o"), *more]) == 64
    assert "several runs" in capsys.readouterr().err or more[0] == "--backend"


def test_cards_run_at_once_in_processes_of_their_own(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(
        series, "_read", lambda name, folder, code: series.Done(name, list(Verdict)[code], code, "")
    )
    args = main.parser().parse_args(
        ["run", "--card", "1", "--card", "hw:2,0", "--out", str(tmp_path / "out")]
    )
    codes = {"1": 1, "hw:2,0": 4}
    assert series.asked(args)
    # Exit codes of children become verdicts here: PASS of 1, FAIL of 4.
    assert series.cards(args, lambda one: codes[one.card]) == 1
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
    assert series._cards(["1", "hw:1,1", "12"]) == ["1", "hw:1,1", "12"]
    with pytest.raises(ConfigError):
        series._cards(["Mikrofon \u00fc", "hw:12"])


def test_folders_of_cards_are_plain_and_never_meet():
    names = ["hw:1,0", "hw:1 0", "hw:1.0", "Mikrofon \u00fc", "Mikrofon u", "a/b", "a=b", "softcard"]
    folders = [series._slug(name) for name in names]
    assert len(set(folders)) == len(names)
    assert all(folder.isascii() and "/" not in folder for folder in folders)


SWEPT = """
title = "both rates, rings and all"
bound = 1e-1
[[arm]]
name = "a"
period_size = 256
playback_buffer = 1024
capture_buffer = 1280
burst_s = "100ms"
[[sweep]]
rate = [48000, 44100]
access = ["mmap", "rw"]
"""
VIRTUAL = ["--backend", "virtual", "--board", "cortex-a", "--seed", "1"]


def test_plan_that_sweeps_whole_runs_makes_them_on_any_backend(tmp_path, capsys):
    (tmp_path / "swept.toml").write_text(SWEPT)
    words = ["run", *VIRTUAL, "--plan", str(tmp_path / "swept.toml"), "--out", str(tmp_path / "out")]
    assert main.main([*words, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [(run["rate"], run["access"], run["verdict"]) for run in report["runs"]] == [
        (rate, access, "PASS") for rate in ("48000", "44100") for access in ("mmap", "rw")
    ]
    config = json.loads((tmp_path / "out" / "44100-rw" / "config.json").read_text())
    assert (config["plan"]["rate"], config["plan"]["arm"][0]["access"]) == (44100, "rw")


@pytest.mark.parametrize(
    "more", [["--sweep", "rate"], ["--rate", "48000"], ["--html", "x"], ["--card", "1", "--card", "2"]]
)
def test_plan_that_sweeps_whole_runs_goes_with_nothing_that_is_for_one(tmp_path, capsys, more):
    (tmp_path / "swept.toml").write_text(SWEPT)
    assert main.main(["run", "--plan", str(tmp_path / "swept.toml"), *more]) == 64
    assert "makes several runs" in capsys.readouterr().err


def test_cards_alone_and_together_are_compared(tmp_path, capsys, monkeypatch):
    streamed = {"alone-1": CardRun(0, 60.0, 0, 60.0), "1": CardRun(30, 60.0, 0, 60.0)}
    monkeypatch.setattr(series, "_streamed", lambda folder: streamed.get(folder.name, streamed["alone-1"]))
    monkeypatch.setattr(
        series, "_read", lambda name, folder, code: series.Done(name, list(Verdict)[code], code, "")
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


def test_alone_without_several_cards_is_a_usage_error(tmp_path, capsys):
    assert main.main(["run", "--card", "1", "--alone", "--out", str(tmp_path / "out")]) == 64
    assert "--alone: compares several cards" in capsys.readouterr().err


def test_plan_with_a_combination_that_cannot_be_is_a_skip_of_its_own(tmp_path, capsys):
    (tmp_path / "swept.toml").write_text(
        SWEPT.replace("rate = [48000, 44100]", 'format = ["S16_LE", "U8"]').replace(
            'access = ["mmap", "rw"]', 'channels = ["1"]'
        )
    )
    words = ["run", *VIRTUAL, "--plan", str(tmp_path / "swept.toml"), "--out", str(tmp_path / "out")]
    assert main.main([*words, "--json"]) == 0
    runs = {run["format"]: run for run in json.loads(capsys.readouterr().out)["runs"]}
    assert (runs["S16_LE"]["verdict"], runs["U8"]["verdict"]) == ("PASS", "SKIP")
    assert "one channel of 8 bits" in runs["U8"]["reason"]


def test_process_of_a_card_that_breaks_is_an_error_and_no_fail(tmp_path, capsys):
    def breaks(one):
        raise ZeroDivisionError("a defect of ours")

    args = main.parser().parse_args(["run", "--card", "1", "--card", "2", "--out", str(tmp_path / "out")])
    assert series.cards(args, breaks) == 70
    assert capsys.readouterr().out.startswith("ERROR  2 runs: 2 ERROR")
    assert "internal error: ZeroDivisionError" in (tmp_path / "out" / "1.txt").read_text()


def test_signal_for_the_run_alone_ends_the_processes_of_its_cards(tmp_path, monkeypatch):
    monkeypatch.setattr(series, "GRACE_S", 0.1)
    monkeypatch.setattr(series, "START_S", 5.0)

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
            series.cards(args, endless)
    finally:
        signal.signal(signal.SIGTERM, before)
    for card in ("1", "2"):
        assert "closed its record" in (tmp_path / "out" / f"{card}.txt").read_text()
