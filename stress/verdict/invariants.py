# SPDX-License-Identifier: MIT
"""What has to hold between the numbers of one burst; a record that breaks it is inconsistent."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from stress.model.formats import MAX_CHANNELS

if TYPE_CHECKING:
    from stress.model.record.analysis import AnalysisRecord
    from stress.model.record.burst import BurstRecord

# Ring lines that one frame can lie in. Source: 64 channels of 8 bytes (stress.model.formats) in lines of 16
# bytes, in two rings. Higher: lines that were never there count as exposure; lower: a real burst is called
# inconsistent.
MOST_LINES = 2 * MAX_CHANNELS * 8 // 16


def broken(burst: BurstRecord) -> str:
    """Return the first thing that cannot be, "" for a burst whose numbers go together."""
    analysis, control = burst.analysis, burst.control
    over = _more_than_streamed(burst)
    if over:
        return over
    found, kept = sum(analysis.counts.values()), len(analysis.findings)
    if kept + analysis.findings_left_out != found:
        return f"{kept} findings kept and {analysis.findings_left_out} left out, of {found} found"
    # Nearly all bursts of a long record have none.
    unlike = _by_kind_and_place(analysis, found) if found or analysis.sites else ""
    if unlike:
        return unlike
    if control.found + control.covered > control.planted:
        return f"{control.found} found and {control.covered} covered, of {control.planted} injected faults"
    if burst.episodes > found:
        return f"{burst.episodes} episodes of {found} findings"
    longest = max((finding.frames for finding in analysis.findings if finding.real), default=0)
    if analysis.wrong_frames < longest:
        return f"{analysis.wrong_frames} wrong frames, and a finding of {longest}"
    return ""


def _by_kind_and_place(analysis: AnalysisRecord, found: int) -> str:
    for kind, number in Counter(finding.kind for finding in analysis.findings).items():
        if number > analysis.counts.get(kind, 0):
            return f"{number} {kind} findings kept, of {analysis.counts.get(kind, 0)} found"
    placed = sum(site.number for site in analysis.sites)
    if placed != found or any(site.number < 0 for site in analysis.sites):
        return f"{placed} findings by place, of {found} found"
    return ""


def _more_than_streamed(burst: BurstRecord) -> str:
    # Records that do not say how much was captured hold 0 frames. Judged from the bus, both directions count.
    analysis, sides = burst.analysis, (burst.exchange.playback, burst.exchange.capture)
    streamed = analysis.frames + sum(side.frames for side in sides)
    if analysis.frames > 0 and streamed < analysis.checked_frames:
        return f"{analysis.checked_frames} frames checked, of {streamed} streamed"
    most = MOST_LINES * streamed
    if streamed and burst.exposure.lines > most:
        return f"{burst.exposure.lines} ring lines checked, of at most {most} streamed"
    return ""
