# SPDX-License-Identifier: MIT
"""The path in words: first in every report, and what the checksums of a record say."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from stress.cli import main
from stress.plan.plan import read_plan
from stress.record import reader, rundir
from stress.report import html, mail, text
from stress.report.as_json import as_json
from stress.report.facts import Facts
from stress.report.path import _audited, audit_json, first, judged
from stress.verdict.audit import Audit
from stress.verdict.summary import summarise
from tests.record_cases import summary


def test_audit_that_agrees_says_how_many_periods_differ():
    assert _audited(Audit()) == []
    assert _audited(Audit(2, 0, 100)) == [
        "audit: CRC-32 of 100 periods in 2 bursts, played against captured: all are equal"
    ]
    (line,) = _audited(Audit(2, 0, 100, 3))
    assert line.endswith("captured: 3 differ, all of them where corruption is recorded")


def test_audit_that_contradicts_the_record_names_the_first_place_of_each_sort():
    found = Audit(2, 0, 100, 3, unexplained=((1, 7), (1, 9), (2, 4)), contradicted=((2, 5),))
    (line,) = _audited(found)
    assert "the record is inconsistent with its checksums" in line
    assert "burst 1, period 7 differs and no corruption is recorded there (and 2 more)" in line
    assert line.endswith("burst 2, period 5 is equal and corruption is recorded there")
    assert audit_json(found)["agrees"] is False
    one_sided = _audited(Audit(2, 0, 100, 3, contradicted=((2, 5),)))
    assert "differs and no corruption" not in one_sided[0]


PLAN = """
[[arm]]
name = "a"
period_size = 48
playback_buffer = 192
capture_buffer = 480
burst_s = "400ms"
"""


@pytest.fixture(scope="module")
def behind(tmp_path_factory):
    folder = tmp_path_factory.mktemp("path")
    (folder / "p.toml").write_text(PLAN)
    argv = ["run", "--backend", "virtual", "--board", "cortex-a", "--seed", "1", "--out", f"{folder}/r"]
    argv += ["--set", "path.gain_db=-3.01", "--set", "path.order=exchanged", "--plan", f"{folder}/p.toml"]
    main.main(argv)
    config = rundir.read_json(folder / "r", "config.json")
    return summarise(reader.read_run(folder / "r").events, read_plan(config["plan"], "config.json"))


def test_first_lines_of_a_run_behind_a_path_name_the_path_and_what_mends_it(behind):
    said = "channels exchanged: left and right are swapped; gain -3.01 dB left, -3.01 dB right"
    told = text.lines(behind, 80)
    assert told[0].startswith(f"path: {said}")
    assert "raise the volume until it is 0 dB" in told[1]
    assert told[2].startswith(f"{behind.judgement.verdict.value} behind {said}")
    assert told[2].endswith("virtual board cortex-a, judged bit for bit")
    assert said in html.page(behind, [])
    assert "Path:" in "\n".join(mail.lines(behind, Facts(), "r"))
    assert as_json(behind)["loopback"]["path"].startswith(said)


@pytest.mark.parametrize("gain", ["0.5", "6"])
def test_run_behind_a_gain_that_clips_names_it_and_is_judged_from_the_wire(tmp_path, gain):
    (tmp_path / "p.toml").write_text(PLAN)
    argv = ["run", "--backend", "virtual", "--board", "cortex-a", "--seed", "1", "--out", f"{tmp_path}/r"]
    main.main([*argv, "--set", f"path.gain_db={gain}", "--plan", f"{tmp_path}/p.toml"])
    config = rundir.read_json(tmp_path / "r", "config.json")
    run = summarise(reader.read_run(tmp_path / "r").events, read_plan(config["plan"], "config.json"))
    told = text.lines(run, 200)
    assert told[0].startswith(f"path: gain +{float(gain):.2f} dB left") and "clip" in told[0]
    assert "lower the volume until it is 0 dB" in told[1]
    assert "judged from the USB bus" in next(
        line for line in told if line.startswith(run.judgement.verdict.value)
    )


def test_path_that_loses_samples_is_named_but_no_verdict_stands_behind_it(behind):
    gone = replace(behind.loopback, path="resampled from 48000 to 44100 Hz", lost="the stream is resampled")
    run = replace(behind, loopback=gone)
    assert first(run)[0] == "path: resampled from 48000 to 44100 Hz; the stream is resampled"
    assert text.head(run)[0].startswith(f"{run.judgement.verdict.value}  virtual board")


def test_run_judged_by_two_detectors_counts_the_bursts_of_the_lesser(behind):
    whole = replace(behind.whole, detectors=Counter({"wire": 3, "exact": 6}))
    run = replace(behind, whole=whole, detectors=("wire", "exact"))
    assert judged(run) == "judged bit for bit, 3 of 9 bursts from the USB bus"
    assert judged(replace(run, detectors=())) == ""


def test_run_says_once_what_on_this_machine_may_change_samples(tmp_path, monkeypatch, capsys):
    looked = []
    control = "control 'Speaker' of card 1: -10 dB; set it with: amixer -c 1 sset 'Speaker' playback 0dB"
    monkeypatch.setattr(
        "stress.cli.backend.suspects", lambda target: looked.append(target.backend) or [control]
    )
    (tmp_path / "p.toml").write_text(PLAN)
    argv = [
        "run",
        "--backend",
        "virtual",
        "--board",
        "cortex-a",
        "--seed",
        "1",
        "--plan",
        f"{tmp_path}/p.toml",
    ]
    main.main([*argv, "--out", f"{tmp_path}/r", "--set", "path.gain_db=-10"])
    assert "amixer -c 1 sset 'Speaker' playback 0dB" in " ".join(capsys.readouterr().out.split())
    main.main([*argv, "--out", f"{tmp_path}/clean"])
    assert "amixer" not in capsys.readouterr().out
    assert looked == ["virtual"]


def test_named_pcm_is_told_with_what_its_plugins_change():
    opened = {
        "event": "open",
        "arm": "a",
        "device": "pcm:x playback (through Rate conversion: rate 44100 to 48000)",
    }
    assert first(summary(opened)) == [f"alsa-lib: {opened['device']}"]
    assert not first(summary({**opened, "device": "hw:1,0 playback (/dev/snd/pcmC1D0p sub0)"}))


@pytest.mark.parametrize(
    ("given", "fmt", "said", "todo"),
    [
        ("path.gain_db=-3.01", "S16_LE", "gain -3.01 dB left, -3.01 dB right", "raise the volume"),
        ("path.order=exchanged", "S16_LE", "channels exchanged", "exchange the plugs"),
        ("path.bits=16", "S24_3LE", "16 of 24 bits", "use the format that it really has"),
    ],
)
def test_run_behind_a_path_names_it_and_finds_a_stale_line_with_place_and_age(
    tmp_path, capsys, given, fmt, said, todo
):
    (tmp_path / "p.toml").write_text(f'format = "{fmt}"\n{PLAN.replace("400ms", "200ms")}')
    fault = 'fault=[{"kind":"stale-dma","frame":4800,"frames":8}]'
    argv = ["run", "--backend", "virtual", "--board", "cortex-a", "--seed", "1", "--out", f"{tmp_path}/r"]
    assert main.main([*argv, "--plan", f"{tmp_path}/p.toml", "--set", given, "--set", fault]) == 1
    first_lines = capsys.readouterr().out.splitlines()[:3]
    assert first_lines[0].startswith(f"path: {said}")
    assert todo in first_lines[1]
    assert first_lines[2].startswith(f"FAIL behind {said}")
    config = rundir.read_json(tmp_path / "r", "config.json")
    run = summarise(reader.read_run(tmp_path / "r").events, read_plan(config["plan"], "config.json"))
    assert dict(run.whole.sites) == {("stale", "playback", 1): 1}
