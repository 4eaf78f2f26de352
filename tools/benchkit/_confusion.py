# SPDX-License-Identifier: MIT
"""What was named for what was planted: counts of one case, tables and sums of all."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stress.report.table import table
from stress.stats.counts import clopper_pearson
from stress.verdict.cause import ALIASES, Cause

# What a diagnosis says when it names none.
NO_CAUSE = (Cause.NOT_REPRODUCED.value, Cause.CANNOT_TELL.value)


@dataclass(frozen=True)
class Cell:
    """One case under one mitigation, over all seeds.

    `usb_words` are the runs on another transport whose text speaks of USB.
    """

    case: str
    mitigation: str
    expected: str
    named: Counter[str]
    usb_words: int = 0

    @property
    def right(self) -> int:
        """Runs in which what was planted was named, side and mechanism included."""
        return self.named[self.expected]

    @property
    def false(self) -> int:
        """Runs in which a cause was named that was not there."""
        return sum(
            number
            for name, number in self.named.items()
            if name not in NO_CAUSE and name.partition("/")[0] != self.expected.partition("/")[0]
        )

    def to_json(self) -> dict[str, Any]:
        """Return the cell as a JSON object, as `merged` reads it."""
        # asdict() makes a Counter anew from pairs, and counts those.
        return {**vars(self), "named": dict(self.named)}

    @property
    def alias_on_clean(self) -> int:
        """Runs in which a cache alias was named where no cache was at fault."""
        if _is_alias(self.expected):
            return 0
        return sum(number for name, number in self.named.items() if _is_alias(name))


def _is_alias(name: str) -> bool:
    return name.partition("/")[0] in {cause.value for cause in ALIASES}


def merged(files: Sequence[str]) -> list[Cell]:
    """Return the cells of several files of `tools/bench diagnose --json`, added up by case.

    Raises
    ------
    OSError, ValueError, KeyError, TypeError : a file is none of these.
    """
    found: dict[tuple[str, str], Cell] = {}
    for file in files:
        for part in json.loads(Path(file).read_text(encoding="utf-8"))["cells"]:
            cell = Cell(**{**part, "named": Counter(part["named"])})
            place = (cell.case, cell.mitigation)
            old = found.get(place, Cell(*place, cell.expected, Counter()))
            found[place] = Cell(*place, cell.expected, old.named + cell.named, old.usb_words + cell.usb_words)
    return list(found.values())


def listing(done: Sequence[Cell]) -> list[str]:
    """Return one line per case: what had to be named, how often it was, and what else was."""
    body = []
    for cell in done:
        other = ", ".join(
            f"{name} ({number})" for name, number in cell.named.items() if name != cell.expected
        )
        runs = f"{cell.right}/{sum(cell.named.values())}"
        body.append((cell.case, cell.expected.replace("/", " "), runs, other.replace("/", " ") or "-"))
    return table(("planted", "has to be named", "was", "otherwise"), body, "llrl")


def confusion(done: Sequence[Cell]) -> list[str]:
    """Return the table cause planted x cause named, without mitigation."""
    plain = [cell for cell in done if cell.mitigation == "none"]
    names = list(dict.fromkeys(_short(name) for cell in plain for name in (cell.expected, *cell.named)))
    body = []
    for cell in plain:
        counted = Counter(dict.fromkeys(names, 0))
        for name, number in cell.named.items():
            counted[_short(name)] += number
        body.append((cell.case, *(counted[name] or "." for name in names)))
    return [
        "cause planted (rows) x cause named (columns)",
        *table(("planted", *names), body, "l" + "r" * len(names)),
    ]


def _short(name: str) -> str:
    cause, _, rest = name.partition("/")
    return rest.replace("playback/", "").replace("capture/", "").replace("/", " ") or cause


def matrix(done: Sequence[Cell]) -> list[str]:
    """Return the table cause planted x mitigation: runs named as they have to be."""
    kinds = list(dict.fromkeys(cell.mitigation for cell in done))
    by_case: dict[str, dict[str, Cell]] = {}
    for cell in done:
        by_case.setdefault(cell.case, {})[cell.mitigation] = cell

    def entry(cell: Cell) -> str:
        return f"{cell.right}/{sum(cell.named.values())} {cell.expected.partition('/')[0]}"

    body = [(case, *(entry(row[kind]) for kind in kinds if kind in row)) for case, row in by_case.items()]
    return ["named as it has to be, by mitigation", *table(("planted", *kinds), body, "l" * (1 + len(kinds)))]


def summary(done: Sequence[Cell]) -> list[str]:
    """Return how many runs were named rightly, how many wrongly, and the two that must not be."""
    right, false = (sum(getattr(cell, name) for cell in done) for name in ("right", "false"))
    trials = sum(sum(cell.named.values()) for cell in done)
    if not trials:
        return ["nothing was run"]
    low, high = clopper_pearson(right, trials).low, clopper_pearson(false, trials).high
    return [
        f"{right} of {trials} named rightly (95 % interval from {100 * low:.1f} %)",
        f"{false} of {trials} with a cause that was not there (95 % interval to {100 * high:.2f} %)",
        f"{sum(cell.alias_on_clean for cell in done)} with a cache alias where no cache was at fault",
        f"{sum(cell.usb_words for cell in done)} that speak of USB where the card is none",
    ]
