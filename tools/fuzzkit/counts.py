# SPDX-License-Identifier: MIT
"""What the cases of each family came to, summed over the pieces of a series, and its table."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stress.report.table import table
from tools.fuzzkit.judge import MOST_BYTES, MOST_S, Outcome

_BOUNDS = (f"above {MOST_BYTES >> 20} MB", f"above {MOST_S} s")
_HEADS = ("family", "cases", *_BOUNDS, "internal errors", "other", "most MB", "most s", "mean ms")


@dataclass
class Counts:
    """Sums over the cases of one family.

    Parameters
    ----------
    wrong : how often each defect was seen.
    peak_bytes, most_s : largest memory and longest processor time of a case [bytes, s].
    cpu_s : processor time of all cases [s].
    """

    cases: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    peak_bytes: int = 0
    most_s: float = 0.0
    cpu_s: float = 0.0

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Count these outcomes."""
        for outcome in outcomes:
            self.cases += 1
            self.wrong.update([outcome.wrong] if outcome.wrong else [])
            self.peak_bytes = max(self.peak_bytes, outcome.peak_bytes)
            self.most_s = max(self.most_s, outcome.cpu_s)
            self.cpu_s += outcome.cpu_s

    def join(self, other: Counts) -> None:
        """Add the sums of `other`."""
        self.cases += other.cases
        self.wrong += other.wrong
        self.peak_bytes = max(self.peak_bytes, other.peak_bytes)
        self.most_s = max(self.most_s, other.most_s)
        self.cpu_s += other.cpu_s

    def row(self, name: str) -> tuple[str, ...]:
        """Return the cells of the table."""
        memory = sum(
            times for text, times in self.wrong.items() if text == f"more than {MOST_BYTES >> 20} MB"
        )
        slow = sum(times for text, times in self.wrong.items() if text == f"more than {MOST_S} s")
        ours = sum(times for text, times in self.wrong.items() if "internal error" in text or "Error" in text)
        rest = sum(self.wrong.values()) - memory - slow - ours
        mean = 1000 * self.cpu_s / self.cases if self.cases else 0.0
        ends = (f"{self.peak_bytes / (1 << 20):.0f}", f"{self.most_s:.2f}", f"{mean:.1f}")
        return (name, *(str(count) for count in (self.cases, memory, slow, ours, rest)), *ends)


class Series:
    """The sums of a series by family, kept in a file so that another piece goes on behind it.

    Parameters
    ----------
    path : "" keeps nothing. A piece of another seed has its own numbers in the same file.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self.families: dict[str, Counts] = {}
        self._next: Counter[tuple[int, str]] = Counter()
        if path and Path(path).exists():
            for line in Path(path).read_text(encoding="utf-8").splitlines():
                self._count(json.loads(line))

    @property
    def cases(self) -> int:
        """Cases of all families."""
        return sum(counts.cases for counts in self.families.values())

    def behind(self, seed: int, family: str) -> int:
        """Return the number of the next case of a family with this seed."""
        return self._next[seed, family]

    def add(self, seed: int, family: str, piece: Counts) -> None:
        """Count a piece, and keep it."""
        line = {
            **{"seed": seed, "family": family, "cases": piece.cases, "wrong": dict(piece.wrong)},
            **{"peak_bytes": piece.peak_bytes, "most_s": piece.most_s, "cpu_s": piece.cpu_s},
        }
        self._count(line)
        if self._path:
            with open(self._path, "a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")

    def _count(self, line: dict[str, Any]) -> None:
        values = dict(line)
        seed, family = values.pop("seed"), values.pop("family")
        piece = Counts(wrong=Counter(values.pop("wrong")), **values)
        self.families.setdefault(family, Counts()).join(piece)
        self._next[seed, family] += piece.cases

    def lines(self, order: Sequence[str]) -> list[str]:
        """Return the table: a row for each family, and one for all."""
        whole, rows = Counts(), []
        for name in [*order, *(name for name in self.families if name not in order)]:
            counts = self.families.get(name, Counts())
            whole.join(counts)
            rows.append(counts.row(name))
        return table(_HEADS, [*rows, whole.row("all")], "lrrrrrrrr")
