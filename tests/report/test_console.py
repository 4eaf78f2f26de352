# SPDX-License-Identifier: MIT
"""The console: one status line that moves, and a reader who may go at any time."""

from __future__ import annotations

import io

import pytest

from stress.errors import StorageError
from stress.model.words import plain
from stress.report.console import Console


class _Broken(io.StringIO):
    def __init__(self, error):
        super().__init__()
        self.error = error

    def write(self, text):
        raise self.error


def test_line_escapes_what_would_move_the_cursor():
    out = io.StringIO()
    Console(out, io.StringIO()).line("a\x1b[2Jb\rc\x9b\td")
    assert out.getvalue() == "a\\x1b[2Jb\\x0dc\\x9b\td\n"
    assert plain("é ü\n") == "é ü\n"


def test_line_after_the_reader_has_gone_is_left_out():
    console = Console(_Broken(BrokenPipeError(32, "Broken pipe")), io.StringIO())
    console.line("one")
    console.line("two")


def test_line_that_cannot_be_written_says_why():
    console = Console(_Broken(OSError(28, "No space left on device")), io.StringIO())
    with pytest.raises(StorageError, match="standard output: cannot be written: No space left"):
        console.line("one")


def test_status_that_cannot_be_shown_ends_nothing():
    out = io.StringIO()
    console = Console(out, _Broken(BrokenPipeError(32, "Broken pipe")))
    console.status("burst 1/2", 0.0)
    console.note("beside")
    console.line("PASS")
    assert out.getvalue() == "PASS\n"


@pytest.mark.parametrize(
    ("asked", "columns"), [("100", 100), ("0", 0), ("wide", 0), ("\u00b2", 0), ("", 0), ("9" * 5000, 0)]
)
def test_columns_are_what_the_environment_says_where_that_is_a_number(monkeypatch, asked, columns):
    monkeypatch.setenv("COLUMNS", asked)
    assert Console(io.StringIO(), io.StringIO()).columns == columns
