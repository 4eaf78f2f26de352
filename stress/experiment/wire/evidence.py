# SPDX-License-Identifier: MIT
"""Which bytes show a finding: those of the stream it was found in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stress.model.arrays import Bytes

if TYPE_CHECKING:
    from stress.experiment.burst import BurstResult
    from stress.model.finding import Analysis
    from stress.model.stimulus import Stimulus


@dataclass(frozen=True)
class Recorded:
    """A stream that was recorded, as what was due; position is its frame.

    Parameters
    ----------
    data : (n,) uint8.
    """

    data: Bytes
    frame_bytes: int

    def fill(self, position: int, out: Bytes) -> None:
        """Write the frames from `position` on into `out`, (n * frame_bytes,) uint8, zeros past the end."""
        part = self.data[position * self.frame_bytes :][: out.size]
        out[: part.size] = part
        out[part.size :] = 0


def sources(
    result: BurstResult, seen: Bytes, captured: Bytes, capture_bytes: int, stimulus: Stimulus
) -> list[tuple[str, Analysis, Bytes, Stimulus]]:
    """Return tag, findings, observed bytes and what was due, per stream with findings of its own.

    Parameters
    ----------
    seen : (n * stimulus.frame_bytes,) uint8, the shared frames of what was captured.
    captured : (n * capture_bytes,) uint8, as it was captured.

    Returns
    -------
    Of each the observed bytes are one of these two, or (n * frame_bytes,) uint8 of the OUT payload.
    """
    views = result.views
    if views is None or not result.by_wire:
        return [("", result.analysis, seen, stimulus)]
    into = Recorded(views.wire.into.data, capture_bytes)
    return [
        ("out-", views.playback, views.out, stimulus),
        ("in-", views.capture, captured, into),
    ]
