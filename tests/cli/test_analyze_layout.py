# SPDX-License-Identifier: MIT
"""Frames under a wrong format or number of channels are told what they are."""

from __future__ import annotations

import struct

import pytest

from stress.cli.analyze_layout import named_wrong
from stress.cli.main import main
from stress.files.audio import open_audio
from stress.model.formats import FORMATS
from stress.patterns.word import Pattern


def line(tmp_path, made, named, lead=0):
    path = tmp_path / "a.raw"
    fmt, channels = FORMATS[made[0]], made[1]
    silence = b"\0" * (12 * lead * fmt.frame_bytes(channels))
    path.write_bytes(silence + Pattern("mix1", fmt, channels).bytes_at(1, 6000).tobytes())
    with open_audio(str(path), fmt=FORMATS[named[0]], channels=named[1]) as source:
        return named_wrong(source)


@pytest.mark.parametrize(
    ("made", "named"),
    [
        (("S16_LE", 2), ("S32_LE", 2)),
        (("S16_LE", 6), ("S16_LE", 2)),
        (("S24_3LE", 2), ("S24_LE", 2)),
        (("S32_LE", 1), ("S16_LE", 2)),
        (("S24_LE", 10), ("S24_LE", 8)),
    ],
)
@pytest.mark.parametrize("lead", [0, 20000])
def test_frames_named_wrong_are_told_with_the_options_that_are_right(tmp_path, made, named, lead):
    told = line(tmp_path, made, named, lead)
    assert told.endswith(f"repeat with --format {made[0]} --channels {made[1]}")


def test_frames_of_something_else_are_told_nothing(tmp_path):
    path = tmp_path / "a.raw"
    path.write_bytes(bytes(range(256)) * 400)
    with open_audio(str(path), fmt=FORMATS["S16_LE"], channels=2) as source:
        assert named_wrong(source) == ""


def wav(path, made, said, lead=0):
    # Frames of one layout under a header of another.
    fmt, channels = FORMATS[made[0]], made[1]
    raw = (
        b"\0" * (lead * fmt.frame_bytes(channels))
        + Pattern("mix1", fmt, channels).bytes_at(1, 9000).tobytes()
    )
    size = said[0] // 8 * said[1]
    form = struct.pack("<HHIIHH", 1, said[1], 48000, 48000 * size, size, said[0])
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(raw)) + raw
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return str(path)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (("S24_3LE", 2), (16, 2)),
        (("S32_LE", 2), (16, 2)),
        (("S16_LE", 2), (32, 2)),
        (("S16_LE", 2), (24, 2)),
        (("S16_LE", 2), (16, 4)),
        (("S24_3LE", 6), (24, 2)),
        (("S16_LE", 8), (32, 2)),
    ],
)
@pytest.mark.parametrize("lead", [0, 6000])
def test_a_header_that_does_not_fit_is_said_and_the_options_it_names_judge_the_file(
    tmp_path, capsys, made, said, lead
):
    path = wav(tmp_path / "a.wav", made, said, lead)
    assert main(["analyze", path]) == 5
    told = capsys.readouterr().out
    assert "the header does not fit the file: nothing is judged" in told
    options = f"--format {made[0]} --channels {made[1]}"
    assert f"it holds {made[0]} in {made[1]} channels: repeat with {options}" in told
    assert main(["analyze", path, *options.split()]) == 0
    assert f"note: {options} overrule" in capsys.readouterr().out or made[1] == said[1]


def test_a_header_that_fits_is_not_doubted_behind_a_volume(tmp_path, capsys):
    raw = Pattern("mix1", FORMATS["S16_LE"], 2).bytes_at(1, 9000).view("<i2")
    path = tmp_path / "soft.raw"
    path.write_bytes((raw.astype(int) // 2).astype("<i2").tobytes())
    assert main(["analyze", str(path), "--format", "S16_LE", "--channels", "2"]) == 0
    assert "gain -6.02 dB" in capsys.readouterr().out
