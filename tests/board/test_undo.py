# SPDX-License-Identifier: MIT
"""Notes of what must be undone: kept while a process lives, told when it died."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from stress.board import undo

WHAT, HOW = "1-1:1.0 is unbound from snd-usb-audio", "echo 1-1:1.0 > /sys/bus/usb/drivers/snd-usb-audio/bind"


def test_note_goes_when_the_block_ends(tmp_path):
    log = []
    with undo.changed(lambda: log.append("do"), lambda: log.append("back"), WHAT, HOW, tmp_path):
        assert log == ["do"]
        assert len(list(tmp_path.iterdir())) == 1
        assert undo.left(tmp_path) == []
    assert log == ["do", "back"]
    assert list(tmp_path.iterdir()) == []


def test_change_is_undone_when_the_block_fails(tmp_path):
    log = []
    with pytest.raises(KeyError), undo.changed(list, lambda: log.append("back"), WHAT, HOW, tmp_path):
        raise KeyError
    assert log == ["back"]
    assert list(tmp_path.iterdir()) == []


def test_change_that_was_refused_is_not_undone(tmp_path):
    def refuse():
        raise PermissionError

    with pytest.raises(PermissionError), undo.changed(refuse, pytest.fail, WHAT, HOW, tmp_path):
        raise AssertionError("the block must not begin")
    assert list(tmp_path.iterdir()) == []


def test_note_stays_where_undoing_failed(tmp_path):
    def fail():
        raise OSError

    with pytest.raises(OSError), undo.changed(list, fail, WHAT, HOW, tmp_path):
        pass
    assert len(list(tmp_path.iterdir())) == 1


def test_process_that_was_killed_in_between_leaves_its_note(tmp_path):
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom stress.board import undo\n"
        f"with undo.changed(list, list, {WHAT!r}, {HOW!r}, Path(sys.argv[1])):\n"
        "    print('in', flush=True)\n    time.sleep(60)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
    assert child.stdout.readline() == b"in\n"
    assert undo.left(tmp_path) == []
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert undo.left(tmp_path) == [undo.LeftUndone(WHAT, HOW)]


def test_pid_that_another_process_uses_now_is_a_dead_one(tmp_path):
    note = {"pid": os.getpid(), "start": "1", "what": WHAT, "how": HOW}
    (tmp_path / "pcmstress-undo-x").write_text(json.dumps(note))
    assert undo.left(tmp_path) == [undo.LeftUndone(WHAT, HOW)]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"pid": "x"}', "null", '{"pid": 1e400}', "[" * 4000])
def test_note_that_is_none_is_passed_over(tmp_path, text):
    (tmp_path / "pcmstress-undo-x").write_text(text)
    assert undo.left(tmp_path) == []


def test_link_and_fifo_are_not_read(tmp_path):
    os.mkfifo(tmp_path / "pcmstress-undo-fifo")
    (tmp_path / "pcmstress-undo-link").symlink_to("/proc/self/environ")
    before = time.monotonic()
    assert undo.left(tmp_path) == []
    assert time.monotonic() - before < 5


def test_folder_that_is_not_there_holds_nothing(tmp_path):
    assert undo.left(tmp_path / "absent") == []


def test_note_that_cannot_be_written_stops_the_change(tmp_path):
    with pytest.raises(OSError), undo.changed(pytest.fail, list, WHAT, HOW, tmp_path / "absent"):
        raise AssertionError("the block must not begin")
