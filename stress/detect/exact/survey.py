# SPDX-License-Identifier: MIT
"""Where a capture shows the pattern at all: its alignments from beginning to end.

A first reading, in constant memory, before anything is judged: a capture made by
hand begins and ends somewhere, and may hold the file that was played more than
once. Only runs that no damage makes by chance count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Callable

from stress.detect.exact.compare import Regenerator, address
from stress.detect.exact.decode import NONE, Decoder, runs_of
from stress.detect.exact.valid_bits import top_mask
from stress.model.arrays import Bytes
from stress.model.ring import Rings
from stress.model.stimulus import POSITIONS
from stress.patterns.word import Pattern

# Frames of a capture, first to last + 1, in blocks.
Read = Callable[[int, int], Iterator["Bytes"]]

# Shortest run of frames in step that shows an alignment [frames]. Source: eight lines
# of 32 bytes. Higher: short recordings have no end; lower: stale lines in a row do.
LEAST_RUN = 64
# Alignments kept. Source: a stream that slips in each period for a minute. Higher:
# memory; lower: a capture with many slips is judged as one piece.
MOST_SPANS = 4096
# Ends of runs that are kept: another stimulus may take its turn at one of them. Higher:
# time for captures with much damage; lower: damage before the first turn hides it.
MOST_ENDS = 16


@dataclass(frozen=True)
class KnownRecording:
    """A capture that can be read more than once.

    Parameters
    ----------
    read : gives the frames from one captured frame to another, in blocks.
    frames : in all.
    """

    read: Read
    frames: int


@dataclass(frozen=True)
class Span:
    """Frames that show one alignment, whatever is damaged between them.

    Parameters
    ----------
    start, end : captured frames.
    position : shown at `start` (mod 2^32).
    """

    start: int
    end: int
    position: int

    @property
    def align(self) -> int:
        """Position minus captured frame (mod 2^32)."""
        return (self.position - self.start) % POSITIONS

    @property
    def after(self) -> int:
        """Position due at `end` (mod 2^32)."""
        return (self.position + self.end - self.start) % POSITIONS


class Survey:
    """Takes a capture block by block; `spans` holds what it showed.

    Parameters
    ----------
    pattern : what was played.

    Attributes
    ----------
    frames : taken so far.
    ends : captured frames at which the first runs in step ended.

    Threads: one at a time per object.
    """

    def __init__(self, pattern: Pattern) -> None:
        self._pattern = pattern
        # By the top 16 bits alone: what lies below may not be carried.
        self._decoder = Decoder(pattern, Rings(), top_mask(pattern))
        self._again = Regenerator(pattern)
        self._spans: list[Span] = []
        self.frames = 0
        self.ends: list[int] = []

    def feed(self, block: Bytes) -> None:
        """Take the next captured frames, (n * frame_bytes,) uint8, whole frames."""
        n, first = len(block) // self._pattern.frame_bytes, self.frames
        self.frames += n
        last = self._spans[-1] if self._spans else None
        if last is not None and last.end == first:
            done = self._again.right(address(block), last.after, n)
            if done == n:
                self._spans[-1] = replace(last, end=first + n)
                return
        for start, end, lag in runs_of(self._decoder.lags(block, 0, anywhere=True)):
            edge = start == 0 or end == n
            if lag != NONE and (end - start >= LEAST_RUN or (edge and end - start >= 2)):
                if end < n and len(self.ends) < MOST_ENDS:
                    self.ends.append(first + end)
                self._add(Span(first + start, first + end, (start - lag) % POSITIONS))

    def _add(self, span: Span) -> None:
        last = self._spans[-1] if self._spans else None
        if last is not None and last.align == span.align:
            self._spans[-1] = replace(last, end=span.end)
            return
        if last is not None and last.end - last.start < LEAST_RUN:
            # The head of a run that ended behind the edge of a block.
            self._spans.pop()
            self._add(span)
            return
        if len(self._spans) <= MOST_SPANS:
            self._spans.append(span)

    @property
    def spans(self) -> tuple[Span, ...]:
        """All spans in order; empty where there are too many to tell anything."""
        if len(self._spans) > MOST_SPANS:
            return ()
        return tuple(span for span in self._spans if span.end - span.start >= LEAST_RUN)


def survey(blocks: Iterable[Bytes], pattern: Pattern) -> Survey:
    """Return the survey of a capture that arrives in `blocks`, each (n * frame_bytes,) uint8."""
    found = Survey(pattern)
    for block in blocks:
        found.feed(block)
    return found
