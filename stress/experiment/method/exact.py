"""The exact detector as the judge of a run: the pattern, inverted frame by frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stress.detect.exact.checker import check
from stress.detect.exact.findings import CAP
from stress.experiment import positive_control
from stress.experiment.method.detector import CheckResult

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from stress.model.finding import Analysis
    from stress.model.ring import Rings
    from stress.patterns.word import Pattern

    Bytes = NDArray[np.uint8]


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
        return CheckResult(self.check_wire(captured, rings, position, due, planted))

    def check_wire(self, payload: Bytes, rings: Rings, position: int, due: int, planted: int = 0) -> Analysis:
        """Judge bytes that no converter has touched."""
        return check(
            payload,
            self.stimulus,
            rings,
            first_position=position,
            played_limit=due,
            line_bytes=self._line_bytes,
            cap=CAP + planted,
        )

    def same_bytes(self, analysis: Analysis) -> bool:
        """Return whether the path carries every bit of the format."""
        return analysis.locked and analysis.valid_bits in (None, self.stimulus.fmt.bits)
