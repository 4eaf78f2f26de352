# SPDX-License-Identifier: MIT
"""The table of the experiments: predicted, observed, served, found."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from stress.model.pcm import Direction
from stress.plan.plan import Arm
from stress.report.table import table
from stress.stats import dose
from tools.labkit.emulator_truth import Agreement
from tools.labkit.experiment_store import Result

_HEADS = ("suite", "arm", "ring", "predicted", "observed")
_COUNTS = ("served", "found", "misplaced", "missed", "false", "off")


@dataclasses.dataclass(frozen=True)
class Row:
    """One arm of a suite.

    `predicted` is the share of wrong lines [%]; `on` and `off` what was seen with
    the cache and without it, None where nothing was.
    """

    suite: str
    arm: Arm
    predicted: float
    on: Result | None
    off: Result | None

    @property
    def good(self) -> bool:
        """Whether everything served was found and nothing else, and nothing without the cache."""
        whole = self.on is None or self.on.seen.whole
        return whole and (self.off is None or not (self.off.seen.wrong or self.off.seen.false))

    @property
    def cells(self) -> tuple[object, ...]:
        """The cells of its line."""
        arm = self.arm
        ring = arm.capture_buffer if arm.side == Direction.CAPTURE.value else arm.playback_buffer
        head = (self.suite, arm.name, 4 * ring, f"{self.predicted:.2f} %")
        if self.on is None or self.on.reason:
            return (*head, *["-"] * (1 + len(_COUNTS)))
        seen = self.on.seen
        off = "-" if self.off is None or self.off.reason else self.off.seen.wrong + self.off.seen.false
        return (*head, percent(seen), seen.served, seen.found, seen.misplaced, seen.missed, seen.false, off)


def lines(rows: Sequence[Row]) -> list[str]:
    """Return the table, the reasons of empty cells, and the fitted exposure times."""
    text = table((*_HEADS, *_COUNTS), [row.cells for row in rows], "llrrrrrrrrr")
    for row in rows:
        if row.on and row.on.reason:
            text.append(f"{row.suite} {row.arm.name}: not run: {row.on.reason}")
        elif row.on and row.on.xruns:
            text.append(f"{row.suite} {row.arm.name}: {row.on.xruns} xruns, judged up to the first")
    return text + _doses(rows)


def percent(seen: Agreement) -> str:
    """Return the share of wrong frames as text."""
    return f"{100 * seen.wrong / seen.checked:.2f} %" if seen.checked else "no lock"


def _doses(rows: Sequence[Row]) -> list[str]:
    text = []
    for suite, group in dict.fromkeys((row.suite, row.arm.group) for row in rows if row.arm.switches_per_s):
        seen = [
            (row.arm.switches_per_s, row.on.seen.wrong, row.on.seen.checked)
            for row in rows
            if (row.suite, row.arm.group) == (suite, group)
            and row.on
            and not row.on.reason
            and row.arm.access == "mmap"
            and row.arm.lever == "none"
        ]
        fit = dose.fit(seen)
        if fit is not None:
            text.append(
                f"{suite} {group}: context switches thin it out as if lines were exposed for "
                f"{1000 * fit.exposure_s:.3g} +- {1000 * fit.error_s:.2g} ms (p = {fit.p:.2g})"
            )
    return text
