# SPDX-License-Identifier: MIT
"""Measure the working set that competes with a ring for the cache, and write it down.

Three bursts of one boot: a long period, in which hardly anything but interrupts
and timers runs; a short one, with many wake-ups of a blocking call; and a loop
in Python. What a line was loaded from per millisecond in the first is the
interrupts' part; what it was beyond that in the others, per wake-up, is theirs.
"""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from tools.labkit.emulator_log import Touching
from tools.labkit.errors import LabError

# Share of the milliseconds, and of the wake-ups. Higher: lines that take part are left out; lower: those
# of the tester's own buffers, which a stream passes once, and of setting it up and taking it down get in.
LEAST, LEAST_PER_WAKE = 0.025, 0.1
# A line that the kernel loads from more often than anybody wakes is one of the interrupts', at another
# address than in the first burst: drivers allocate anew for each stream.
_MOVED = 1.2
# A line that is loaded from in most milliseconds with a URB is one of its interrupt.
_MOST = 0.8
# Where one timer wakes everybody, a line loaded from once each time is the wake-ups', one that is loaded
# from twice as often the clock's. Higher: the clock's lines count as theirs; lower: theirs as the clock's.
_ONCE = 1.5
# Both threads of a stream then share these lines: half of them to each.
_THREADS = 2
PLACE_BYTES, PLACES, PER_MILLE = 32, 1024, 1000
Rates = dict[int, float]
Key = TypeVar("Key")


@dataclasses.dataclass(frozen=True)
class Part:
    """A burst: what was touched, its wake-ups and its URBs per millisecond; no URBs: a timer copies."""

    touching: Touching
    wakes_per_ms: float
    urbs_per_ms: float = 0.0

    def rates(self) -> Rates:
        """Return in which share of the milliseconds each line was loaded from, by address."""
        ms = max(1, self.touching.streamed_ms)
        return {line.va: min(1.0, (line.kernel + line.user) / ms) for line in self.touching.lines}


@dataclasses.dataclass(frozen=True)
class Measured:
    """Rates by address: per millisecond, and per URB, wake-up of a call and of a loop, which take several.

    `cold_per_ms` are fills by the kernel of lines too rare for these [1/ms].
    """

    ms: Rates
    urb: Rates
    call: Rates
    loop: Rates
    cold_per_ms: float


def fit(quiet: Part, busy: Part | None, loop: Part) -> Measured:
    """Split the rates into their parts.

    Parameters
    ----------
    quiet, busy : bursts of one blocking call; without `busy` a timer wakes both
        threads at once, and what is loaded once each time is theirs.
    loop : a burst with a loop in Python.
    """
    if not all(part.touching.lines for part in (quiet, loop)):
        raise LabError("a burst touched nothing: was the emulator's option touches on?")
    base = quiet.rates()
    urb = {va: rate / quiet.urbs_per_ms for va, rate in base.items() if rate >= quiet.urbs_per_ms * _MOST > 0}
    steady = {va: rate for va, rate in base.items() if va not in urb}
    loops = _beyond(loop, steady, urb)
    if busy:
        call = _beyond(busy, steady, urb)
    else:
        steady, call = timed(_kept(steady, LEAST), quiet.wakes_per_ms)
    kernel = [line for line in quiet.touching.lines if line.kernel >= line.user]
    rare = (line.fills for line in kernel if base[line.va] < LEAST)
    return Measured(
        ms=_kept(steady, LEAST),
        urb={va: min(1.0, often) for va, often in urb.items()},
        call=_kept(call, LEAST_PER_WAKE),
        loop=_kept(loops, LEAST_PER_WAKE),
        cold_per_ms=sum(rare) / max(1, quiet.touching.streamed_ms),
    )


def timed(rates: Mapping[Key, float], wakes_per_ms: float) -> tuple[dict[Key, float], dict[Key, float]]:
    """Part what one timer does into the clock's per millisecond and the threads' per wake-up of either.

    Parameters
    ----------
    rates : in which share of the milliseconds each line was loaded from, by any key.
    wakes_per_ms : of each thread [1/ms].
    """
    limit, each = wakes_per_ms * _ONCE, wakes_per_ms * _THREADS
    clock = {key: rate for key, rate in rates.items() if rate > limit}
    return clock, {key: rate / each for key, rate in rates.items() if rate <= limit}


def _beyond(part: Part, steady: Mapping[int, float], urb: Mapping[int, float]) -> Rates:
    # Per wake-up, what neither timers nor URBs account for.
    users = {line.va for line in part.touching.lines if line.user > line.kernel}
    found = {}
    for va, rate in part.rates().items():
        known = steady.get(va, 0.0) + urb.get(va, 0.0) * part.urbs_per_ms
        if va in users or rate <= part.wakes_per_ms * _MOVED or known >= LEAST:
            found[va] = max(0.0, (rate - known) / part.wakes_per_ms)
    return found


def _kept(rates: Rates, least: float) -> Rates:
    return {va: rate for va, rate in rates.items() if rate >= least}


def rows(rates: Rates) -> list[list[int]]:
    """Return rows as `stress.virtual.footprint.Footprint` has them: place, then per mille of each line."""
    places: dict[int, list[int]] = collections.defaultdict(list)
    for va, rate in rates.items():
        places[va // PLACE_BYTES % PLACES].append(round(PER_MILLE * rate))
    return [[place, *sorted(often, reverse=True)] for place, often in sorted(places.items())]


def toml(title: str, measured: Measured) -> str:
    """Return the text of a file for configs/footprints."""
    text = [f'title = "{title}"']
    for name in ("ms", "urb", "call", "loop"):
        text += ["", f"{name} = [", *_wrapped(rows(getattr(measured, name))), "]"]
    return "\n".join(text) + "\n"


def _wrapped(found: Iterable[Sequence[int]], width: int = 110) -> list[str]:
    lines: list[str] = []
    line = " "
    for row in found:
        word = f" [{', '.join(map(str, row))}],"
        if len(line) + len(word) > width:
            lines, line = [*lines, line.rstrip()], " "
        # Two more blanks in front make the indent.
        line = f"   {word}" if line == " " else line + word
    return [*lines, line.rstrip()] if line.strip() else lines
