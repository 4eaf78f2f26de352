# SPDX-License-Identifier: MIT
"""Tell a converter without interpolation from damage: single frames missing or doubled, evenly, all through.

A converter that takes the nearest frame leaves each frame as it was, and drops or
doubles one each time the two rates are a frame apart. A ring never does: what is old
there are lines, periods, whole laps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stress.detect.path.suspect import Frames
    from stress.model.arrays import Ints
    from stress.model.finding import Analysis
    from stress.patterns.word import Pattern

    Moves = NDArray[np.uint32]

# Widest distance of two such frames. Source: 12 frames from 48 to 44.1 kHz, 3 from 48 to 32 kHz; drivers
# have periods of 32 frames and more. Higher: a driver that loses a frame of each period is called a
# converter; lower: a converter between nearby rates is called damage.
MOST_STEP = 31
# Narrowest distance: where every other frame is gone, another rule names the rate.
LEAST_STEP = 3
# Steps that are needed. Higher: short captures FAIL; lower: a few lost frames are even by chance.
LEAST_STEPS = 100
# How far a step may lie from where an even one would [frames]: the nearest frame is half a frame off at
# most, and the first step as much. Higher: uneven losses pass; lower: ratios that are no whole number fail.
UNEVEN = 1.0
# Frames that are decoded at once: some MB.
BLOCK = 1 << 18


def even_steps(analysis: Analysis, pattern: Pattern, read: Frames) -> str:
    """Return how single frames are missing or doubled all through, "" where anything else is wrong.

    Not told of mono, where a frame alone shows no position.

    Parameters
    ----------
    analysis : of a capture that the exact detector locked.
    pattern : what was played.
    read : gives any stretch of the capture.
    """
    if analysis.lock is None or not pattern.pairs or analysis.found < LEAST_STEPS:
        return ""
    first = analysis.first_frame or 0
    end, last, quiet = first + analysis.checked_frames, None, False
    moves: list[Moves] = []
    for at in range(first, end, BLOCK):
        rows = np.ascontiguousarray(read(at, min(at + BLOCK, end))).reshape(-1, pattern.frame_bytes)
        loud = np.flatnonzero(rows.any(axis=1))
        if not loud.size:
            quiet = last is not None
            continue
        # Silence before and behind is no damage; within the pattern it is none of its frames.
        if quiet:
            return ""
        quiet = int(loud[-1]) + 1 < len(rows)
        rows = rows[loud[0] if last is None else 0 : loud[-1] + 1]
        positions = pattern.positions(rows.reshape(-1))[:, 0]
        if not np.array_equal(pattern.image(positions), rows):
            return ""
        moves.append(np.diff(positions, prepend=positions[:1] - np.uint32(1) if last is None else last))
        last = positions[-1:]
    return _told(np.concatenate(moves)) if moves else ""


def _told(moves: Moves) -> str:
    # How far each frame moves on, modulo 2^32 as positions count.
    for move, words in ((2, "is missing"), (0, "comes twice")):
        steps = np.flatnonzero(moves == move)
        if steps.size and steps.size + int((moves == 1).sum()) == moves.size:
            return _words(steps, move, words) if _even(steps, moves.size) else ""
    return ""


def _even(steps: Ints, frames: int) -> bool:
    if len(steps) < LEAST_STEPS:
        return False
    gap = (steps[-1] - steps[0]) / (len(steps) - 1)
    off = steps - (steps[0] + gap * np.arange(len(steps)))
    ends = max(int(steps[0]), frames - int(steps[-1]))
    return bool(LEAST_STEP <= gap <= MOST_STEP and np.abs(off).max() <= UNEVEN and ends <= gap + 1)


def _words(steps: Ints, move: int, words: str) -> str:
    # Of the frames that were played: a missing one was one of them, a doubled one is one more.
    gap = (steps[-1] - steps[0]) / (len(steps) - 1) + (1 if move == 2 else -1)
    return f"one frame in {gap:.4g} {words} at a constant step: a converter without interpolation"
