# SPDX-License-Identifier: MIT
"""Judge a capture of a recording that was played once, or round and round.

Every repetition of the recording in the capture is compared, and what lies
beside them is looked at: silence is the end, anything else is told.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Callable, cast

import numpy as np

from stress.detect.checksum import LIMITS, Periods, Runs, narrow
from stress.detect.checksum_lock import LOCK_FRAMES, Played, find
from stress.detect.exact.findings import CAP, sentence
from stress.detect.exact.idle import LEAST_IDLE, moving
from stress.model.arrays import Bytes
from stress.model.finding import Analysis, Finding, Kind
from stress.model.words import count, counted

# Frames of a capture, first to last + 1, in blocks.
Read = Callable[[int, int], Iterator["Bytes"]]

# Right frames in a row that show the recording. Source: quiet recordings repeat single
# samples by chance, not sixteen that differ from zero. Higher: short pieces between
# damage are not seen; lower: chance is.
LEAST_RIGHT = 16
PIECE = 1 << 14
# Silent frames that end the recording before its end. Source: LEAST_IDLE of the pattern, 10 ms at
# 48 kHz. Higher: a player that was stopped is damage; lower: zeros in the last frames are no damage.
LEAST_SILENT = LEAST_IDLE
# Places where the recording may begin anew, at another distance. Source: a recorder left
# running beside a player. Higher: time; lower: what follows is not judged, and told.
MOST_PASSES = 32


@dataclass(frozen=True)
class Repetitions:
    """Captured frames that show one alignment of the recording.

    Parameters
    ----------
    start, end : captured frames that are judged.
    first : captured frame of a first frame of the recording, or where it would be.
    shown : captured frame behind the last one that shows the recording.
    """

    start: int
    end: int
    first: int
    shown: int


class _Slices:
    # The bytes of a capture, read as they are asked for.
    def __init__(self, read: Read, start: int, end: int, size: int) -> None:
        self._read, self._start, self._bytes = read, start, size
        self.size = (end - start) * size

    def __getitem__(self, part: slice) -> Bytes:
        low, high, _ = part.indices(self.size)
        low, high = low // self._bytes + self._start, high // self._bytes + self._start
        return np.concatenate([np.empty(0, np.uint8), *(block.copy() for block in self._read(low, high))])


class RecordedCheck:
    """Compares a capture with a recording.

    Parameters
    ----------
    read : gives any stretch of the capture.
    frames : of the capture.
    recording : played once, or round and round.
    """

    def __init__(self, read: Read, frames: int, recording: Played, periods: Periods) -> None:
        self._read, self._frames, self._recording, self._periods = read, frames, recording, periods
        self._period, self._layout = recording.frames, recording.layout

    def check(self, played: int | None = None) -> tuple[Analysis, tuple[str, ...]]:
        """Return the analysis, and why a capture without findings is no PASS.

        Parameters
        ----------
        played : frames played in all, None where it is not known.
        """
        passes = self._passes(0, self._frames, MOST_PASSES)
        if not passes:
            note = "what was played was not found in the capture"
            return Analysis("checksum", False, self._frames, notes=(note,)), ()
        ending: list[str] = []
        if played is not None:
            passes = [replace(passes[0], end=min(self._frames, passes[0].start + played))]
        else:
            passes[-1], ending = self._ended(passes[-1])
        advice = [*self._beside(passes, played), *ending]
        runs = Runs(self._periods.gap)
        for one in passes:
            self._compare(one, runs)
        findings = [narrow(0, run, self._periods.frames) for run in runs.ended]
        first = (passes[0].start - passes[0].first) % self._period
        findings = [replace(one, position=self._position(one.frame, passes)) for one in findings]
        findings = sorted([*findings, *self._slips(passes)], key=lambda one: one.frame)
        checked = sum(one.end - one.start for one in passes)
        notes = [self._coverage(passes, checked), *([LIMITS] if findings else [])]
        whole = Analysis("checksum", True, self._frames, checked, passes[0].start, first, notes=tuple(notes))
        return replace(whole.holding(findings, CAP), episodes=len(findings)), tuple(advice)

    def _position(self, frame: int, passes: list[Repetitions]) -> int:
        one = next(one for one in passes if frame < one.end)
        return (frame - one.first) % self._period

    def _slips(self, passes: list[Repetitions]) -> Iterator[Finding]:
        # Each alignment but the first begins, and each but the last ends, with a whole recording:
        # what lacks in between was lost. Where two meet, the nearer way says lost or repeated.
        for one, later in zip(passes, passes[1:]):
            begins = (later.start - later.first) % self._period
            lost, kind = begins + (one.first - one.end) % self._period, Kind.DROP
            if one.end == later.start:
                lost = (one.first - later.first) % self._period
                if lost > self._period // 2:
                    lost, kind = self._period - lost, Kind.REPEAT
            if lost:
                slip = Finding(kind, later.start, lost, begins)
                yield replace(slip, text=sentence(slip))

    def _coverage(self, passes: list[Repetitions], checked: int) -> str:
        many = checked / self._period
        rest = self._frames - checked
        other = f"; {counted(rest, 'other frame')} of the file {'is' if rest == 1 else 'are'} not judged"
        return (
            f"the recording of {count(self._period)} frames was compared {many:.3g} times, from frame "
            f"{count(passes[0].start)} to {count(passes[-1].end - 1)} of the capture{other if rest else ''}"
        )

    def _ended(self, one: Repetitions) -> tuple[Repetitions, list[str]]:
        # Silence to the end of the file: behind a whole recording it is the end, unless another one
        # had room there; in the middle of one the player stopped, or it is damage.
        how = "(--duration or --frames says how much was played)"
        if one.end - one.shown >= LEAST_SILENT and not self._loud(one.shown, self._frames):
            runs = Runs(self._periods.gap)
            self._compare(replace(one, start=one.shown), runs)
            if runs.ended:
                silent = counted(self._frames - one.shown, "frame")
                return replace(one, end=one.shown), [
                    f"at frame {count(one.shown)}, in the middle of the recording, {silent} of silence begin "
                    f"that last to the end of the file: the player was stopped, or damage {how}"
                ]
        rest = self._frames - one.end
        if rest < self._period or self._loud(one.end, self._frames):
            return one, []
        return one, [
            f"the recording had room for {rest / self._period:.3g} more times in the silence behind frame "
            f"{count(one.end)}: it was at its end, or damage {how}"
        ]

    def _passes(self, low: int, high: int, most: int) -> list[Repetitions]:
        if high - low < LOCK_FRAMES or most < 1:
            return []
        view = cast("Bytes", _Slices(self._read, low, high, self._layout.frame_bytes))
        found = find(view, self._recording)
        if found is None:
            return []
        first = found + low
        shown = self._shown(first, low, high)
        if shown is None:
            return []
        before, behind = shown[0] - first, shown[1] - first
        start = max(low, first + before // self._period * self._period)
        end = min(high, first - -behind // self._period * self._period)
        one = Repetitions(start, end, first, shown[1])
        return [*self._passes(low, start, most - 1), one, *self._passes(end, high, most - 1)]

    def _due(self, first: int, at: int, frames: int) -> Bytes:
        # The recording round and round, `at` a captured frame.
        parts, done = [], 0
        while done < frames:
            place = (at + done - first) % self._period
            n = min(frames - done, self._period - place)
            parts.append(self._recording.part(place, n))
            done += n
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _shown(self, first: int, low: int, high: int) -> tuple[int, int] | None:
        # The first frame and the end of what shows the recording in this alignment.
        size, at, begun, end = self._layout.frame_bytes, low, None, low
        for block in self._read(low, high):
            n = len(block) // size
            due = self._due(first, at, n).reshape(-1, size)
            right = (block.reshape(-1, size) == due).all(axis=1) & due.any(axis=1)
            total = np.concatenate((np.zeros(1, np.int64), np.cumsum(right)))
            starts = np.flatnonzero(total[LEAST_RIGHT:] - total[:-LEAST_RIGHT] == LEAST_RIGHT)
            if starts.size:
                begun = at + int(starts[0]) if begun is None else begun
                end = at + int(starts[-1]) + LEAST_RIGHT
            at += n
        return None if begun is None else (begun, end)

    def _compare(self, one: Repetitions, runs: Runs) -> None:
        size, at = self._layout.frame_bytes, one.start
        for block in self._read(one.start, one.end):
            for start in range(0, len(block), self._periods.frames * size):
                seen = block[start : start + self._periods.frames * size]
                due = self._due(one.first, at, len(seen) // size)
                if zlib.crc32(seen.data) != zlib.crc32(due.data):
                    runs.add(at, (seen.reshape(-1, size) != due.reshape(-1, size)).any(axis=1))
                at += len(seen) // size

    def _beside(self, passes: list[Repetitions], played: int | None) -> list[str]:
        # Loud frames that no repetition covers; behind a known end nothing is due.
        edges = [0, *(edge for one in passes for edge in (one.start, one.end)), self._frames]
        gaps = list(zip(edges[::2], edges[1::2]))
        if played is not None:
            gaps = gaps[:1]
        return [
            f"{counted(loud, 'frame')} between frame {count(low)} and {count(high)} are neither silence nor "
            "the recording: they are not judged"
            for low, high in gaps
            if (loud := self._loud(low, high))
        ]

    def _loud(self, low: int, high: int) -> int:
        blocks = self._read(low, high)
        return sum(int(moving(self._layout.samples(block)).sum()) for block in blocks)
