# SPDX-License-Identifier: MIT
"""The checksum detector: CRC-32 per period, for any stimulus.

It says which periods came back as they were sent, and narrows a wrong one to
its wrong frames. It names no age, no ring and no kind, and behind a slip every
period differs.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

import numpy as np

from stress.detect.checksum_lock import Played, find
from stress.detect.exact.findings import CAP
from stress.model.arrays import Bytes, Flags
from stress.model.finding import Analysis, Finding, Kind

LIMITS = "a checksum names no age and no ring; behind a slip every period differs"


@dataclass(frozen=True)
class Periods:
    """How a capture is divided, and its wrong frames joined.

    Parameters
    ----------
    frames : of one checksum.
    gap : right frames between two wrong ones of the same finding, at most.
    """

    frames: int
    gap: int = 1


def check_played(
    captured: Bytes, played: Played, periods: Periods, *, latest: int | None = None, cap: int = CAP
) -> Analysis:
    """Check a burst against what was played, made again period by period.

    Parameters
    ----------
    captured : (n * frame_bytes,) uint8; may begin inside what was played.
    latest : captured frame by which frame 0 has come, None for anywhere.
    cap : findings kept in full; counts go on past it.
    """
    size = played.layout.frame_bytes
    taken = captured.size // size
    first = find(captured, played, latest)
    if first is None:
        note = "what was played was not found in the capture"
        return Analysis("checksum", False, taken, notes=(note,))
    skipped = max(0, -first)
    frames = min(taken - max(0, first), played.frames - skipped)
    runs = Runs(periods.gap)
    for at in range(skipped, skipped + frames, periods.frames):
        n = min(periods.frames, skipped + frames - at)
        sent, seen = played.part(at, n), captured[(first + at) * size : (first + at + n) * size]
        if zlib.crc32(sent.data) != zlib.crc32(seen.data):
            runs.add(at, (sent.reshape(-1, size) != seen.reshape(-1, size)).any(axis=1))
    findings = tuple(narrow(first, run, periods.frames) for run in runs.ended)
    notes = [LIMITS] if findings else []
    if len(findings) > cap:
        notes.append(f"{len(findings) - cap} findings past the first {cap} are only counted")
    whole = Analysis("checksum", True, taken, frames, max(0, first), skipped, notes=tuple(notes))
    return replace(whole.holding(findings, cap), episodes=len(findings))


class Runs:
    """Runs of wrong frames as [start, stop, wrong frames], in order; joined over right gaps.

    Parameters
    ----------
    gap : right frames between two wrong ones of the same run, at most.
    """

    def __init__(self, gap: int) -> None:
        self._gap = gap
        self.ended: list[list[int]] = []

    def add(self, at: int, wrong: Flags) -> None:
        """Take the next frames, from `at` on: `wrong`, (n,) bool."""
        for frame in np.flatnonzero(wrong).tolist():
            if self.ended and at + frame - self.ended[-1][1] <= self._gap:
                self.ended[-1][1] = at + frame + 1
                self.ended[-1][2] += 1
            else:
                self.ended.append([at + frame, at + frame + 1, 1])


def narrow(first: int, run: list[int], period: int) -> Finding:
    """Return the finding of a run that begins `first` captured frames later than it says."""
    start, stop, wrong = run
    details = {"period": start // period, "wrong_frames": wrong}
    frame = first + start
    text = f"{wrong} of {stop - start} frames from capture frame {frame} are not what was played."
    return Finding(Kind.UNKNOWN, frame, stop - start, start, details=details, text=text)
