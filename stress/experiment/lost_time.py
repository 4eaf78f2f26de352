"""Tell wrong runs that come with lost time from corruption.

A machine that stalls for longer than a ring loses frames, and sometimes the
driver does not notice: hw_ptr only counts inside the ring, so whole laps vanish
without an xrun. Around such a place the ring is read while it is written, and
shows data one lap old that no cache has anything to do with. Measured on
snd-aloop under emulation: 3840 frames missing (3 laps of 1280) and 1664 frames
one lap old right behind, with no xrun reported.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from stress.model.finding import Analysis, Finding, Kind
from stress.model.wire import BUS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stress.model.ring import Rings

SLIPS = (Kind.DROP, Kind.REPEAT, Kind.INSERT)


def set_apart(analysis: Analysis, rings: Rings, xruns: int) -> Analysis:
    """Mark the findings that lost time explains (`details["transport"]`).

    A finding is marked when, within one lap, frames slip by whole laps of a
    ring, data is newer than it can be, or frames slip by anything at all in a
    burst that had xruns; not when the wire already shows it to be the device's.
    """
    causes = [finding for finding in analysis.findings if _lost_time(finding, rings, xruns)]
    if not causes:
        return analysis
    marked = tuple(
        _mark(finding, cause) if cause else finding
        for finding in analysis.findings
        for cause in [_near(finding, causes, rings.largest)]
    )
    return dataclasses.replace(analysis, findings=marked)


def _lost_time(finding: Finding, rings: Rings, xruns: int) -> str:
    # Where both rings of the host agree with the wire, the host lost no time.
    if finding.injected or finding.details.get("view") == BUS:
        return ""
    if finding.kind is Kind.MISPLACED and _newer(finding, rings):
        return "newer data: the ring was written over while it was read"
    if finding.kind not in SLIPS:
        return ""
    for name, ring in (("playback", rings.playback), ("capture", rings.capture)):
        if ring and finding.frames % ring == 0:
            return f"{finding.frames // ring} whole laps of the {name} ring were lost without an xrun"
    return "the burst had xruns" if xruns else ""


def _newer(finding: Finding, rings: Rings) -> bool:
    # No cache holds what has not been written yet: data a lap ahead of its time
    # is an overrun, noticed or not.
    lag = finding.lag or 0
    return lag < 0 and any(ring and lag % ring == 0 for ring in (rings.playback, rings.capture))


def _near(finding: Finding, causes: Sequence[Finding], lap: int) -> Finding | None:
    if finding.injected:
        return None
    for cause in causes:
        if cause.frame - lap <= finding.frame + finding.frames and finding.frame <= cause.frame + 2 * lap:
            return cause
    return None


def _mark(finding: Finding, cause: Finding) -> Finding:
    reason = f"within a lap of {cause.frames} frames lost or repeated at frame {cause.frame}"
    return finding.with_details(transport=reason)
