# SPDX-License-Identifier: MIT
"""Spectral lines of the pattern, which survive nearly every path.

x of mix1 steps by a constant (a Weyl sequence), so each of its bits is a square wave
of known frequency: bit b of x repeats every 2^(b+1) steps. The high half of a word is
x itself but for its lowest bit, hence a saw tooth with 61 % of its power in one line;
the top bit of the low half is the product of two square waves, 25 % of the power in
each of two lines. The phases of those lines are the position.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stress.model.arrays import Floats, Spectrum
from stress.patterns.mix import MIX1_MUL

#: Bits of a half that are looked for as the top bit of a captured word.
SHIFTS = 16

# Share of a channel's power in the lines of one kind that makes it this kind. Source: 1000
# frames of noise put 0.7 % in the strongest of 48 lines; a mono sum has 30 and 12 %. Higher: a
# weak part of a sum is missed, which the fit finds; lower: noise is taken for the pattern.
LEAST_SHARE = 0.04


def frequency(bit: int) -> float:
    """Return cycles per step of bit `bit` of x."""
    turn = 1 << (bit + 1)
    return (MIX1_MUL % turn) / turn


@dataclass(frozen=True)
class SeenLine:
    """The kind of half that a stream of numbers carries.

    Parameters
    ----------
    high : the high half of words; else the low half.
    shift : which bit of the half is the top bit of the stream, 0 for its own.
    share : of the power in its lines.
    phases : of the line of the high half, or of the difference and the sum [turns].
    """

    high: bool
    shift: int
    share: float
    phases: tuple[float, ...]


def high_lines() -> Floats:
    """Return the frequency of each shift of the high half, (SHIFTS,) [cycles a frame]."""
    return np.array([frequency(31 - shift) for shift in range(SHIFTS)])


def low_lines() -> Floats:
    """Return difference and sum lines of each shift of the low half, (SHIFTS, 2)."""
    return np.array(
        [
            ((frequency(30 - k) - frequency(15 - k)) % 1, (frequency(30 - k) + frequency(15 - k)) % 1)
            for k in range(SHIFTS)
        ]
    )


class PathLines:
    """Looks for the lines in streams of one length.

    Parameters
    ----------
    frames : of the streams.
    """

    def __init__(self, frames: int) -> None:
        window = np.hanning(frames + 2)[1:-1]
        freqs = np.concatenate([high_lines(), low_lines().reshape(-1)])
        turns = np.outer(freqs, np.arange(frames)) % 1
        self._basis: Spectrum = np.exp(-2j * np.pi * turns) * (window / window.sum())
        self._frames = frames

    def kinds(self, streams: Floats, least: float = LEAST_SHARE) -> list[list[SeenLine]]:
        """Return what each stream carries, strongest first.

        Parameters
        ----------
        streams : (frames, n).
        """
        centred = streams - streams.mean(axis=0)
        power = (centred**2).mean(axis=0)
        found = self._basis @ centred
        shares = 2 * np.abs(found) ** 2 / np.where(power > 0, power, 1.0)
        return [self._kinds(found[:, c], shares[:, c], least) for c in range(streams.shape[1])]

    def _kinds(self, found: Spectrum, shares: Floats, least: float) -> list[SeenLine]:
        out = []
        for k in range(SHIFTS):
            if shares[k] > least:
                # A positive saw tooth is sin(2 pi x), whose phase is x.
                out.append(
                    SeenLine(True, k, float(shares[k]), (float(np.angle(1j * found[k]) / (2 * np.pi)),))
                )
            low = SHIFTS + 2 * k
            two = float(shares[low] + shares[low + 1])
            if min(shares[low], shares[low + 1]) > least / 2:
                less, more = np.angle(found[low]), np.angle(-found[low + 1])
                out.append(SeenLine(False, k, two, (float(less / (2 * np.pi)), float(more / (2 * np.pi)))))
        # A square wave of 1/3 of a frequency may meet another's: the strongest is the top bit.
        return sorted(out, key=lambda one: -one.share)
