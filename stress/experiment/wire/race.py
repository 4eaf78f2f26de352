# SPDX-License-Identifier: MIT
"""Packets that were read while the driver still copied them: several CPUs only.

snd-usb-audio moves hw_ptr before it copies the packet into the ring, outside
the lock (Linux sound/usb/pcm.c, retire_capture_urb). On another CPU a reader
that goes up to hw_ptr gets the end of the packet as it was one lap ago.
Measured on an emulated ARMv7 with two CPUs and much load: 16 frames in 467712,
with rw access. A kernel for a VIVT cache runs on one CPU (asm/mmu_context.h),
where nobody reads between the two steps.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from stress.model.finding import Analysis, Kind
from stress.model.transport import USB, TransportRecord

if TYPE_CHECKING:
    from stress.model.finding import Finding
    from stress.model.wire import Wire

RACE = "read while the driver copied the packet: on several CPUs it moves hw_ptr first"

# Packets of one burst that may be called read too early where the bus was not seen. Source: the copy of one
# packet in some 2000 bursts was caught. Higher: a mechanism that ages the end of each packet is excused;
# lower: a machine that stalls twice is called corrupt.
MOST_UNSEEN = 3


def set_apart_races(analysis: Analysis, wire: Wire, frame_bytes: int) -> Analysis:
    """Mark stale runs that are the end of one IN packet (`details["transport"]`).

    With them the frame before, where it is wrong too: half of it was copied. So may be the
    only one, the last frame of the packet (`details["torn"]`).

    Only where there are several CPUs; a cache makes whole lines stale, also
    such that end with a packet.
    """
    if not wire.several_cpus:
        return analysis
    starts = wire.into.starts // frame_bytes
    ends = set(starts.tolist()) | {wire.into.data.size // frame_bytes}
    findings: list[Finding] = []
    tail: Finding | None = None
    for finding in reversed(analysis.findings):
        torn = tail is not None and _is_torn(finding, tail, ends)
        tail = finding if _is_tail(finding, starts, ends) else None
        if torn or tail:
            finding = finding.with_details(transport=RACE)
        findings.append(finding)
    return dataclasses.replace(analysis, findings=tuple(reversed(findings)))


def _is_torn(finding: Finding, tail: Finding, ends: set[int]) -> bool:
    # The copy goes on by bytes: the frame it had reached is half new and of no age.
    reached = finding.frame + finding.frames == tail.frame and finding.frames == 1
    return reached and not finding.injected and tail.position not in ends


def _is_tail(finding: Finding, starts: np.ndarray[tuple[int], np.dtype[np.int64]], ends: set[int]) -> bool:
    # In the stream that came in, `position` is the frame.
    last = finding.position + finding.frames
    old = finding.kind in (Kind.STALE, Kind.ZERO) or finding.details.get("torn", False)
    if finding.injected or not old or last not in ends:
        return False
    packet = int(np.searchsorted(starts, finding.position, side="right")) - 1
    return packet == int(np.searchsorted(starts, last - 1, side="right")) - 1


def set_apart_unseen_races(analysis: Analysis, transport: TransportRecord, rate: int) -> Analysis:
    """Mark old runs of a burst whose bus was not seen that are what such a race leaves.

    Only on USB cards, on machines with several CPUs whose caches the devices see: no line of a
    cache can be old there. A run is shorter than a packet, one lap of the capture ring old,
    does not fill whole lines, and there are at most `MOST_UNSEEN`.
    """
    if transport.kind != USB or not transport.snooped or transport.cpus < 2:
        return analysis
    packet = -(-rate * (transport.packet_us or 1000) // 1_000_000) + 1
    tails = {
        one.frame
        for one in analysis.findings
        if not one.injected
        and one.kind is Kind.STALE
        and (one.ring, one.laps, one.line_bytes) == ("capture", 1, None)
        and one.frames <= packet
    }
    if not tails or len(tails) > MOST_UNSEEN:
        return analysis
    findings = []
    for one in analysis.findings:
        # The frame before a tail is the one whose copy had begun.
        torn = one.frames == 1 and not one.injected and one.frame + 1 in tails
        findings.append(one.with_details(transport=RACE) if torn or one.frame in tails else one)
    return dataclasses.replace(analysis, findings=tuple(findings))
