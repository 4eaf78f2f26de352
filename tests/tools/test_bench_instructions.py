# SPDX-License-Identifier: MIT
"""The marks of the counting plugin as instructions per frame."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tools.benchkit import instructions
from tools.labkit.errors import LabError

TOLD = (
    'a line of the program\n{"case": "a", "frames": 10, "calls": 4}\n{"case": "b", "frames": 5, "calls": 2}\n'
)


def test_rows_what_happens_once_and_in_the_first_calls_cancels():
    # Case a: 700 before, then 4 x 10 x 3 and 100 once; case b: 2 x 5 x 7.
    marks = "mark 700\nmark 920\nmark 1260\nother text\nmark 2000\nmark 2070\nmark 2210\n"
    found = {row["case"]: row["instructions_per_frame"] for row in instructions.rows(TOLD, marks)}
    assert found == {"a": 3.0, "b": 7.0}


@pytest.mark.parametrize("marks", ["", "mark 1\nmark 2\n", "mark 1\n" * 7])
def test_rows_marks_of_a_count_cut_short_are_refused(marks):
    with pytest.raises(LabError, match="marks of 6"):
        instructions.rows(TOLD, marks)
    with pytest.raises(LabError):
        instructions.rows("", marks)


@pytest.mark.skipif(not shutil.which("gcc"), reason="needs gcc")
@pytest.mark.parametrize("version", instructions.VERSIONS)
def test_plugin_builds_without_a_warning_for_every_interface(tmp_path, version):
    command = ["gcc", "-O2", "-Wall", "-Werror", "-shared", "-fPIC", f"-DPLUGIN_VERSION={version}"]
    out = tmp_path / "count.so"
    done = subprocess.run(
        [*command, "-o", str(out), str(instructions.SOURCE)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert out.stat().st_size
