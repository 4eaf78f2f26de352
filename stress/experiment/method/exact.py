# SPDX-License-Identifier: MIT
"""The exact detector as the judge of a run: the pattern, inverted frame by frame."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from stress.detect.exact.checker import check
from stress.detect.exact.expected import Expected
from stress.detect.exact.findings import CAP
from stress.detect.path.fade import named_fades
from stress.detect.path.judge import judge_behind
from stress.detect.path.suspect import Suspicion, suspected
from stress.experiment import positive_control
from stress.experiment.method.detector import CheckResult
from stress.model.arrays import Bytes
from stress.model.finding import Analysis
from stress.model.path import Path

if TYPE_CHECKING:
    from stress.model.ring import Rings
    from stress.patterns.word import Pattern


class ByPattern:
    """Kind, place, age and ring of every wrong frame of a bit-exact loopback.

    Parameters
    ----------
    line_bytes : cache line of the board [bytes].
    """

    name, loopback = "exact", "digital"
    rules = wire_rules = positive_control.EXACT

    def __init__(self, pattern: Pattern, line_bytes: int) -> None:
        self.stimulus, self._line_bytes = pattern, line_bytes

    def unfit(self, rings: Rings, frames: int) -> str:
        """Return "": no two positions of the pattern are alike."""
        return ""

    def check(self, captured: Bytes, rings: Rings, position: int, due: int, planted: int = 0) -> CheckResult:
        """Judge what came back; see `Detector.check`."""
        found = self.check_wire(captured, rings, position, due, planted)
        behind = self._behind(found, captured, self._expected(rings, position, due, planted))
        if not self.stimulus.fmt.native:
            return CheckResult(behind)
        size = self.stimulus.frame_bytes
        return CheckResult(
            named_fades(behind, self.stimulus, lambda first, stop: captured[first * size : stop * size])
        )

    def _expected(self, rings: Rings, position: int, due: int, planted: int) -> Expected:
        return Expected(
            self.stimulus,
            rings,
            first_position=position,
            played_limit=due,
            line_bytes=self._line_bytes,
            cap=CAP + planted,
        )

    def _behind(self, found: Analysis, captured: Bytes, expected: Expected) -> Analysis:
        # A path that is not bit-exact is named, and taken off where nothing is lost by it.
        fmt, channels = self.stimulus.fmt, self.stimulus.channels
        if not fmt.native or not len(captured):
            return found
        size, suspicion = self.stimulus.frame_bytes, Suspicion.WHOLLY
        if found.locked:
            suspicion = suspected(
                found, self.stimulus, lambda first, stop: captured[first * size : stop * size]
            )
        if suspicion is Suspicion.NONE:
            first = found.first_frame or 0
            return replace(found, path=Path.bit_exact(channels, fmt.bits, first, found.valid_bits))
        behind = judge_behind(
            [captured],
            self.stimulus,
            expected.rings,
            first_position=expected.first_position,
            played_limit=expected.played_limit,
            line_bytes=expected.line_bytes,
            cap=expected.cap,
            locked=found.lock,
            suspicion=suspicion,
        )
        if behind.blind:
            return Analysis("exact", False, found.frames, path=behind.path)
        if behind.analysis is None:
            return found if found.locked else replace(found, path=behind.path)
        if behind.path is not None and behind.path.exact and not behind.changes:
            return found
        return replace(behind.analysis, path=behind.path)

    def check_wire(self, payload: Bytes, rings: Rings, position: int, due: int, planted: int = 0) -> Analysis:
        """Judge bytes that no converter has touched: see `Detector`."""
        return check(payload, self._expected(rings, position, due, planted))

    def same_bytes(self, analysis: Analysis) -> bool:
        """Return whether the path carries every bit of the format."""
        exact = analysis.path is None or analysis.path.exact
        return exact and analysis.locked and analysis.valid_bits in (None, self.stimulus.fmt.bits)
