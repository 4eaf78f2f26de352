# SPDX-License-Identifier: MIT
"""What generate writes, analyze knows: by name, in turns, or with the option to give."""

from __future__ import annotations

import json

import numpy as np
import pytest

from stress.cli import main
from stress.files.wav import write_wav
from stress.model.formats import FORMATS
from stress.model.stimulus import AUXILIARY, ONE_SIDED
from stress.patterns.word import Pattern

HEADER_BYTES = 44


def _main(capsys, *argv):
    status = main.main([str(part) for part in argv])
    return status, capsys.readouterr().out.replace("\u202f", " ")


@pytest.mark.parametrize("name", [name for name in AUXILIARY if name != "silence"])
def test_auxiliary_stimulus_is_known_by_name_and_is_no_verdict(capsys, tmp_path, name):
    path = tmp_path / "s.wav"
    _main(capsys, "generate", path, "--stimulus", name, "--frames", 30000)
    status, out = _main(capsys, "analyze", path)
    assert status == 5
    assert f"is the stimulus {name} of generate" in out and "differ" not in out
    assert "every frame right" not in out


@pytest.mark.parametrize("name", AUXILIARY + ONE_SIDED)
def test_pattern_in_turn_with_a_stimulus_passes_and_half_of_it_is_exposure(capsys, tmp_path, name):
    path = tmp_path / "s.wav"
    _main(capsys, "generate", path, "--stimulus", name, "--interleave", "200ms", "--duration", "1s")
    status, out = _main(capsys, "analyze", path, "--json")
    found = json.loads(out)
    assert (status, found["verdict"], found["checked_frames"]) == (0, "PASS", 48000)
    assert f"takes turns with {name}, 9 600 frames each" in found["notes"][0].replace("\u202f", " ")
    assert found["exposure"]["lines"] == 48000 // 2 // 8


@pytest.mark.parametrize("frame", [5000, 15000, 25000])
def test_damage_in_either_turn_is_found(capsys, tmp_path, frame):
    path = tmp_path / "s.wav"
    _main(capsys, "generate", path, "--stimulus", "toggle", "--interleave", "200ms", "--duration", "1s")
    data = bytearray(path.read_bytes())
    at = HEADER_BYTES + 4 * frame
    data[at : at + 32] = bytes(range(100, 132))
    path.write_bytes(data)
    status, out = _main(capsys, "analyze", path, "--json")
    (finding,) = json.loads(out)["findings"]
    assert (status, finding["frame"], finding["frames"]) == (1, frame, 8)


def test_mute_of_any_length_is_no_turn_of_silence(capsys, tmp_path):
    path = tmp_path / "s.wav"
    _main(capsys, "generate", path, "--frames", 60000)
    data = bytearray(path.read_bytes())
    data[HEADER_BYTES + 4 * 20000 : HEADER_BYTES + 4 * 30000] = bytes(40000)
    path.write_bytes(data)
    assert _main(capsys, "analyze", path)[0] == 1


def test_other_pattern_is_known_without_its_option(capsys, tmp_path):
    path = tmp_path / "s.wav"
    _main(capsys, "generate", path, "--pattern", "mix2", "--frames", 30000)
    status, out = _main(capsys, "analyze", path)
    assert status == 0 and "the pattern is mix2" in out


def test_periodic_noise_names_the_option_to_give(capsys, tmp_path):
    path = tmp_path / "s.wav"
    _main(capsys, "generate", path, "--analog", "--tier", "device", "--duration", "1s")
    status, out = _main(capsys, "analyze", path)
    assert status == 5 and "--analog --tier device" in out


def test_findings_of_one_age_point_to_a_ring(capsys, tmp_path):
    path = tmp_path / "s.wav"
    _main(capsys, "generate", path, "--frames", 60000)
    data = bytearray(path.read_bytes())
    for frame in range(10000, 50000, 1000):
        at = HEADER_BYTES + 4 * frame
        data[at : at + 32] = data[at - 4 * 4800 : at - 4 * 4800 + 32]
    path.write_bytes(data)
    status, out = _main(capsys, "analyze", path)
    assert status == 1
    assert "all 40 are exactly 4800 frames old: a ring of 4800 frames? repeat with --rings 4800,N" in out


@pytest.mark.parametrize("tail", [8, 100, 20000])
def test_silence_behind_the_pattern_is_no_turn_of_anything(capsys, tmp_path, tail):
    path = tmp_path / "s.wav"
    _main(capsys, "generate", path, "--frames", 30000)
    data = bytearray(path.read_bytes())
    data[-4 * tail :] = bytes(4 * tail)
    path.write_bytes(data)
    status, out = _main(capsys, "analyze", path)
    assert status == (5 if tail < 480 else 0) and "turns" not in out


def test_pattern_in_two_of_ten_channels_names_the_choice(capsys, tmp_path):
    path, ten = tmp_path / "s.wav", np.zeros((30000, 10), "<i2")
    ten[:, :2] = Pattern("mix1", FORMATS["S16_LE"], 2).bytes_at(1, 30000).view("<i2").reshape(-1, 2)
    write_wav(str(path), FORMATS["S16_LE"], 10, 48000, [ten.view(np.uint8).reshape(-1)])
    status, out = _main(capsys, "analyze", path)
    assert status == 0 and "a pattern of 2 channels in channels 1 and 2 of 10" in out and "--channels" in out
    status, out = _main(capsys, "analyze", path, "--channels", "1-2")
    assert status == 0 and "channels 1-2 of 10 are judged" in out


@pytest.mark.parametrize("channels", [10, 64])
def test_pattern_of_many_channels_is_judged_whole(capsys, tmp_path, channels):
    path, fmt = tmp_path / "s.wav", FORMATS["S16_LE"]
    write_wav(str(path), fmt, channels, 48000, [Pattern("mix1", fmt, channels).bytes_at(1, 9000)])
    assert _main(capsys, "analyze", path)[0] == 0
