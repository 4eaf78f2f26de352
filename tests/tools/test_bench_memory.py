# SPDX-License-Identifier: MIT
"""What `tools/bench memory` takes for a wrong end of a command without memory."""

from __future__ import annotations

import pytest

from tools.benchkit import memory
from tools.benchkit.memory import Ended

LINE = "pcmstress: no memory left: shorter bursts (burst_s) or captures take less\n"


@pytest.mark.parametrize(
    ("ended", "wrong"),
    [
        (Ended(0, ""), ""),
        (Ended(74, LINE), ""),
        (Ended(1, ""), "exit 1"),
        (Ended(-11, ""), "exit -11"),
        (Ended(74, ""), "no line"),
        (Ended(74, "Traceback (most recent call last):\n"), "Traceback"),
        (Ended(0, "OpenBLAS error: Memory allocation still failed\n"), "OpenBLAS"),
        (Ended(70, "pcmstress: internal error: MemoryError\n"), "internal error"),
    ],
)
def test_command_may_end_as_usual_or_in_one_line_with_its_status(ended, wrong):
    assert ended.wrong(0) == wrong


def test_a_fail_is_right_only_of_a_command_that_ends_so_with_all_memory():
    assert Ended(1, "").wrong(1) == ""


def test_every_command_but_those_without_numpy_is_tried_with_what_it_reads(tmp_path):
    memory.prepare(tmp_path)
    assert (tmp_path / "a.wav").stat().st_size > 48000
    assert (tmp_path / "run" / "run.jsonl").exists()
