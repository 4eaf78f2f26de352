# SPDX-License-Identifier: MIT
"""analyze --source: words, files, and one line for what is neither."""

from __future__ import annotations

import json
import wave

import numpy as np
import pytest

from stress.cli.main import main


def written(path, samples, rate=48000):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return str(path)


def counter(frames=30000, channels=1):
    return (np.arange(frames * channels).reshape(frames, channels) & 0xFFFF).astype(np.uint16).view(np.int16)


@pytest.fixture
def count_file(tmp_path):
    return written(tmp_path / "count.wav", counter())


def test_counter_of_a_device_passes_and_the_note_says_its_limit(count_file, capsys):
    assert main(["analyze", count_file, "--source", "counter", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["verdict"] == "PASS" and told["checked_frames"] == 30000
    assert any("whole multiples" in note for note in told["notes"])


def test_lost_packet_of_a_counter_is_a_drop(tmp_path, capsys):
    samples = np.delete(counter(channels=2), slice(9000, 9048), axis=0)
    assert main(["analyze", written(tmp_path / "lost.wav", samples), "--source", "counter", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["counts"] == {"drop": 1}


def test_known_file_is_judged_in_a_wider_capture_too(tmp_path, capsys):
    song = np.random.default_rng(2).integers(-9000, 9000, (6000, 2))
    file = written(tmp_path / "song.wav", song)
    wide = tmp_path / "wide.wav"
    with wave.open(str(wide), "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(3)
        out.setframerate(48000)
        cells = (np.concatenate([song, song]) << 8).astype("<i4").view(np.uint8).reshape(-1, 4)
        out.writeframes(np.ascontiguousarray(cells[:, :3]).tobytes())
    assert main(["analyze", str(wide), "--source", file]) == 0
    assert "PASS" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("source", "options", "words"),
    [
        ("nonsense", (), ("nonsense", "counter, ramp or an audio file")),
        ("counter", ("--analog",), ("--source", "--analog")),
        ("counter", ("--detector", "checksum"), ("--source", "--detector exact")),
        ("{short}", (), ("5 frames", "64 or more")),
        ("{stereo}", (), ("channels 2", "the capture 1")),
        ("{slow}", (), ("rate 44100", "the capture 48000")),
        ("{constant}", (), ("over and over",)),
        ("{text}", (), ("no audio file",)),
    ],
)
def test_bad_source_is_one_line_and_exit_64(tmp_path, count_file, capsys, source, options, words):
    files = {
        "short": written(tmp_path / "short.wav", counter(5)),
        "stereo": written(tmp_path / "stereo.wav", counter(500, 2)),
        "slow": written(tmp_path / "slow.wav", counter(500), 44100),
        "constant": written(tmp_path / "constant.wav", counter(500) * 0 + 7),
        "text": str(tmp_path / "notes.txt"),
    }
    (tmp_path / "notes.txt").write_text("no audio\n" * 99)
    assert main(["analyze", count_file, "--source", source.format(**files), *options]) == 64
    told = capsys.readouterr().err.strip()
    assert len(told.splitlines()) == 1 and "Traceback" not in told
    assert all(word in told for word in words)


def test_capture_of_something_else_is_inconclusive(tmp_path, capsys):
    noise = written(tmp_path / "noise.wav", np.random.default_rng(1).integers(-9000, 9000, (5000, 1)))
    assert main(["analyze", noise, "--source", "counter"]) == 5
    assert "no counter was found" in capsys.readouterr().out
