# SPDX-License-Identifier: MIT
"""Captures of the pattern in turn with an auxiliary stimulus, as `generate --interleave` writes them.

The turns follow from the position, so both sources are known at each captured
frame. Right frames of the auxiliary turns are shown to the checker as the
pattern; wrong ones stay as they are and are found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stress.detect.exact.decode import runs_of
from stress.detect.exact.survey import KnownRecording, Read, Survey
from stress.errors import ConfigError
from stress.model.arrays import Bytes, Flags, Ints
from stress.model.stimulus import AUXILIARY, ONE_SIDED, POSITIONS, Source
from stress.patterns.auxiliary import auxiliary
from stress.patterns.word import Pattern

# Frames behind the first wrong one that name the stimulus, and the share of them that is
# right. Source: the longest period of an auxiliary stimulus but impulse's. Higher: short
# turns are not known; lower: a held frame or zeros are a stimulus.
PROBE, LEAST_SHARE = 256, 0.9
# Wrong frames in a row that end a turn [frames]. Source: longer than damage to a line or
# packet. Higher: short turns are not known; lower: damage in a turn hides it.
MANY_WRONG = 128


@dataclass(frozen=True)
class Turns:
    """Which stimulus takes turns with the pattern.

    Parameters
    ----------
    name : of the auxiliary stimulus.
    frames : of one turn.
    align : pattern position minus captured frame.
    """

    name: str
    frames: int
    align: int


def find_turns(capture: KnownRecording, pattern: Pattern, rate: int, found: Survey) -> Turns | None:
    """Return the turns that a stimulus takes with the pattern, None where none does.

    Parameters
    ----------
    found : the survey of the capture.
    """
    if not found.spans:
        return None
    for start in found.ends:
        if start < capture.frames:
            turns = _from(capture, pattern, rate, start, found.spans[0].align)
            if turns is not None:
                return turns
    return None


def _from(capture: KnownRecording, pattern: Pattern, rate: int, start: int, align: int) -> Turns | None:
    # The stimulus that takes its turn at captured frame `start`, the one with most right frames.
    begin, best = (start + align) % POSITIONS, (0, "", 0)
    read, frames = capture.read, capture.frames
    for name in (*AUXILIARY, *ONE_SIDED):
        other = _source(name, rate, pattern)
        if other is None or not _matches(read, start, min(start + PROBE, frames), other, begin):
            continue
        end, right = _reach(read, start, frames, other, begin)
        # Silence to the end of the capture is the end of the pattern, and no turn; impulse is silence
        # but for one frame in a thousand.
        if end == frames and name in ("silence", "impulse"):
            continue
        turn = end - start if end < frames else begin
        if turn >= PROBE and begin % turn == 0 and begin // turn % 2 == 1:
            best = max(best, (right, name, turn))
    return Turns(best[1], best[2], align) if best[0] else None


def without_turns(read: Read, pattern: Pattern, rate: int, turns: Turns) -> Read:
    """Return a reader of the same capture with right auxiliary frames shown as the pattern."""
    other = auxiliary(turns.name, rate, pattern.channels, pattern.fmt)
    size = pattern.frame_bytes

    def shown(first: int, stop: int) -> Iterator[Bytes]:
        at = first
        for block in read(first, stop):
            rows = block.reshape(-1, size).copy()
            position = (at + turns.align) % POSITIONS
            due, sent = np.empty(rows.size, np.uint8), pattern.bytes_at(position, len(rows)).reshape(-1, size)
            other.fill(position, due)
            wanted = due.reshape(-1, size)
            turn = (position + np.arange(len(rows))) // turns.frames
            right = (rows == wanted).all(axis=1)
            shows = (turn % 2 == 1) & right & _beside_sound(right, np.asarray(wanted.any(axis=1)), turn)
            rows[shows] = sent[shows]
            yield rows.ravel()
            at += len(rows)

    return shown


def _beside_sound(right: Flags, sounding: Flags, turn: Ints) -> Flags:
    # Silence meets the zeros of a stimulus: in a turn they show it where the nearest sound beside them does.
    n, at = len(right), np.arange(len(right))
    before = np.maximum.accumulate(np.where(sounding, at, -1))
    after = np.minimum.accumulate(np.where(sounding, at, n)[::-1])[::-1]
    shown, asked = np.zeros(n, bool), np.zeros(n, bool)
    for near in (before, after):
        place = np.clip(near, 0, max(n - 1, 0))
        same = (near == place) & (turn[place] == turn)
        asked |= same
        shown |= same & right[place]
    out: Flags = shown | ~asked
    return out


def _source(name: str, rate: int, pattern: Pattern) -> Source | None:
    try:
        return auxiliary(name, rate, pattern.channels, pattern.fmt)
    except ConfigError:
        return None


def _right(block: Bytes, other: Source, position: int) -> Flags:
    due = np.empty(block.size, np.uint8)
    other.fill(position % POSITIONS, due)
    right: Flags = (block == due).reshape(-1, other.frame_bytes).all(axis=1)
    return right


def _matches(read: Read, start: int, stop: int, other: Source, position: int) -> bool:
    block = np.concatenate([np.empty(0, np.uint8), *(part.copy() for part in read(start, stop))])
    return (
        block.size >= PROBE * other.frame_bytes
        and float(_right(block, other, position).mean()) >= LEAST_SHARE
    )


def _reach(read: Read, start: int, frames: int, other: Source, position: int) -> tuple[int, int]:
    # Where the stimulus ends, the first of many wrong frames in a row; and its right frames.
    at, right, begun = start, 0, 0
    for block in read(start, frames):
        wrong = ~_right(block, other, position + at - start)
        for first, last, bad in runs_of(wrong.astype(np.int64)):
            if not bad:
                right, begun = right + last - first, 0
                continue
            begun = begun or at + first
            if at + last - begun >= MANY_WRONG:
                return begun, right
        at += len(wrong)
    return frames, right
