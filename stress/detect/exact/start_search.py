"""Where the pattern begins in a capture: behind silence, found in a short window first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stress.detect.exact.decode import Decoder
from stress.detect.exact.lock import PatternLock, find_lock
from stress.model.stimulus import POSITIONS

if TYPE_CHECKING:
    from stress.detect.exact.window import Window

# Frames that lock a capture on their own, and the share of them that must be
# right. Source: a lap of a small ring; stressed captures fall below. Higher: the
# long window is decoded for nothing; lower: old data takes the lock.
PLAIN_FRAMES, PLAIN_SHARE = 2048, 0.9


class Beginning:
    """Finds the first frame to judge.

    Parameters
    ----------
    decoder : by the bits that any path carries.
    longest : frames of the longest window that is decoded for a lock.
    first_position : of the first frame played, None where it is not known.
    """

    def __init__(self, decoder: Decoder, longest: int, first_position: int | None) -> None:
        self._decoder, self._longest, self._first = decoder, longest, first_position

    def find(self, window: Window, final: bool) -> int | None:
        """Return the position due at the first frame of `window`, None without a lock so far.

        Frames before it are dropped from the window.

        Parameters
        ----------
        final : no more frames will come.
        """
        while self._skip_zeros(window) and (final or window.frames >= self._longest):
            lock = self._plain(window)
            if lock is None:
                raw = window.view(min(window.frames, self._longest))
                lock = find_lock(raw, self._decoder, self._first)
            if lock is not None:
                window.drop(lock.frame)
                return (lock.align + lock.frame) % POSITIONS
            # Half a window is kept: the pattern may begin near its end.
            window.drop(window.frames if final else self._longest // 2)
        return None

    def _plain(self, window: Window) -> PatternLock | None:
        # Most captures begin right: a short window that is nearly all right needs no long one.
        frames = min(window.frames, PLAIN_FRAMES)
        raw = window.view(frames)
        lock = find_lock(raw, self._decoder, self._first)
        if lock is None:
            return None
        due = self._decoder.expected((lock.align + lock.frame) % POSITIONS, frames - lock.frame)
        right = (self._decoder.rows(raw)[lock.frame :] == due).all(axis=1)
        return lock if right.mean() > PLAIN_SHARE else None

    def _skip_zeros(self, window: Window) -> bool:
        # Returns whether anything else is left.
        while window.frames:
            raw = window.view(min(window.frames, self._longest))
            first = int(np.argmax(raw != 0)) if raw.any() else raw.size
            window.drop(first // self._decoder.pattern.frame_bytes)
            if first < raw.size:
                return True
        return False
