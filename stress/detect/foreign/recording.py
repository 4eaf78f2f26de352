# SPDX-License-Identifier: MIT
"""A recording that is known frame by frame, played once or in a loop."""

from __future__ import annotations

import numpy as np

from stress.detect.exact.decode import NONE
from stress.detect.foreign.source import KnownSource
from stress.model.arrays import Bytes, Ints, Words
from stress.model.formats import SampleFormat

# Bytes of frames in a row by which a place in a recording is known. Source: half a line of 32 bytes
# of S16 stereo. Higher: half lines have no age; lower: quiet music meets itself.
KEY_BYTES = 16

# Frames of a capture that are looked at for a place at a time, and right ones that make a lock.
LOOK, LOCK = 1 << 15, 32

_MUL = 0x100000001B3


class FileSource(KnownSource):
    """Frames of a file by position, over and over.

    Parameters
    ----------
    rows : (n, frame_bytes) uint8 of the whole file, in the format of the capture.
    """

    def __init__(self, told: str, fmt: SampleFormat, channels: int, rows: Bytes) -> None:
        super().__init__(told, fmt, channels)
        self._rows, self.frames = rows, len(rows)
        self._key = -(-KEY_BYTES // self.frame_bytes)
        keys = _keys(rows, self._key)
        order = np.argsort(keys, kind="stable")
        self._sorted, self._places = keys[order], order.astype(np.int64)
        again = self._sorted[1:] == self._sorted[:-1]
        self._repeats = float(again.mean()) if len(again) else 0.0

    begins = 0

    @property
    def blind(self) -> str:
        """What this recording can not show."""
        if self._repeats < 0.01:
            return ""
        share = max(1, round(100 * self._repeats))
        return f"{share} % of {self.told} repeats itself frame by frame: there the age of old data is a guess"

    def image(self, positions: Words) -> Bytes:
        """Return the frames of any `positions`, (n, frame_bytes) uint8."""
        return self._rows[positions.astype(np.int64) % self.frames]

    def silent_until_end(self, position: int) -> int | None:
        """Return how many silent frames end the recording; see `KnownSource.silent_until_end`."""
        at = position % self.frames
        rest = self._rows[at:] if at else self._rows[:0]
        return None if rest.any() else len(rest)

    def lost_before(self, position: int) -> int:
        """Return how many frames of the recording came before; see `KnownSource.lost_before`."""
        at = position % self.frames
        loud = np.flatnonzero(self._rows[:at].any(axis=1))
        return at - int(loud[0]) if len(loud) else 0

    def locked_at(self, rows: Bytes) -> tuple[int, int] | None:
        """Return the first of `LOCK` frames of the recording in a row, and its place there.

        Parameters
        ----------
        rows : (n, frame_bytes) uint8.
        """
        for start in range(0, max(1, len(rows) - LOCK), LOOK):
            part = rows[start : start + LOOK + LOCK]
            for frame in self._distinct(part):
                for place in self._at(part[frame : frame + self._key]):
                    due = (place + np.arange(LOCK)) % self.frames
                    some = part[frame : frame + LOCK]
                    if len(some) == LOCK and (self._rows[due] == some).all():
                        return start + frame, place
        return None

    def _distinct(self, part: Bytes, most: int = 64) -> list[int]:
        # Frames whose keys are in the recording, those that are there once first.
        keys = _keys(part, self._key)
        low = np.searchsorted(self._sorted, keys, "left")
        number = np.searchsorted(self._sorted, keys, "right") - low
        some = np.flatnonzero(number > 0)
        order = some[np.argsort(number[some], kind="stable")][:most]
        once = order[number[order] == 1]
        # The first of them begins the capture, whatever comes later.
        return sorted(once.tolist()) or order.tolist()

    def _at(self, some: Bytes) -> list[int]:
        key = _keys(some, self._key)
        if not len(key):
            return []
        low, high = (
            np.searchsorted(self._sorted, key[0], "left"),
            np.searchsorted(self._sorted, key[0], "right"),
        )
        return [int(one) for one in self._places[low : min(high, low + 64)]]

    def ages(self, rows: Bytes, due: Ints) -> Ints:
        """Return the lag each frame shows; see `KnownSource.ages`."""
        out = np.full(len(rows), NONE, np.int64)
        keys = _keys(rows, self._key)
        low = np.searchsorted(self._sorted, keys, "left")
        number = np.searchsorted(self._sorted, keys, "right") - low
        for frame in np.flatnonzero(number > 0).tolist():
            places = self._places[low[frame] : low[frame] + min(int(number[frame]), 64)]
            lags = (due[frame] - places + self.frames // 2) % self.frames - self.frames // 2
            # Of many places the latest that was played before.
            past = lags[lags >= 0]
            lag = int(past.min()) if len(past) else int(lags.max())
            window = out[frame : frame + self._key]
            window[window == NONE] = lag
        return out


def _keys(rows: Bytes, key: int) -> Ints:
    # A number for each `key` frames in a row, (n - key + 1,).
    n = max(0, len(rows) - key + 1)
    out = np.zeros(n, np.uint64)
    mul = np.uint64(_MUL)
    for at in range(key):
        for column in range(rows.shape[1]):
            out = out * mul + rows[at : at + n, column].astype(np.uint64) + np.uint64(1)
    return (out >> np.uint64(1)).astype(np.int64)
