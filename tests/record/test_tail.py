# SPDX-License-Identifier: MIT
from __future__ import annotations

import pytest

from stress.errors import CaptureFileError
from stress.model.record.events import LoopbackRecord, SkipRecord, StartRecord
from stress.model.record.tally import TallyRecord
from stress.record.clock import Clock
from stress.record.journal import NAME, Journal
from stress.record.tail import read_tail

START = StartRecord(1, "virtual", 7)
TALLY = TallyRecord("1", 0, 0, 0, 0, 0.0, 0, (), ())
FIRST, SECOND = LoopbackRecord("digital", "exact", "a"), LoopbackRecord("analog", "spectral", "b")


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def _write(folder, *events):
    journal = Journal(folder, Clock())
    for event in events:
        journal.append(event)
    journal.close()


def test_last_tally_and_what_follows_it_is_read(folder):
    other = TallyRecord("2", 0, 0, 0, 0, 0.0, 0, (), ())
    _write(folder, START, FIRST, TALLY, SECOND, other, FIRST, SkipRecord("a", "b"))
    tail = read_tail(folder)
    assert (tail.start.first_position, tail.loopback, tail.tally) == (7, SECOND, other)
    assert (tail.events, tail.torn, tail.bursts) == ([FIRST, SkipRecord("a", "b")], False, 0)


def test_torn_line_behind_the_tally_is_told(folder):
    _write(folder, START, TALLY, FIRST)
    with open(folder / NAME, "ab") as file:
        file.write(b'{"v":2,"event":"sk')
    tail = read_tail(folder)
    assert (tail.events, tail.torn) == ([FIRST], True)


def test_record_without_a_tally_is_none(folder):
    _write(folder, START, FIRST)
    assert read_tail(folder) is None


@pytest.mark.parametrize(
    "change", [(b'"why":"a"', b'"why":"c"'), (b'"v":2,"event":"l', b'"v":2, "event":"l')]
)
def test_line_that_the_journal_did_not_write_so_is_left_to_a_full_reading(folder, change):
    _write(folder, START, FIRST, TALLY)
    (folder / NAME).write_bytes((folder / NAME).read_bytes().replace(*change))
    assert read_tail(folder) is None


def test_line_left_out_before_the_tally_is_left_to_a_full_reading(folder):
    _write(folder, START, FIRST, SECOND, TALLY)
    lines = (folder / NAME).read_bytes().splitlines(keepends=True)
    del lines[1]
    (folder / NAME).write_bytes(b"".join(lines))
    assert read_tail(folder) is None


def test_record_that_begins_with_no_start_is_left_to_a_full_reading(folder):
    _write(folder, FIRST, TALLY)
    assert read_tail(folder) is None
    _write(folder, START)
    assert read_tail(folder) is None


def test_missing_record_is_told(folder):
    with pytest.raises(CaptureFileError, match="cannot be read"):
        read_tail(folder)
