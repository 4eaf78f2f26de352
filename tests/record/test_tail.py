# SPDX-License-Identifier: MIT
from __future__ import annotations

import json

import pytest

from stress.errors import CaptureFileError
from stress.model.record.events import LoopbackRecord, SkipRecord, StartRecord
from stress.model.record.tally import TallyRecord
from stress.record.clock import Clock
from stress.record.journal import NAME, Journal, chained, sealed
from stress.record.tail import read_tail
from tests.record_cases import event as burst

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


def test_bursts_before_the_last_tally_are_counted_and_those_behind_it_are_not(folder):
    bursts = [burst({"event": "burst", "number": number}) for number in (1, 2, 3, 4)]
    tally = TallyRecord("1", 3, 3, 0, 0, 0.0, 0, (), ())
    _write(folder, START, *bursts[:2], TALLY, bursts[2], tally, bursts[3])
    tail = read_tail(folder)
    assert (tail.tally, tail.bursts, tail.events) == (tally, 3, [bursts[3]])


@pytest.mark.parametrize("behind", [0, 1, 2])
def test_damaged_line_behind_the_tally_is_named_by_its_number(folder, behind):
    _write(folder, START, FIRST, TALLY, *[SECOND] * behind)
    with open(folder / NAME, "ab") as file:
        file.write(b"{}\n")
    # It is not as the journal writes it, so that a full reading says what is wrong.
    assert read_tail(folder) is None


def test_zeros_before_the_end_of_a_record_are_left_to_a_full_reading(folder):
    _write(folder, START, TALLY)
    with open(folder / NAME, "ab") as file:
        file.write(b"\0\0\n")
    assert read_tail(folder).torn
    with open(folder / NAME, "ab") as file:
        file.write(b"\n")
    assert read_tail(folder) is None


@pytest.mark.parametrize(("event", "line"), [("loopback", 2), ("start", 1), ("tally", 3)])
def test_line_with_a_wrong_field_is_named_by_its_number(folder, event, line):
    _write(folder, START, FIRST, TALLY)
    values = [json.loads(text) for text in (folder / NAME).read_text().splitlines()]
    digest, out = "", b""
    for value in values:
        del value["chain"]
        if value["event"] == event:
            value = {key: value[key] for key in ("v", "event", "t_ns", "wall")}
        body = json.dumps(value, separators=(",", ":")).encode()
        digest = chained(digest, body)
        out += sealed(body, digest)
    (folder / NAME).write_bytes(out)
    with pytest.raises(CaptureFileError, match=f"line {line}: {event}"):
        read_tail(folder)
