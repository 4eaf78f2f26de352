# SPDX-License-Identifier: MIT
"""What a detector says of a capture made elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stress.detect.spectral import SpectralAnalysis
    from stress.model.finding import Analysis


@dataclass(frozen=True)
class Found:
    """What a detector says of a capture.

    Attributes
    ----------
    extra : keys added to the JSON object.
    advice : what keeps a clean capture from PASS, one line each.
    lines : what the text output adds.
    missing, ask : what to say without a lock: what was not found, and what to look at.
    exposed : frames in which stale data would have shown, None for all checked.
    spectral : the whole result of the host tier, for the page.
    unexplained : places that are wrong in a way no ring data explains.
    known : what the capture holds is known, and it can not be judged.
    """

    analysis: Analysis
    extra: dict[str, Any]
    advice: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    missing: str = "the pattern was not found"
    ask: str = "was it played at 0 dB, through a bit-exact path, in this format and order of channels"
    exposed: int | None = None
    spectral: SpectralAnalysis | None = None
    unexplained: int = 0
    known: bool = False

    @property
    def exposed_frames(self) -> int:
        """Frames that count as exposure."""
        return self.analysis.checked_frames if self.exposed is None else self.exposed

    def with_advice(self, line: str) -> Found:
        """Return the same with one more reason why it is no PASS."""
        return replace(
            self, advice=(*self.advice, line), extra={**self.extra, "advice": [*self.advice, line]}
        )

    def with_notes(self, notes: tuple[str, ...]) -> Found:
        """Return the same with `notes` on the file before those on what it holds."""
        return replace(self, analysis=replace(self.analysis, notes=(*notes, *self.analysis.notes)))
