# SPDX-License-Identifier: MIT
"""Stress beside a burst: a process that walks memory, makes system calls, or talks to the card.

Each runs at ordinary priority, on another CPU where there is one. On one CPU it
runs whenever our threads wait, and each of its turns is two switches of address
space: on a VIVT core these clean and invalidate the D-cache and hide the defect.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stress.board import usb
from stress.model.pcm import Load
from stress.pcm.helper import Helper, words_of

# Bytes of one walk, read and written. Source: four times the largest second-level cache of the VIVT
# cores (256 KB). Higher: the helper is slow to hear that the burst is over; lower: the walk stays in a cache.
WALK_BYTES = 1 << 20

# "1" starts the load, "0" ends it; each is answered with the steps done so far.
_LOOP = """
import select, sys
{setup}
lines, running, steps = sys.stdin.buffer.raw, False, 0
while True:
    if select.select([lines], [], [], 0 if running else None)[0]:
        words = lines.readline().split()
        if not words:
            break
        steps = 0 if words[0] == b"1" else steps
        running = words[0] == b"1"
        sys.stdout.write("on %d\\n" % steps)
        sys.stdout.flush()
    if running:
        steps += step()
"""
_SETUP = {
    Load.MEMORY: f"""
here, there = bytearray({WALK_BYTES}), bytearray({WALK_BYTES})
def step():
    here[:] = there
    return 1
""",
    Load.SYSCALLS: """
from os import getppid
def step():
    for _ in range(100):
        getppid()
    return 1
""",
    # USBDEVFS_CONTROL, _IOWR('U', 0, struct usbdevfs_ctrltransfer) of include/uapi/linux/usbdevice_fs.h:
    # GET_DESCRIPTOR(device) on endpoint 0, which no driver claims.
    Load.USB: """
import array, fcntl, os, struct
node = os.open(sys.argv[1], os.O_RDWR)
data = array.array("B", bytes(18))
request = struct.pack("@BBHHHIP", 0x80, 6, 0x0100, 0, 18, 1000, data.buffer_info()[0])
number = 0xC0005500 | len(request) << 16
def step():
    try:
        fcntl.ioctl(node, number, request)
    except OSError:
        return 0
    return 1
""",
}
_STEP = {
    Load.MEMORY: f"walks of {WALK_BYTES >> 10} KB",
    Load.SYSCALLS: "times 100 system calls",
    Load.USB: "control reads of the card's device descriptor",
}


def node_of(card: int, sys: Path = Path("/sys"), dev: Path = Path("/dev/bus/usb")) -> Path | None:
    """Return the usbfs node of an ALSA card, None when it is no USB card."""
    facts = usb.read(card, sys)
    return dev / f"{facts.bus:03}" / f"{facts.device:03}" if facts else None


def reason_against(load: Load, card: int, sys: Path = Path("/sys"), dev: Path = Path("/dev/bus/usb")) -> str:
    """Return why the load cannot run beside a stream of `card`, "" when it can."""
    if load is not Load.USB:
        return ""
    node = node_of(card, sys, dev)
    if node is None:
        return "load usb: the card is not on USB, there is no bus to load"
    try:
        os.close(os.open(node, os.O_RDWR))
    except OSError as error:
        return (
            f"load usb: {node}: {os.strerror(error.errno or 0)}; no traffic beside the stream; "
            "write access to it (root, or a udev rule for the group audio)"
        )
    return ""


class Beside:
    """The helper of one load; kept for the life of a PCM, idle between bursts.

    Parameters
    ----------
    allowed : CPUs this process could run on before anything was pinned.

    Threads: one caller.
    """

    def __init__(self, load: Load, card: int, allowed: set[int]) -> None:
        self.load = load
        self._allowed = allowed
        node = node_of(card) if load is Load.USB else None
        code = _LOOP.format(setup=_SETUP[load])
        self._helper = Helper(code, f"load {load.value}", *([str(node)] if node else []))
        self._helper.yield_to_others()

    @contextmanager
    def running(self, notes: list[str]) -> Iterator[None]:
        """Run the load for a while and add what it did, and where, to `notes`."""
        helper, mine = self._helper, os.sched_getaffinity(0)
        where = helper.place(apart(mine, self._allowed))
        helper.say("1")
        began = time.monotonic_ns()
        try:
            yield
        finally:
            seconds = (time.monotonic_ns() - began) / 1e9
            steps = int(helper.say("0")[1])
            notes.append(
                f"load {self.load.value} beside it: {steps} {_STEP[self.load]} in {seconds:.2f} s, process "
                f"{helper.pid} {where}, this process on {words_of(mine)}{_price(mine, self._allowed)}"
            )

    def close(self) -> None:
        """End the helper; idempotent."""
        self._helper.close()


def apart(mine: set[int], allowed: set[int]) -> set[int]:
    """Return the CPUs for a helper: those we do not use, else the last of ours."""
    return (allowed - mine) or {max(mine)}


def _price(mine: set[int], allowed: set[int]) -> str:
    if allowed - mine:
        return ""
    if len(mine) > 1:
        return "; not pinned, so the two may have shared a CPU"
    return "; one CPU: each turn of the load is two switches of address space, which hide a VIVT alias"
