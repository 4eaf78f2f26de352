# SPDX-License-Identifier: MIT
"""A path that filters: its response from what was sent and what was captured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from stress.detect.path.forward import columns
from stress.model.arrays import Floats, Ints

if TYPE_CHECKING:
    from stress.detect.path.attribute import Term
    from stress.detect.path.sources import Sources

# Taps on both sides. Source: de-emphasis decays within 10 frames. Higher: time; lower: what a
# filter does at low frequencies is called noise.
BEFORE, BEHIND = 16, 48

# Share of the power left behind the taps where it is a filter. Source: rounding leaves 1e-9, a
# converter's noise 1e-4. Higher: noise is a filter; lower: a filter of long memory is noise.
FITS = 1e-2

# Differences from a first fit, in medians, that are damage, and the share of frames that must stay.
# Source: 6 medians are 4 sigmas. Higher: stale lines are noise; lower: noise is thrown out.
OUTSIDE, KEPT = 6.0, 0.8

# Least difference of levels that is a filter [dB]. Source: noise of 20 dB moves them by 0.1. Higher: mild
# filters are noise; lower: noise is a filter.
LEAST_DB = 0.3

PLACES = (0.02, 0.1, 0.2, 0.3, 0.4)  #: cycles a frame that are reported


@dataclass(frozen=True)
class Response:
    """What a channel of the path does over frequency.

    Parameters
    ----------
    fits : taps explain it; else it is noise.
    gain : at low frequencies.
    text : a sentence.
    left : share of the power that the taps do not explain.
    """

    fits: bool
    gain: float
    text: str
    left: float = 0.0


def response_of(seen: Ints, sources: Sources, position: int, terms: Sequence[Term]) -> Response:
    """Return the response of a captured channel to the first of its terms.

    Parameters
    ----------
    seen : (frames,) int64 of the channel [LSB].
    position : of the pattern at its first frame.
    terms : of the channel, at least one.
    """
    frames = len(seen)
    delay = terms[0].delay
    wide = columns(sources, position - delay - BEHIND, frames + BEFORE + BEHIND, [_plain(terms[0])])[:, 0]
    count = BEFORE + BEHIND + 1
    due = np.lib.stride_tricks.as_strided(
        wide, (frames, count), (wide.strides[0], wide.strides[0]), writeable=False
    )
    y = seen - seen.mean()
    x = due - due.mean(axis=0)
    taps = _solved(x, y)
    off = np.abs(y - x @ taps)
    # Damage is far off where a filter is not.
    kept = off <= OUTSIDE * float(np.median(off)) + 1
    if KEPT <= float(kept.mean()) < 1:
        taps = _solved(x[kept], y[kept])
    else:
        kept = np.ones(frames, bool)
    left = float(np.var(y[kept] - x[kept] @ taps) / np.var(y))
    turns = np.exp(-2j * np.pi * np.outer(PLACES, np.arange(count)))
    levels = np.abs(turns @ taps[::-1])
    # Taps take noise for a filter that changes nothing.
    flat = bool(np.ptp(20 * np.log10(np.maximum(levels, 1e-6))) < LEAST_DB)
    if left > FITS or flat:
        return Response(
            False,
            abs(terms[0].gain),
            f"{-10 * np.log10(max(left, 1e-12)):.0f} dB of SNR: not bits, a converter or noise",
            left,
        )
    shape = ", ".join(
        f"{20 * np.log10(max(level / levels[0], 1e-6)):+.1f} dB at {place:g} of the rate"
        for place, level in zip(PLACES[1:], levels[1:])
    )
    return Response(True, float(levels[0]), f"a filter stands in the path: {shape}", left)


def _solved(x: Floats, y: Floats) -> Floats:
    square = x.T @ x
    count = len(square)
    taps: Floats = np.linalg.solve(square + 1e-9 * np.trace(square) / count * np.eye(count), x.T @ y)
    return taps


def _plain(term: Term) -> Term:
    return replace(term, delay=0)
