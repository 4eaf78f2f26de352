"""How old is each frame: captured bytes to lags, without trusting any of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stress.detect.place import MAX_LAPS
from stress.model.ring import Rings
from stress.patterns.word import Pattern

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Lags = NDArray[np.int64]
    Flags = NDArray[np.bool_]

NONE = 1 << 40  #: lag of a frame that shows no believable position

# Bits of a frame beyond the 32 that name the position which make a single frame
# believable. Source: 2^-16 chance per damaged frame. Higher: a lone stale frame
# of S24_3LE stereo is not believed; lower: damage passes for old data.
PROOF_BITS = 16

# Lags that two frames in a row prove [frames]. Source: 87 s at 48 kHz; two
# dithered frames rarely decode that near. Higher: dither is called old data;
# lower: two frames of a tail, older than this, are not believed.
NEAR = 1 << 22

# Frames in a row that prove any lag. Source: half a 32-byte line of S16 stereo.
# Higher: a half line of an earlier burst is not believed; lower: as for `NEAR`.
FAR_RUN = 4


def masked(raw: Bytes, mask: Bytes | None) -> Bytes:
    """Return `raw` with the bits the path does not carry cleared."""
    return raw if mask is None else raw & mask


class Decoder:
    """Finds the lag of every frame of a stretch.

    Parameters
    ----------
    mask : (frame_bytes,) uint8 of the bits the path carries, None for all.
    """

    def __init__(self, pattern: Pattern, rings: Rings, mask: Bytes | None = None) -> None:
        self.pattern, self.rings, self.mask = pattern, rings, mask
        bits = pattern.fmt.bits * pattern.channels if mask is None else 8 * mask.size
        self._proven = bits - 32 >= PROOF_BITS and pattern.channels > 1

    def rows(self, raw: Bytes) -> Bytes:
        """Return `raw` as (frames, frame_bytes) with uncarried bits cleared."""
        return masked(raw.reshape(-1, self.pattern.frame_bytes), self.mask)

    def expected(self, position: int, frames: int) -> Bytes:
        """Return what is due from `position` on, in the form of `rows`."""
        return self.rows(self.pattern.bytes_at(position, frames))

    def image(self, positions: NDArray[np.int64]) -> Bytes:
        """Return the frames of any `positions`, in the form of `rows`."""
        return masked(self.pattern.image(positions.astype(np.uint32)), self.mask)

    def lags(self, raw: Bytes, position: int) -> Lags:
        """Return the lag of each frame when `position` is due first.

        Parameters
        ----------
        raw : (n * frame_bytes,) uint8.

        Returns
        -------
        (n,) int64: 0 right, > 0 older, < 0 newer, `NONE` nothing believable.
        """
        rows = self.rows(raw)
        n = len(rows)
        due = np.arange(n, dtype=np.int64) + position
        if self.pattern.channels == 1:
            return self._mono(rows, due)
        claimed = self.pattern.positions(np.ascontiguousarray(raw)).astype(np.int64)
        lag = (due[:, None] - claimed + (1 << 31)) % (1 << 32) - (1 << 31)
        agree = (lag == lag[:, :1]).all(axis=1)
        # A frame held over from its neighbour would pass for one a frame old.
        agree[1:] &= ~(rows[1:] == rows[:-1]).all(axis=1) | (lag[1:, 0] == 0)
        lags = np.where(agree, lag[:, 0], NONE)
        if self.pattern.channels == 2 and self.pattern.fmt.bits == 16:
            return np.where(self._believable(lags), lags, NONE)
        rest = np.flatnonzero(agree)
        pure = (self.image(due[rest] - lags[rest]) == rows[rest]).all(axis=1)
        lags[rest[~pure]] = NONE
        return lags if self._proven else np.where(self._believable(lags), lags, NONE)

    def whole_laps(self, lags: Lags) -> Flags:
        """Tell which lags are whole laps of a ring, at most `MAX_LAPS`."""
        out = np.zeros(lags.shape, bool)
        for size in (self.rings.playback, self.rings.capture):
            if size:
                out |= (lags % size == 0) & (lags > 0) & (lags <= MAX_LAPS * size)
        return out

    def _believable(self, lags: Lags) -> Flags:
        # Right, a whole number of laps old, or as old as a neighbour.
        good: Flags = (lags == 0) | self.whole_laps(lags)
        near = np.abs(lags) < NEAR
        twin = (lags[1:] == lags[:-1]) & near[1:]
        good[1:] |= twin
        good[:-1] |= twin
        if len(lags) >= FAR_RUN:
            # Damage of one LSB in neighbouring frames decodes to one far lag: ask for more of them.
            many = np.ones(len(lags) - FAR_RUN + 1, bool)
            for step in range(1, FAR_RUN):
                many &= lags[step : len(lags) - FAR_RUN + 1 + step] == lags[: len(many)]
            for step in range(FAR_RUN):
                good[step : step + len(many)] |= many
        good &= lags != NONE
        return good

    def _mono(self, rows: Bytes, due: NDArray[np.int64]) -> Lags:
        # A word spans two frames: a window at f speaks for f and f + 1.
        n = len(rows)
        lags = np.full(n, NONE, np.int64)
        if n < 2:
            return lags
        claimed = self.pattern.positions(np.ascontiguousarray(rows).reshape(-1)).astype(np.int64)[:, 0]
        lag = (due[:-1] - claimed + (1 << 31)) % (1 << 32) - (1 << 31)
        good = (lag == 0) | self.whole_laps(lag)
        twin = lag[2:] == lag[:-2]
        good[2:] |= twin
        good[:-2] |= twin
        for first in (np.flatnonzero(good & (lag == 0)), np.flatnonzero(good & (lag != 0))):
            lags[first] = lag[first]
            lags[first + 1] = lag[first]
        self._extend(rows, due, lags)
        known = np.flatnonzero(lags != NONE)
        pure = (self.image(due[known] - lags[known]) == rows[known]).all(axis=1)
        lags[known[~pure]] = NONE
        return lags

    def _extend(self, rows: Bytes, due: NDArray[np.int64], lags: Lags) -> None:
        # Half a word at the edge of a run belongs to the run when it fits its lag.
        for step in (1, -1):
            bare = np.flatnonzero(lags == NONE)
            bare = bare[(bare - step >= 0) & (bare - step < len(lags))]
            bare = bare[lags[bare - step] != NONE]
            lag = lags[bare - step]
            fits = (self.image(due[bare] - lag) == rows[bare]).all(axis=1)
            lags[bare[fits]] = lag[fits]
        bare = np.flatnonzero(lags == NONE)
        right = (self.image(due[bare]) == rows[bare]).all(axis=1)
        lags[bare[right]] = 0


def runs_of(lags: Lags) -> list[tuple[int, int, int]]:
    """Return the runs of equal lag as (start, end, lag)."""
    if not len(lags):
        return []
    edges = np.flatnonzero(lags[1:] != lags[:-1]) + 1
    starts = [0, *edges.tolist()]
    ends = [*edges.tolist(), len(lags)]
    return list(zip(starts, ends, lags[starts].tolist()))
