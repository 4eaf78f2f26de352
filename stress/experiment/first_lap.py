# SPDX-License-Identifier: MIT
"""What the first lap behind a life-cycle event held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stress.model.finding import Kind
from stress.model.lifecycle import FirstLap

if TYPE_CHECKING:
    from stress.model.finding import Analysis, Finding
    from stress.model.pcm import Exchange

_ORDER = (FirstLap.ROTATED, FirstLap.STALE, FirstLap.LOST, FirstLap.WRONG)
_KINDS = {
    Kind.SWAP: FirstLap.ROTATED,
    Kind.STALE: FirstLap.STALE,
    Kind.DROP: FirstLap.LOST,
}


def first_lap(analysis: Analysis, exchange: Exchange, lap: int) -> tuple[FirstLap, int]:
    """Return what the first lap of a burst held, and how many of its frames are not right.

    Parameters
    ----------
    analysis : of the burst behind the event; its injected findings do not count.
    lap : frames of the larger ring.

    Returns
    -------
    The worst that applies, in the order of `FirstLap`: a stream that is lost or
    mute, then rotated, stale, lost and otherwise wrong frames.
    """
    if exchange.lost is not None:
        return FirstLap.GONE, 0
    if not analysis.locked or analysis.first_frame is None:
        return (FirstLap.XRUN if exchange.xruns else FirstLap.MUTE), 0
    end = analysis.first_frame + lap
    near = [finding for finding in analysis.findings if not finding.injected and finding.frame < end]
    found = {_outcome(finding) for finding in near}
    frames = sum(min(finding.frames, max(0, end - finding.frame)) for finding in near)
    return next((outcome for outcome in _ORDER if outcome in found), FirstLap.RIGHT), frames


def _outcome(finding: Finding) -> FirstLap:
    # The start of the pattern that never came: zeros, or whatever lay there (`alignment.settle`).
    if finding.details.get("start"):
        return FirstLap.LOST
    return _KINDS.get(finding.kind, FirstLap.WRONG)
