# SPDX-License-Identifier: MIT
"""The positive control of capture, where the wire judges: faults laid over what was read.

Capture takes whatever its source gives, so nothing can be planted in the ring.
The faults are laid over a copy of the captured buffer, and the comparison with
IN gets the copy like any other. That proves alignment, comparison,
classification and counting from the captured buffer on; it does not prove
usbmon's record, nor the copy out of the ring.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from stress.experiment import positive_control
from stress.model.arrays import Bytes
from stress.model.finding import Analysis, Kind
from stress.model.ring import Rings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Nothing planted here was ever in a ring, so none of it comes back a lap later.
_NO_ECHO = Rings(None, None)
_BY_PLACE = positive_control.Rules(names_kind=False)


def overlay(
    read: Bytes, faults: Iterable[positive_control.Planted], ring: int, frame_bytes: int
) -> tuple[Bytes, tuple[positive_control.Planted, ...]]:
    """Return a copy of what was read with the faults in it, and those that changed anything.

    A stale line is what was read one capture lap earlier. Where that is what is
    due as well (silence), nothing was planted; where the ends agree by chance,
    the fault is as long as what differs.

    Parameters
    ----------
    read : (n * frame_bytes,) uint8.
    faults : frames counted from the first one read.
    ring : capture ring [frames].

    Returns
    -------
    (n * frame_bytes,) uint8, and the faults.
    """
    rows, copy = read.reshape(-1, frame_bytes), read.reshape(-1, frame_bytes).copy()
    laid = []
    for fault in faults:
        place = slice(fault.frame, fault.frame + fault.frames)
        if fault.frame < ring or place.stop > len(rows):
            continue
        lap_ago = rows[fault.frame - ring : place.stop - ring]
        if fault.kind is Kind.BITFLIP:
            positive_control.flip(copy[fault.frame])
        else:
            copy[place] = lap_ago if fault.kind is Kind.STALE else 0
        differs = np.flatnonzero((copy[place] != rows[place]).any(axis=1))
        if differs.size:
            first, last = int(differs[0]), int(differs[-1]) + 1
            old = np.array_equal(copy[place][first:last], lap_ago[first:last])
            kind = Kind.STALE if old else fault.kind
            laid.append(positive_control.Planted(kind, fault.frame + first, last - first))
    return copy.reshape(-1), tuple(laid)


def match(
    analysis: Analysis, faults: Sequence[positive_control.Planted], frames: int
) -> tuple[Analysis, positive_control.Outcome]:
    """Mark the findings that come from planted faults, by their frame in what was read.

    What was compared is the copy itself: the bytes at the place are the planted ones.

    Parameters
    ----------
    frames : frames compared; later faults were never due.
    """
    by_frame = tuple(dataclasses.replace(each, position=each.frame) for each in analysis.findings)
    matched, outcome = positive_control.match(
        dataclasses.replace(analysis, findings=by_frame), faults, 0, frames, _NO_ECHO, _BY_PLACE
    )
    findings = tuple(
        dataclasses.replace(each, injected=other.injected)
        for each, other in zip(analysis.findings, matched.findings)
    )
    return dataclasses.replace(analysis, findings=findings), outcome
