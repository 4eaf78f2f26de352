# SPDX-License-Identifier: MIT
"""Say what an alarmed line holds: which older data, from where to where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stress.detect.spectral.signal import Reference
from stress.detect.spectral.weigh import LINE, toeplitz
from stress.model.arrays import Floats, Signal

# A half line may be wrong while the other half is right.
_PARTS = (slice(0, LINE), slice(0, LINE // 2), slice(LINE // 2, LINE))
ZERO = "zero"
SWAP = "swap"
HOLD = "hold"
# Half-width of the search for start and end beyond the alarmed lines [frames].
SIDE = 24
# Lags tried when no lap fits [frames].
FREE_LAGS = 32768


@dataclass(frozen=True)
class Heard:
    """One channel around an alarm.

    Parameters
    ----------
    x : what was played on this channel, `other` on its neighbour (None for mono).
    matched : matched residual of the window, (frames,).
    r : its autocorrelation, `variance` the noise power of the block.
    """

    x: Reference
    other: Reference | None
    matched: Floats
    r: Signal
    variance: float


@dataclass(frozen=True)
class Guess:
    """One explanation of an alarm.

    Parameters
    ----------
    source : lag [frames], or ZERO, SWAP, HOLD.
    start, stop : played frames that are wrong.
    gain : log likelihood ratio against no fault.
    """

    source: int | str
    start: int
    stop: int
    gain: float


def difference(heard: Heard, source: int | str, at: int, frames: int, since: int | None = None) -> Floats:
    """Return wrong minus right data if the wrong data came from `source`.

    Parameters
    ----------
    since : for HOLD, the first wrong frame; the one before it is repeated.

    Returns
    -------
    (frames,) float64.
    """
    right = heard.x.at(at, frames).astype(np.float64)
    if isinstance(source, int):
        return heard.x.at(at - source, frames).astype(np.float64) - right
    if source == SWAP and heard.other is not None:
        return heard.other.at(at, frames).astype(np.float64) - right
    if source == HOLD:
        return float(heard.x.at((at if since is None else since) - 1, 1)[0]) - right
    return -right


def rank(heard: Sequence[Heard], sources: Sequence[int | str], at: int, offset: int) -> list[int | str]:
    """Return `sources`, the best explanation of the line at `at` first.

    Parameters
    ----------
    at : first played frame of the line; `offset` its index in the windows.
    """
    gains = np.zeros((len(_PARTS), len(sources)), dtype=np.float64)
    for one in heard:
        d = np.array([difference(one, source, at, LINE) for source in sources])
        for row, part in zip(gains, _PARTS):
            row += _gains(d[:, part], one, offset + part.start)
    return [sources[int(i)] for i in np.argsort(-gains.max(axis=0))]


def free_lags(heard: Sequence[Heard], at: int, offset: int, most: int = 4) -> list[int | str]:
    """Return the best lags of 1..FREE_LAGS for the line at `at`."""
    gains = np.zeros((len(_PARTS), FREE_LAGS), dtype=np.float64)
    for one in heard:
        past = one.x.at(at - FREE_LAGS, FREE_LAGS + LINE - 1)
        older = np.lib.stride_tricks.as_strided(past, (FREE_LAGS, LINE), (past.strides[0],) * 2)
        d = older[::-1].astype(np.float64) - one.x.at(at, LINE)
        for row, part in zip(gains, _PARTS):
            row += _gains(d[:, part], one, offset + part.start)
    return [int(i) + 1 for i in np.argsort(-gains.max(axis=0))[:most]]


def _gains(d: Floats, heard: Heard, offset: int) -> Floats:
    matrix = toeplitz(heard.r, d.shape[1])
    inner = d @ heard.matched[offset : offset + d.shape[1]]
    return np.asarray((inner - 0.5 * np.einsum("ij,ij->i", d @ matrix, d)) / heard.variance)


def located(heard: Sequence[Heard], sources: Sequence[int | str], at: int) -> list[Guess]:
    """Return the most likely first and last wrong frame for each source.

    Parameters
    ----------
    at : played frame of index 0 of the windows.
    """
    matrices = [toeplitz(one.r, one.matched.size) for one in heard]
    return [_locate(heard, matrices, source, at) for source in sources]


def _locate(heard: Sequence[Heard], matrices: Sequence[Floats], source: int | str, at: int) -> Guess:
    """Return the most likely first and last wrong frame for one source.

    The gain of every pair (start, stop) is a difference of cumulative sums of
    d * g and of the quadratic form of d, so all pairs cost one table.
    """
    frames = heard[0].matched.size
    linear = np.zeros(frames + 1, dtype=np.float64)
    square = np.zeros((frames + 1, frames + 1), dtype=np.float64)
    for one, matrix in zip(heard, matrices):
        d = difference(one, source, at, frames)
        linear[1:] += np.cumsum(d * one.matched) / one.variance
        form = d[:, None] * matrix
        form *= d
        np.cumsum(form, axis=0, out=form)
        np.cumsum(form, axis=1, out=form)
        form /= one.variance
        square[1:, 1:] += form
    corner = np.diag(square)
    power = corner[None, :] + corner[:, None]
    power -= square
    power -= square.T
    power *= 0.5
    table = linear[None, :] - linear[:, None]
    table -= power
    table[np.tri(frames + 1, dtype=bool)] = -np.inf
    start, stop = divmod(int(table.argmax()), frames + 1)
    return Guess(source, at + start, at + stop, float(table[start, stop]))


def hold(heard: Sequence[Heard], at: int) -> Guess:
    """Return the best explanation by a repeated frame."""
    frames = heard[0].matched.size
    best = Guess(HOLD, at, at + 1, -np.inf)
    for start in range(frames - 1):
        gain = np.zeros(min(64, frames - start), dtype=np.float64)
        for one in heard:
            d = difference(one, HOLD, at + start, gain.size, at + start)
            form = np.cumsum(np.cumsum(d[:, None] * toeplitz(one.r, d.size) * d, axis=0), axis=1)
            inner = np.cumsum(d * one.matched[start : start + d.size])
            gain += (inner - 0.5 * np.diag(form)) / one.variance
        stop = int(gain.argmax())
        if gain[stop] > best.gain:
            best = Guess(HOLD, at + start, at + start + stop + 1, float(gain[stop]))
    return best


def response(heard: Heard, guess: Guess) -> Floats:
    """Return what the guess adds to the matched residual.

    Returns
    -------
    (frames + 2 * r.size - 2,) float64, from frame `start` - r.size + 1 on.
    """
    d = difference(heard, guess.source, guess.start, guess.stop - guess.start, guess.start)
    r = heard.r.astype(np.float64)
    return np.convolve(d, np.concatenate((r[:0:-1], r)))
