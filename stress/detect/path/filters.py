# SPDX-License-Identifier: MIT
"""A path that filters: its response from what was sent and what was captured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from stress.detect.path.forward import columns
from stress.model.arrays import Ints

if TYPE_CHECKING:
    from stress.detect.path.attribute import Term
    from stress.detect.path.sources import Sources

# Taps on both sides. Source: de-emphasis decays within 10 frames. Higher: time; lower: what a
# filter does at low frequencies is called noise.
BEFORE, BEHIND = 16, 48

# Share of the power left behind the taps where it is a filter. Source: rounding leaves 1e-9, a
# converter's noise 1e-4. Higher: noise is a filter; lower: a filter of long memory is noise.
FITS = 1e-2

PLACES = (0.02, 0.1, 0.2, 0.3, 0.4)  #: cycles a frame that are reported


@dataclass(frozen=True)
class Response:
    """What a channel of the path does over frequency.

    Parameters
    ----------
    fits : taps explain it; else it is noise.
    gain : at low frequencies.
    text : a sentence.
    """

    fits: bool
    gain: float
    text: str


def response_of(seen: Ints, sources: Sources, position: int, terms: Sequence[Term]) -> Response:
    """Return the response of a captured channel to the first of its terms."""
    frames = len(seen)
    delay = terms[0].delay
    wide = columns(sources, position - delay - BEHIND, frames + BEFORE + BEHIND, [_plain(terms[0])])[:, 0]
    count = BEFORE + BEHIND + 1
    due = np.lib.stride_tricks.as_strided(
        wide, (frames, count), (wide.strides[0], wide.strides[0]), writeable=False
    )
    y = seen - seen.mean()
    x = due - due.mean(axis=0)
    taps = np.linalg.solve(x.T @ x + 1e-9 * np.trace(x.T @ x) / count * np.eye(count), x.T @ y)
    left = float(np.var(y - x @ taps) / np.var(y))
    turns = np.exp(-2j * np.pi * np.outer(PLACES, np.arange(count)))
    levels = np.abs(turns @ taps[::-1])
    if left > FITS:
        return Response(
            False,
            abs(terms[0].gain),
            f"{-10 * np.log10(max(left, 1e-12)):.0f} dB of SNR: not bits, a converter or noise",
        )
    shape = ", ".join(
        f"{20 * np.log10(max(level / levels[0], 1e-6)):+.1f} dB at {place:g} of the rate"
        for place, level in zip(PLACES[1:], levels[1:])
    )
    return Response(True, float(levels[0]), f"a filter stands in the path: {shape}")


def _plain(term: Term) -> Term:
    return replace(term, delay=0)
