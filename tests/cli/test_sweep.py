# SPDX-License-Identifier: MIT
"""One run after another: a table, the worst verdict, and the sentence that ties a fault to a setting."""

from __future__ import annotations

import json
import sys

import pytest

from stress.cli import main, series_runs, sweep, sweep_settings
from stress.errors import DeviceError
from stress.model.offers import Choice, Offer
from stress.model.verdict import Verdict

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
    monkeypatch.setattr(sweep_settings, "offers_of", _offers)

    def read(name, folder, code):
        wrong = bad.get("when", lambda one: False)(made[-1])
        verdict = Verdict.FAIL if wrong else Verdict.PASS
        return series_runs.Done(name, verdict, int(wrong), "wrong" if wrong else "clean")

    def execute(args):
        if bad.get("refused"):
            raise DeviceError("refused", device="hw:card,0")
        made.append((args.rate, args.format, args.channels, args.access))
        sys.stdout.write("a report of its own\n")
        return 0

    monkeypatch.setattr(series_runs, "ended", read)
    monkeypatch.setattr(
        "stress.cli.commands.run.series.execute", lambda args, one: sweep.of_card(args, execute)
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
    read = series_runs.ended

    def undecided(name, folder, code):
        one = read(name, folder, code)
        return series_runs.Done(name, Verdict.INCONCLUSIVE, 5, "an xrun") if "44100-S16_LE" in name else one

    monkeypatch.setattr(series_runs, "ended", undecided)
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

    monkeypatch.setattr(sweep_settings, "offers_of", offers)
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


def test_series_into_the_directory_of_an_earlier_one_is_refused_and_tells_none_of_its_verdicts(
    tmp_path, capsys
):
    (tmp_path / "swept.toml").write_text(SWEPT)
    words = ["run", *VIRTUAL, "--plan", str(tmp_path / "swept.toml"), "--out", str(tmp_path / "out")]
    assert main.main(words) == 0
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    capsys.readouterr()
    assert main.main(words) == 64
    told = capsys.readouterr()
    assert "holds a run of an earlier series (allowed: another --out)" in told.err and "PASS" not in told.out
    after = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert after == before
