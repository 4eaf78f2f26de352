# SPDX-License-Identifier: MIT
"""Headers of joined files and lines of alsa-utils are found where they stand; samples are none."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest

from stress.files import inside as rooms
from stress.files.audio import open_audio, open_parts
from stress.files.inside import Inside, inside
from tests.files.test_riff import DATA, chunk, form, riff

NOISE = np.random.default_rng(5).integers(0, 256, 3001, np.uint8).tobytes()
AU = b".snd" + struct.pack(">5I", 24, 0xFFFFFFFF, 3, 48000, 2)
WAV = riff(form(), chunk(b"data", DATA))
STREAMED = riff(form()) + b"data" + struct.pack("<I", 0x7FFFFFFF) + DATA
OVERRUN = b"overrun!!! (at least 12.345 ms long)\n"
RECORDING = b"arecord: Recording WAVE 'stdin' : Signed 16 bit Little Endian, Rate 48000 Hz, Stereo\n"
HEADERS = [
    (WAV[:64], "WAV"),
    (riff(form(order=">"), magic=b"RIFX", order=">"), "WAV"),
    (b"RF64" + WAV[4:64], "WAV"),
    (b"FORM\0\0\1\0AIFFCOMM", "AIFF"),
    (b"FORM\0\0\1\0AIFCFVER", "AIFF"),
    (b"caff\0\1\0\0desc", "Core Audio"),
    (b"fLaC\0\0\0\x22", "FLAC"),
    (b"riff\x2e\x91\xcf\x11\xa5\xd6", "Wave64"),
    (b"OggS\0\2", "Ogg"),
    (AU, "Sun AU"),
    (b"dns." + struct.pack("<5I", 24, 0xFFFFFFFF, 3, 48000, 2), "Sun AU"),
]


def found(content):
    return inside(io.BytesIO(content), len(content))


@pytest.mark.parametrize(("header", "name"), HEADERS)
def test_header_behind_noise_is_found_and_one_at_the_beginning_is_the_files_own(header, name):
    assert found(NOISE + header + NOISE) == [Inside(len(NOISE), name)]
    assert found(header + NOISE) == []


@pytest.mark.parametrize("line", [OVERRUN, RECORDING, RECORDING[9:], b"under" + OVERRUN[4:]])
def test_line_of_alsa_utils_is_found_whole(line):
    assert found(NOISE + line + NOISE) == [Inside(len(NOISE), "", len(line))]
    assert found(line + NOISE) == [Inside(0, "", len(line))]


@pytest.mark.parametrize("at", [*range(80, 130, 7), 512, 1000])
def test_header_across_the_edge_of_a_block_is_found_once(monkeypatch, at):
    monkeypatch.setattr(rooms, "BLOCK", 100)
    content = NOISE[:at] + WAV[:64] + NOISE[:at] + OVERRUN + NOISE[:50]
    assert found(content) == [Inside(at, "WAV"), Inside(2 * at + 64, "", len(OVERRUN))]


@pytest.mark.parametrize(
    "content",
    [
        NOISE + b"RIFF\0\0\0\0WEBPVP8 ",
        NOISE + b"WAVE",
        NOISE + b"WAVEfmt ",
        NOISE + b".snd" + bytes(20),
        NOISE + b"FORM\0\0\0\0ILBM",
        NOISE + b"overrun!!! (at least",
        b"",
    ],
)
def test_what_is_no_header_is_not_found(content):
    assert found(content) == []


def parts(tmp_path, content, **asked):
    path = tmp_path / "joined"
    path.write_bytes(content)
    sources = open_parts(str(path), **asked)
    with sources[0]:
        return [b"".join(block.tobytes() for block in one.blocks(64)) for one in sources], sources


@pytest.mark.parametrize("first", [WAV, STREAMED])
@pytest.mark.parametrize("second", [WAV, STREAMED, AU + np.frombuffer(DATA, "<i2").byteswap().tobytes()])
def test_joined_files_are_the_recordings_they_were(tmp_path, first, second):
    got, sources = parts(tmp_path, first + second)
    assert got == [DATA, DATA]
    assert sources[0].unread == () and sources[1].behind.endswith(f"byte {len(first)}")


def test_part_that_ends_in_mid_frame_does_not_move_the_next(tmp_path):
    assert parts(tmp_path, STREAMED[:-3] + WAV)[0] == [DATA[:-4], DATA]


def test_chunks_between_joined_files_belong_to_neither(tmp_path):
    tail = chunk(b"LIST", b"INFOabcd")
    assert parts(tmp_path, STREAMED + tail + WAV + tail)[0] == [DATA, DATA]


def test_raw_frames_before_a_header_are_a_recording(tmp_path):
    from stress.model.formats import FORMATS

    assert parts(tmp_path, DATA + WAV, fmt=FORMATS["S16_LE"], channels=2)[0] == [DATA, DATA]


@pytest.mark.parametrize("head", [b"", STREAMED[: -len(DATA)]])
def test_frames_go_on_behind_a_line_of_alsa_utils(tmp_path, head):
    from stress.model.formats import FORMATS

    asked = {} if head else {"fmt": FORMATS["S16_LE"], "channels": 2}
    assert parts(tmp_path, head + DATA + OVERRUN + DATA, **asked)[0] == [DATA, DATA]


@pytest.mark.parametrize(
    ("other", "what"),
    [
        (riff(form(rate=44100), chunk(b"data", DATA)), "its rate is 44100, not 48000"),
        (riff(form(channels=1), chunk(b"data", DATA)), "its channels is 1, not 2"),
        (riff(form(bits=24), chunk(b"data", DATA[:3996])), "its format is S24_3LE, not S16_LE"),
        (b"OggS\0\2" + NOISE, "it is lossy"),
        (riff(form(tag=6, bits=8), chunk(b"data", DATA)), "holds A-law"),
    ],
)
def test_what_cannot_be_judged_behind_a_header_is_said(tmp_path, other, what):
    got, sources = parts(tmp_path, WAV + other)
    assert (
        got == [DATA] and what in sources[0].unread[0] and f"from byte {len(WAV)} on" in sources[0].unread[0]
    )


def test_file_without_a_frame_before_the_second_header_is_judged_behind_it(tmp_path):
    got, sources = parts(tmp_path, STREAMED[: -len(DATA)] + WAV)
    assert got == [DATA] and "holds no frames" in sources[0].unread[0]


def test_open_audio_of_joined_files_gives_the_first(tmp_path):
    path = tmp_path / "joined.wav"
    path.write_bytes(WAV + WAV)
    with open_audio(str(path)) as source:
        assert source.frames == 1000


def test_more_headers_than_are_judged_are_said(tmp_path, monkeypatch):
    from stress.files import audio

    monkeypatch.setattr(audio, "MOST_PARTS", 2)
    got, sources = parts(tmp_path, WAV * 5)
    assert got == [DATA] * 3
    assert sources[0].unread[0].startswith(f"{2 * len(WAV)} bytes behind the first 2 headers")
