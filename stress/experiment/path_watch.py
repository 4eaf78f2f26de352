# SPDX-License-Identifier: MIT
"""The path of a run: said where it is first seen and where it changes, and compared from burst to burst."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Callable

from stress.detect.path.judge import moved_since
from stress.detect.path.words import sentence
from stress.experiment.loopback_detection import behind

if TYPE_CHECKING:
    from stress.experiment.burst import BurstResult
    from stress.experiment.method.detector import Detector
    from stress.model.finding import Analysis
    from stress.model.path import Path
    from stress.record.journal import Journal


@dataclass
class PathWatch:
    """What is known of the path between the two ends, burst after burst.

    Parameters
    ----------
    suspects : looks for what on this machine may change samples, a line each; called once, where the path
        is not bit-exact.

    Threads: one, between bursts.
    """

    journal: Journal
    suspects: Callable[[], list[str]]
    _said: str = field(default="", init=False)
    _first: Path | None = field(default=None, init=False)
    _beneath: tuple[str, Path] | None = field(default=None, init=False)

    def say(self, path: Path | None, judge: Detector) -> None:
        """Record what stands between the two ends, where that is not what was said last."""
        said = "" if path is None or path.exact else sentence(path)
        if path is None or not said or said == self._said:
            return
        # Where the path changes again nothing new is looked for.
        here = () if self._said else self.suspects()
        self._said = said
        if judge.name != "exact":
            self._beneath = judge.name, path
        self.journal.append(behind(path, judge, here))

    def compared(self, result: BurstResult) -> BurstResult:
        """Return a burst with a finding where its path is another than that of the first one.

        Volumes and channels keep still in a run: another path is damage.
        """
        analysis = result.analysis
        if self._beneath is not None and analysis.detector == self._beneath[0]:
            # Another stimulus does not show the path: it is the one that called for it.
            return _with(result, replace(analysis, path=self._beneath[1]))
        if analysis.path is None or not analysis.locked or result.exchange.xruns or result.by_wire:
            # Where the bus judges, the path is only as sure as one burst shows it.
            return result
        self._first = self._first or analysis.path
        found = moved_since(self._first, analysis)
        return result if found is analysis else _with(result, found)


def _with(result: BurstResult, analysis: Analysis) -> BurstResult:
    return replace(result, heard=replace(result.heard, analysis=analysis))
