# SPDX-License-Identifier: MIT
"""`run` end to end on virtual boards: each detector, each loopback, each path that proves nothing."""

from __future__ import annotations

import json

import numpy as np
import pytest

from stress.cli import main, new_run
from stress.files.wav import write_wav
from stress.model.formats import FORMATS
from stress.plan.plan import read_plan

PLAN = """
bound = 1e-2
channels = {channels}
[[arm]]
name = "player"
side = "playback"
period_size = 48
playback_buffer = {playback}
capture_buffer = 5280
burst_s = "{burst}"
"""


def _run(tmp_path, capsys, *more, board="cortex-a", playback=2064, burst="1s", channels=2):
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN.format(playback=playback, burst=burst, channels=channels))
    base = ["run", "--backend", "virtual", "--board", board, "--seed", "1", "--json"]
    if "--plan" not in more:
        base += ["--plan", str(plan)]
    code = main.main([*base, "--out", str(tmp_path / "run"), *more])
    out = capsys.readouterr()
    return code, json.loads(out.out) if out.out else out.err


def _cable(*more, **settings):
    out = ["--set", "analog.enabled=true", *more]
    for key, value in settings.items():
        out += ["--set", f"analog.{key}={value}"]
    return out


def _wav(path, frames=40000, rate=48000, seed=5, data=None):
    if data is None:
        walk = np.random.default_rng(seed).standard_normal((frames, 2)).cumsum(axis=0)
        data = (walk / np.abs(walk).max() * 30000).astype("<i2")
    raw = np.ascontiguousarray(data).view(np.uint8).reshape(-1)
    write_wav(str(path), FORMATS["S16_LE"], 2, rate, [raw])
    return str(path)


def _bursts(tmp_path):
    events = [json.loads(line) for line in (tmp_path / "run/run.jsonl").read_text().splitlines()]
    return [event for event in events if event["event"] == "burst"]


def _stale(tmp_path):
    found = [one for burst in _bursts(tmp_path) for one in burst["analysis"]["findings"]]
    return [one for one in found if one["kind"] == "stale" and not one["injected"]]


def test_clean_board_behind_a_cable_passes_with_control_and_channel(tmp_path, capsys):
    path = _cable("--loopback", "analog", drift_ppm=20.0, delay_frames=100.5)
    code, report = _run(tmp_path, capsys, *path)
    assert (code, report["verdict"], report["detector"]) == (0, "PASS", "spectral")
    assert report["total"]["control_found"] == report["total"]["planted"] == 12
    assert any("noise sigmas high" in reason for reason in report["reasons"])
    channel = report["channel"]
    assert channel["gain_db"] == pytest.approx(-3.0, abs=0.1)
    assert channel["drift_ppm"] == pytest.approx(20.0, abs=0.5)
    assert channel["snr_db"] > 65 and channel["thd_n_db"] < -65
    # The board's own path before the cable: rings apart, so only a range is known.
    assert 100 < channel["latency_frames"] < 400


def test_vivt_board_behind_a_cable_fails_with_whole_laps_of_its_ring(tmp_path, capsys):
    code, report = _run(tmp_path, capsys, *_cable("--loopback", "analog"), board="arm926")
    assert (code, report["verdict"], report["detector"]) == (1, "FAIL", "spectral")
    stale = _stale(tmp_path)
    assert stale
    assert {(one["ring"], one["lag"] % 2064) for one in stale} == {("playback", 0)}
    # Where the run begins in the pattern follows the clock; through noise an end is a frame off now and then.
    sizes = [one["line_bytes"] for one in stale]
    assert sizes.count(None) < len(sizes) / 4


@pytest.mark.parametrize(
    ("settings", "advice"),
    [
        ({"wiring": "open"}, "the capture is silent"),
        ({"wiring": "one-sided"}, "captured right is silent"),
        ({"wiring": "swapped"}, "captured left carries played right"),
        ({"wiring": "mono"}, "a mono fold-down"),
        ({"gain_db": 14.0}, "lower the capture level"),
        ({"suppressor": "true"}, "switch off noise suppression"),
        ({"noise_dbfs": -28.0}, "32-byte line needs 20 dB"),
    ],
    ids=["silence", "one-sided", "swapped", "mono", "clipped", "suppressor", "noise"],
)
def test_path_that_proves_nothing_is_inconclusive_with_its_own_advice(tmp_path, capsys, settings, advice):
    burst = "2s" if "suppressor" in settings else "1s"
    channels = 2 if "wiring" in settings else 1
    path = _cable("--loopback", "analog", **settings)
    code, report = _run(tmp_path, capsys, *path, burst=burst, channels=channels)
    assert (code, report["verdict"]) == (5, "INCONCLUSIVE")
    assert advice in report["reasons"][0]


def test_auto_tells_analog_by_the_lock_and_says_why(tmp_path, capsys):
    code, report = _run(tmp_path, capsys, *_cable(), channels=1)
    assert (code, report["detector"]) == (0, "spectral")
    assert report["loopback"]["kind"] == "analog"
    assert "exact detector did not recognise" in report["loopback"]["why"]
    assert [burst["number"] for burst in _bursts(tmp_path)] == [1]


