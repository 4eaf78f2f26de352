# SPDX-License-Identifier: MIT
"""A ring that nobody fills any more: the card plays its last lap again and again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from stress.detect.exact.ring_offset import signed
from stress.detect.exact.survey import Span

# Laps behind the pattern that show a ring which replays. Source: a stream that falls back once, or
# slips to and fro, is damage; the same frames three times in a row, to the end, are a ring that
# runs on. Higher: a capture that is stopped soon shows none; lower: one stale lap at the end is one.
LEAST_LAPS = 2
# Frames between two laps that fit no position: the seam of a read that met it. Source: the survey's
# shortest run of frames in step is longer. Higher: gaps of lost time are called a lap.
MOST_SEAM = 64


class Replay(NamedTuple):
    """The end of a capture that repeats the frames before it: a ring's size, and how often."""

    lap_frames: int
    laps: int


def replay_of(spans: Sequence[Span], frames: int, longest: int) -> Replay | None:
    """Return the laps that end a capture, None where its end is no replay.

    Parameters
    ----------
    spans : of one pass of the pattern, in order.
    frames : of the capture; a replay reaches to its end.
    longest : ring that may replay [frames].
    """
    if not spans or frames - spans[-1].end > MOST_SEAM:
        return None
    laps, begin = 0, spans[-1].position
    while laps + 1 < len(spans) and spans[-1 - laps].position == begin:
        if not _again(spans[-1 - laps], spans[-2 - laps], longest, laps == 0):
            break
        laps += 1
    if laps < LEAST_LAPS:
        return None
    return Replay(signed(spans[-1 - laps].after - begin), laps)


def _again(span: Span, before: Span, longest: int, cut: bool) -> bool:
    # Whether a span begins again what ended with the one before it; the last lap may be cut.
    back = signed(before.after - span.position)
    if not 0 < back <= longest or span.start - before.end > MOST_SEAM:
        return False
    over = signed(before.after - span.after)
    return over >= 0 if cut else over == 0
