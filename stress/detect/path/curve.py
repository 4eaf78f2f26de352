# SPDX-License-Identifier: MIT
"""Paths that bend samples: each sample is right by itself, and no volume undoes it.

A limiter, an automatic gain, soft clipping and companding leave quiet samples or short
stretches as they were, so that they look like damage to each frame. What tells them from
damage: a captured sample still depends on the sample sent alone, or on that and a gain that
both neighbours share.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stress.model.arrays import Floats, Ints
from stress.model.words import count

#: `Path.encoding` of these paths.
COMPANDED, BENT, VARYING = "companded", "bent", "gain varies"
CURVES = (COMPANDED, BENT, VARYING)

# Share of neighbours, in order of the samples sent, that must not fall. Source: a frame of damage
# breaks two of them. Higher: stale lines hide the curve; lower: noise is a curve.
ORDERED = 0.9

# Difference from a straight line, in full scales, that is a bend. Source: rounding to 9 bits is
# 0.002. Higher: mild limiters are damage; lower: rounding is a bend.
BEND = 0.01

# Share of samples that a bend moves, and how many times as many as are out of order. Source: one line of
# damage moves as many as it takes out of order. Higher: mild limiters are damage; lower: damage is a bend.
MOVED, UNMOVED = 0.05, 2.0

# Share of samples at one rail that is clipping. Source: the loudest step of A-law holds 0.03. Higher: gains
# that clip are bends; lower: mu-law clips.
CUT = 0.05

# Most levels of a sample behind companding to 8 bits, damage besides, and how much wider the wide steps
# are than the narrow ones. Source: G.711 has steps of 2 to 256. Higher levels: rounding to 9 bits is
# companding; lower: damage hides it.
LEVELS, UNEVEN = 264, 4.0

# Frames that share one gain, what they may differ by, the share of them, and how much gains differ.
# Source: the fastest limiters take 1 ms. Higher differences: noise is a gain; lower: fast limiters
# are damage.
TOGETHER, DIFFERENCE, SHARE, VARIES = 32, 0.02, 0.9, 0.002


def bend_of(seen: Ints, due: Floats, bits: int) -> tuple[str, str]:
    """Return the encoding and a sentence of one channel, both "" where no curve explains it.

    Parameters
    ----------
    seen : (frames,) captured.
    due : (frames,) sent.
    """
    full = float(1 << (bits - 1))
    order = np.argsort(due, kind="stable")
    sent, got = due[order], seen[order].astype(np.float64)
    rails = max(float((got == got.max()).mean()), float((got == got.min()).mean()))
    rising = float((np.diff(got) * np.sign(got[-1] - got[0]) >= 0).mean())
    levels = np.unique(seen)
    if rising >= ORDERED:
        if len(levels) <= LEVELS and len(seen) > 4 * LEVELS and _uneven(levels):
            return COMPANDED, "samples take 256 uneven levels, as behind A-law or mu-law"
        quiet = np.abs(sent) < full / 4
        slope = float(np.median(got[quiet & (sent != 0)] / sent[quiet & (sent != 0)])) if quiet.any() else 1.0
        off = np.abs(got - slope * sent) / full
        # What is cut off at a rail is a gain that clips.
        # Damage takes as many samples out of their order as it moves.
        moved = float((off > BEND).mean())
        if rails < CUT and moved > max(MOVED, UNMOVED * (1 - rising)):
            edge = float(np.quantile(np.abs(sent[off > BEND / 2]), 0.05)) / full
            level = 20 * np.log10(max(edge, 1e-3))
            return BENT, f"samples above {level:.0f} dBFS are bent: a limiter or soft clipping"
    return varying(seen, due)


def _uneven(levels: Ints) -> bool:
    steps = np.diff(levels)
    return bool(len(steps) > 16 and np.quantile(steps, 0.9) > UNEVEN * np.quantile(steps, 0.1))


def varying(seen: Ints, due: Floats) -> tuple[str, str]:
    """Return the encoding and a sentence where a few frames share one gain, the next ones another.

    Parameters
    ----------
    seen : (frames,) captured.
    due : (frames,) sent.
    """
    frames = len(seen) // TOGETHER * TOGETHER
    if not frames:
        return "", ""
    y, x = seen[:frames].reshape(-1, TOGETHER).astype(np.float64), due[:frames].reshape(-1, TOGETHER)
    power = (x * x).sum(axis=1)
    gain = (x * y).sum(axis=1) / np.maximum(power, 1.0)
    left = np.sqrt(((y - gain[:, None] * x) ** 2).sum(axis=1) / np.maximum(power, 1.0))
    near = left < DIFFERENCE * np.abs(gain)
    if float(near.mean()) < SHARE or not gain[near].all():
        return "", ""
    # A stale line has a gain of its own.
    gain = gain[near]
    low, high = np.quantile(np.abs(gain), (0.02, 0.98)).tolist()
    # Noise moves the gains of neighbours apart, a limiter moves them together.
    if high < low * (1 + VARIES) or np.var(np.diff(gain)) > np.var(gain):
        return "", ""
    level = [20 * float(np.log10(one)) for one in (low, high)]
    return VARYING, (
        f"the gain changes within {count(TOGETHER)} to {count(len(seen))} frames, from {level[0]:+.2f} to "
        f"{level[1]:+.2f} dB: a limiter, an automatic gain or a fade"
    )


def joint(found: Sequence[tuple[str, str]]) -> tuple[str, tuple[str, ...]]:
    """Return the encoding and the sentences of all channels, "" where one of them has no curve."""
    if not found or not all(name for name, _ in found):
        return "", ()
    # One part stands in all channels: what is said of the first is said of it.
    texts = dict(reversed(found))
    return found[0][0], tuple(texts[name] for name in dict.fromkeys(name for name, _ in found))
