# SPDX-License-Identifier: MIT
"""Tell noise from damage where frames are wrong bit for bit: noise leaves every sample near the one due."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from stress.detect.path.locate import position_of, step_of
from stress.detect.path.sources import numbers
from stress.model.arrays import Bytes, Flags, Floats
from stress.model.stimulus import POSITIONS
from stress.patterns.word import Pattern

# How far off a sample may be [standard deviations of its channel], and the loudest noise [full scales].
# Source: a normal deviate is beyond 9 in one of 1e18 samples; a stale frame of stereo is within so much by
# chance in 1 of 3000. Higher: old frames are noise; lower: an analog cable in 24 bits is damage.
FARTHEST, LOUDEST = 9.0, 2.0**-9
# Share of frames that noise changes. Source: all but one of 16 where it has two steps. Higher: noise of a
# step is damage; lower: damage to low bits is noise.
CHANGED = 0.9
# A median deviation in standard deviations of a normal one.
MEDIAN = 0.6745
# Steps of x, those of its high half, and frames, in which the position is looked for. Source: the lock may be
# where noise makes a few frames right by chance, some LSB of 16 bits beside the true place in either half.
# Higher: time; lower: noise is damage.
REACH, HIGH_REACH, LOOKED = 64, 4, 256


def nearest(raw: Bytes, pattern: Pattern, position: int) -> int:
    """Return the position, of those that differ from `position` in the last bits of x, that fits best.

    Parameters
    ----------
    raw : (n * frame_bytes,) uint8, whole frames from the one due at `position` on.
    """
    raw = raw[: LOOKED * pattern.frame_bytes]
    seen = numbers(raw, pattern.fmt, pattern.channels)
    # A word takes two frames of mono.
    two = int(pattern.channels == 1)
    step, side = step_of(position >> two), position & two

    def off(away: int) -> tuple[float, int]:
        place = ((position_of((step + away) % POSITIONS) << two) + side) % POSITIONS
        due = numbers(pattern.bytes_at(place, len(seen)), pattern.fmt, pattern.channels)
        return float(np.abs(seen - due).mean()), abs(away)

    high = (side << 16 for side in range(-HIGH_REACH, HIGH_REACH + 1))
    best = min((one + away for one in high for away in range(-REACH, REACH + 1)), key=off)
    return ((position_of((step + best) % POSITIONS) << two) + side) % POSITIONS


def only_noise(blocks: Iterable[Bytes], pattern: Pattern, position: int) -> bool:
    """Tell whether all that makes frames wrong is noise.

    Behind the last frame that is near the one due there may be idle frames, as loud as the noise.

    Parameters
    ----------
    blocks : (n * frame_bytes,) uint8 each, the first from the first frame of the pattern on.
    position : due at that frame, or a few steps of x beside it.
    """
    far: Floats | None = None
    changed = frames = 0
    ended = False
    for block in blocks:
        seen = numbers(block, pattern.fmt, pattern.channels)
        if far is None and pattern.name == "mix1":
            position = nearest(block, pattern, position)
        due = numbers(pattern.bytes_at(position % POSITIONS, len(seen)), pattern.fmt, pattern.channels)
        position += len(seen)
        off = (seen - due).astype(np.float64)
        if far is None:
            level = np.median(np.abs(off - np.median(off, axis=0)), axis=0) / MEDIAN
            if (level > LOUDEST * (1 << (pattern.fmt.bits - 1))).any():
                return False
            far = np.maximum(FARTHEST * level, 1.0)
        near: Flags = np.asarray((np.abs(off) <= far).all(axis=1))
        end = 0 if ended or not near.any() else len(near) - int(np.argmax(near[::-1]))
        idle: Flags = np.asarray((np.abs(seen[end:]) <= far).all(axis=1))
        if not near[:end].all() or not idle.all():
            return False
        ended = ended or end < len(near)
        changed += int((off[:end] != 0).any(axis=1).sum())
        frames += end
    return bool(frames) and changed >= CHANGED * frames
