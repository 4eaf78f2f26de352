# SPDX-License-Identifier: MIT
"""What has to hold between the numbers of one burst; a record that breaks it is inconsistent."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stress.model.record.burst import BurstRecord
    from stress.model.record.proof import ControlRecord


def broken(burst: BurstRecord) -> str:
    """Return the first thing that cannot be, "" for a burst whose numbers go together."""
    analysis, control = burst.analysis, burst.control
    if not analysis.findings and not analysis.counts and not analysis.sites:
        # Nearly all bursts of a long record: what is left to hold is what holds for every one.
        if analysis.findings_left_out:
            return f"0 findings kept and {analysis.findings_left_out} left out, of 0 found"
        return _control(control)
    found, kept = sum(analysis.counts.values()), len(analysis.findings)
    if kept + analysis.findings_left_out != found:
        return f"{kept} findings kept and {analysis.findings_left_out} left out, of {found} found"
    for kind, number in Counter(finding.kind for finding in analysis.findings).items():
        if number > analysis.counts.get(kind, 0):
            return f"{number} {kind} findings kept, of {analysis.counts.get(kind, 0)} found"
    placed = sum(site.number for site in analysis.sites)
    if placed != found or any(site.number < 0 for site in analysis.sites):
        return f"{placed} findings by place, of {found} found"
    if _control(control):
        return _control(control)
    frames = max((finding.frames for finding in analysis.findings if finding.real), default=0)
    if analysis.wrong_frames < frames:
        return f"{analysis.wrong_frames} wrong frames, and a finding of {frames}"
    return ""


def _control(control: ControlRecord) -> str:
    if control.found + control.covered <= control.planted:
        return ""
    return f"{control.found} found and {control.covered} covered, of {control.planted} injected faults"
