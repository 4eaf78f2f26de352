# SPDX-License-Identifier: MIT
"""What the first lap behind a life-cycle event held."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, NamedTuple

from stress.experiment.alignment import LOST_START
from stress.model.finding import Analysis, Finding, Kind
from stress.model.lifecycle import FirstLap
from stress.model.stimulus import POSITIONS
from stress.model.words import counted

if TYPE_CHECKING:
    from collections.abc import Collection

    from stress.model.pcm import Exchange

# What a lap with findings of a kind is called, the worst first; a kind that is not here is `WRONG`.
OF_KIND = {
    Kind.SWAP: FirstLap.ROTATED,
    Kind.ROTATE: FirstLap.ROTATED,
    Kind.STALE: FirstLap.STALE,
    Kind.DROP: FirstLap.LOST,
    Kind.REPEAT: FirstLap.REPEATED,
    Kind.ZERO: FirstLap.MUTE,
    Kind.MUTE: FirstLap.MUTE,
}
_WORST = (*dict.fromkeys(OF_KIND.values()), FirstLap.WRONG)


class Start(NamedTuple):
    """How a burst began.

    Parameters
    ----------
    lead : captured frames before the place of the first frame that was played, less those
        that capture was ahead of playback where the pointers of both are known: what is
        left is the way through the card, whenever the two were started.
    missing : of the first frames played, how many never came.
    """

    lead: int
    missing: int

    @classmethod
    def of(cls, analysis: Analysis, exchange: Exchange, position: int) -> Start | None:
        """Return how a burst from `position` began; None where nothing was recognised."""
        if analysis.lock is None:
            return None
        first_frame, first_position = analysis.lock
        told = [finding.frames for finding in analysis.findings if finding.details.get("start")]
        missing = (first_position - position) % POSITIONS
        return cls(_lead(first_frame, exchange), missing + sum(told))


def _lead(first_frame: int, exchange: Exchange) -> int:
    played, taken = exchange.playback.hw_ptr, exchange.capture.hw_ptr
    return first_frame if played is None or taken is None else first_frame - (taken - played)


def with_lost_start(analysis: Analysis, exchange: Exchange, position: int, usual: Start | None) -> Analysis:
    """Return `analysis` with a finding for first frames that are missing behind an event only.

    A stream may begin before its capture does, so a late start alone says nothing; that the
    first burst of the arm, which no event stands before, began earlier does.

    Parameters
    ----------
    position : pattern position of the first frame played.
    usual : how the first burst of the arm began.
    """
    began, lock = Start.of(analysis, exchange, position), analysis.lock
    if began is None or lock is None or usual is None or analysis.first_position == position:
        return analysis
    lost = began.missing - usual.missing
    if not 0 < lost < POSITIONS // 2:
        return analysis
    # Said once: without an event before it, it would be taken for lost time.
    analysis = analysis.without([one for one in analysis.findings if one.details.get(LOST_START)])
    found = Finding(
        kind=Kind.DROP,
        frame=lock[0],
        frames=lost,
        position=position,
        details={"start": True},
        text=f"The first {counted(lost, 'frame')} of the pattern never came; without the event they did.",
    )
    wrong, episodes = analysis.wrong_frames + lost, analysis.episodes + 1
    return dataclasses.replace(analysis.adding(found), wrong_frames=wrong, episodes=episodes)


def first_lap(
    analysis: Analysis, exchange: Exchange, lap: int, usual: Start | None = None
) -> tuple[FirstLap, int]:
    """Return what the first lap of a burst held, and how many of its frames are not right.

    Parameters
    ----------
    analysis : of the burst behind the event; its injected findings do not count.
    lap : frames of the larger ring.
    usual : how the first burst of the arm began.

    Returns
    -------
    The worst that applies, in the order of `FirstLap`: a stream that is lost or
    mute, then rotated, stale, lost, repeated, silent and otherwise wrong frames.
    """
    if exchange.lost is not None:
        return FirstLap.GONE, 0
    if analysis.lock is None:
        return (FirstLap.XRUN if exchange.xruns else FirstLap.MUTE), 0
    first_frame, first_position = analysis.lock
    end = first_frame + lap
    near = [finding for finding in analysis.findings if not finding.injected and finding.frame < end]
    found = {_outcome(finding, first_position, _lead(first_frame, exchange), usual) for finding in near}
    frames = sum(min(finding.frames, end - finding.frame) for finding in near)
    return worst(found), frames


def worst(found: Collection[FirstLap]) -> FirstLap:
    """Return what a lap is called in which each of these was found: the worst of them."""
    return next((one for one in _WORST if one in found), FirstLap.RIGHT)


def _outcome(finding: Finding, first_position: int, lead: int, usual: Start | None) -> FirstLap:
    if _older(finding, first_position):
        return FirstLap.STALE
    if finding.details.get("start"):
        return FirstLap.MUTE if _in_its_place(finding, lead, usual) else FirstLap.LOST
    return OF_KIND.get(finding.kind, FirstLap.WRONG)


def _older(finding: Finding, first_position: int) -> bool:
    # Of the pattern, and played before the first frame of this burst was.
    lag = finding.lag or 0
    return finding.kind is Kind.MISPLACED and lag > (finding.position - first_position) % POSITIONS


def _in_its_place(finding: Finding, lead: int, usual: Start | None) -> bool:
    # Silence in the place of the first frames leaves the rest where it always is; frames
    # that were lost let it come earlier by their number.
    if finding.kind is not Kind.ZERO or usual is None:
        return False
    return abs(lead - usual.lead) <= abs(lead + finding.frames - usual.lead)
