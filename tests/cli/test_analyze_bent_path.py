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
