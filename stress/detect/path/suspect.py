# SPDX-License-Identifier: MIT
"""Whether what an exact check found may be a path: one change of every sample, from an instant on.

Naming a path costs seconds; damage, however dense, is no path. What tells them apart is
seen in a few thousand frames: a path leaves hardly a sample of a channel alone, or it holds
a bit, moves samples by a step or two, or touches the loud ones only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from stress.detect.path.estimate import named_at
from stress.detect.path.sources import numbers
from stress.model.arrays import Bytes, Flags, Ints
from stress.model.finding import Analysis, Finding, Kind
from stress.model.stimulus import POSITIONS

if TYPE_CHECKING:
    from stress.patterns.word import Pattern

# Frames of a capture, first to last + 1, as (n * frame_bytes,) uint8.
Frames = Callable[[int, int], Bytes]

# Wrong frames, or findings, of the kinds below that may be a path. Source: the fewest frames a
# path is named from; local faults are tens of frames. Higher: a path of a short capture stays a
# list of findings; lower: time on local damage.
MANY_FRAMES, MANY = 1000, 200

#: Kinds that a path is taken for where each frame is judged by itself.
PATH_KINDS = (
    *(Kind.UNKNOWN, Kind.BITFLIP, Kind.DITHER, Kind.GAIN, Kind.POLARITY, Kind.SWAP, Kind.BYTESHIFT),
    *(Kind.INSERT, Kind.MISPLACED, Kind.ZERO, Kind.HOLD, Kind.RESAMPLE, Kind.MUTE),
)

#: Those of them that say as much as a path does, where they do not last.
NAMED = (Kind.SWAP, Kind.GAIN, Kind.POLARITY, Kind.BYTESHIFT)

# Frames that are looked at in one place, the fewest, and the places: the longest findings, and
# some spread over all. Higher: time; lower: a path that begins late behind much damage is missed.
LOOK, LEAST, LONGEST, SPREAD = 8192, 1024, 4, 4

# Share of a channel's samples that are wrong behind most paths. Source: all but one in 65536; one
# of three stays behind dither. Higher: paths with stale lines are missed; lower: time on damage.
ALL, SOME = 0.9, 0.02

# A bit that hardly ever changes, and one that does. Higher: a stuck bit beside damage is missed;
# lower: zeros in half of the lines are a stuck bit.
HELD, MOVES = 0.01, 0.25

# Differences of rounding, in steps of 16 bits, and the share of wrong samples they explain.
FINE, MOSTLY = 4, 0.9

# Quietest sample that a limiter touches, in full scales.
LOUD = 0.25


class Suspicion(Enum):
    """What wrong frames look like."""

    NONE = "damage"
    PARTLY = "a path that leaves samples as they are"
    WHOLLY = "a path that leaves hardly any sample as it is"


def suspected(analysis: Analysis, pattern: Pattern, read: Frames) -> Suspicion:
    """Tell whether what an exact check found may be a path, or a change of it.

    Parameters
    ----------
    analysis : of a capture that the exact detector locked.
    pattern : what was played.
    read : gives any stretch of the capture.
    """
    number = sum(analysis.counts.get(kind, 0) for kind in PATH_KINDS)
    found = [one for one in analysis.findings if one.kind in PATH_KINDS]
    if sum(one.frames for one in found) < MANY_FRAMES and number < MANY:
        return Suspicion.NONE
    partly = False
    for one, length in _places(found, analysis):
        what = _place(one, length, analysis, pattern, read)
        if what is Suspicion.WHOLLY:
            return what
        partly |= what is Suspicion.PARTLY
    return Suspicion.PARTLY if partly else Suspicion.NONE


def _places(found: list[Finding], analysis: Analysis) -> Iterator[tuple[Finding, int]]:
    # Findings to begin at, and how many frames are looked at there.
    longest = sorted(found, key=lambda one: -one.frames)[:LONGEST]
    for one in longest:
        if one.frames >= (LOOK if one.kind in NAMED else LEAST):
            yield one, min(one.frames, LOOK)
    step = max(1, len(found) // SPREAD)
    for one in [*found[::step][:SPREAD], *found[-1:]]:
        yield one, LOOK
    if found and analysis.found > len(analysis.findings):
        # What is only counted lies behind those that are kept.
        last = found[-1]
        rest = analysis.frames - last.frame
        for part in range(1, SPREAD + 1):
            away = rest * part // (SPREAD + 1)
            yield Finding(last.kind, last.frame + away, LOOK, (last.position + away) % POSITIONS), LOOK


def _place(one: Finding, length: int, analysis: Analysis, pattern: Pattern, read: Frames) -> Suspicion:
    stop = min(analysis.frames, one.frame + max(length, LEAST))
    raw = np.ascontiguousarray(read(one.frame, stop))
    frames = raw.size // pattern.frame_bytes
    if frames < LEAST // 2:
        return Suspicion.NONE
    seen = numbers(raw, pattern.fmt, pattern.channels)
    due = numbers(pattern.bytes_at(one.position % POSITIONS, frames), pattern.fmt, pattern.channels)
    wrong = seen != due
    share = wrong.mean(axis=0)
    if (share > ALL).any():
        found = named_at(raw, pattern, one.position)
        if found is not None and not found.path.exact:
            return Suspicion.WHOLLY
    bits = pattern.fmt.bits
    some = np.flatnonzero(share > SOME)
    if any(_partly(seen[:, c], due[:, c], wrong[:, c], bits) for c in some):
        return Suspicion.PARTLY
    return Suspicion.NONE


def _partly(seen: Ints, due: Ints, wrong: Flags, bits: int) -> bool:
    # A change that may leave samples as they were: a held bit, rounding, a limiter.
    for bit in range(bits):
        up, sent = float((seen >> bit & 1).mean()), float((due >> bit & 1).mean())
        if (up < HELD or up > 1 - HELD) and MOVES < sent < 1 - MOVES and seen[wrong].any():
            return True
    if _exchanged(seen, due, wrong, bits):
        return True
    off = np.abs(seen[wrong] - due[wrong])
    if float((off <= FINE << (bits - 16)).mean()) > MOSTLY:
        return True
    level = np.abs(due)
    edge = float(np.quantile(level[wrong], 0.02))
    return edge > LOUD * (1 << (bits - 1)) and float(wrong[level >= edge].mean()) > MOSTLY


def _exchanged(seen: Ints, due: Ints, wrong: Flags, bits: int) -> bool:
    # Two bits change places: samples are wrong where, and only where, the two differ.
    values, often = np.unique((seen[wrong] ^ due[wrong]) & ((1 << bits) - 1), return_counts=True)
    both = int(values[np.argmax(often)])
    places = [bit for bit in range(bits) if both >> bit & 1]
    if len(places) != 2 or float(often.max()) < MOSTLY * int(wrong.sum()):
        return False
    apart = (due >> places[0] ^ due >> places[1]) & 1 == 1
    return bool(float((wrong == apart).mean()) > MOSTLY)
