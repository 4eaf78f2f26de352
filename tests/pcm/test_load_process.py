# SPDX-License-Identifier: MIT
"""Loads beside a burst: they run, they stop, they say what they did and where."""

from __future__ import annotations

import ctypes
import os

import pytest

from stress.errors import StreamTimeout
from stress.model.pcm import Load
from stress.pcm import load_process
from stress.pcm.load_process import Beside, apart, node_of, reason_against


@pytest.mark.parametrize("load", [Load.MEMORY, Load.SYSCALLS])
def test_load_runs_only_while_asked_and_tells_its_steps(load):
    helper = Beside(load, 0, os.sched_getaffinity(0))
    try:
        # A busy machine may hold up the helper in the first window and this process in the second.
        for wait_us in (100_000, 400_000, 1_600_000):
            notes = []
            with helper.running(notes):
                ctypes.CDLL(None).usleep(wait_us)
            with helper.running(notes):
                pass
            long, short = (int(note.split(": ")[1].split()[0]) for note in notes[:2])
            if long > short:
                break
    finally:
        helper.close()
    assert f"load {load.value} beside it: " in notes[0]
    assert long > short >= 0
    assert f"process {helper._helper.pid} on CPU" in notes[0]


def test_load_gives_real_time_priority_back():
    helper = Beside(Load.MEMORY, 0, os.sched_getaffinity(0))
    try:
        assert os.sched_getscheduler(helper._helper.pid) == os.SCHED_OTHER
    finally:
        helper.close()


def test_load_whose_helper_died_is_a_timeout_not_a_hang():
    helper = Beside(Load.SYSCALLS, 0, os.sched_getaffinity(0))
    helper.close()
    with pytest.raises(StreamTimeout, match="load syscalls"), helper.running([]):
        pass


def test_load_usb_counts_only_answered_requests(monkeypatch):
    monkeypatch.setattr(load_process, "node_of", lambda card: "/dev/null")
    notes = []
    helper = Beside(Load.USB, 0, os.sched_getaffinity(0))
    try:
        with helper.running(notes):
            ctypes.CDLL(None).usleep(20_000)
    finally:
        helper.close()
    assert "load usb beside it: 0 control reads" in notes[0]


@pytest.mark.parametrize(
    ("mine", "allowed", "helper", "price"),
    [
        ({0}, {0, 1}, {1}, ""),
        ({0, 1}, {0, 1}, {1}, "may have shared"),
        ({0}, {0}, {0}, "two switches of address"),
    ],
)
def test_load_is_kept_apart_where_there_is_another_cpu(mine, allowed, helper, price):
    assert apart(mine, allowed) == helper
    assert price in load_process._price(mine, allowed)


def _usb_card(root, bus=3, device=12):
    place = root / "devices/usb3/3-1"
    (place / "3-1:1.0").mkdir(parents=True)
    for name, text in (("busnum", bus), ("devnum", device)):
        (place / name).write_text(f"{text}\n")
    card = root / "class/sound/card5"
    card.mkdir(parents=True)
    (card / "device").symlink_to(place / "3-1:1.0")


def test_load_usb_takes_the_card_s_own_node(tmp_path):
    _usb_card(tmp_path)
    assert node_of(5, tmp_path) == load_process.Path("/dev/bus/usb/003/012")
    reason = reason_against(Load.USB, 5, tmp_path, tmp_path / "bus")
    assert "bus/003/012: No such file" in reason
    assert "udev rule" in reason


def test_load_usb_without_usb_is_refused_and_other_loads_are_not(tmp_path):
    assert "not on USB" in reason_against(Load.USB, 5, tmp_path)
    assert reason_against(Load.MEMORY, 5, tmp_path) == ""
