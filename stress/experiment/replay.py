# SPDX-License-Identifier: MIT
"""Judge the evidence of a run again, from the bytes that were kept."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from stress.detect.exact.checker import Begun, ExactChecker
from stress.detect.exact.expected import Expected
from stress.errors import CaptureFileError
from stress.experiment.alignment import LOST_START
from stress.model.arrays import Bytes
from stress.model.finding import SLIPS
from stress.model.record.findings import FindingRecord
from stress.model.ring import Rings
from stress.model.stimulus import POSITIONS
from stress.record.evidence import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stress.model.finding import Finding
    from stress.model.record.burst import BurstRecord
    from stress.model.record.findings import EvidenceRecord
    from stress.patterns.word import Pattern

_NAME = re.compile(r"burst-(\d+)-(out-|in-)?\d+-\w+\.json")
# What has to be the same again; the length too, where the whole finding was kept.
COMPARED = ("kind", "lag", "laps", "ring")
# Of these only the first where the age is whole laps of both rings: what lies around it told the ring.
EITHER = ("kind", "lag")
# Their position is that of the frame behind them.
_SLIPS = frozenset(kind.value for kind in SLIPS)


@dataclass(frozen=True)
class Kept:
    """One evidence file, read and checked.

    Parameters
    ----------
    burst : number of the burst it is from.
    stream : "" for what came back, "out-" and "in-" for the streams on the wire.
    first_frame : captured frame of the first kept one.
    observed : (n * frame_bytes,) uint8.
    """

    name: str
    burst: int
    stream: str
    finding: FindingRecord
    first_frame: int
    frame_bytes: int
    observed: Bytes

    @property
    def at(self) -> int:
        """Frame of the excerpt in which the finding begins."""
        return self.finding.frame - self.first_frame

    @property
    def cut(self) -> bool:
        """True when the finding goes on behind the bytes that were kept."""
        return (self.at + self.finding.frames) * self.frame_bytes > self.observed.size


@dataclass(frozen=True)
class Replayed:
    """One finding as it was recorded and as it is judged now.

    Parameters
    ----------
    now : None when the bytes hold no finding at that frame any more.
    skipped : why it was not judged, "" when it was.
    either : its age is whole laps of both rings.
    """

    kept: Kept
    now: Finding | None = None
    skipped: str = ""
    either: bool = False

    @property
    def same(self) -> bool:
        """True when kind, age, ring and length are those recorded.

        Of a long finding only the beginning is kept; its length is not compared.
        """
        if self.now is None:
            return False
        found, was = FindingRecord.of(self.now), self.kept.finding
        compared = EITHER if self.either else COMPARED
        names = compared if self.kept.cut else (*compared, "frames")
        return all(getattr(found, name) == getattr(was, name) for name in names)


def read(name: str, value: EvidenceRecord, pattern: Pattern) -> Kept:
    """Return the evidence of the file `name`.

    Raises
    ------
    CaptureFileError : it is no evidence of this pattern's format.
    """
    named = _NAME.fullmatch(name)
    if named is None or value.schema != SCHEMA:
        raise CaptureFileError(name, f"is no evidence ({SCHEMA})")
    finding, first = value.finding, value.first_frame
    if first > finding.frame:
        raise CaptureFileError(name, "first_frame: must lie at or before the finding")
    if value.frame_bytes != pattern.frame_bytes:
        raise CaptureFileError(
            name, f"frame_bytes: {value.frame_bytes}, the run's format has {pattern.frame_bytes}"
        )
    observed = _whole(name, bytes.fromhex(value.observed), pattern.frame_bytes)
    return Kept(name, int(named[1]), named[2] or "", finding, first, pattern.frame_bytes, observed)


def _whole(name: str, data: bytes, frame_bytes: int) -> Bytes:
    if not data or len(data) % frame_bytes:
        raise CaptureFileError(name, f"observed: {len(data)} bytes are no whole frames")
    return np.frombuffer(bytearray(data), np.uint8)


def judge(kept: Kept, burst: BurstRecord, rings: Rings, pattern: Pattern, line_bytes: int) -> Replayed:
    """Run the exact detector over the bytes of one finding.

    Parameters
    ----------
    burst : the event of its burst.
    rings : sizes as granted [frames].
    """
    if kept.stream == "in-":
        return Replayed(kept, skipped="compared with the wire, which was not kept whole")
    if burst.analysis.detector not in ("exact", "wire"):
        return Replayed(kept, skipped=f"found by the {burst.analysis.detector} detector")
    if kept.finding.details.get("start") or kept.finding.details.get(LOST_START):
        return Replayed(kept, skipped="the start of the pattern: only the whole burst tells what was due")
    capture = None if kept.stream else rings.capture
    placed = Rings(rings.playback, capture, kept.first_frame % capture if capture else 0)
    lag = kept.finding.lag or 0
    both = lag > 0 and all(ring and lag % ring == 0 for ring in (rings.playback, capture))
    expected = Expected(pattern, placed, first_position=burst.position, line_bytes=line_bytes)
    replayed = Replayed(kept, _found(kept, ExactChecker(expected)), either=both)
    due = kept.finding.position
    if not replayed.same and due is not None and kept.finding.kind not in _SLIPS:
        # Where most of the excerpt is old it locks on that: the whole burst told what was due.
        for begun in _told(kept, burst, (due - kept.at) % POSITIONS, pattern):
            again = replace(replayed, now=_found(kept, ExactChecker(expected, begun=begun)))
            replayed = again if again.same else replayed
    if kept.cut and not replayed.same:
        # What a long finding is was told by frames that were not kept.
        held = kept.observed.size // kept.frame_bytes - kept.at
        return replace(replayed, skipped=f"evidence holds the first {held} frames of a longer finding")
    if not replayed.same and _touched(kept, burst, expected):
        return replace(replayed, skipped="wrong frames touch it: only the whole burst tells them apart")
    return replayed


def _touched(kept: Kept, burst: BurstRecord, expected: Expected) -> bool:
    # What a run of wrong frames is called, and where it ends, is decided with those before and behind it.
    if kept.stream:
        return False
    spans = [(one.frame - kept.first_frame, one.frames) for one in burst.analysis.findings]
    # A record keeps the first of many findings; the excerpt shows those beside the others.
    now = ExactChecker(expected)
    now.feed(kept.observed)
    spans += [(one.frame, one.span) for one in now.finish().findings if one.kind not in SLIPS]
    end = kept.at + kept.finding.frames
    return any(at != kept.at and at <= end and kept.at <= at + frames for at, frames in spans)


def _told(kept: Kept, burst: BurstRecord, position: int, pattern: Pattern) -> Iterator[Begun]:
    # With all bits, where the burst says that the path carried them: a few flips are much of an excerpt.
    if burst.analysis.valid_bits == pattern.fmt.bits:
        yield Begun(position, None, pattern.fmt.bits)
    yield Begun.at_lock(kept.observed, position, pattern)


def _found(kept: Kept, checker: ExactChecker) -> Finding | None:
    checker.feed(kept.observed)
    return next((one for one in checker.finish().findings if one.frame == kept.at), None)
