# SPDX-License-Identifier: MIT
"""A record read while it is written: whole lines only, each once, and nothing touched."""

from __future__ import annotations

import pytest

from stress.errors import CaptureFileError
from stress.model.record.events import EndRecord, StartRecord, TapRecord
from stress.record.clock import Clock
from stress.record.journal import NAME, Journal
from stress.record.living import LivingRecord
from stress.record.reader import read_run

START = StartRecord(seed=1, backend="virtual x", first_position=5)


@pytest.fixture
def lines(tmp_path):
    folder = tmp_path / "whole"
    folder.mkdir()
    journal = Journal(folder, Clock())
    for event in (START, TapRecord("", "none"), EndRecord(0)):
        journal.append(event)
    journal.close()
    return (folder / NAME).read_bytes().splitlines(keepends=True)


def _kinds(record):
    return [event.event for event in record.new()]


def test_events_come_once_as_their_lines_are_whole(tmp_path, lines):
    record, path = LivingRecord(tmp_path), tmp_path / NAME
    assert record.new() == []
    path.write_bytes(lines[0] + lines[1][:20])
    assert _kinds(record) == ["start"]
    assert record.new() == []
    path.write_bytes(lines[0] + lines[1])
    assert _kinds(record) == ["wire"]
    path.write_bytes(b"".join(lines))
    assert _kinds(record) == ["end"]


def test_events_are_those_of_the_reader(tmp_path, lines):
    (tmp_path / NAME).write_bytes(b"".join(lines))
    assert LivingRecord(tmp_path).new() == read_run(tmp_path).events


def test_zeros_of_a_power_cut_are_no_line_yet(tmp_path, lines):
    (tmp_path / NAME).write_bytes(lines[0] + b"\0\0\0\n")
    assert _kinds(LivingRecord(tmp_path)) == ["start"]


@pytest.mark.parametrize(
    ("second", "words"), [(b"{}\n", "line 2: is not an event"), (b"[\n", "line 2: is not JSON")]
)
def test_damaged_line_is_named(tmp_path, lines, second, words):
    (tmp_path / NAME).write_bytes(lines[0] + second)
    with pytest.raises(CaptureFileError, match=words):
        LivingRecord(tmp_path).new()


def test_line_that_does_not_follow_is_named(tmp_path, lines):
    record = LivingRecord(tmp_path)
    (tmp_path / NAME).write_bytes(lines[0])
    record.new()
    (tmp_path / NAME).write_bytes(lines[0] + lines[2])
    with pytest.raises(CaptureFileError, match="line 2: its digest does not follow"):
        record.new()


def test_record_that_became_shorter_is_another_one(tmp_path, lines):
    record = LivingRecord(tmp_path)
    (tmp_path / NAME).write_bytes(b"".join(lines))
    record.new()
    (tmp_path / NAME).write_bytes(lines[0])
    with pytest.raises(CaptureFileError, match="became shorter"):
        record.new()


def test_reading_leaves_the_folder_as_it_is(tmp_path, lines):
    (tmp_path / NAME).write_bytes(b"".join(lines))
    (tmp_path / NAME).chmod(0o400)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir() if path.is_file()}
    LivingRecord(tmp_path).new()
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir() if path.is_file()} == before