def test_auto_tells_digital_by_the_lock_and_streams_no_noise(tmp_path, capsys):
    code, report = _run(tmp_path, capsys)
    assert (code, report["detector"], report["loopback"]["kind"]) == (0, "exact", "digital")
    assert report["channel"] is None
    assert report["audit"]["agrees"] and report["audit"]["periods"] > 20 and report["audit"]["differ"] == 0


def test_auto_without_any_loopback_lets_the_wire_judge(tmp_path, capsys):
    code, report = _run(tmp_path, capsys, *_cable(wiring="open"))
    assert (code, report["detector"], report["loopback"]["kind"]) == (0, "wire", "none")


def test_resumed_run_keeps_the_loopback_it_found(tmp_path, capsys):
    _run(tmp_path, capsys, *_cable("--duration", "1500ms"), channels=1)
    path = tmp_path / "run/run.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if b'"event":"burst"' in line)
    path.write_bytes(b"".join(lines[: first + 1]))
    code, report = _run(tmp_path, capsys, "--resume", channels=1)
    assert [burst["analysis"]["detector"] for burst in _bursts(tmp_path)] == ["spectral", "spectral"]
    assert report["loopback"]["kind"] == "analog"


def test_card_lost_while_the_loopback_is_tried_is_75_with_the_record_kept(tmp_path, capsys):
    fault = '[{"kind": "unplug", "frame": 4800, "burst": 1}]'
    code, report = _run(tmp_path, capsys, *_cable("--set", f"fault={fault}"), channels=1)
    assert code == 75
    (burst,) = _bursts(tmp_path)
    assert (burst["analysis"]["detector"], report["loopback"]["kind"]) == ("wire", "none")


def test_bursts_too_short_for_the_noise_are_skipped_with_the_length_needed(tmp_path, capsys):
    code, report = _run(tmp_path, capsys, *_cable("--loopback", "analog"), burst="300ms")
    assert code == 4
    assert "too short for the spectral detector" in report["reasons"][0]


def test_audit_of_a_vivt_board_finds_wrong_runs_in_every_period_that_differs(tmp_path, capsys):
    code, report = _run(tmp_path, capsys, board="arm926", playback=192)
    assert (code, report["detector"]) == (1, "exact")
    assert report["audit"]["differ"] > 10 and report["audit"]["agrees"]


@pytest.mark.parametrize("more", [(), ("--detector", "checksum")])
def test_recording_on_a_clean_board_passes_by_checksum(tmp_path, capsys, more):
    code, report = _run(tmp_path, capsys, "--stimulus", _wav(tmp_path / "a.wav"), *more)
    assert (code, report["verdict"], report["detector"]) == (0, "PASS", "checksum")
    assert report["total"]["control_found"] == report["total"]["planted"] == 12


def test_recording_on_a_vivt_board_fails_without_age_and_ring(tmp_path, capsys):
    code, report = _run(tmp_path, capsys, "--stimulus", _wav(tmp_path / "a.wav"), board="arm926")
    assert (code, report["verdict"], report["detector"]) == (1, "FAIL", "checksum")
    assert set(report["total"]["counts"]) == {"unknown"}
    (burst,) = _bursts(tmp_path)
    real = [one for one in burst["analysis"]["findings"] if not one["injected"]]
    assert all(one["lag"] is None and one["ring"] is None for one in real)
    # Stale lines of 32 bytes: runs of wrong frames, each placed to the frame.
    assert all(1 <= one["frames"] <= 16 for one in real)
    assert burst["control"]["found"] + burst["control"]["covered"] == burst["control"]["planted"]


def test_pattern_judged_by_checksum_agrees_with_the_exact_detector_on_every_frame(tmp_path, capsys):
    wrong = {}
    for name in ("exact", "checksum"):
        (tmp_path / name).mkdir()
        _run(tmp_path / name, capsys, "--detector", name, board="arm926")
        (burst,) = _bursts(tmp_path / name)
        # Planted ones too: beside a stale line they are one run to a checksum.
        runs = burst["analysis"]["findings"]
        wrong[name] = {
            (one["position"] - burst["position"]) % (1 << 32) + k
            for one in runs
            for k in range(one["frames"])
        }
    assert wrong["exact"] and wrong["exact"] == wrong["checksum"]


def test_recording_whose_length_divides_a_lap_is_refused_with_the_numbers(tmp_path, capsys):
    path = _wav(tmp_path / "a.wav", frames=5280)
    code, report = _run(tmp_path, capsys, "--stimulus", path)
    assert code == 4
    assert "repeats every 5280 frames" in report["reasons"][0]


def test_recording_that_repeats_itself_proves_nothing(tmp_path, capsys):
    tone = np.round(8000 * np.sin(2 * np.pi * np.arange(48000) / 48)).astype("<i2")
    path = _wav(tmp_path / "tone.wav", data=np.stack([tone, tone], axis=1)[:47001])
    code, report = _run(tmp_path, capsys, "--stimulus", path)
    assert code == 5
    assert "the recording repeats itself" in " ".join(report["reasons"])


