# SPDX-License-Identifier: MIT
"""Captured frames as they come, block by block, and where in them silence ends."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from stress.detect.path.sources import numbers
from stress.model.arrays import Bytes
from stress.patterns.word import Pattern

# Frames that are read at a time in silence. Higher: memory; lower: time.
BLOCK = 1 << 16

# Equal frames at the beginning that are silence behind a path that changes zero. Source: the pattern
# repeats no frame, a held line has 16. Higher: silence is taken for damage; lower: a held line is silence.
IDLE = 32

# Frames at the beginning of a sound that are looked at for the noise of an idle input, and how much softer
# than the loudest of them it is. Source: idle inputs and dither are below -60 dBFS, the pattern is rarely
# below a sixteenth of its level. Higher: a softer beginning is left out of the estimate; lower: noise is
# in it.
QUIET_FRAMES, SOFTER = 8 << 16, 16


class Feed:
    """Captured frames of an iterable of blocks, with those around them.

    Parameters
    ----------
    blocks : (n * frame_bytes,) uint8 each.
    """

    def __init__(self, blocks: Iterable[Bytes], frame_bytes: int) -> None:
        self._blocks, self._size = iter(blocks), frame_bytes
        self._held = np.empty(0, np.uint8)
        self._first = 0  # captured frame of the first held
        self._done = False

    def upto(self, frame: int) -> None:
        """Read on until the frames before `frame` are held, or to the end."""
        parts = [self._held]
        have = self._first + self._held.size // self._size
        while have < frame and not self._done:
            block = next(self._blocks, None)
            if block is None:
                self._done = True
                break
            parts.append(np.array(block, np.uint8).reshape(-1))
            have += parts[-1].size // self._size
        if len(parts) > 1:
            self._held = np.concatenate(parts)

    @property
    def end(self) -> int | None:
        """Frames of the capture, None while more may come."""
        return self._first + self._held.size // self._size if self._done else None

    def frames(self, start: int, stop: int) -> Bytes:
        """Return frames `start` to `stop`, (n * frame_bytes,) uint8, zeros where there are none."""
        self.upto(stop)
        first, have = self._first, self._held.size // self._size
        out = np.zeros(max(0, stop - start) * self._size, np.uint8)
        low, high = max(start, first), min(stop, first + have)
        if high > low:
            out[(low - start) * self._size : (high - start) * self._size] = self._held[
                (low - first) * self._size : (high - first) * self._size
            ]
        return out

    def drop(self, frame: int) -> None:
        """Forget the frames before `frame`."""
        skip = max(0, min(frame - self._first, self._held.size // self._size))
        self._held, self._first = self._held[skip * self._size :].copy(), self._first + skip


def active(feed: Feed, pattern: Pattern) -> int | None:
    """Return the first frame that is not silence, whatever word silence arrives as; None without one.

    The noise of an idle input, or dither, is silence too where the capture grows loud behind it.
    """
    start, size = 0, pattern.frame_bytes
    while True:
        raw = feed.frames(start, start + BLOCK).reshape(-1, size)
        if feed.end is not None:
            raw = raw[: max(0, feed.end - start)]
        loud = np.flatnonzero(raw.any(axis=1))
        if len(loud):
            first = int(loud[0])
            moving = np.flatnonzero((raw[first:] != raw[first]).any(axis=1))
            idle = int(moving[0]) if len(moving) else 0
            return _behind_idle(feed, start + first + (idle if idle > IDLE else 0), pattern)
        start += BLOCK
        if feed.end is not None and start >= feed.end:
            return None
        feed.drop(start)


def _behind_idle(feed: Feed, start: int, pattern: Pattern) -> int:
    # The first frame at the level of the capture, `start` where no such step is near.
    size, first, parts = pattern.frame_bytes, None, []
    for at in range(start, start + QUIET_FRAMES, BLOCK):
        raw = feed.frames(at, at + BLOCK)
        if feed.end is not None:
            raw = raw[: max(0, feed.end - at) * size]
        if not raw.size:
            break
        seen = numbers(raw, pattern.fmt, pattern.channels)
        first = seen[:1] if first is None else first
        parts.append(np.abs(seen - first).max(axis=1))
    level = np.concatenate(parts) if parts else np.zeros(0, np.int64)
    tiles = len(level) // IDLE
    loud = (level[: tiles * IDLE] * SOFTER > level.max(initial=0)).reshape(tiles, IDLE).mean(axis=1) > 0.5
    tile = int(np.argmax(loud)) if loud.any() else 0
    if tile < 2:
        return start
    near = level[(tile - 1) * IDLE : (tile + 1) * IDLE] * SOFTER > level.max(initial=0)
    return start + (tile - 1) * IDLE + int(np.argmax(near))
