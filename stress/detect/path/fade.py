# SPDX-License-Identifier: MIT
"""A long stretch whose gain changes all the time: one finding of a fade, not damage of no known kind."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from stress.detect.path.curve import TOGETHER, varying
from stress.detect.path.sources import numbers
from stress.model.finding import Analysis, Finding, Kind
from stress.model.stimulus import POSITIONS

if TYPE_CHECKING:
    from stress.detect.path.suspect import Frames
    from stress.patterns.word import Pattern

# Fewest frames of a fade, and the most that are looked at. Source: a fade of 20 ms at 48 kHz is inaudible as
# such. Higher: short fades are unknown; lower: damage of a few lines has a gain by chance.
LEAST, MOST = 1000, 1 << 17

# Kinds that the quiet end of a fade is taken for, a few frames at a time.
QUIET = (Kind.GAIN, Kind.ZERO, Kind.HOLD, Kind.UNKNOWN, Kind.DITHER)


def named_fades(analysis: Analysis, pattern: Pattern, read: Frames) -> Analysis:
    """Return the analysis with each fade among its findings named as a change of gain.

    Parameters
    ----------
    pattern : what was played.
    read : gives any stretch of the capture.
    """
    named = [_named(one, pattern, read) for one in analysis.findings]
    fades = [one for one, was in zip(named, analysis.findings) if one is not was]
    if not fades:
        return analysis
    found = _joined(_joined(named, fades)[::-1], fades)[::-1]
    counts, sites = Counter(analysis.counts), Counter(analysis.sites)
    for sign, some in ((-1, analysis.findings), (1, found)):
        for one in some:
            counts[one.kind] += sign
            sites[(one.kind, one.ring, one.laps)] += sign
    return replace(analysis, findings=tuple(found), counts=+counts, sites=+sites)


def _joined(found: list[Finding], fades: list[Finding]) -> list[Finding]:
    # The quiet end of a fade falls into short gains and zeros: they are part of it.
    out: list[Finding] = []
    for one in found:
        last = out[-1] if out else None
        if last is not None and last.text in {fade.text for fade in fades} and _continues(last, one):
            first = min(last.frame, one.frame)
            end = max(last.frame + last.frames, one.frame + one.frames)
            position = (last.position + first - last.frame) % POSITIONS
            out[-1] = replace(last, frame=first, frames=end - first, position=position)
        else:
            out.append(one)
    return out


def _continues(fade: Finding, one: Finding) -> bool:
    gap = max(one.frame - fade.frame - fade.frames, fade.frame - one.frame - one.frames)
    due = (one.position - fade.position - one.frame + fade.frame) % POSITIONS == 0
    return one.kind in QUIET and not one.injected and one.frames <= TOGETHER and gap <= TOGETHER and due


def _named(one: Finding, pattern: Pattern, read: Frames) -> Finding:
    if one.kind is not Kind.UNKNOWN or one.frames < LEAST or one.injected:
        return one
    frames = min(one.frames, MOST)
    raw = np.ascontiguousarray(read(one.frame, one.frame + frames)).reshape(-1)
    if raw.size != frames * pattern.frame_bytes:
        return one
    seen = numbers(raw, pattern.fmt, pattern.channels)
    due = numbers(pattern.bytes_at(one.position % POSITIONS, frames), pattern.fmt, pattern.channels)
    told = [varying(seen[:, c], due[:, c].astype(np.float64)) for c in range(pattern.channels)]
    if not all(name for name, _ in told):
        return one
    level = float(np.sqrt((seen.astype(np.float64) ** 2).mean() / (due.astype(np.float64) ** 2).mean()))
    gain_db = round(20 * float(np.log10(max(level, 1e-6))), 3)
    text = f"The capture fades from about frame {one.frame} on: {told[0][1]}."
    return replace(one, kind=Kind.GAIN, details={**one.details, "gain_db": gain_db}, text=text)
