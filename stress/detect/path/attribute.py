# SPDX-License-Identifier: MIT
"""Which channels of the pattern a captured channel holds, how late, and how much of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stress.model.arrays import Flags, Floats

if TYPE_CHECKING:
    from stress.detect.path.sources import Sources

# Frames that are compared and the largest delay between channels [frames]. Source: a ring of
# 40 ms at 48 kHz. Higher: time; lower: a channel that is later than that carries nothing.
FRAMES, REACH = 8192, 2048

# Channels of the pattern in one captured channel. Source: a down-mix of 5.1 has three.
# Higher: time; lower: a larger mix is not named.
MOST_TERMS = 4

# Correlation of the first term. Source: 4096 delays of 12 channels in 8192 frames of noise
# reach 0.06. Higher: a channel under noise carries nothing; lower: noise is a channel.
LEAST_FIRST = 0.1

# Share of what is left that a further term must explain, and its gain against the first.
# Source: rounding leaves 1e-9, crosstalk of -30 dB 1e-3. Higher: sums are called noise; lower:
# rounding to a few bits is a sum.
LEAST_GAIN = 0.02
LEAST_BETTER = 0.3

# Places that correlate alike and are compared sample by sample, and how much more of the samples must agree
# at one that is farther away. Source: places 987 and 1597 frames away differ in 0.01 to 0.04 of the samples.
# Higher: time, and a wrong delay with a constant is told; lower: rounding moves the delay.
MOST_ALIKE, AGREEING = 8, 0.004

# What is left of a channel's power where nothing more is looked for.
CLEAN = 1e-7


@dataclass(frozen=True)
class Term:
    """One channel of the pattern inside a captured one.

    Parameters
    ----------
    source : index, see `stress.detect.path.sources`.
    delay : frames that it comes later than the position says.
    gain : factor, negative where the polarity is inverted.
    """

    source: int
    delay: int
    gain: float


@dataclass(frozen=True)
class Mix:
    """What a captured channel is made of, as far as straight lines go.

    Parameters
    ----------
    offset : constant [LSB].
    left : share of the power that is not explained.
    """

    terms: tuple[Term, ...] = ()
    offset: float = 0.0
    left: float = 1.0


class Attribution:
    """Compares captured channels with those of the pattern around one position.

    Parameters
    ----------
    position : of the pattern at the first captured frame.
    captured : (frames, channels) float64, LSB.
    among : sources that are looked for.
    """

    def __init__(self, sources: Sources, position: int, captured: Floats, among: Sequence[int]) -> None:
        self._seen, self._among = captured[:FRAMES], list(among)
        self._frames = len(self._seen)
        self._reach = min(REACH, self._frames // 2)
        wide = sources.block(position - self._reach, self._frames + 2 * self._reach, self._among)
        self._due: Floats = wide.astype(np.float64)
        self._size = 1 << int(np.ceil(np.log2(len(self._due) + self._frames)))
        self._spectra = np.fft.rfft(self._due, self._size, axis=0)
        sums = np.cumsum(np.concatenate([np.zeros((1, len(self._among))), self._due]), axis=0)
        squares = np.cumsum(np.concatenate([np.zeros((1, len(self._among))), self._due**2]), axis=0)
        n = self._frames
        self._mean = (sums[n:] - sums[:-n]) / n
        self._norm = np.sqrt(np.maximum(squares[n:] - squares[:-n] - n * self._mean**2, 1.0))

    def mix(self, channel: int) -> Mix:
        """Return what captured channel `channel` is made of."""
        seen = self._seen[:, channel]
        free = (seen > seen.min()) & (seen < seen.max())
        power = float(np.var(seen))
        if power == 0 or free.sum() < self._frames // 20:
            return Mix(offset=float(np.median(seen)))
        terms: list[tuple[int, int]] = []
        best = Mix(offset=float(seen.mean()))
        rest = seen - seen.mean()
        while len(terms) < MOST_TERMS:
            found = self._strongest(rest, terms)
            if found is None or (not terms and found[2] < LEAST_FIRST):
                break
            one = self._fit(seen, free, [*terms, found[:2]])
            smallest = min(abs(term.gain) for term in one.terms)
            if terms and (
                one.left > (1 - LEAST_BETTER) * best.left
                or smallest < LEAST_GAIN * max(abs(term.gain) for term in one.terms)
            ):
                break
            best = one
            terms.append(found[:2])
            if best.left < CLEAN:
                break
            rest = np.where(free, seen - self._model(best), 0.0)
        return best

    def _strongest(self, rest: Floats, taken: list[tuple[int, int]]) -> tuple[int, int, float] | None:
        # Column and delay of the best correlation, the smallest delay where some are alike.
        spectrum = np.conj(np.fft.rfft(rest, self._size))
        norm = float(np.sqrt(rest @ rest))
        if not norm:
            return None
        cross = np.fft.irfft(self._spectra * spectrum[:, None], self._size, axis=0)[: 2 * self._reach + 1]
        fits = np.abs(cross - self._mean * rest.sum()) / (self._norm * norm)
        for column, _ in taken:
            fits[:, column] = 0.0
        top = float(fits.max())
        # What noise or rounding may have turned is alike as well: of those the least delay is told.
        alike = max(1e-9, (1 - top) * 3 / np.sqrt(self._frames))
        rows, columns = np.nonzero(fits >= top - alike)
        near = np.argsort(np.abs(rows - self._reach), kind="stable")[:MOST_ALIKE]
        places = [(int(columns[at]), self._reach - int(rows[at])) for at in near]
        return (*self._best(rest, places), top)

    def _best(self, rest: Floats, places: Sequence[tuple[int, int]]) -> tuple[int, int]:
        # A Fibonacci number of frames apart the low half is nearly the same but for a constant, and wraps
        # elsewhere: the place with more samples that agree is told.
        if len(places) == 1:
            return places[0]
        shares = [self._agreeing(rest, place) for place in places]
        return next(one for one, share in zip(places, shares) if share >= max(shares) - AGREEING)

    def _agreeing(self, rest: Floats, place: tuple[int, int]) -> float:
        made = self._model(self._fit(rest, np.ones(len(rest), bool), [place]))
        return float((np.abs(rest - made) <= 1.0).mean())

    def _columns(self, terms: Sequence[tuple[int, int]]) -> Floats:
        n, reach = self._frames, self._reach
        return np.stack(
            [self._due[reach - delay : reach - delay + n, column] for column, delay in terms], axis=1
        )

    def _fit(self, seen: Floats, free: Flags, terms: Sequence[tuple[int, int]]) -> Mix:
        # Least squares without the rails; thrice without what lies far off.
        due = np.concatenate([self._columns(terms), np.ones((self._frames, 1))], axis=1)
        kept = free & self._near(seen, free, due) if len(terms) == 1 else free
        for _ in range(3):
            factors = np.linalg.lstsq(due[kept], seen[kept], rcond=None)[0]
            off = np.abs(seen - due @ factors)
            kept = free & (off <= 6 * float(np.median(off[free])) + 1.0)
        left = float(np.median(off[free]) ** 2 * 2.2 / max(float(np.var(seen)), 1e-9))
        made = [
            Term(self._among[column], delay, float(gain)) for (column, delay), gain in zip(terms, factors)
        ]
        return Mix(tuple(made), float(factors[-1]), left)

    def _near(self, seen: Floats, free: Flags, due: Floats) -> Flags:
        # Samples that follow the factor most of them agree on: nearly half may be damage.
        x = due[:, 0]
        loud = free & (np.abs(x) > np.abs(x).max() / 4)
        if loud.sum() < self._frames // 20:
            return np.ones(len(seen), bool)
        off = seen - float(np.median(seen[loud] / x[loud])) * x
        off = np.abs(off - np.median(off[free]))
        near: Flags = off <= 6 * float(np.median(off[free])) + 1.0
        return near

    def _model(self, mix: Mix) -> Floats:
        terms = [(self._among.index(term.source), term.delay) for term in mix.terms]
        made: Floats = self._columns(terms) @ np.array([term.gain for term in mix.terms]) + mix.offset
        return made