def test_recording_in_another_rate_is_one_line_with_both(tmp_path, capsys):
    code, text = _run(tmp_path, capsys, "--stimulus", _wav(tmp_path / "a.wav", rate=44100))
    assert code == 64
    assert "has rate 44100, the plan asks the card for 48000" in text
    assert text.count("\n") == 1


def test_recording_without_a_plan_gives_rate_and_format(tmp_path, capsys, monkeypatch):
    arm = {"name": "a", "playback_buffer": 2064, "burst_s": "500ms"}
    monkeypatch.setattr(new_run, "default_plan", lambda target: read_plan({"arm": [arm]}, "plan"))
    path = _wav(tmp_path / "a.wav", rate=44100)
    code, report = _run(tmp_path, capsys, "--stimulus", path, "--plan", "auto")
    config = json.loads((tmp_path / "run/config.json").read_text())
    assert config["plan"]["rate"] == 44100
    assert report["detector"] == "checksum"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be opened"),
        (b"no audio at all", "is no audio file"),
        (np.ones((100, 2), "<i2"), "holds 100 frames"),
        (np.zeros((9000, 2), "<i2"), "is silent"),
    ],
    ids=["missing", "text", "short", "silent"],
)
def test_bad_recording_is_one_line_and_64(tmp_path, capsys, content, words):
    path = tmp_path / "bad.wav"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        _wav(path, data=content)
    code, text = _run(tmp_path, capsys, "--stimulus", str(path))
    assert code == 64
    assert words in text and text.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "more",
    [
        ("--loopback", "analog", "--detector", "exact"),
        ("--loopback", "digital", "--detector", "spectral"),
        ("--loopback", "none", "--detector", "spectral"),
        ("--stimulus", "a.wav", "--detector", "spectral"),
        ("--stimulus", "a.wav", "--loopback", "analog"),
    ],
)
def test_options_that_do_not_go_together_are_one_line_and_64(tmp_path, capsys, monkeypatch, more):
    monkeypatch.chdir(tmp_path)
    _wav(tmp_path / "a.wav")
    code, text = _run(tmp_path, capsys, *more)
    assert code == 64
    assert "--loopback" in text or "--detector" in text
    assert text.count("\n") == 1


def test_recording_exchanged_before_a_resume_is_refused(tmp_path, capsys):
    path = _wav(tmp_path / "a.wav")
    _run(tmp_path, capsys, "--stimulus", path)
    _wav(tmp_path / "a.wav", seed=6)
    code, text = _run(tmp_path, capsys, "--resume")
    assert code == 64
    assert "another recording" in text


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("crc32", 5, "crc32 is not an object"),
        ("crc32", {"crcs": "00", "first_frame": 0, "period_frames": 9, "frames": 48000}, "crc32"),
        ("channel", {"snr_db": "loud"}, "channel"),
        ("advice", "louder", "advice is not a list"),
    ],
)
def test_report_of_a_record_with_wrong_path_data_is_one_line(tmp_path, capsys, key, value, words):
    _run(tmp_path, capsys, burst="200ms")
    path = tmp_path / "run/run.jsonl"
    events = [json.loads(line) for line in path.read_text().splitlines()]
    for event in events:
        if event["event"] == "burst":
            event[key] = value
    # As a program without digests would have written it.
    path.write_text("".join(json.dumps({**event, "v": 1}) + "\n" for event in events))
    assert main.main(["report", str(tmp_path / "run")]) == 64
    text = capsys.readouterr().err
    assert words in text and text.count("\n") == 1


def test_report_of_a_record_that_lost_a_finding_says_it_contradicts_itself(tmp_path, capsys):
    _run(tmp_path, capsys, board="arm926")
    path = tmp_path / "run/run.jsonl"
    events = [json.loads(line) for line in path.read_text().splitlines()]
    for event in events:
        if event["event"] == "burst":
            kept = [one for one in event["analysis"]["findings"] if one["injected"]]
            event["analysis"] = {**event["analysis"], "findings": kept, "counts": {}, "sites": []}
    # As a program without digests would have written it.
    path.write_text("".join(json.dumps({**event, "v": 1}) + "\n" for event in events))
    main.main(["report", str(tmp_path / "run")])
    assert "the record is inconsistent with its checksums" in capsys.readouterr().out


def test_html_report_names_the_detector_and_the_path(tmp_path, capsys):
    _run(tmp_path, capsys, *_cable("--loopback", "analog"), channels=1)
    main.main(["report", str(tmp_path / "run"), "--html", str(tmp_path / "r.html")])
    page = (tmp_path / "r.html").read_text()
    assert "virtual board cortex-a, judged through an analog cable" in page
    assert "loopback: analog, judged through an analog cable: asked for" in page
    assert "SNR" in page and "THD+N" in page
