# SPDX-License-Identifier: MIT
"""analyze and generate end to end on files: the published acceptance cases."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from stress.cli import main
from stress.files.wav import write_wav
from stress.model.formats import FORMATS
from tests.cli.command import printed as _main

HEADER_BYTES = 44


@pytest.fixture
def wav(tmp_path, capsys):
    path = tmp_path / "a.wav"
    assert _main(capsys, "generate", path, "--frames", 60000)[0] == 0
    return path


def _stale(path, frame, lag, frames=8):
    data = bytearray(path.read_bytes())
    at = HEADER_BYTES + 4 * frame
    data[at : at + 4 * frames] = data[at - 4 * lag : at - 4 * lag + 4 * frames]
    path.write_bytes(data)


def test_analyze_generated_file_passes(capsys, wav):
    status, out = _main(capsys, "analyze", wav, "--rings", "4800,5280", "--json")
    found = json.loads(out)
    assert (status, found["verdict"], found["checked_frames"]) == (0, "PASS", 60000)
    assert found["schema"] == "pcmstress/analysis/1"


@pytest.mark.parametrize(
    ("lag", "ring", "laps"), [(4800, "playback", 1), (5280, "capture", 1), (9600, "playback", 2)]
)
def test_analyze_one_stale_line_is_named_with_ring_lap_and_line(capsys, wav, lag, ring, laps):
    _stale(wav, 24000, lag)
    status, out = _main(capsys, "analyze", wav, "--rings", "4800,5280", "--json")
    (finding,) = json.loads(out)["findings"]
    assert status == 1
    assert (finding["kind"], finding["frame"], finding["frames"]) == ("stale", 24000, 8)
    assert (finding["lag"], finding["laps"], finding["ring"]) == (lag, laps, ring)


def test_analyze_something_else_is_inconclusive(capsys, tmp_path):
    path = tmp_path / "s.wav"
    _main(capsys, "generate", path, "--stimulus", "toggle", "--frames", 20000)
    assert _main(capsys, "analyze", path)[0] == 5


def test_analyze_analog_finds_a_stale_line_behind_gain(capsys, tmp_path):
    path = tmp_path / "n.wav"
    _main(capsys, "generate", path, "--analog", "--frames", 96000, "--channels", 1)
    data = bytearray(path.read_bytes())
    at = HEADER_BYTES + 2 * 48000
    data[at : at + 32] = data[at - 2 * 4800 : at - 2 * 4800 + 32]
    samples = memoryview(data)[HEADER_BYTES:].cast("h")
    for index in range(len(samples)):
        samples[index] = int(samples[index] * 0.7)
    path.write_bytes(data)
    status, out = _main(capsys, "analyze", path, "--analog", "--rings", "4800,5280", "--json")
    found = json.loads(out)
    (finding,) = found["findings"]
    assert status == 1
    assert (finding["kind"], finding["lag"], finding["ring"]) == ("stale", 4800, "playback")
    assert abs(finding["frame"] - 48000) <= 1
    assert found["channel"]["gain_db"] == pytest.approx(-3.1, abs=0.1)


def test_device_tier_reads_what_generate_wrote_and_alarms_on_a_stale_line(capsys, tmp_path):
    path = tmp_path / "p.wav"
    _main(
        capsys, "generate", path, "--analog", "--tier", "device", "--duration", "1s", "--rings", "4800,5280"
    )
    argv = ("analyze", path, "--analog", "--tier", "device", "--rings", "4800,1056")
    status, out = _main(capsys, *argv, "--json")
    found = json.loads(out)
    assert (status, found["verdict"], found["alarms"], found["tier"]) == (0, "PASS", [], "device")
    _stale(path, 24000, 4800)
    status, out = _main(capsys, *argv, "--json")
    found = json.loads(out)
    assert (status, found["verdict"]) == (5, "INCONCLUSIVE")
    (alarm,) = found["alarms"]
    assert abs(alarm["frame"] - 24000) < 8
    told = _main(capsys, *argv)[1]
    assert f"frame {alarm['frame']}, channel" in told and "places unexplained: 1" in told


def test_generate_interleaves_the_pattern_with_an_auxiliary_stimulus(capsys, tmp_path):
    plain, turns = tmp_path / "a.wav", tmp_path / "b.wav"
    length = ("--frames", 3000, "--position", 0, "--rate", 48000)
    _main(capsys, "generate", plain, *length)
    status, out = _main(capsys, "generate", turns, *length, "--stimulus", "silence", "--interleave", "20ms")
    assert status == 0 and "mix1 and silence in turn" in out
    whole, mixed = plain.read_bytes()[HEADER_BYTES:], turns.read_bytes()[HEADER_BYTES:]
    assert len(whole) == len(mixed) == 12000
    assert mixed[:3840] == whole[:3840] and mixed[7680:11520] == whole[7680:11520]
    assert not any(mixed[3840:7680]) and not any(mixed[11520:])


def test_analyze_analog_page_shows_findings_and_fetches_nothing(capsys, tmp_path):
    path, out = tmp_path / "n.wav", tmp_path / "n.html"
    _main(capsys, "generate", path, "--analog", "--duration", "2s")
    _stale(path, 48000, 4800)
    argv = ("analyze", path, "--analog", "--rings", "4800,5280")
    assert _main(capsys, *argv, "--html", out)[0] == 1
    text = out.read_text(encoding="utf-8")
    assert text.count('class="mark"') == 2 and "1.0000 s: 8 frames at frame 48000" in text
    assert text.count("data:image/png;base64,") == 4
    assert "FAIL: n.wav" in text and "playback ring of 19&nbsp;200 bytes" in text and ">48 000<" in text
    assert not re.search(r"(?:src|href)=\"(?!data:)", text) and "url(" not in text
    assert _main(capsys, *argv, "--html", tmp_path / "absent" / "x.html")[0] == 64


def test_analyze_analog_page_of_something_else_says_so(capsys, tmp_path):
    path, out = tmp_path / "s.wav", tmp_path / "s.html"
    _main(capsys, "generate", path, "--stimulus", "silence", "--duration", "1s")
    assert _main(capsys, "analyze", path, "--analog", "--html", out)[0] == 5
    assert "INCONCLUSIVE" in out.read_text(encoding="utf-8") and "silent" in out.read_text(encoding="utf-8")


def _recording(path, frames=30000, rate="48000", seed=3):
    walk = np.random.default_rng(seed).standard_normal((frames, 2)).cumsum(axis=0)
    raw = np.ascontiguousarray((walk / np.abs(walk).max() * 30000).astype("<i2")).view(np.uint8).reshape(-1)
    write_wav(str(path), FORMATS["S16_LE"], 2, int(rate), [raw])
    return raw


def _captured(path, raw, lead=500):
    blocks = [np.zeros(4 * lead, np.uint8), raw]
    write_wav(str(path), FORMATS["S16_LE"], 2, 48000, blocks)
    return path


def test_analyze_recording_that_came_back_passes_by_checksum(capsys, tmp_path):
    raw = _recording(tmp_path / "a.wav")
    capture = _captured(tmp_path / "b.wav", raw)
    status, out = _main(capsys, "analyze", capture, "--stimulus", tmp_path / "a.wav", "--json")
    found = json.loads(out)
    assert (status, found["verdict"], found["detector"]) == (0, "PASS", "checksum")
    assert found["checked_frames"] == 30000


def test_analyze_recording_with_a_stale_line_is_placed_to_the_frame_without_an_age(capsys, tmp_path):
    raw = _recording(tmp_path / "a.wav")
    raw[4 * 9000 : 4 * 9008] = raw[4 * 4200 : 4 * 4208]
    options = ("--stimulus", tmp_path / "a.wav", "--rings", "4800,5280", "--json")
    status, out = _main(capsys, "analyze", _captured(tmp_path / "b.wav", raw), *options)
    (finding,) = json.loads(out)["findings"]
    assert status == 1
    assert (finding["kind"], finding["frame"], finding["frames"]) == ("unknown", 9500, 8)
    assert (finding["lag"], finding["ring"]) == (None, None)


def test_analyze_recording_that_never_came_is_inconclusive_and_named(capsys, tmp_path):
    _recording(tmp_path / "a.wav")
    capture = _captured(tmp_path / "b.wav", _recording(tmp_path / "c.wav", seed=8))
    status, out = _main(capsys, "analyze", capture, "--stimulus", tmp_path / "a.wav")
    assert status == 5
    assert "a.wav was not found" in out


def test_analyze_recording_of_another_rate_is_one_line_and_64(capsys, tmp_path):
    raw = _recording(tmp_path / "a.wav", rate="44100")
    status = main.main(
        ["analyze", str(_captured(tmp_path / "b.wav", raw)), "--stimulus", str(tmp_path / "a.wav")]
    )
    text = capsys.readouterr().err
    assert status == 64
    assert "has rate 48000" in text and "44100" in text and text.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--detector", "checksum"), "needs what was played"),
        (("--detector", "exact", "--analog"), "--analog"),
        (("--detector", "spectral", "--stimulus", "a.wav"), "--detector"),
    ],
)
def test_analyze_options_that_do_not_go_together_are_one_line_and_64(capsys, wav, options, words):
    status = main.main(["analyze", str(wav), *options])
    text = capsys.readouterr().err
    assert status == 64
    assert words in text and text.count("\n") == 1


def test_analyze_auto_recognises_the_noise_and_says_so(capsys, tmp_path):
    path = tmp_path / "n.wav"
    _main(capsys, "generate", path, "--analog", "--frames", 60000, "--channels", 1)
    status, out = _main(capsys, "analyze", path, "--json")
    found = json.loads(out)
    assert (status, found["detector"]) == (0, "spectral")
    assert any("not found bit for bit" in note for note in found["notes"])


def test_analyze_exact_alone_does_not_look_for_the_noise(capsys, tmp_path):
    path = tmp_path / "n.wav"
    _main(capsys, "generate", path, "--analog", "--frames", 60000, "--channels", 1)
    assert _main(capsys, "analyze", path, "--detector", "exact")[0] == 5


def test_analyze_auto_without_either_says_what_the_signal_is(capsys, tmp_path):
    path = tmp_path / "s.wav"
    _main(capsys, "generate", path, "--stimulus", "silence", "--frames", 40000)
    status, out = _main(capsys, "analyze", path)
    assert status == 5
    assert "every captured sample is zero: nothing arrived" in out


@pytest.mark.parametrize("tier", ["host", "device"])
def test_analog_capture_that_falls_silent_is_no_pass_and_whole_where_no_more_was_played(
    capsys, tmp_path, tier
):
    path = tmp_path / "n.wav"
    _main(capsys, "generate", path, "--analog", "--tier", tier, "--duration", "3s")
    data = bytearray(path.read_bytes())
    silent = HEADER_BYTES + 4 * 60000
    data[silent:] = bytes(len(data) - silent)
    path.write_bytes(data)
    argv = ("analyze", path, "--analog", "--tier", tier)
    status, out = _main(capsys, *argv)
    assert status == 5 and "from the beginning of the noise on were judged" in out.replace("\n", " ")
    assert "every frame right" not in out
    assert _main(capsys, *argv, "--duration", "1250ms")[0] == 0


def test_capture_of_few_lines_is_no_pass(capsys, tmp_path):
    path = tmp_path / "a.wav"
    for frames, status in ((4, 5), (8, 5), (2000, 5), (2400, 0)):
        _main(capsys, "generate", path, "--frames", frames)
        assert _main(capsys, "analyze", path)[0] == status


def test_pass_says_how_much_of_the_file_it_covers(capsys, wav):
    assert re.search(r"60.000 frames checked \(1.25 s, the whole file\)", _main(capsys, "analyze", wav)[1])
    write_wav(
        str(wav), FORMATS["S16_LE"], 2, 48000, [np.zeros(240000, np.uint8), np.fromfile(wav, np.uint8)[44:]]
    )
    assert "50 % of the file" in _main(capsys, "analyze", wav)[1]


def test_page_never_replaces_a_record(capsys, tmp_path):
    path, run = tmp_path / "n.wav", tmp_path / "run.jsonl"
    run.write_text("kept")
    _main(capsys, "generate", path, "--analog", "--duration", "1s")
    assert _main(capsys, "analyze", path, "--analog", "--html", run)[0] == 64
    assert run.read_text() == "kept"


def test_foreign_sound_behind_the_pattern_is_no_failure_until_its_length_is_known(capsys, wav):
    frames = np.fromfile(wav, np.uint8)[44:]
    noise = np.random.default_rng(4).integers(0, 256, 4 * 9000).astype(np.uint8)
    write_wav(str(wav), FORMATS["S16_LE"], 2, 48000, [frames, noise])
    status, out = _main(capsys, "analyze", wav)[:2]
    assert status == 5 and "are no pattern in any form" in " ".join(out.split())
    assert "80 % of the file" not in out and "87 % of the file" in out
    assert _main(capsys, "analyze", wav, "--frames", 69000)[0] == 1


def test_inverted_beginning_is_named(capsys, wav):
    samples = np.fromfile(wav, "<i2")[22:].reshape(-1, 2)
    head = np.concatenate([np.zeros((4800, 2), "<i2"), -np.maximum(samples[:1200], -32767), samples[1200:]])
    write_wav(str(wav), FORMATS["S16_LE"], 2, 48000, [head.astype("<i2").view(np.uint8).reshape(-1)])
    status, out = _main(capsys, "analyze", wav)[:2]
    assert status == 1 and "1200 frames at capture frame 4800 are of inverted sign" in " ".join(out.split())
