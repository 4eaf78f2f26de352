# SPDX-License-Identifier: MIT
"""Packets handed to the bus in another order than they were filled: several CPUs only.

snd-usb-audio takes a URB from its list under the lock, fills it and submits it outside
(Linux sound/usb/endpoint.c, snd_usb_queue_pending_output_urbs). That runs when a URB comes
back and when userspace moves appl_ptr; where two CPUs do both at once and one of them
stands still in between, its packet follows later ones. All frames arrive, each once.
Measured: once in 200 runs of qa in a guest with two CPUs that is stopped now and then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from stress.model.arrays import Flags
from stress.model.finding import Analysis, Finding, Kind
from stress.model.transport import USB, TransportRecord

if TYPE_CHECKING:
    from stress.model.ring import Rings

REORDERED = "sent in another order than it was written: on several CPUs the driver submits packets unordered"

# Stretches of one burst that may be out of order. Source: one in 200 runs. Higher: a controller that
# exchanges packets now and then is excused; lower: a machine that stalls twice is called corrupt.
MOST = 3


#: Stretches that are out of order: of each the indices of its findings, and its captured frames.
Stretches = list[tuple[list[int], range]]


def set_apart_reordered(analysis: Analysis, stretches: Stretches) -> Analysis:
    """Mark the findings of `stretches` (`details["transport"]`), as `exchanged` gives them."""
    marked = {index for group, _ in stretches for index in group}
    if not marked:
        return analysis
    findings = (
        one.with_details(transport=REORDERED) if index in marked else one
        for index, one in enumerate(analysis.findings)
    )
    return replace(analysis, findings=tuple(findings))


def exchanged(analysis: Analysis, rings: Rings, transport: TransportRecord) -> list[tuple[list[int], range]]:
    """Return the stretches in which every frame is there once, in another order.

    Only on USB cards of machines with several CPUs, and only within the playback ring: a packet
    is read from there before it is sent. No cache can do it, as some frames come too early.
    Nothing where there are more than `MOST`.
    """
    if transport.kind != USB or transport.cpus < 2:
        return []
    found, out, index = analysis.findings, Stretches(), 0
    longest = rings.playback or rings.largest
    while index < len(found):
        group, frames = ([], range(0)) if found[index].injected else _exchange(found, index, longest)
        if group:
            out.append((group, frames))
            index = group[-1]
        index += 1
    return out if len(out) <= MOST else []


def out_of_order(stretches: Stretches, first: int, frames: int) -> Flags:
    """Return which captured frames from `first` on are in one of them: (frames,) bool."""
    out = np.zeros(frames, dtype=bool)
    for _, stretch in stretches:
        out[stretch.start - first : stretch.stop - first] = True
    return out


def _exchange(found: Sequence[Finding], first: int, longest: int) -> tuple[list[int], range]:
    # From a finding on, until the frames seen are those due: where each piece was to be, and how long it is.
    begin = at = found[first].frame
    ahead, hidden, reach = 0, 0, begin
    pieces, group = list[tuple[int, int]](), list[int]()
    for index in range(first, len(found)):
        one = found[index]
        if one.frame > begin + longest:
            break
        here = [(at + ahead, one.frame - at)] if one.frame > at else []
        at = max(at, one.frame)
        if one.injected:
            hidden, at = hidden + one.frames, at + one.frames
        elif one.kind in (Kind.DROP, Kind.REPEAT):
            ahead += one.frames if one.kind is Kind.DROP else -one.frames
        elif one.lag is not None:
            here.append((at + ahead - one.lag, one.frames))
            at += one.frames
        else:
            break
        pieces += here
        # What was due before the stretch is old, and no other order: nearly all damage ends here.
        if any(start < begin for start, _ in here):
            break
        reach = max(reach, *(start + frames for start, frames in here), begin)
        if not one.injected:
            group.append(index)
        if not ahead and reach <= at and _are_all(pieces, range(begin, at), hidden):
            return group, range(begin, at)
    return [], range(0)


def _are_all(pieces: Sequence[tuple[int, int]], due: range, hidden: int) -> bool:
    # Each frame once, but for those under an injected fault; and not all of them in their place.
    end = due.start
    for start, frames in sorted(pieces):
        if start < end:
            return False
        end = start + frames
    return sum(frames for _, frames in pieces) + hidden == len(due) > 2 * hidden
