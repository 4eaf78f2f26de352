# SPDX-License-Identifier: MIT
"""The event log survives power cuts and full disks, and refuses whatever else is wrong."""

from __future__ import annotations

import errno
import json
import os
import stat
from types import SimpleNamespace

import pytest

from stress.errors import CaptureFileError, ConfigError, StorageError
from stress.model.record.events import SkipRecord, StartRecord
from stress.record import reader, rundir
from stress.record.clock import Clock
from stress.record.journal import NAME, TORN, Journal, chained, sealed, sync_folder, unchained
from tests.record_cases import event

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
        ('{"v":3,"event":"x"}', "line 2: version 3"),
        ('{"v":2,"event":"skip","arm":"a","reason":"r"}', "line 2: its digest does not follow"),
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
    journal = _journal(tmp_path)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, journal._file.fileno())
    os.close(full)
    with pytest.raises(CaptureFileError, match="No space left"):
        journal.append(StartRecord(**START))
    journal.close()


def test_rundir_that_holds_a_run_is_not_overwritten(tmp_path):
    folder = rundir.create(str(tmp_path / "a"), CLOCK)
    (folder / NAME).write_text("x\n")
    with pytest.raises(ConfigError, match="holds a run already"):
        rundir.claim(str(folder), CLOCK)
    assert (folder / NAME).read_text() == "x\n"


@pytest.mark.parametrize("left", [b"", b'{"v":2,"eve'])
def test_rundir_left_without_a_first_event_can_be_used(tmp_path, left):
    folder = rundir.create(str(tmp_path / "a"), CLOCK)
    (folder / NAME).write_bytes(left)
    _, lock = rundir.claim(str(folder), CLOCK)
    lock.release()


def test_rundir_in_an_impossible_place_says_why(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CaptureFileError, match="cannot be made"):
        rundir.create(str(tmp_path / "file" / "run"), CLOCK)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM])
def test_directory_that_the_machine_cannot_make_now_is_a_full_disk_and_no_wrong_name(
    tmp_path, monkeypatch, number
):
    def full(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(type(tmp_path), "mkdir", full)
    with pytest.raises(StorageError, match=os.strerror(number)):
        rundir.create(str(tmp_path / "a"), CLOCK)


def test_event_of_which_a_part_was_written_is_one_clear_error(tmp_path):
    journal = _journal(tmp_path)
    real = journal._file
    journal._file = SimpleNamespace(write=lambda data: len(data) - 1, fileno=real.fileno)
    with pytest.raises(CaptureFileError, match="disk full: the last event is incomplete"):
        journal.append(StartRecord(**START))
    real.close()


def _written(tmp_path, *reasons):
    journal = _journal(tmp_path)
    journal.append(StartRecord(**START))
    for reason in reasons:
        journal.append(SkipRecord("a", reason))
    journal.close()
    return (tmp_path / NAME).read_bytes().splitlines(keepends=True)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda lines: [*lines[:1], *lines[2:]], 2),
        (lambda lines: [*lines[:2], lines[1], *lines[2:]], 3),
        (lambda lines: [lines[0], lines[2], lines[1], lines[3]], 2),
        (lambda lines: [*lines[:2], lines[2].replace(b"two", b"2nd"), *lines[3:]], 3),
        (lambda lines: [*lines[:2], lines[2][:-28] + b"}\n", *lines[3:]], 3),
        (lambda lines: [*lines[:2], lines[2].replace(b'"v":2', b'"v":1'), *lines[3:]], 3),
    ],
    ids=["deleted", "doubled", "moved", "edited", "digest cut off", "of the first version"],
)
def test_line_that_does_not_follow_the_one_before_is_named(tmp_path, change, line):
    lines = _written(tmp_path, "one", "two", "three")
    (tmp_path / NAME).write_bytes(b"".join(change(lines)))
    with pytest.raises(CaptureFileError, match=f"line {line}: "):
        reader.read_run(tmp_path)


