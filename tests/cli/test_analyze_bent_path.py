# SPDX-License-Identifier: MIT
"""A capture behind a path that bends or cuts samples: its name and reason, no findings."""

from __future__ import annotations

import json

import numpy as np
import pytest

from stress.cli.main import main
from stress.model.formats import FORMATS
from stress.patterns.word import Pattern
from stress.virtual.card.cable import through_path
from stress.virtual.card.path_spec import PathSpec

FMT = FORMATS["S16_LE"]


@pytest.mark.parametrize(
    ("spec", "said", "encoding"),
    [
        (PathSpec(shape="soft-clip"), "a limiter or soft clipping", "bent"),
        (PathSpec(shape="mu-law"), "uneven levels", "companded"),
        (PathSpec(shape="hard-clip"), "clipped: 30 %", ""),
        (PathSpec(gain_db=6.0206), "gain +6.02 dB", ""),
    ],
)
def test_analyze_names_the_path_and_is_inconclusive(tmp_path, capsys, spec, said, encoding):
    sent = np.frombuffer(Pattern("mix1", FMT, 2).bytes_at(1, 20000), np.uint8).reshape(-1, 4)
    (tmp_path / "a.raw").write_bytes(through_path(sent, spec, FMT, 1).tobytes())
    argv = ["analyze", str(tmp_path / "a.raw"), "--format", "S16_LE", "--channels", "2", "--rate", "48000"]
    assert main(argv) == 5
    assert said in capsys.readouterr().out
    assert main([*argv, "--json"]) == 5
    found = json.loads(capsys.readouterr().out)
    assert found["path"]["encoding"] == encoding and found["findings"] == []


def _analyzed(tmp_path, capsys, samples):
    raw = np.clip(np.rint(samples), -32768, 32767).astype("<i2").tobytes()
    (tmp_path / "a.raw").write_bytes(raw)
    argv = ["analyze", str(tmp_path / "a.raw"), "--format", "S16_LE", "--channels", "2", "--rate", "48000"]
    return main(argv), capsys.readouterr().out


def _sent(position, frames=20000):
    raw = Pattern("mix1", FMT, 2).bytes_at(position, frames)
    return np.frombuffer(raw, "<i2").reshape(-1, 2).astype(float)


@pytest.mark.parametrize("gate", [300, 8000])
def test_gate_is_inconclusive_and_said_and_fails_with_old_lines_in_it(tmp_path, capsys, gate):
    sent = _sent(90_001)
    shut = np.where(np.abs(sent) < gate, 0, sent)
    status, out = _analyzed(tmp_path, capsys, shut)
    assert status == 5 and "in one range of levels: a gate" in out
    sent[12000:12080] = sent[7200:7280]
    assert _analyzed(tmp_path, capsys, np.where(np.abs(sent) < gate, 0, sent))[0] == 1


@pytest.mark.parametrize(
    ("position", "matrix"),
    [(1, ((0.7, 0.3), (0.3, 0.7))), (77_777, ((0.9, 0.1), (0.1, 0.9))), (9, ((0.55, 0.45), (0.2, 0.8)))],
)
def test_crossfeed_passes_behind_its_name_and_not_with_old_lines(tmp_path, capsys, matrix, position):
    sent = _sent(position)
    status, out = _analyzed(tmp_path, capsys, sent @ np.array(matrix).T)
    assert status == 0 and "sums of left and right" in out
    sent[12000:12080] = sent[7200:7280]
    assert _analyzed(tmp_path, capsys, sent @ np.array(matrix).T)[0] in (1, 5)


@pytest.mark.parametrize("position", [1, 77_777])
@pytest.mark.parametrize("every", [2, 3])
def test_frames_of_zeros_between_others_are_no_internal_error(tmp_path, capsys, every, position):
    sent = _sent(position)
    sent[::every] = 0
    assert _analyzed(tmp_path, capsys, sent)[0] in (1, 5)


def test_even_loss_of_single_frames_is_a_converter_and_an_old_line_in_it_is_not(tmp_path, capsys):
    lost = np.delete(_sent(90_001), np.arange(16, 20000, 17), axis=0)
    status, out = _analyzed(tmp_path, capsys, lost)
    assert status == 5 and "one frame in 17 is missing at a constant step: a converter without" in out
    lost[12000:12008] = lost[7200:7208]
    status, out = _analyzed(tmp_path, capsys, lost)
    assert status == 1 and "converter" not in out
