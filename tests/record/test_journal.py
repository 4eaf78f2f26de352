"""The event log survives power cuts and full disks, and refuses whatever else is wrong."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from stress.errors import CaptureFileError, ConfigError
from stress.model.record import SkipRecord, StartRecord
from stress.record import reader, rundir
from stress.record.clock import Clock
from stress.record.journal import NAME, TORN, Journal

CLOCK = Clock(monotonic_ns=lambda: 5, wall_s=lambda: 1_700_000_000.25)
START = {"seed": 1, "backend": "virtual x", "first_position": 7}


def _journal(tmp_path):
    return Journal(tmp_path, CLOCK)


def test_journal_appended_events_are_read_back_in_order(tmp_path):
    journal = _journal(tmp_path)
    journal.append(StartRecord(**START))
    journal.append(SkipRecord(arm="a", reason="r"))
    journal.close()
    log = reader.read_run(tmp_path)
    assert [event.event for event in log.events] == ["start", "skip"]
    assert log.start.wall == "2023-11-14T22:13:20.250Z"
    assert not log.torn


def test_reader_torn_last_line_is_tolerated_and_said(tmp_path):
    journal = _journal(tmp_path)
    journal.append(StartRecord(**START))
    journal.close()
    with open(tmp_path / NAME, "ab") as file:
        file.write(b'{"v":1,"event":"bur')
    log = reader.read_run(tmp_path)
    assert len(log.events) == 1
    assert log.torn


def test_journal_resumed_after_a_torn_line_keeps_the_torn_bytes_aside(tmp_path):
    journal = _journal(tmp_path)
    journal.append(StartRecord(**START))
    journal.close()
    with open(tmp_path / NAME, "ab") as file:
        file.write(b'{"v":1,"ev')
    again = _journal(tmp_path)
    again.append(SkipRecord(arm="a", reason="r"))
    again.close()
    assert [event.event for event in reader.read_run(tmp_path).events] == ["start", "skip"]
    assert (tmp_path / TORN).read_bytes() == b'{"v":1,"ev\n'


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "line 2: is not JSON"),
        ("[]", "line 2: is not an event"),
        ('{"v":2,"event":"x"}', "line 2: version 2"),
        ('{"v":1,"event":"skip","arm":3,"reason":"r"}', "line 2: skip: arm has the wrong type"),
        ('{"v":1,"event":"skip","arm":"a"}', "line 2: skip: reason is missing"),
        ('{"v":1,"event":"verdict","verdict":"PASS","reasons":{}}', "line 2: verdict: reasons"),
        ('{"v":1,"event":"burst","arm":"a"}', "line 2: burst: number is missing"),
        ('{"v":1,"event":"burrt","arm":"a"}', "line 2: burrt: event is none of start, wire, open"),
        ("\xff", "line 2: is not JSON"),
    ],
)
def test_reader_wrong_middle_line_is_refused_by_name_and_line(tmp_path, line, reason):
    start = json.dumps({"v": 1, "event": "start", **START})
    (tmp_path / NAME).write_text(f"{start}\n{line}\n{start}\n", encoding="latin-1")
    with pytest.raises(CaptureFileError, match=reason) as caught:
        reader.read_run(tmp_path)
    assert str(tmp_path) in str(caught.value)


def test_reader_without_record_says_what_is_missing(tmp_path):
    with pytest.raises(CaptureFileError, match="No such file"):
        reader.read_run(tmp_path)
    (tmp_path / NAME).write_bytes(b"")
    with pytest.raises(CaptureFileError, match="does not begin with a start event"):
        reader.read_run(tmp_path)


def test_journal_on_a_full_disk_is_one_clear_error(tmp_path):
    (tmp_path / NAME).symlink_to("/dev/full")
    journal = _journal(tmp_path)
    with pytest.raises(CaptureFileError, match="No space left"):
        journal.append(StartRecord(**START))
    journal.close()


def test_rundir_that_holds_a_run_is_not_overwritten(tmp_path):
    folder = rundir.create(str(tmp_path / "a"), CLOCK)
    (folder / NAME).write_text("x")
    with pytest.raises(ConfigError, match="holds a run already"):
        rundir.create(str(folder), CLOCK)
    assert (folder / NAME).read_text() == "x"


def test_rundir_in_an_impossible_place_says_why(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CaptureFileError, match="cannot be made"):
        rundir.create(str(tmp_path / "file" / "run"), CLOCK)


def test_event_of_which_a_part_was_written_is_one_clear_error(tmp_path):
    journal = _journal(tmp_path)
    journal._file.close()
    journal._file = SimpleNamespace(write=lambda data: len(data) - 1, close=lambda: None)
    with pytest.raises(CaptureFileError, match="disk full: the last event is incomplete"):
        journal.append(StartRecord(**START))
