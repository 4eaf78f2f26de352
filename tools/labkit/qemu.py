# SPDX-License-Identifier: MIT
"""The emulator's command line and its life."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tools.labkit.boards import Board
from tools.labkit.kernel import Built

_POLL_S = 0.05
# How often the console is read for a kernel that gave up [s].
_HALTED_S = 2.0
# Ports after the console, in the order the guest's runner uses them.
PORTS = ("stdout", "stderr", "result.tar")


@dataclasses.dataclass(frozen=True)
class Machine:
    """Everything that one start of the emulator needs.

    `shares` maps a 9p mount tag to (directory, read-only).
    """

    board: Board
    program: Path
    kernel: Built
    initrd: Path
    logs: Path
    shares: dict[str, tuple[Path, bool]]
    append: Sequence[str] = ()
    extra: Sequence[str] = ()
    env: dict[str, str] = dataclasses.field(default_factory=dict)


def command(machine: Machine, *, console: Sequence[str] = ()) -> list[str]:
    """Return the emulator's argument vector.

    Parameters
    ----------
    console : options that put the guest's console somewhere else than into its log.
    """
    board = machine.board
    words = [
        str(machine.program),
        *board.emulator.args,
        "-display",
        "none",
        "-no-reboot",
        "-nic",
        "none",
        "-kernel",
        str(machine.kernel.image),
        "-initrd",
        str(machine.initrd),
    ]
    if machine.kernel.dtb:
        words += ["-dtb", str(machine.kernel.dtb)]
    # The default tmpfs root holds at most half of the memory.
    root = ["rootfstype=ramfs"] if board.boot.root == "initramfs" else []
    words += [
        "-append",
        " ".join(
            ["panic=-1", f"console={board.boot.console}", *root, board.kernel.append, *machine.append]
        ).strip(),
    ]
    if console:
        words += console
    else:
        words += ["-monitor", "none", "-serial", _file(machine.logs / "console.log")]
    if board.boot.root == "initramfs":
        words += [word for port in PORTS for word in ("-serial", _file(machine.logs / port))]
    for tag, (folder, readonly) in machine.shares.items():
        words += _share(tag, folder, readonly, board.boot.bus)
    return [*words, *machine.extra]


def environment(machine: Machine) -> dict[str, str]:
    """Return the emulator's environment: ours, the board's, the run's."""
    return {**os.environ, **machine.board.emulator.env, **machine.env}


def _file(path: Path) -> str:
    return f"file:{_escaped(path)}"


def _escaped(path: Path) -> str:
    # QEMU's option parser takes a doubled comma for one in the value.
    return str(path).replace(",", ",,")


def _share(tag: str, folder: Path, readonly: bool, bus: str) -> list[str]:
    access = "on" if readonly else "off"
    device = {"pci": "virtio-9p-pci", "mmio": "virtio-9p-device"}[bus]
    files = f"local,id={tag},path={_escaped(folder)},security_model=none,multidevs=remap"
    return ["-fsdev", f"{files},readonly={access}", "-device", f"{device},fsdev={tag},mount_tag={tag}"]


@contextlib.contextmanager
def started(machine: Machine) -> Iterator[subprocess.Popen[bytes]]:
    """Start the emulator; it never outlives the block, however that ends."""
    # Its own session: an interrupt of the terminal reaches this program, which ends it.
    words = command(machine)
    if shutil.which("setpriv"):
        words = ["setpriv", "--pdeathsig", "KILL", "--", *words]
    with (machine.logs / "qemu.log").open("wb") as log:
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment(machine),
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()


def watch(
    process: subprocess.Popen[bytes],
    limit_s: int,
    tick: Callable[[], None],
    halted: Callable[[], bool] = lambda: False,
) -> bool:
    """Call `tick` until the emulator ends; return False at the time limit [s].

    Where `halted` says that the guest stands still for good, the emulator is ended.
    """
    begin = asked = time.monotonic()
    while process.poll() is None:
        now = time.monotonic()
        if now > begin + limit_s:
            return False
        tick()
        if now >= asked + _HALTED_S:
            asked = now
            if halted():
                process.kill()
        time.sleep(_POLL_S)
    return True
