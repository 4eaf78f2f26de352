# SPDX-License-Identifier: MIT
"""The diagnosis on the screen: cause, side, what to do, and one table of what was compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stress.report.table import table
from stress.verdict.contrast import CLEAN, FLUSH, LOAD, RW, SWITCHES, VMALLOC, contrasts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stress.verdict.contrast import Contrast, Measured
    from stress.verdict.diagnosis import Diagnosis

# Rows on the first screen; -v has the rest.
MOST_ROWS = 8


def head(found: Diagnosis, verbose: bool = False) -> list[str]:
    """Return cause, side and what to do: what a reader acts on first."""
    return [
        f"Cause: {found.headline() if verbose else _cause(found)}",
        *([f"Side: {_sides(found)}"] if found.sides else []),
        *([f"Also seen: {', '.join(found.also)}"] if found.also else []),
        f"Do: {found.advice}",
    ]


def lines(
    found: Diagnosis, measured: Sequence[Measured], columns: int = 0, verbose: bool = False
) -> list[str]:
    """Return what the diagnosis rests on: the table, and the evidence behind `verbose`."""
    return [
        f"Would change this: {found.against}",
        *compared(measured, columns, verbose),
        *(["", "Evidence:", *(f"  {line}" for line in found.evidence)] if verbose else []),
        *([f"  for {line}" for line in found.players] if verbose else []),
    ]


def _cause(found: Diagnosis) -> str:
    where = f" ({found.layer})" if found.layer and not found.sides else ""
    return f"{found.cause.value}{where}"


def _sides(found: Diagnosis) -> str:
    return " and ".join(dict.fromkeys(str(side.side) for side in found.sides))


def compared(measured: Sequence[Measured], columns: int = 0, verbose: bool = False) -> list[str]:
    """Return the table of contrasts, those of nothing against nothing left out."""
    told = [one for one in contrasts(measured) if says_something(one)]
    shown = told if verbose else sorted(told, key=_order)[:MOST_ROWS]
    if not shown:
        return []
    heads = ("side", "changed", "episodes/s", "then", "fewer", "p")
    rows = [_row(one) for one in shown]
    rest = len(told) - len(shown)
    more = [f"{rest} more comparisons with -v"] if rest else []
    return ["", *table(heads, rows, "llrrrr", columns, (5,)), *more]


def says_something(one: Contrast) -> bool:
    """Return whether an episode was seen on either side: nothing against nothing compares nothing."""
    seen = one.base.tally.observed_s > 0 and one.other.tally.observed_s > 0
    return seen and bool(one.base.tally.episodes or one.other.tally.episodes)


def _order(one: Contrast) -> tuple[bool, int]:
    return not one.cures, (VMALLOC, RW, CLEAN, FLUSH, SWITCHES, LOAD).index(one.lever)


def _row(one: Contrast) -> tuple[str, ...]:
    low = one.comparison.interval.low
    fewer = f">= {low:.3g} x" if one.cures else "no difference"
    return (one.group, changed(one), _rate(one.base), _rate(one.other), fewer, f"{one.p:.2g}")


def _rate(entry: Measured) -> str:
    return f"{entry.tally.episodes / entry.tally.observed_s:.3g}"


def changed(one: Contrast) -> str:
    """Return what was changed, in a word or two."""
    arm = one.other.arm
    return {
        CLEAN: "clean+invalidate",
        FLUSH: "sys_cacheflush",
        RW: "rw access",
        SWITCHES: f"{arm.switches_per_s:g} switches/s",
        LOAD: f"load {arm.load}",
        VMALLOC: "use_vmalloc=0",
    }[one.lever]
