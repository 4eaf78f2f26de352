# SPDX-License-Identifier: MIT
"""Put a capture behind a path back as it was sent, frame by frame, damage and all.

A frame that is what the path makes of the position due becomes that position's frame.
Another is looked for at every age there may be, first at whole laps of the rings; what is
found becomes the frame of its own position, so that the exact detector sees its age.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stress.model.arrays import Bytes, Flags, Floats, Ints
from stress.model.ring import Rings
from stress.model.stimulus import POSITIONS

if TYPE_CHECKING:
    from stress.detect.path.model import Model
    from stress.detect.path.ordered import Ordered

# Whole laps that are tried, and how far back and ahead any frame may lie [frames]. Source: a
# line is rarely older than eight laps; 2.7 s at 48 kHz. Higher: time; lower: older data keeps
# no age.
LAPS, BACK, AHEAD = 8, 1 << 17, 1 << 14

# Bits of frames in a row that prove an age. Source: 2^17 places, one in 2^-13 by chance.
# Higher: a line of two frames is not named; lower: damage is called old.
PROOF_BITS = 30

# Frames behind the first ones that are compared at once, and how many times as many the next time: only for
# speed, a long run is compared in few calls and a short one in a short call.
FOLLOWED, GROWS = 64, 4

# Runs of wrong frames of a block that are looked for. Higher: time on noise; lower: the rest of
# a block with many stale lines whose ring is not known is unknown.
MOST_RUNS = 400


class Restorer:
    """Restores one capture, block by block.

    Parameters
    ----------
    model : of the path.
    align : position minus captured frame.
    """

    def __init__(self, model: Model, align: int, rings: Rings) -> None:
        self._model, self.align, self._rings = model, align % POSITIONS, rings
        self._near: tuple[int, Floats, Ordered] | None = None
        self._failed = 0

    def block(self, raw: Bytes, frame: int) -> tuple[Bytes, Flags]:
        """Return frames as they were sent, and which of them the path explains.

        Parameters
        ----------
        raw : uint8 of shape ((behind + n + ahead) * frame_bytes,): frames from `frame` - `model.behind` to
            the last and `model.ahead` more.

        Returns
        -------
        (n * frame_bytes,) uint8 of `model.sent`, and (n,) bool.
        """
        model = self._model
        seen = model.seen(raw)
        n = len(seen)
        lags = np.zeros(n, np.int64)
        positions = self.align + frame + np.arange(n, dtype=np.int64)
        due = model.made(positions)
        ok = self._same(seen, due)
        wrong = np.flatnonzero(~ok)
        if len(wrong):
            self._failed = 0
            self._laps(seen, positions, ok, lags)
            self._search(seen, positions, ok, lags)
        out = (
            model.sent.image(((positions - lags) % POSITIONS).astype(np.uint32))
            if lags.any()
            else (
                model.sent.bytes_at(int(positions[0]) % POSITIONS, n).reshape(n, -1)
                if n
                else np.empty((0, 0), np.uint8)
            )
        )
        rest = np.flatnonzero(~ok)
        if len(rest):
            out[rest] = model.strange(seen[rest], model.made(positions[rest]), positions[rest])
            self._held(seen, rest, out)
        last = int(lags[-1]) if n and ok[-1] else 0
        if last and n >= 64 and (lags[-64:] == last).mean() > 0.5:
            self.align = (self.align - last) % POSITIONS
            self._near = None
        return out.reshape(-1), ok

    def _same(self, seen: Ints, made: Floats) -> Flags:
        return self._model.same(seen, made)

    def _held(self, seen: Ints, rest: Ints, out: Bytes) -> None:
        again = rest[(rest > 0)]
        again = again[(seen[again] == seen[again - 1]).all(axis=1)]
        for at in again.tolist():
            out[at] = out[at - 1]

    def _laps(self, seen: Ints, positions: Ints, ok: Flags, lags: Ints) -> None:
        sizes = [size for size in (self._rings.playback, self._rings.capture) if size]
        for lag in [k * size for k in range(1, LAPS + 1) for size in sizes]:
            wrong = np.flatnonzero(~ok)
            if not len(wrong):
                return
            fits = np.zeros(len(ok), bool)
            fits[wrong] = self._same(seen[wrong], self._model.made(positions[wrong] - lag))
            self._take(fits, lag, ok, lags, PROOF_BITS)

    def _take(self, fits: Flags, lag: int, ok: Flags, lags: Ints, proof: int) -> None:
        # Runs that are long enough to be no chance.
        least = -(-proof // max(1, self._model.bits))
        for start, end in _runs(fits):
            if end - start >= least:
                lags[start:end], ok[start:end] = lag, True

    def _search(self, seen: Ints, positions: Ints, ok: Flags, lags: Ints) -> None:
        least = -(-PROOF_BITS // max(1, self._model.bits))
        tried = 0
        runs = [run for run in _runs(~ok) if run[1] - run[0] >= least]
        known: list[int] = []
        while runs and tried < MOST_RUNS:
            start, end = runs.pop(0)
            moves = _moves(seen, start, end)
            if moves > start + 1:
                # Silence, or a frame that is held: no place of the pattern, and no reason to stop looking.
                runs[:0] = [(moves, end)] if end - moves >= least else []
                continue
            tried += 1
            lag = self._lag_at(seen, positions, start, least, known)
            if lag is None:
                # Try further on: the first frames may be damage.
                step = least if end - start < 64 else 32
                if end - start - step >= least:
                    runs.insert(0, (start + step, end))
                continue
            known = [lag, *[one for one in known if one != lag]][:4]
            size, at = FOLLOWED, start
            while at < len(seen):
                # Across frames that are right by chance as well.
                some = slice(at, min(len(seen), at + size))
                same = self._same(seen[some], self._model.made(positions[some] - lag))
                wrong = np.flatnonzero(~same)
                stop = at + (int(wrong[0]) if len(wrong) else len(same))
                lags[at:stop], ok[at:stop] = lag, True
                at = stop
                if len(wrong):
                    break
                size *= GROWS
            runs = [(max(at, a), b) for a, b in [(start, end), *runs] if b - max(at, a) >= least]

    def _lag_at(self, seen: Ints, positions: Ints, start: int, least: int, known: list[int]) -> int | None:
        some = seen[start : start + least]
        if not some.any() or ((some == some[0]).all() and least > 1):
            return None
        here = positions[start : start + least]
        for lag in known:
            if self._same(some, self._model.made(here - lag)).all():
                return lag
        first, made, ordered = self._around(int(positions[0]))
        fits = ordered.places(self._model.key(some[0]))
        fits = fits[fits < len(made) - least]
        for n in range(least):
            fits = fits[self._same(some[n], made[fits + n])]
        if not len(fits):
            return None
        found = int(here[0]) - (first + fits)
        return int(found[np.argmin(np.abs(found))])

    def _around(self, position: int) -> tuple[int, Floats, Ordered]:
        # What the path makes of every position that data may be from.
        if self._near is None or not 0 <= position - self._near[0] - BACK < BACK:
            first = position - BACK
            every = np.arange(first, position + BACK + AHEAD, dtype=np.int64)
            made = self._model.made(every)
            self._near = first, made, self._model.ordered(made)
        return self._near


def _moves(seen: Ints, start: int, end: int) -> int:
    # The first frame behind `start` that is another one.
    if start + 1 < end and (seen[start + 1] == seen[start]).all():
        other = np.flatnonzero((seen[start:end] != seen[start]).any(axis=1))
        return start + int(other[0]) if len(other) else end
    return start + 1


def _runs(flags: Flags) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist()))
