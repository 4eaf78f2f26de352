# SPDX-License-Identifier: MIT
"""Messages of the kernel: new ones only, bounded, and one line where they may not be read."""

from __future__ import annotations

import os

from stress.board import kernel_log
from stress.board.kernel_log import LONGEST, MOST, KernelLog, message
from stress.model.kernel_messages import NOT_READ


def _log(monkeypatch, tmp_path, records):
    place = tmp_path / "kmsg"
    place.write_bytes(b"4,1,1000000,-;said before\n")
    waiting = list(records)

    def read(handle, size):
        if not waiting:
            raise BlockingIOError
        one = waiting.pop(0)
        if isinstance(one, OSError):
            raise one
        return one

    log = KernelLog(str(place))
    monkeypatch.setattr(kernel_log.os, "read", read)
    return log, waiting


def test_log_gives_what_is_new_once(monkeypatch, tmp_path):
    record = b"3,17,12345678,-;usb 1-1: cannot submit urb\n DEVICE=+usb:1-1\n"
    log, waiting = _log(monkeypatch, tmp_path, [record])
    assert log.new() == ("[   12.345678] usb 1-1: cannot submit urb",)
    assert log.new() == ()
    waiting.append(b"6,18,13000000,-;snd: next\n")
    assert log.new() == ("[   13.000000] snd: next",)


def test_log_begins_behind_what_was_said_before(tmp_path):
    place = tmp_path / "kmsg"
    place.write_bytes(b"4,1,1000000,-;said before\n")
    log = KernelLog(str(place))
    with open(place, "ab") as file:
        file.write(b"4,2,2000000,-;said now\n")
    record = os.read(log._handle, 100)
    assert message(record) == "[    2.000000] said now"
    log.close()
    log.close()


def test_log_leaves_out_what_programs_wrote():
    assert message(b"12,5,1000000,-;systemd[1]: Started something\n") == ""
    assert message(b"not a record") == "" and message(b"") == "" and message(b"x,y,z;t") == ""


def test_log_is_bounded_and_says_what_is_left_out(monkeypatch, tmp_path):
    many = [b"3,%d,1000000,-;%s\n" % (n, b"x" * 999) for n in range(MOST + 7)]
    lines = _log(monkeypatch, tmp_path, many)[0].new()
    assert len(lines) == MOST + 1 and lines[-1] == "... and 7 more messages"
    assert max(map(len, lines)) == LONGEST


def test_log_says_that_messages_were_overwritten(monkeypatch, tmp_path):
    log, _ = _log(monkeypatch, tmp_path, [BrokenPipeError(), b"3,9,1000000,-;after\n"])
    assert log.new() == (
        "... messages were overwritten before they could be read",
        "[    1.000000] after",
    )


def test_log_that_may_not_be_read_says_so_once(tmp_path):
    log = KernelLog(str(tmp_path / "none"))
    (line,) = log.new()
    assert line.startswith(NOT_READ) and "No such file" in line
    assert log.new() == ()
