# SPDX-License-Identifier: MIT
"""Recognise a capture of an auxiliary stimulus, which holds no positions to judge by."""

from __future__ import annotations

import numpy as np

from stress.detect.exact.survey import Read
from stress.model.arrays import Bytes
from stress.model.stimulus import AUXILIARY
from stress.patterns.auxiliary import AuxiliaryPattern
from stress.patterns.word import Pattern

# Frames that name the stimulus: four periods of the longest, impulse.
PROBE = 4096
LEAST_SHARE = 0.9


def known_auxiliary(read: Read, frames: int, pattern: Pattern) -> tuple[str, int, int] | None:
    """Return the name of the stimulus a capture holds, its frames there and those of them that differ.

    Parameters
    ----------
    read : gives any stretch of the capture.
    frames : of the capture.
    pattern : whose format and channels the capture has.
    """
    size = pattern.frame_bytes
    start = _sounding(read, frames, size)
    probe = np.concatenate(
        [np.empty(0, np.uint8), *(b.copy() for b in read(start, min(frames, start + PROBE)))]
    )
    for name in AUXILIARY:
        source = AuxiliaryPattern(name, pattern.channels, pattern.fmt)
        if name == "silence" or len(probe) < 2 * source.period * size:
            continue
        phase = _phase(probe, source, size)
        if phase is not None:
            return name, frames - start, _differing(read, start, frames, source, phase)
    return None


def _sounding(read: Read, frames: int, size: int) -> int:
    at = 0
    for block in read(0, frames):
        if block.any():
            return at + int(np.argmax(block != 0)) // size
        at += len(block) // size
    return frames


def _phase(probe: Bytes, source: AuxiliaryPattern, size: int) -> int | None:
    # Which frame of its period the capture begins with.
    table = np.empty(source.period * size, np.uint8)
    source.fill(0, table)
    rows, period = probe.reshape(-1, size), table.reshape(-1, size)
    middle, best, share = len(rows) // 2, 0, 0.0
    for phase in np.flatnonzero((period == rows[middle]).all(axis=1)).tolist():
        begin = (phase - middle) % source.period
        due = np.empty(len(probe), np.uint8)
        source.fill(begin, due)
        right = float((rows == due.reshape(-1, size)).all(axis=1).mean())
        best, share = (begin, right) if right > share else (best, share)
    return best if share >= LEAST_SHARE else None


def _differing(read: Read, start: int, frames: int, source: AuxiliaryPattern, phase: int) -> int:
    wrong, at, size = 0, 0, source.frame_bytes
    for block in read(start, frames):
        due = np.empty(len(block), np.uint8)
        source.fill(phase + at, due)
        wrong += int((block != due).reshape(-1, size).any(axis=1).sum())
        at += len(block) // size
    return wrong
