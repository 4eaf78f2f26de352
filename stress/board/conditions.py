# SPDX-License-Identifier: MIT
"""Conditions of a run: requested one at a time; each is granted, or refused with the consequence.

On a VIVT core every switch to another process cleans and invalidates the whole
D-cache and so hides the defect; on any machine a late thread is an xrun. So the
run asks to be left alone: real-time priority, locked memory, one CPU, no deep
idle state. Nothing of it is needed to run; what is refused is said.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from stress.board import irq
from stress.board.load import runnable

MCL_CURRENT, MCL_FUTURE = 1, 2


@dataclass(frozen=True)
class RequestedConditions:
    """What is asked of the machine.

    Parameters
    ----------
    fifo : SCHED_FIFO priority, 0 leaves the policy alone.
    cpu : CPU to stay on, -1 leaves the affinity alone.
    lock_memory, awake : mlockall; /dev/cpu_dma_latency held at 0.
    irq_cpu : CPU for the interrupts of the USB hosts, -1 leaves them alone.
    """

    fifo: int = 0
    cpu: int = -1
    lock_memory: bool = True
    awake: bool = True
    irq_cpu: int = -1


@dataclass(frozen=True)
class GrantedConditions:
    """What came of it, one line each."""

    granted: tuple[str, ...]
    refused: tuple[str, ...]
    facts: tuple[str, ...]


@contextmanager
def conditions(asked: RequestedConditions, proc: Path = Path("/proc")) -> Iterator[GrantedConditions]:
    """Apply what is asked, yield what was granted, and put everything back.

    Threads: applies to the calling thread and what it starts.
    """
    undo: list[Callable[[], object]] = []
    granted: list[str] = []
    refused: list[str] = []
    steps: list[tuple[bool, Callable[[], tuple[str, Callable[[], object]]]]] = [
        (asked.cpu >= 0, lambda: _pin(asked.cpu)),
        (asked.irq_cpu >= 0, lambda: _interrupts(asked.irq_cpu, proc)),
        (asked.fifo > 0, lambda: _fifo(asked.fifo)),
        (asked.lock_memory, _lock_memory),
        (asked.awake, _stay_awake),
    ]
    for wanted, step in steps:
        if not wanted:
            continue
        try:
            text, back = step()
        except OSError as error:
            refused.append(_price(error))
        else:
            granted.append(text)
            undo.append(back)
    try:
        yield GrantedConditions(tuple(granted), tuple(refused), _facts(proc))
    finally:
        for back in reversed(undo):
            back()


class _Refused(OSError):
    """A condition that was not granted; its text says what that costs."""


def _price(error: OSError) -> str:
    return str(error.args[1]) if isinstance(error, _Refused) else os.strerror(error.errno or 0)


def _refusal(error: OSError, what: str, cost: str, remedy: str) -> _Refused:
    return _Refused(error.errno, f"{what}: {os.strerror(error.errno or 0)}; {cost}; {remedy}")


def _limit(which: int) -> str:
    soft, _ = resource.getrlimit(which)
    return "unlimited" if soft == resource.RLIM_INFINITY else str(soft)


def _pin(cpu: int) -> tuple[str, Callable[[], object]]:
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {cpu})
    except OSError as error:
        allowed = ",".join(str(number) for number in sorted(before))
        raise _refusal(error, f"CPU {cpu}", "the threads may move", f"allowed here: {allowed}") from None
    return f"on CPU {cpu}", lambda: os.sched_setaffinity(0, before)


def _interrupts(cpu: int, proc: Path) -> tuple[str, Callable[[], object]]:
    what = f"interrupts of the USB host on CPU {cpu}"
    hosts = irq.usb_hosts(proc)
    if not hosts:
        cost = "no USB host controller has one here (one in software has none)"
        raise _Refused(errno.ENOENT, f"{what}: {cost}; leave irq_cpu at -1")
    if (os.cpu_count() or 1) == 1 and cpu == 0:
        return f"{what}: the only one", lambda: None
    moved: list[irq.Interrupt] = []

    def back() -> None:
        for host in moved:
            irq.move(host.number, host.cpus, proc)

    for host in hosts:
        try:
            irq.move(host.number, str(cpu), proc)
        except OSError as error:
            back()
            raise _refusal(
                error,
                f"{what}: {host.number} ({host.name})",
                "the driver copies on whatever CPU it comes to",
                "root, a CPU that is there, and no irqbalance",
            ) from None
        moved.append(host)
    return f"{what}: {', '.join(str(host.number) for host in hosts)}", back


def _fifo(priority: int) -> tuple[str, Callable[[], object]]:
    policy, param = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
    except OSError as error:
        raise _refusal(
            error,
            f"SCHED_FIFO {priority}",
            "other processes run in between: xruns, and on VIVT cores their switches hide the defect",
            f"CAP_SYS_NICE, or rtprio in limits.conf (allowed here: {_limit(resource.RLIMIT_RTPRIO)})",
        ) from None
    return f"SCHED_FIFO {priority}", lambda: os.sched_setscheduler(0, policy, param)


def _lock_memory() -> tuple[str, Callable[[], object]]:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mlockall(MCL_CURRENT | MCL_FUTURE):
        error = OSError(ctypes.get_errno(), "mlockall")
        raise _refusal(
            error,
            "memory lock",
            "page faults may fall into a burst",
            "CAP_IPC_LOCK, or memlock in limits.conf "
            f"(allowed here: {_limit(resource.RLIMIT_MEMLOCK)} bytes)",
        )
    return "memory locked", libc.munlockall


def _stay_awake() -> tuple[str, Callable[[], object]]:
    path = "/dev/cpu_dma_latency"
    if not os.path.exists(path):
        # A kernel without CPU_IDLE has no such file, and no idle state to keep out of.
        return "no idle states to hold off", lambda: None
    try:
        handle = os.open(path, os.O_WRONLY)
        os.write(handle, b"\0\0\0\0")
    except OSError as error:
        way = 'root, or a udev rule KERNEL=="cpu_dma_latency", GROUP="audio", MODE="0660"'
        raise _refusal(error, path, "idle states may delay a wake-up", way) from None
    return f"{path} held at 0", lambda: os.close(handle)


def _facts(proc: Path) -> tuple[str, ...]:
    facts = []
    throttle = _number(proc / "sys/kernel/sched_rt_runtime_us")
    if throttle is not None and throttle >= 0:
        period = _number(proc / "sys/kernel/sched_rt_period_us") or 1_000_000
        facts.append(
            f"real-time throttling: {100 * throttle / period:.0f} % of the time at most, then others run "
            "(sysctl kernel.sched_rt_runtime_us=-1 lifts it)"
        )
    facts.append(f"this process may run on CPUs {','.join(map(str, sorted(os.sched_getaffinity(0))))}")
    facts += [host.text() for host in irq.usb_hosts(proc)]
    others = runnable(proc)
    if others:
        facts.append(
            f"other runnable processes: {', '.join(others[:8])} (each turn of one may cost an xrun, "
            "and on VIVT cores cleans the cache; stop them)"
        )
    return tuple(facts)


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None
