# SPDX-License-Identifier: MIT
"""Tell a path that no rule here names from damage: no effect may be called corruption.

A gate, a rectifier or a scrambler leaves some frames as they were, so the pattern is
found, and the others are wrong in no known way from beginning to end. Damage by a ring
shows old bytes, slips, whole lines, or it is not everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stress.detect.path.sources import numbers
from stress.model.arrays import Flags, Ints
from stress.model.finding import Analysis, Kind
from stress.model.stimulus import POSITIONS

if TYPE_CHECKING:
    from stress.detect.path.suspect import Frames
    from stress.patterns.word import Pattern

# Kinds that an unknown path is taken for where frames are judged by themselves.
VAGUE = (Kind.UNKNOWN, Kind.BITFLIP, Kind.ZERO, Kind.HOLD, Kind.DITHER, Kind.GAIN, Kind.POLARITY)
# Share of findings that are a lone old frame by chance. Source: 3 of 11 657 behind a gate at -4 dB. Higher:
# stale lines behind an effect are passed over; lower: chance is a ring.
CHANCE = 0.001
# Parts of the capture, and the least share of wrong frames in nearly every one of them. Source: an effect
# is there all the time. Higher: a gate that opens rarely is called damage; lower: damage that is spread
# thinly is called a path.
PARTS, LEAST, NEARLY = 64, 0.05, 0.05
# Fewest frames that tell: some tens in each part. Higher: short captures behind an effect FAIL; lower:
# chance.
LEAST_FRAMES = 4096
# Half a cache line of the smallest kind [bytes], whole ones where a frame fills a half, and the share of
# wrong runs that are made of such. Source: lengths by chance are multiples in one of two to four or less.
# Higher: lines beside other damage are called a path; lower: runs by chance are lines.
LINE_BYTES, IN_LINES = (16, 32, 64), 0.6
# Samples of a channel that tell a range of levels, those left out at either end of it (a number and a share),
# how many in it are wrong, and how much of all it holds. Source: damage that knows no level fills the whole
# range at its own share. Higher share inside: a gate that lets a sample through is called damage; lower:
# dense damage is called a gate.
LEAST_WRONG, ODD, EDGE, ALL_INSIDE, MOST_INSIDE = 8, 2, 0.005, 0.95, 0.85
# Frames that are compared, from the first right one on.
MOST = 1 << 21


def unnamed_path(analysis: Analysis, pattern: Pattern, read: Frames) -> str:
    """Return what an unknown path does to the frames, "" where damage explains them better.

    Parameters
    ----------
    analysis : of a capture that the exact detector locked.
    pattern : what was played.
    read : gives any stretch of the capture.
    """
    lock = analysis.lock
    if lock is None or not analysis.found or _shows_a_ring(analysis):
        return ""
    wrong, seen, due = _compared(lock, min(analysis.checked_frames, MOST), pattern, read)
    if len(wrong) < LEAST_FRAMES:
        return ""
    below = pattern.fmt.bits - (analysis.valid_bits or pattern.fmt.bits)
    seen, due = seen >> below, due >> below
    wrong = (seen != due).any(axis=1)
    share = f"{100 * float(wrong.mean()):.3g} % of the frames are wrong"
    if _by_level(seen, due):
        return (
            f"{share}, all those whose samples lie in one range of levels: a gate, a limiter or a bad table"
        )
    if _mostly_unknown(analysis) and _everywhere(wrong, pattern.frame_bytes):
        return (
            f"{share} from beginning to end, in no known way, and nothing shows a ring: an effect or a "
            "conversion without a name here, or damage all through"
        )
    return ""


def _shows_a_ring(analysis: Analysis) -> bool:
    # Old frames, slips and what else has a name; a lone frame among thousands may be old by chance.
    named = sum(number for kind, number in analysis.counts.items() if kind not in VAGUE)
    more = any(one.frames > 1 for one in analysis.findings if one.kind not in VAGUE or one.lag)
    return more or named > CHANCE * analysis.found


def _mostly_unknown(analysis: Analysis) -> bool:
    # A ring gives whole other bytes: what is off by a few LSB all the time is no ring's.
    unknown = sum(one.frames for one in analysis.findings if one.kind in (Kind.UNKNOWN, Kind.DITHER))
    return 2 * unknown >= sum(one.frames for one in analysis.findings)


def _everywhere(wrong: Flags, frame_bytes: int) -> bool:
    shares = [float(part.mean()) for part in np.array_split(wrong, PARTS)]
    return float(np.quantile(shares, NEARLY)) >= LEAST and not _in_lines(wrong, frame_bytes)


def _compared(lock: tuple[int, int], frames: int, pattern: Pattern, read: Frames) -> tuple[Flags, Ints, Ints]:
    # Which frames from the lock on are not what was due, and the samples of both, (n, channels).
    frame, position = lock
    raw = np.ascontiguousarray(read(frame, frame + frames)).reshape(-1)
    n = raw.size // pattern.frame_bytes
    seen = numbers(raw, pattern.fmt, pattern.channels)
    due = numbers(np.asarray(pattern.bytes_at(position % POSITIONS, n)), pattern.fmt, pattern.channels)
    return (seen != due).any(axis=1), seen, due


def _by_level(seen: Ints, due: Ints) -> bool:
    # Whether samples are wrong where, and only where, those sent lie in one range of levels: a gate, a
    # limiter, a table with a fault. No ring knows what it carries.
    told = False
    for c in range(seen.shape[1]):
        wrong = seen[:, c] != due[:, c]
        if not wrong.any():
            continue
        if int(wrong.sum()) < LEAST_WRONG or not any(
            _in_range(level, wrong) for level in (np.abs(due[:, c]), due[:, c])
        ):
            return False
        told = True
    return told


def _in_range(level: Ints, wrong: Flags) -> bool:
    there = np.sort(level[wrong])
    out = ODD + int(EDGE * len(there))
    low, high = there[out], there[-1 - out]
    inside = (level >= low) & (level <= high)
    return float(wrong[inside].mean()) >= ALL_INSIDE and float(inside.mean()) <= MOST_INSIDE


def _in_lines(wrong: Flags, frame_bytes: int) -> bool:
    # Whether runs of wrong frames begin and end where halves of cache lines do, wherever those begin.
    step = next((size // frame_bytes for size in LINE_BYTES if size >= 2 * frame_bytes), 0)
    if not step:
        return False
    edges = np.flatnonzero(np.diff(np.concatenate([[False], wrong, [False]]).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    if not len(starts):
        return False
    phase = np.bincount(starts % step, minlength=step).argmax()
    whole = (starts % step == phase) & ((ends - starts) % step == 0)
    return bool(whole.mean() >= IN_LINES)
