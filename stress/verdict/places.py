# SPDX-License-Identifier: MIT
"""Where the wrong frames of an arm lie in its rings and in time, over all its bursts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stress.model.histogram import Axes, Histogram
from stress.model.ring import Rings

if TYPE_CHECKING:
    from stress.model.record.burst import BurstRecord
    from stress.model.record.events import OpenRecord

# Planes of one arm. Source: two rings and what belongs to none, and an arm that was opened anew with
# other rings. Higher: a record made by hand fills the memory; lower: rings are missing, which is said.
MOST_PLANES = 12


@dataclass
class Places:
    """The histograms of the bursts of one arm, added up.

    Attributes
    ----------
    histogram : of all bursts; time runs from the begin of each.
    bursts : that hold wrong frames.
    frames, rate : of the longest burst [frames, Hz]; rate 0 where none was recorded.
    line_bytes : of the cache.
    unplaced : wrong frames that lie in no cell: an older record keeps the place of some findings only.
    older : bursts whose record has no histogram.
    """

    histogram: Histogram = field(default_factory=Histogram)
    bursts: int = 0
    frames: int = 0
    rate: int = 0
    line_bytes: int = 32
    unplaced: int = 0
    older: int = 0

    def add(self, burst: BurstRecord, wrong: int, opened: OpenRecord | None) -> None:
        """Add a burst with so many wrong frames that count."""
        params = opened.granted.capture or opened.granted.playback if opened else None
        self.rate = params.rate if params else self.rate
        self.frames = max(self.frames, burst.analysis.frames, _end(burst))
        self.line_bytes = burst.exposure.line_bytes
        if not wrong and burst.analysis.histogram is None:
            return
        self.bursts += 1
        made = self._of(burst, opened)
        if len({*self.histogram.planes, *made.planes}) > MOST_PLANES:
            self.unplaced += wrong
            return
        self.histogram.merge(made)
        self.unplaced += wrong - made.frames

    def _of(self, burst: BurstRecord, opened: OpenRecord | None) -> Histogram:
        kept = burst.analysis.histogram
        if kept is not None:
            return kept.counted()
        self.older += 1
        made = Histogram(axes_of(burst, opened))
        for finding in burst.analysis.findings:
            if finding.real:
                made.add(finding)
        made.cover(burst.analysis.frames)
        return made


def _end(burst: BurstRecord) -> int:
    # A detector may count more frames than it was given where the wire was judged: none lies outside.
    return max((one.frame + one.frames for one in burst.analysis.findings if one.real), default=0)


def axes_of(burst: BurstRecord, opened: OpenRecord | None) -> Axes:
    """Return where the frames of a burst lie in its rings, as far as its record tells."""
    granted = opened.granted if opened else None
    playback, capture = (granted.playback, granted.capture) if granted else (None, None)
    known = capture or playback
    rings = Rings(
        playback.buffer_size if playback else None,
        capture.buffer_size if capture else None,
        playback_bytes=playback.frame_bytes if playback else None,
        capture_bytes=capture.frame_bytes if capture else None,
    )
    return Axes(rings, known.frame_bytes if known else 4, burst.position, burst.exposure.line_bytes)
