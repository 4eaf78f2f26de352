# SPDX-License-Identifier: MIT
"""Recordings joined into one file: each is judged, and nothing of them is passed over."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest

from stress.cli.main import main
from stress.model.formats import FORMATS
from stress.patterns.word import Pattern
from tests.files.test_riff import chunk, form, riff

PATTERN = Pattern("mix1", FORMATS["S16_LE"], 2)
N = 4000


def frames(position=1):
    return np.array(PATTERN.bytes_at(position, N)).reshape(-1, 4).copy()


def wav(rows, size=None, **fmt):
    return riff(form(**fmt), chunk(b"data", rows.tobytes(), size))


def damaged(rows):
    out = rows.copy()
    out[3000:3008] = rows[1000:1008]
    return out


def told(tmp_path, capsys, content, *more):
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    status = main(["analyze", str(path), *more])
    return status, capsys.readouterr().out


@pytest.mark.parametrize("size", [None, 0, 0x7FFFFFFF, 0xFFFFFFFF])
@pytest.mark.parametrize("position", [1, 1 + N, 777_777])
def test_joined_clean_files_pass_as_each_would(tmp_path, capsys, size, position):
    content = wav(frames(), size) + wav(frames(position), size)
    status, out = told(tmp_path, capsys, content)
    assert status == 0 and "8 000 frames checked" in out and "2 recordings are in this file" in out


@pytest.mark.parametrize("size", [None, 0x7FFFFFFF])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_damage_in_any_of_three_joined_files_fails_and_is_placed(tmp_path, capsys, size, at):
    rows = [frames(), frames(1 + 2 * N), frames(90_000)]
    rows[at] = damaged(rows[at])
    content = b"".join(wav(one, size) for one in rows)
    status, out = told(tmp_path, capsys, content, "--json")
    found = json.loads(out)
    assert status == 1 and found["counts"] == {"misplaced": 1} and found["frames"] == 3 * N
    assert [one["frame"] for one in found["findings"]] == [at * N + 3000]
    assert found["findings"][0]["text"].startswith(f"Part {at + 1}: 8 frames")


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (wav(frames(), rate=44100), "its rate is 44100"),
        (b"OggS\0\2" + bytes(100), "it is lossy"),
        (wav(np.random.default_rng(1).integers(0, 256, (N, 4), np.uint8)), "part 2: "),
        (wav(np.zeros((N, 4), np.uint8)), "part 2: every captured sample is zero"),
    ],
)
def test_second_file_that_cannot_be_judged_keeps_the_first_from_pass(tmp_path, capsys, second, words):
    status, out = told(tmp_path, capsys, wav(frames()) + second)
    assert status == 5 and words in out


def test_second_file_behind_another_path_is_no_pass(tmp_path, capsys):
    soft = (frames(1).view("<i2") // 2).astype("<i2").view(np.uint8)
    status, out = told(tmp_path, capsys, wav(frames()) + wav(soft))
    assert status == 5 and "part 2: another path than before: gain -6.02 dB" in out


def test_wav_played_as_raw_frames_is_no_damage(tmp_path, capsys):
    header = riff(form()) + b"data" + struct.pack("<I", 999)
    content = riff(form(), chunk(b"data", frames().tobytes() + header + frames().tobytes()))
    status, out = told(tmp_path, capsys, content)
    assert status == 0 and "another header stands (WAV)" in out


@pytest.mark.parametrize("size", [0, 0x7FFFFFFF, 16000 + 20])
def test_chunk_behind_samples_of_a_wrong_size_is_no_damage(tmp_path, capsys, size):
    tail = chunk(b"LIST", b"INFOICMTabcd")
    content = riff(form()) + b"data" + struct.pack("<I", size) + frames().tobytes() + tail
    status, out = told(tmp_path, capsys, content)
    assert status == 0 and "the last 20 bytes are a chunk LIST, no samples: not judged" in out


def test_frames_behind_a_line_of_alsa_utils_are_judged(tmp_path, capsys):
    line = b"Recording WAVE 'stdin' : Signed 16 bit Little Endian, Rate 48000 Hz, Stereo\n"
    raw = ["--format", "S16_LE", "--channels", "2"]
    status, out = told(tmp_path, capsys, line + frames().tobytes(), *raw)
    assert status == 0 and "begins behind a line of alsa-utils" in out
    assert told(tmp_path, capsys, line + damaged(frames()).tobytes(), *raw)[0] == 1


def test_ring_lines_of_all_recordings_count_together(tmp_path, capsys):
    # 250 lines of 32 bytes each: 300 are needed.
    status, out = told(tmp_path, capsys, wav(frames()[:2000]) + wav(frames()[:2000]))
    assert status == 0, out
    assert told(tmp_path, capsys, wav(frames()[:2000]))[0] == 5


def test_findings_past_the_cap_are_counted_and_not_listed(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("stress.cli.joined.CAP", 1)
    status, out = told(tmp_path, capsys, wav(damaged(frames())) + wav(damaged(frames())), "--json")
    found = json.loads(out)
    assert (status, len(found["findings"]), found["counts"]) == (1, 1, {"misplaced": 2})
