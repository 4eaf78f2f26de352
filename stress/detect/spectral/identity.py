# SPDX-License-Identifier: MIT
"""Capture lines that repeat an earlier lap bit for bit, noise and all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stress.detect.exact.ring_offset import line_of
from stress.model.arrays import Samples
from stress.model.finding import Finding, Kind
from stress.model.ring import Rings
from stress.model.stimulus import POSITIONS

# Chance repeats accepted in one capture. Higher: a quiet converter repeats itself and is called
# stale; lower: nothing, a 16-byte stereo line has a chance of 2e-17 at -15 dBFS.
_CHANCE = 1e-6
# Alarms this near such a run are the run [frames]. Source: the matched filter reaches 96. Higher: a
# fault beside it is passed over; lower: its edges are told as faults of their own.
_SAME_EVENT = 96
# Spread of a run that is a signal at all [sample units]; zeros repeat whoever wrote them.
_QUIET = 16


@dataclass(frozen=True)
class CaptureRing:
    """The ring that a capture was read from.

    Parameters
    ----------
    rings : sizes of both rings and where the capture starts in its own.
    frame_bytes : of the capture [bytes].
    position_of_zero : pattern position due at captured frame 0.
    """

    rings: Rings
    frame_bytes: int
    position_of_zero: int


def repeated_lines(samples: Samples, ring: CaptureRing, laps: int, during: tuple[int, int]) -> list[Finding]:
    """Return runs equal in every sample to the same ring offset laps ago.

    A converter's noise never repeats, so a run that does was not converted
    again: it was read stale from the capture ring.

    Parameters
    ----------
    samples : (channels, frames) int32 as captured.
    laps : that are looked back.
    during : captured frames while the stimulus was on; silence repeats anyway.
    """
    size = ring.rings.capture
    if not size:
        return []
    begin, end = during
    on = samples[:, begin:end]
    needed = _needed(on, size)
    found: dict[int, Finding] = {}
    for lap in range(1, laps + 1):
        for start, frames in _runs(on, lap * size, needed):
            if start not in found:
                found[start] = _finding((begin + start, frames, lap), ring, size)
    return [found[start] for start in sorted(found)]


def covered(frame: int, repeated: Sequence[Finding]) -> bool:
    """Tell whether what is seen at a captured frame comes from one of the `repeated` lines."""
    return any(one.frame - _SAME_EVENT <= frame < one.frame + one.frames + _SAME_EVENT for one in repeated)


def _needed(samples: Samples, size: int) -> int:
    # Frames in a row that are not chance, from how often samples repeat at a lag that is no lap.
    lag, total = size + 1, int(samples.shape[1])
    if total <= 2 * lag:
        return total + 1
    loud = np.abs(samples[:, lag:]) > _QUIET
    equal = np.sum((samples[:, lag:] == samples[:, :-lag]) & loud, axis=1) / np.maximum(1, loud.sum(axis=1))
    chance = float(np.prod(np.clip(equal, 1e-5, 0.999)))
    return max(2, math.ceil(math.log(_CHANCE / total) / math.log(chance)))


def _runs(samples: Samples, lag: int, needed: int) -> list[tuple[int, int]]:
    if samples.shape[1] <= lag + needed:
        return []
    hits = np.flatnonzero(samples[0, lag:] == samples[0, :-lag])
    for channel in samples[1:]:
        hits = hits[channel[hits + lag] == channel[hits]]
    if not hits.size:
        return []
    breaks = np.flatnonzero(np.diff(hits) != 1) + 1
    groups = np.split(hits, breaks)
    runs = [(int(g[0]) + lag, int(g.size)) for g in groups if g.size >= needed]
    return [(start, frames) for start, frames in runs if np.ptp(samples[:, start : start + frames]) > _QUIET]


def _finding(place: tuple[int, int, int], ring: CaptureRing, size: int) -> Finding:
    start, frames, lap = place
    offset = (ring.rings.capture_start + start) % size * ring.frame_bytes
    return Finding(
        Kind.STALE,
        start,
        frames,
        (ring.position_of_zero + start) % POSITIONS,
        lap * size,
        lap,
        "capture",
        offset,
        line_of(offset, frames * ring.frame_bytes),
        False,
        {"bit_identical": True},
        f"{frames} frames at frame {start} repeat frame {start - lap * size} to the bit: "
        f"{lap} lap{'s' if lap > 1 else ''} of the capture ring",
    )
