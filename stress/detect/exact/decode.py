# SPDX-License-Identifier: MIT
"""How old is each frame: captured bytes to lags, without trusting any of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stress.detect.exact.ring_offset import are_whole_laps, signed
from stress.model.arrays import Bytes, Flags, Ints
from stress.model.ring import Rings
from stress.patterns.word import Pattern

NONE = 1 << 40  #: lag of a frame that shows no believable position

# Bits besides the position that prove a lone frame of any age. Source: 2^-32 per
# damaged frame. Higher: a line of one frame left from an earlier burst is not
# believed; lower: scaled frames pass for old ones.
PROOF_BITS = 32

# Lags that two frames in a row prove [frames]. Source: 87 s at 48 kHz; two
# dithered frames rarely decode that near. Higher: dither is called old data;
# lower: two frames of a tail, older than this, are not believed.
NEAR = 1 << 22

# Bytes in a row that prove any lag in 16-bit formats. Source: half a 32-byte
# line. All pairs carry one word, so damage that hits them alike still decodes:
# frames, not pairs, are the proof. Higher: a half line of an earlier burst is
# not believed; lower: dither is called old data.
FAR_BYTES = 16


# Laps that one word may be old whose neighbours on both sides are no pattern at all. Source: in an
# insertion of 594 frames of noise MAX_LAPS gave 8 of 3000 an age. Higher: noise holds lone frames
# "left from an earlier burst"; lower: what is left of an old line that was written over is missed.
LONE_LAPS = 64


def masked(raw: Bytes, mask: Bytes | None) -> Bytes:
    """Return `raw` with the bits the path does not carry cleared.

    Parameters
    ----------
    raw : (n, frame_bytes) uint8.
    mask : (frame_bytes,) uint8 of the bits that the path carries, None for all.

    Returns
    -------
    (n, frame_bytes) uint8, `raw` itself where there is no mask.
    """
    return raw if mask is None else raw & mask


class Decoder:
    """Finds the lag of every frame of a stretch.

    Parameters
    ----------
    mask : (frame_bytes,) uint8 of the bits the path carries, None for all.
    """

    def __init__(self, pattern: Pattern, rings: Rings, mask: Bytes | None = None) -> None:
        self.pattern, self.rings, self.mask = pattern, rings, mask
        # The bits below the top 16 are another word: with enough of them a frame proves itself.
        low = 0
        if mask is None or mask[: pattern.fmt.sample_bytes - 2].any():
            low = (pattern.fmt.bits - 16) * pattern.channels
        wide = low >= PROOF_BITS
        self._alone = low > 0
        self._far_run = 1 if wide else 2 if low else max(2, FAR_BYTES // pattern.frame_bytes)

    def rows(self, raw: Bytes) -> Bytes:
        """Return `raw` as (frames, frame_bytes) with uncarried bits cleared."""
        return masked(raw.reshape(-1, self.pattern.frame_bytes), self.mask)

    def expected(self, position: int, frames: int) -> Bytes:
        """Return what is due from `position` on: (frames, frame_bytes) uint8, masked."""
        return self.rows(self.pattern.bytes_at(position, frames))

    def image(self, positions: Ints) -> Bytes:
        """Return the frames of any `positions`, (n,) int64: (n, frame_bytes) uint8, masked."""
        return masked(self.pattern.image(positions.astype(np.uint32)), self.mask)

    def lags(
        self,
        raw: Bytes,
        position: int,
        before: Bytes | None = None,
        *,
        anywhere: bool = False,
        slipped: Sequence[int] = (),
    ) -> Ints:
        """Return the lag of each frame when `position` is due first.

        Parameters
        ----------
        raw : (n * frame_bytes,) uint8.
        before : the frame before, (frame_bytes,) uint8 in the form of `rows`.
        anywhere : nothing is known of the alignment, so no lag is too far.
        slipped : lags of alignments inside the stretch, against which data may be
            whole laps old as well.

        Returns
        -------
        (n,) int64: 0 right, > 0 older, < 0 newer, `NONE` nothing believable.
        """
        rows = self.rows(raw)
        n = len(rows)
        due = np.arange(n, dtype=np.int64) + position
        if self.pattern.channels == 1:
            return self._mono(rows, due, anywhere, slipped)
        claimed = self.pattern.positions(np.ascontiguousarray(raw)).astype(np.int64)
        lag = signed(due[:, None] - claimed)
        agree = (lag == lag[:, :1]).all(axis=1)
        # A frame held over from its neighbour would pass for one a frame old.
        agree[1:] &= ~(rows[1:] == rows[:-1]).all(axis=1)
        if before is not None and (rows[0] == before).all():
            agree[0] = False
        lags = np.where(agree, lag[:, 0], NONE)
        if self.pattern.channels == 2 and self.pattern.fmt.bits == 16:
            lags = self._believed(lags, anywhere, slipped)
            return lags if anywhere else self._without_flips(rows, due, lags)
        rest = np.flatnonzero(agree)
        pure = (self.image(due[rest] - lags[rest]) == rows[rest]).all(axis=1)
        lags[rest[~pure]] = NONE
        return self._believed(lags, anywhere, slipped)

    def whole_laps(self, lags: Ints) -> Flags:
        """Tell which lags are whole laps of a ring, at most `MAX_LAPS`.

        Parameters
        ----------
        lags : (n,) int64 [frames].

        Returns
        -------
        (n,) bool.
        """
        return are_whole_laps(lags, self.rings)

    def _aligned(self, lags: Ints, slipped: Sequence[int]) -> Flags:
        # Right or whole laps old, in the alignment of the stretch or one it slipped to.
        good: Flags = (lags == 0) | self.whole_laps(lags)
        for shift in slipped:
            good |= self.whole_laps(lags - shift)
        return good

    def _believed(self, lags: Ints, anywhere: bool, slipped: Sequence[int]) -> Ints:
        # Right, whole laps old, as old as a near neighbour, or one of many of one age.
        good = self._aligned(lags, slipped)
        near = np.abs(lags) < (NONE if anywhere else NEAR)
        if self._alone:
            good |= near
        twin = (lags[1:] == lags[:-1]) & near[1:]
        good[1:] |= twin
        good[:-1] |= twin
        good |= in_a_row(lags, self._far_run, 1)
        if anywhere:
            return np.where(good, lags, NONE)
        return self._without_chance(np.where(good & (lags > -NEAR), lags, NONE))

    def _without_chance(self, lags: Ints) -> Ints:
        # Far lags of less than a line in the midst of damage are damage: dither repeats itself.
        self._without_lone(lags)
        far = lags >= NEAR
        if self._alone or not far.any():
            return lags
        for start, end, lag in runs_of(lags):
            if NEAR <= lag < NONE and (end - start) * self.pattern.frame_bytes < 2 * FAR_BYTES:
                around = lags[max(start - 1, 0)], lags[min(end, len(lags) - 1)]
                if NONE in around:
                    lags[start:end] = NONE
        return lags

    def flipped(self, rows: Bytes, due: Ints) -> Flags:
        """Tell which frames differ from those due, by one bit of a sample at most: no older frame does.

        Parameters
        ----------
        rows : (n, frame_bytes) uint8, in the form of `rows`.
        due : (n,) int64, positions.

        Returns
        -------
        (n,) bool.
        """
        off = np.unpackbits(self.image(due) ^ rows, axis=1)
        bits = off.reshape(len(rows), self.pattern.channels, 8 * self.pattern.fmt.sample_bytes).sum(axis=2)
        out: Flags = (bits <= 1).all(axis=1) & bits.any(axis=1)
        return out

    def _without_flips(self, rows: Bytes, due: Ints, lags: Ints) -> Ints:
        # A bit that is held in one channel moves x by one step: frame after frame is that of a far position.
        far = np.flatnonzero((lags >= NEAR) & (lags != NONE))
        if len(far):
            lags[far[self.flipped(rows[far], due[far])]] = NONE
        return lags

    def _without_lone(self, lags: Ints) -> None:
        # Among thousands of noise words one is by chance whole laps old.
        word = 2 if self.pattern.channels == 1 else 1
        if self._alone or self.pattern.channels > 2 or len(lags) < word + 2:
            return
        nothing = lags == NONE
        old = np.flatnonzero(~nothing[1:-word] & nothing[: -word - 1] & nothing[word + 1 :]) + 1
        for start in old[lags[old] > LONE_LAPS * self.rings.largest]:
            lags[start : start + word] = NONE

    def _mono(self, rows: Bytes, due: Ints, anywhere: bool, slipped: Sequence[int]) -> Ints:
        # A word spans two frames: a window at f speaks for f and f + 1.
        n = len(rows)
        lags = np.full(n, NONE, np.int64)
        if n < 2:
            return lags
        claimed = self.pattern.positions(np.ascontiguousarray(rows).ravel()).astype(np.int64)[:, 0]
        lag = signed(due[:-1] - claimed)
        good = self._aligned(lag, slipped)
        twin = (lag[2:] == lag[:-2]) & (np.abs(lag[2:]) < (NONE if anywhere else NEAR))
        good[2:] |= twin
        good[:-2] |= twin
        least = 2 if self._alone else self._far_run // 2
        good |= in_a_row(lag, least, 2) | self._between_halves(rows, due, lag, least - 1)
        if not anywhere:
            good &= lag > -NEAR
        # Half the windows hold halves of two words; among thousands one names an age by chance.
        right = np.zeros(n, bool)
        for shift in (0, *slipped):
            right |= (self.image(due - shift) == rows).all(axis=1)
        good &= np.isin(lag, (0, *slipped)) | ~(right[:-1] & right[1:])
        # Zeros and a held sample make one word again and again, which says nothing.
        good &= (rows[1:] != rows[:-1]).any(axis=1)
        for first in (np.flatnonzero(good & (lag == 0)), np.flatnonzero(good & (lag != 0))):
            lags[first] = lag[first]
            lags[first + 1] = lag[first]
        self._extend(rows, due, lags)
        known = np.flatnonzero(lags != NONE)
        pure = (self.image(due[known] - lags[known]) == rows[known]).all(axis=1)
        lags[known[~pure]] = NONE
        if not anywhere:
            self._without_lone(lags)
        return lags

    def _between_halves(self, rows: Bytes, due: Ints, lag: Ints, least: int) -> Flags:
        # One word short of proof, but the half words on both sides are of that age, too.
        starts = np.flatnonzero(_row_starts(lag, least, 2))
        starts = starts[(starts > 0) & (starts + 2 * least < len(rows))]
        for step in (-1, 2 * least):
            half = starts + step
            starts = starts[(self.image(due[half] - lag[starts]) == rows[half]).all(axis=1)]
        good = np.zeros(len(lag), bool)
        for k in range(least):
            good[starts + 2 * k] = True
        return good

    def _extend(self, rows: Bytes, due: Ints, lags: Ints) -> None:
        # Half a word at the edge of a run belongs to the run when it fits its lag.
        for step in (1, -1):
            bare = np.flatnonzero(lags == NONE)
            bare = bare[(bare - step >= 0) & (bare - step < len(lags))]
            bare = bare[lags[bare - step] != NONE]
            lag = lags[bare - step]
            fits = (self.image(due[bare] - lag) == rows[bare]).all(axis=1)
            lags[bare[fits]] = lag[fits]
        bare = np.flatnonzero(lags == NONE)
        right = bare[(self.image(due[bare]) == rows[bare]).all(axis=1)]
        # A held frame meets the pattern somewhere: alone it is not right again.
        held = (rows[right] == rows[np.maximum(right - 1, 0)]).all(axis=1) & (right > 0)
        beside = (lags[np.maximum(right - 1, 0)] == 0) | (lags[np.minimum(right + 1, len(lags) - 1)] == 0)
        lags[right[beside | ~held]] = 0


def _row_starts(lags: Ints, least: int, step: int) -> Flags:
    # Entries that begin at least `least` equal ones, `step` apart.
    same = np.ones(max(len(lags) - (least - 1) * step, 0), bool)
    for k in range(1, least):
        same &= lags[k * step : k * step + len(same)] == lags[: len(same)]
    return same


def in_a_row(lags: Ints, least: int, step: int) -> Flags:
    """Tell which entries belong to at least `least` equal ones, `step` apart.

    Parameters
    ----------
    lags : (n,) int64 [frames].

    Returns
    -------
    (n,) bool.
    """
    same, out = _row_starts(lags, least, step), np.zeros(len(lags), bool)
    for k in range(least):
        out[k * step : k * step + len(same)] |= same
    return out


def runs_of(lags: Ints) -> list[tuple[int, int, int]]:
    """Return the runs of equal lag as (start, end, lag), of `lags`, (n,) int64 [frames]."""
    if not len(lags):
        return []
    edges = np.flatnonzero(lags[1:] != lags[:-1]) + 1
    starts = [0, *edges.tolist()]
    ends = [*edges.tolist(), len(lags)]
    return list(zip(starts, ends, lags[starts].tolist()))
