# SPDX-License-Identifier: MIT
"""Inside the guest, beside a softcard: what the tap costs, with and without it in turns."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from stress.board.cards import cards, pair
from stress.board.conditions import RequestedConditions, conditions
from stress.board.usbmon.tap import UsbTap, open_tap
from stress.experiment.hot_window import hot_window
from stress.model.formats import FORMATS
from stress.model.pcm import Access, Granted, Handling, PcmRequest, StreamParams
from stress.pcm.alsa import AlsaPcm
from stress.pcm.contract import Pcm
from stress.report.table import table

RATE, SECONDS, RING, PERIODS, STEP = 48000, 4, 16384, 4, 4
# Bursts with and without in the order ABBA. Higher: a long boot; lower: one stall decides.
ORDER = (True, False, False, True) * 2
HEADS = ("per second of audio", "with", "without")


@dataclass(frozen=True)
class Cost:
    """One burst, per second of audio; memory, events and drops in all.

    Parameters
    ----------
    kernel_ms, user_ms : CPU time of the whole machine while it streamed [ms].
    drain_ms : CPU time of the tester behind the burst, fetching and joining [ms].
    voluntary, involuntary : context switches of both threads in the window.
    """

    kernel_ms: float
    user_ms: float
    drain_ms: float
    voluntary: float
    involuntary: float
    events: int = 0
    dropped: int = 0
    xruns: int = 0


def busy_ms() -> tuple[float, float]:
    """Return the CPU time of the machine in kernel (interrupts with it) and in programs [ms]."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _, _, irq, softirq = map(int, file.readline().split()[1:8])
    tick = 1000.0 / os.sysconf("SC_CLK_TCK")
    return tick * (system + irq + softirq), tick * (user + nice)


def burst(pcm: Pcm, granted: Granted, tap: UsbTap | None) -> Cost:
    """Stream once and return what it cost."""
    play = np.zeros((SECONDS * RATE + RING + RATE // 2) * STEP, dtype=np.uint8)
    play.view("<u4")[:] = np.arange(1, play.size // STEP + 1, dtype=np.uint32)
    captured = np.ones(SECONDS * RATE * STEP, dtype=np.uint8)
    refused = tap.start(granted, SECONDS + 1.0) if tap else ""
    if refused:
        raise SystemExit(refused)
    with conditions(RequestedConditions()), hot_window():
        before = busy_ms()
        exchange = pcm.exchange(play, captured, Handling())
        after = busy_ms()
    wire = tap.finish() if tap else None
    sides = (exchange.playback, exchange.capture)
    return Cost(
        kernel_ms=(after[0] - before[0]) / SECONDS,
        user_ms=(after[1] - before[1]) / SECONDS,
        drain_ms=wire.drain_ns / 1e6 / SECONDS if wire else 0.0,
        voluntary=sum(side.voluntary or 0 for side in sides) / SECONDS,
        involuntary=sum(side.involuntary or 0 for side in sides) / SECONDS,
        events=wire.events if wire else 0,
        dropped=wire.dropped if wire else 0,
        xruns=exchange.xruns,
    )


def lines(costs: Mapping[bool, list[Cost]]) -> list[str]:
    """Return the table: the mean of each kind of burst, with its range."""

    def cell(name: str, tapped: bool) -> str:
        values = [float(getattr(cost, name)) for cost in costs[tapped]]
        return f"{sum(values) / len(values):.1f} ({min(values):.1f} to {max(values):.1f})"

    names = {
        "kernel_ms": "CPU of the kernel in the burst [ms]",
        "user_ms": "CPU of programs in the burst, the card among them [ms]",
        "drain_ms": "CPU of the drain behind the burst [ms]",
        "voluntary": "voluntary switches in the hot window",
        "involuntary": "involuntary switches in the hot window",
    }
    rows = [(words, cell(name, True), cell(name, False)) for name, words in names.items()]
    tapped = costs[True]
    events = sum(cost.events for cost in tapped) / (SECONDS * len(tapped))
    dropped, xruns = (
        sum(cost.dropped for cost in tapped),
        [sum(c.xruns for c in costs[way]) for way in (True, False)],
    )
    return [
        *table(HEADS, rows, "lrr"),
        f"{events:.0f} events per second of audio, {dropped} dropped; "
        f"xruns: {xruns[0]} with, {xruns[1]} without; {len(tapped)} bursts of {SECONDS} s each, ABBA",
    ]


def main() -> int:
    """Run the bursts and print the table; 1 when events were dropped."""
    known = cards()
    devices = pair("softcard", known)
    params = StreamParams(RATE, 2, FORMATS["S16_LE"], Access.MMAP, RING // PERIODS, RING)
    tap = open_tap(devices, known)
    costs: dict[bool, list[Cost]] = {True: [], False: []}
    with AlsaPcm(devices.playback, devices.capture) as pcm:
        granted = pcm.open(PcmRequest(params, params))
        burst(pcm, granted, tap)  # the first one of a card is slower
        for tapped in ORDER:
            costs[tapped].append(burst(pcm, granted, tap if tapped else None))
    print("\n".join(lines(costs)), flush=True)
    return int(any(cost.dropped for cost in costs[True]))


if __name__ == "__main__":
    sys.exit(main())