def test_record_that_is_continued_or_written_with_other_spaces_follows(tmp_path):
    _written(tmp_path, "one")
    again = _journal(tmp_path)
    again.append(SkipRecord("b", "caf\u00e9"))
    again.close()
    assert len(reader.read_run(tmp_path).events) == 3
    values = [json.loads(line) for line in (tmp_path / NAME).read_text().splitlines()]
    (tmp_path / NAME).write_text("".join(json.dumps(value) + "\n" for value in values))
    assert len(reader.read_run(tmp_path).events) == 3


@pytest.mark.parametrize("torn", [b"", b'{"v":2,"ev'])
@pytest.mark.parametrize(
    "written",
    [
        lambda line: line.replace(b"\n", b"\r\n"),
        lambda line: line.replace(b"\n", b" \t\n"),
        lambda line: json.dumps(json.loads(line)).encode() + b"\n",
        lambda line: (
            json.dumps(json.loads(line), separators=(",", ":"), ensure_ascii=False).encode() + b" \r\n"
        ),
    ],
    ids=["other line ends", "spaces behind", "spaces between", "all of it"],
)
def test_record_that_another_program_wrote_again_can_be_continued(tmp_path, written, torn):
    lines = _written(tmp_path, "one", "two")
    (tmp_path / NAME).write_bytes(b"".join(map(written, lines)) + torn)
    again = _journal(tmp_path)
    again.append(SkipRecord("b", "three"))
    again.close()
    assert [event.reason for event in reader.read_run(tmp_path).events[1:]] == ["one", "two", "three"]


@pytest.mark.parametrize("tail", [b"\0" * 600, b'{"v":2,"ev' + b"\0" * 90 + b'"}\n', b'{"v":2,"event"'])
def test_tail_that_a_power_cut_leaves_is_told_and_set_aside(tmp_path, tail):
    _written(tmp_path, "one")
    with open(tmp_path / NAME, "ab") as file:
        file.write(tail)
    log = reader.read_run(tmp_path)
    assert (len(log.events), log.torn) == (2, True)
    again = _journal(tmp_path)
    again.append(SkipRecord("b", "two"))
    again.close()
    assert len(reader.read_run(tmp_path).events) == 3


def test_zeros_in_the_middle_are_named(tmp_path):
    lines = _written(tmp_path, "one", "two")
    lines[1] = lines[1][:20] + b"\0" * 20 + lines[1][40:]
    (tmp_path / NAME).write_bytes(b"".join(lines))
    with pytest.raises(CaptureFileError, match="line 2: is not JSON"):
        reader.read_run(tmp_path)


def test_burst_number_that_comes_twice_is_named(tmp_path):
    journal = _journal(tmp_path)
    for value in ({"event": "start"}, {"event": "burst"}, {"event": "burst"}):
        journal.append(event(value))
    journal.close()
    with pytest.raises(CaptureFileError, match="line 3: burst 1 follows burst 1"):
        reader.read_run(tmp_path)


@pytest.mark.parametrize("where", ["write", "fsync"])
def test_line_after_an_append_that_a_signal_ended_follows_what_is_in_the_file(tmp_path, monkeypatch, where):
    journal = Journal(tmp_path, Clock())
    journal.append(event({"event": "start"}))

    def interrupted(*_):
        raise KeyboardInterrupt

    real = journal._file
    if where == "write":
        # The signal came before a byte was written.
        journal._file = SimpleNamespace(write=interrupted, fileno=real.fileno, close=real.close)
    else:
        monkeypatch.setattr("stress.record.journal.os.fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        journal.append(SkipRecord("one", "first"), sync=True)
    journal._file = real
    journal.append(SkipRecord("two", "second"))
    journal.close()
    arms = [each.arm for each in reader.read_run(tmp_path).events[1:]]
    assert arms == (["two"] if where == "write" else ["one", "two"])


def test_documents_of_a_record_can_be_read_by_others_and_run_by_nobody(tmp_path):
    before = os.umask(0)
    try:
        rundir.write_json(tmp_path, "config.json", {"a": 1})
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "config.json").stat().st_mode) == 0o644


