# SPDX-License-Identifier: MIT
"""WAV and raw files: what is written is read back, what is damaged is named."""

from __future__ import annotations

import os
import struct
import wave

import numpy as np
import pytest

from stress.errors import CaptureFileError
from stress.files.audio import open_audio
from stress.files.wav import write_wav
from stress.model.formats import FORMATS

S16 = FORMATS["S16_LE"]


def frames(fmt, channels, count, seed=1):
    size = count * fmt.frame_bytes(channels)
    return np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8)


def wav(tag=1, channels=2, rate=48000, align=4, bits=16, data=b"\1\2\3\4" * 8, size=None, extra=b""):
    form = struct.pack("<HHIIHH", tag, channels, rate, rate * align, align, bits) + extra
    size = len(data) if size is None else size
    body = b"WAVE" + struct.pack("<4sI", b"fmt ", len(form)) + form
    body += struct.pack("<4sI", b"data", size) + data
    return struct.pack("<4sI", b"RIFF", len(body)) + body


@pytest.mark.parametrize("name", list(FORMATS))
@pytest.mark.parametrize("channels", [1, 2, 3, 8])
@pytest.mark.parametrize("count", [1, 7, 100])
def test_write_then_open_gives_the_same_frames(tmp_path, name, channels, count):
    fmt, path = FORMATS[name], str(tmp_path / "a.wav")
    raw = frames(fmt, channels, count)
    cut = count // 3 * fmt.frame_bytes(channels)
    assert write_wav(path, fmt, channels, 44100, [raw[:cut], raw[cut:]]) == count
    with open_audio(path) as source:
        assert (source.fmt, source.channels, source.rate, source.frames) == (fmt, channels, 44100, count)
        assert b"".join(block.tobytes() for block in source.blocks(16)) == raw.tobytes()
    assert os.listdir(tmp_path) == ["a.wav"]


@pytest.mark.parametrize(("name", "width"), [("S16_LE", 2), ("S24_3LE", 3), ("S32_LE", 4)])
def test_open_reads_what_the_standard_library_wrote(tmp_path, name, width):
    path, raw = str(tmp_path / "a.wav"), frames(FORMATS[name], 2, 50).tobytes()
    with wave.open(path, "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(width)
        out.setframerate(8000)
        out.writeframes(raw)
    with open_audio(path) as source:
        assert (source.fmt.name, source.rate) == (name, 8000)
        assert next(iter(source.blocks(50))).tobytes() == raw


def test_open_raw_needs_format_and_channels(tmp_path):
    path = tmp_path / "a.raw"
    path.write_bytes(b"\1" * 40)
    for asked, missing in (
        ({}, "--format and --channels are missing"),
        ({"fmt": S16}, "--channels is missing"),
        ({"channels": 2}, "--format is missing"),
    ):
        with pytest.raises(CaptureFileError, match=f"raw frames need .*: {missing}"):
            open_audio(str(path), **asked)
    with open_audio(str(path), fmt=S16, channels=2) as source:
        assert (source.frames, source.rate) == (10, 48000)


def test_open_skips_chunks_before_the_data(tmp_path):
    path, plain = tmp_path / "a.wav", wav()
    list_chunk = struct.pack("<4sI", b"LIST", 5) + b"abcde\0"
    path.write_bytes(plain[:36] + list_chunk + plain[36:])
    with open_audio(str(path)) as source:
        assert source.frames == 8


HOSTILE = {
    "empty": (b"", "raw frames need"),
    "ogg": (b"OggS" + b"\0" * 60, "Ogg.*lossy"),
    "mp4": (b"\0\0\0\x20ftypM4A " + b"\0" * 60, "MP4 .*ffmpeg"),
    "riff not wave": (b"RIFF" + b"\0" * 60, "not WAVE"),
    "header only": (wav()[:20], "ends before a fmt|fmt chunk of|passes its end|ends before"),
    "no data chunk": (wav()[:36], "ends before a data chunk"),
    "zero frames": (wav(data=b""), "no frames"),
    "mu-law": (wav(tag=7, bits=8, align=2), "mu-law"),
    "100 channels": (wav(channels=100, align=200), "100 channels"),
    "0 channels": (wav(channels=0), "0 channels"),
    "0 Hz": (wav(rate=0), "0 Hz"),
    "12 bits": (wav(bits=12), "12 bits"),
    "17 bits": (wav(bits=17), "17 bits"),
    "chunk past the end": (wav()[:12] + struct.pack("<4sI", b"junk", 1 << 31), "passes its end"),
    "au cut": (b".snd" + b"\0" * 8, "ends inside its header"),
    "au mu-law": (struct.pack(">4s5I", b".snd", 24, 8, 1, 48000, 2) + b"\1" * 8, "mu-law"),
    "au offset": (struct.pack(">4s5I", b".snd", 1 << 31, 8, 3, 48000, 2) + b"\1" * 8, "begin at byte"),
}


@pytest.mark.parametrize("case", list(HOSTILE))
def test_open_hostile_file_is_named_with_its_reason(tmp_path, case):
    data, reason = HOSTILE[case]
    path = tmp_path / "bad.wav"
    path.write_bytes(data)
    with pytest.raises(CaptureFileError, match=reason) as caught:
        open_audio(str(path))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_open_missing_file_directory_and_device_are_named(tmp_path):
    for path in (tmp_path / "none.wav", tmp_path, "/dev/null"):
        with pytest.raises(CaptureFileError, match=r"cannot be opened|not a regular file"):
            open_audio(str(path))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_open_without_permission_is_named(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(wav())
    path.chmod(0)
    with pytest.raises(CaptureFileError, match="Permission denied"):
        open_audio(str(path))


def test_open_with_other_parameters_than_the_header_is_refused(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(wav())
    for asked in ({"channels": 1}, {"channels": 3}, {"rate": 44100}):
        with pytest.raises(CaptureFileError, match="in its header"):
            open_audio(str(path), **asked)


def test_blocks_of_a_file_that_shrinks_is_an_error(tmp_path):
    path = tmp_path / "a.raw"
    path.write_bytes(b"\1" * 400000)
    with open_audio(str(path), fmt=S16, channels=2) as source:
        os.truncate(path, 200000)
        with pytest.raises(CaptureFileError, match="early"):
            list(source.blocks(500))


def test_write_to_a_missing_folder_is_named(tmp_path):
    with pytest.raises(CaptureFileError, match="cannot be written"):
        write_wav(str(tmp_path / "no" / "a.wav"), S16, 2, 48000, [])


def test_write_that_fails_half_way_leaves_no_file(tmp_path):
    def blocks():
        yield frames(S16, 2, 10)
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError):
        write_wav(str(tmp_path / "a.wav"), S16, 2, 48000, blocks())
    assert os.listdir(tmp_path) == []


def test_file_that_would_pass_what_a_wav_can_hold_is_refused_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("stress.files.wav.MOST_BYTES", 4000)
    blocks = [np.zeros(2000, np.uint8)] * 2
    assert write_wav(str(tmp_path / "a.wav"), S16, 2, 48000, blocks) == 1000
    with pytest.raises(CaptureFileError, match="would pass the 4 GiB"):
        write_wav(str(tmp_path / "b.wav"), S16, 2, 48000, [*blocks, np.zeros(4, np.uint8)])
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]
