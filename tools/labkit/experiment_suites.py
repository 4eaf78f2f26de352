# SPDX-License-Identifier: MIT
"""Which experiments there are: a card, a plan, and the virtual board that predicts it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from stress.plan.plan import Plan, load_plan


@dataclasses.dataclass(frozen=True)
class Suite:
    """A plan, the card it is for as arguments of pcmstress, and what is set on the model.

    `append` are arguments of the guest's kernel, `through` the program that the
    tester is started by; `quick` names the arms of the short form. `stored_per_ms` are
    lines that others' stores take in a cache that allocates them [lines/ms].
    """

    plan: str
    card: tuple[str, ...]
    model: Mapping[str, Any]
    quick: tuple[str, ...]
    append: tuple[str, ...] = ()
    through: tuple[str, ...] = ()
    stored_per_ms: int = 0

    def arms(self, quick: bool = False) -> Plan:
        """Return the plan, or the short form of it."""
        plan = load_plan(self.plan)
        return (
            dataclasses.replace(plan, arm=tuple(a for a in plan.arm if a.name in self.quick))
            if quick
            else plan
        )


_LOOPBACK = ("--card", "Loopback")
# The emulator's own card only plays; a cable there is none.
_USB = ("--card", "hw:Audio,0", "--loopback", "none")
# Others' stores that miss where one allocates: tools/lab footprint --cache repl=rr,wa=1 counts 23.7 a
# millisecond, 18 of them the stream's (both rings and the captured buffer, 6 lines each).
_ALOOP_STORED = 6
# There it counts 26.1, 6 of them the stream's. What is stored to and loaded from, as a stack is, the
# footprint has already; how much of the 20 that is, nothing counts. Source: P1-4096 on feroceon-wa, 5 %
# observed. Higher: players are predicted cleaner (20: 2.6 %); lower: worse (6: 9 %). Recorders stay.
_USB_STORED = 12
# snd-aloop copies when a timer of whole jiffies says so, one jiffy after the period at the earliest: every
# 20 ms at HZ=100 for a period up to 10 ms. Source: sound/drivers/aloop.c:loopback_jiffies_timer_start,
# kernel/time/timer.c:calc_index.
_ALOOP = {"kernel.footprint": "linux-6.1-aloop", "usb.tick_packets": 20}
_PLAYS = {"usb.captures": False}
# With what a loop in Python loads at a wake-up, which the board's own footprint leaves out.
_WITH_LOOPS = {**_PLAYS, "kernel.footprint": "linux-6.1-usb-loops"}
SUITES = {
    "aloop": Suite(
        "vivt-aloop",
        _LOOPBACK,
        _ALOOP,
        ("P1-4096", "C1-4096", "rw-4096", "P1-8192-clean", "CT-8192"),
        stored_per_ms=_ALOOP_STORED,
    ),
    "aloop-44100": Suite("vivt-aloop-44100", _LOOPBACK, _ALOOP, ("C2-65536",), stored_per_ms=_ALOOP_STORED),
    "usb": Suite(
        "vivt-usb",
        _USB,
        _WITH_LOOPS,
        ("P1-768", "P1-4096", "rw-4096", "P1-8192-clean", "RMW-q2-16384"),
        stored_per_ms=_USB_STORED,
    ),
    "usb-coherent": Suite(
        "vivt-usb",
        _USB,
        {**_PLAYS, "kernel.use_vmalloc": False},
        ("P1-4096",),
        append=("snd_usb_audio.use_vmalloc=0",),
    ),
    # Another process: each packet switches to the card and back, and a switch cleans the cache.
    "softcard": Suite(
        "vivt-softcard",
        ("--card", "softcard"),
        {"kernel.switches_per_s": 1000},
        ("P1-4096",),
        through=("/project/tools/softcard", "up", "--pace", "0", "--run"),
    ),
}
