# SPDX-License-Identifier: MIT
"""Bits that get through: captured frames against those sent, per channel and bit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stress.detect.path.sources import numbers
from stress.model.arrays import Bytes
from stress.model.stimulus import POSITIONS

if TYPE_CHECKING:
    from stress.patterns.word import Pattern


@dataclass(frozen=True)
class Transparency:
    """What a comparison bit by bit says.

    Parameters
    ----------
    frames : compared.
    differing : of them with any wrong bit.
    rates : per channel and bit from the lowest on, the share of samples whose bit is wrong.
    first, last : captured frames of the first and last difference, 0 without one.
    """

    frames: int
    differing: int = 0
    rates: tuple[tuple[float, ...], ...] = ()
    first: int = 0
    last: int = 0

    @property
    def clean_bits(self) -> int:
        """Bits of a sample that are right in every channel and frame."""
        if not self.rates:
            return 0
        return sum(not any(values) for values in zip(*self.rates))

    def to_json(self, rate: int) -> dict[str, Any]:
        """Return the comparison as JSON; times are behind the start of the capture."""
        return {
            "frames": self.frames,
            "differing": self.differing,
            "clean_bits": self.clean_bits,
            "bit_error_rates": [list(values) for values in self.rates],
            "first_s": round(self.first / rate, 6) if self.differing else None,
            "last_s": round(self.last / rate, 6) if self.differing else None,
        }


def compared(captured: Bytes, sent: Bytes, pattern: Pattern, align: int, first_position: int) -> Transparency:
    """Compare a capture with what was sent.

    Parameters
    ----------
    captured : (n * frame_bytes,) uint8.
    sent : (m * frame_bytes,) uint8, from its first frame on.
    align : position due at captured frame 0 (mod 2^32).
    first_position : of the first frame sent.
    """
    size = pattern.frame_bytes
    lead = (first_position - align) % POSITIONS
    lead = lead - POSITIONS if lead >= POSITIONS // 2 else lead
    start = max(0, lead)
    frames = min(captured.size // size - start, sent.size // size - (start - lead))
    if frames <= 0:
        return Transparency(0)
    seen = numbers(captured[start * size : (start + frames) * size], pattern.fmt, pattern.channels)
    due_bytes = sent[(start - lead) * size : (start - lead + frames) * size]
    wrong = seen ^ numbers(due_bytes, pattern.fmt, pattern.channels)
    rates = tuple(
        tuple(float((wrong[:, c] >> bit & 1).mean()) for bit in range(pattern.fmt.bits))
        for c in range(pattern.channels)
    )
    places = np.flatnonzero(wrong.any(axis=1))
    if not len(places):
        return Transparency(frames, 0, rates)
    return Transparency(frames, len(places), rates, start + int(places[0]), start + int(places[-1]))
