"""A burst whose two buffers are known beforehand, checked by one search and one memcmp."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stress.detect.exact.checker import check
from stress.detect.exact.findings import CAP
from stress.detect.exact.same import address, memory
from stress.model.arrays import Bytes
from stress.model.finding import Analysis
from stress.model.ring import Rings

if TYPE_CHECKING:
    from stress.detect.exact.ring_offset import HeldRanges
    from stress.patterns.word import Pattern

# Bytes of the pattern searched for by the fast path. Source: 2^-512 by chance.
# Higher: shorter bursts take the slow path; lower: chance hits cost a comparison.
KEY_BYTES = 64

_MEMMEM, _MEMCMP, _NEW, _SET = memory().memmem, memory().memcmp, object.__new__, object.__setattr__


class KeptBurst:
    """A played burst that is still in memory, and the buffer its capture goes into.

    Made before the burst. Behind it the caches hold samples, and whatever is then
    looked up or built comes from memory: 1 us is 2.5 % of a memcmp over 10 s of
    stereo. So addresses and the analysis of a right burst are prepared here.

    Parameters
    ----------
    played : (n * frame_bytes,) uint8, C-contiguous: the clean pattern from
        `first_position` on, without the faults of a positive control.
    captured : (m * frame_bytes,) uint8, C-contiguous, filled by the burst.
    limit : frames of `played` that are due, None for all [frames].

    Raises
    ------
    ValueError : a buffer lies in pieces.

    Threads: any; neither buffer is written to.
    """

    __slots__ = (
        *("_begin", "_captured", "_due", "_first_position", "_limit", "_pattern", "_played"),
        *("_right", "_room", "_size", "_wanted"),
    )

    def __init__(
        self,
        pattern: Pattern,
        first_position: int,
        played: Bytes,
        captured: Bytes,
        limit: int | None = None,
    ) -> None:
        self._pattern, self._first_position, self._limit = pattern, first_position, limit
        # The arrays are kept alive for their addresses.
        self._played, self._captured = played, captured
        self._wanted, self._begin = address(played), address(captured)
        self._size, self._room = pattern.frame_bytes, captured.nbytes
        self._due = played.nbytes if limit is None else min(played.nbytes, limit * self._size)
        self._right = vars(
            Analysis("exact", True, 0, 0, 0, first_position, valid_bits=pattern.fmt.bits)
        ).copy()

    def check(
        self,
        frames: int,
        rings: Rings,
        *,
        line_bytes: int = 32,
        held: HeldRanges | None = None,
        cap: int = CAP,
    ) -> Analysis:
        """Check the first `frames` captured frames; see `ExactChecker` for the rest.

        A capture that is right costs one search for its first frame and one
        memcmp; any other is compared with the pattern, made again.

        Raises
        ------
        ValueError : more frames than the buffer holds.
        """
        begin, wanted, size, due = self._begin, self._wanted, self._size, self._due
        total = frames * size
        if total > self._room:
            raise ValueError(f"{frames} frames were never captured: the buffer holds {self._room // size}")
        at = _MEMMEM(begin, total, wanted, KEY_BYTES) if due >= KEY_BYTES else None
        if at is not None:
            lead = at - begin
            if due > total - lead:
                due = total - lead
            if not (lead % size or _MEMCMP(at, wanted, due)):
                fields = self._right.copy()
                fields["frames"] = frames
                fields["checked_frames"] = due // size
                fields["first_frame"] = lead // size
                # A quarter of the time of a frozen dataclass's own constructor.
                right = _NEW(Analysis)
                _SET(right, "__dict__", fields)
                return right
        return check(
            self._captured[:total],
            self._pattern,
            rings,
            first_position=self._first_position,
            played_limit=self._limit,
            line_bytes=line_bytes,
            held=held,
            cap=cap,
        )