@pytest.mark.parametrize(
    ("torn", "arm"),
    [
        (b'{"v":2,"event":"burst","t_ns":1,"wall":"2","number":1,"arm":"rmw","position":5,"fi', "rmw"),
        (b'{"v":2,"event":"burst","t_ns":1,"wall":"2","number":1,"arm":"rm', ""),
        (b'{"v":2,"event":"skip","t_ns":1,"wall":"2","arm":"rmw","reason":"', ""),
        (b'{"v":2,"event":"burst","x":{"arm":"rmw"},"', ""),
    ],
)
def test_reader_names_the_arm_whose_burst_was_cut_off(tmp_path, torn, arm):
    journal = _journal(tmp_path)
    journal.append(StartRecord(**START))
    journal.close()
    with open(tmp_path / NAME, "ab") as file:
        file.write(torn)
    reading = reader.Reading(tmp_path)
    assert len(list(reading)) == 1
    assert (reading.torn, reading.torn_arm) == (True, arm)


def test_number_that_json_has_no_word_for_is_not_written(tmp_path):
    journal = _journal(tmp_path)
    with pytest.raises(ValueError, match="not JSON compliant"):
        journal.append(StartRecord(**{**START, "first_position": float("nan")}))
    journal.close()
    assert (tmp_path / NAME).read_bytes() == b""


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        (b'{"a":1,"chain":"0123456789abcdef"}', (b'{"a":1}', "0123456789abcdef")),
        # What only begins or only ends like a digest is none: the line is left whole.
        (b'{"a":1,"chain":"0123456789abcdef",}', (b'{"a":1,"chain":"0123456789abcdef",}', "")),
        (b'{"a":1,"chain":"0123456789abcde"}', (b'{"a":1,"chain":"0123456789abcde"}', "")),
        (b'{"a":1,"chain":"0123456789abcdef}}', (b'{"a":1,"chain":"0123456789abcdef}}', "")),
        (b'{"a":1,"chair":"0123456789abcdef"}', (b'{"a":1,"chair":"0123456789abcdef"}', "")),
        (b"", (b"", "")),
    ],
)
def test_digest_is_what_a_line_ends_with_in_its_whole_length(line, parts):
    assert unchained(line) == parts


def test_sealed_line_comes_apart_again():
    body = b'{"a":[1,{"b":"c"}]}'
    digest = chained("", body)
    line = sealed(body, digest)
    assert json.loads(line) == {"a": [1, {"b": "c"}], "chain": digest}
    assert line.endswith(b"\n") and unchained(line[:-1]) == (body, digest)
    assert len(digest) == 16 and chained(digest, body) != digest


def test_names_of_a_directory_alone_are_brought_to_the_medium(tmp_path):
    sync_folder(tmp_path)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotADirectoryError):
        sync_folder(tmp_path / "file")


def test_record_can_be_read_by_others_and_run_by_nobody(tmp_path):
    before = os.umask(0)
    try:
        _journal(tmp_path).close()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o644


def test_objects_of_a_record_come_with_number_and_bytes(tmp_path):
    lines = _written(tmp_path, "one", "two")
    found = list(reader.Reading(tmp_path).objects())
    assert [(number, line) for number, line, _ in found] == [
        (number, line[:-1]) for number, line in enumerate(lines, 1)
    ]
    assert [value["event"] for _, _, value in found] == ["start", "skip", "skip"]
    (tmp_path / NAME).write_bytes(b"")
    with pytest.raises(CaptureFileError, match="does not begin with a start event"):
        list(reader.Reading(tmp_path).objects())


def test_damaged_line_before_the_end_is_no_torn_one(tmp_path):
    lines = _written(tmp_path, "one")
    # One byte behind it is enough.
    (tmp_path / NAME).write_bytes(lines[0] + lines[1][:-20] + b"\0\n" + b"x")
    with pytest.raises(CaptureFileError, match="line 2: is not JSON"):
        reader.read_run(tmp_path)
