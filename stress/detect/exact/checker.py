# SPDX-License-Identifier: MIT
"""The exact detector: every frame against the pattern, in constant memory.

A capture is locked once, then compared block by block with the regenerated
pattern. The first wrong frame opens a stretch, which is decoded as a whole:
lags, runs, slips, noise. After it the comparison goes on in the alignment the
stretch ended in. Stretches begin at a wrong frame and have a fixed length, so
what is found does not depend on how the capture was cut.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from stress.detect.exact.compare import Regenerator, address
from stress.detect.exact.decode import NONE, Decoder, runs_of
from stress.detect.exact.expected import Expected
from stress.detect.exact.finding_builder import Builder
from stress.detect.exact.findings import Collector
from stress.detect.exact.lock import PLAIN_FRAMES, Beginning
from stress.detect.exact.ring_offset import RingGeometry, signed
from stress.detect.exact.track import Tracker, commit_point, slipped_to
from stress.detect.exact.valid_bits import probe_mask, top_mask
from stress.detect.exact.window import Window
from stress.detect.rate.onset import Onset, OnsetFinder, spliced
from stress.detect.rate.resample import SETTLED, SHORTEST, Other, Resampling, unsettled
from stress.model.arrays import Bytes
from stress.model.finding import SLIPS, Analysis, Finding, Kind
from stress.model.ring import Rings
from stress.model.stimulus import POSITIONS
from stress.patterns.word import Pattern

# Frames of one stretch: eight laps of the larger ring within these limits.
# Source: a line survives a few laps on round-robin caches. Higher: memory and
# a later verdict on a single wrong line; lower: a long stale run is a slip.
STRETCH = (8192, 65536)

NEVER = POSITIONS << 8  #: a frame that no capture reaches


@dataclass(frozen=True)
class Begun:
    """A lock found before: where the first frame that is fed stands in the pattern.

    Parameters
    ----------
    position : due at that frame (mod 2^32); it may be damaged.
    mask : of the bits the path carries, (frame_bytes,) uint8, None for all.
    valid_bits : bits per sample the path carries.
    frame : its number in the capture.
    """

    position: int
    mask: Bytes | None
    valid_bits: int
    notes: tuple[str, ...] = ()
    frame: int = 0

    @classmethod
    def at_lock(cls, raw: Bytes, position: int, pattern: Pattern, back: int = 0, frame: int = 0) -> Begun:
        """Return the lock at captured frame `frame`, `back` frames before right ones.

        Parameters
        ----------
        raw : (n * frame_bytes,) uint8 from the locked frame on.
        position : due at the first of them.
        """
        mask, bits, notes = probe_mask(raw, position, pattern)
        return cls((position - back) % POSITIONS, mask, bits, tuple(notes), frame)


class ExactChecker:
    """Checks one capture that arrives in pieces.

    Parameters
    ----------
    expected : what was played, through which rings.
    begun : a lock found before; every frame is judged then, from the first on.
    decoding : makes the decoder of a pattern whose frames do not show their position by themselves,
        from pattern, rings and mask, (frame_bytes,) uint8.

    Threads: one at a time per object.
    """

    def __init__(
        self,
        expected: Expected,
        *,
        begun: Begun | None = None,
        decoding: Callable[[Pattern, Rings, Bytes | None], Decoder] = Decoder,
    ) -> None:
        pattern, rings, self._begun, self._decoding = expected.pattern, expected.rings, begun, decoding
        self._pattern, self._rings = pattern, rings
        self._first, self._limit = expected.first_position, expected.played_limit
        self._line_bytes = expected.line_bytes
        self._stretch = min(max(STRETCH[0], 8 * rings.largest), STRETCH[1])
        self._again = Regenerator(pattern)
        # Locked by the top 16 bits alone: what lies below may not be carried.
        self._decoder = decoding(pattern, rings, top_mask(pattern))
        self._beginning = Beginning(self._decoder, self._stretch, self._first, self._limit)
        self._window = Window(pattern.frame_bytes)
        self._window.frame = 0 if begun is None else begun.frame
        self._builder: Builder | None = None
        self._geometry: RingGeometry | None = None
        self._cap = expected.cap
        self._collector: Collector | None = None
        self._before: Bytes | None = None
        self._align = 0
        self._first_frame: int | None = None
        self._first_seen: int | None = None
        self._checked = 0
        self._in_stretch = False
        self._cut_at = -1
        self._resampling = Resampling(self._decoder)
        self._onsets = OnsetFinder(self._decoder)
        self._ratio: float | None = None
        self._valid_bits: int | None = None
        self._notes: list[str] = []

    def feed(self, block: Bytes) -> None:
        """Take the next captured frames, (n * frame_bytes,) uint8, whole frames."""
        self._window.append(block)
        self._pump(final=False)
        self._window.keep()

    def finish(self) -> Analysis:
        """Judge what is left and return the analysis of the whole capture."""
        self._pump(final=True)
        collector, notes = self._collector, list(self._notes)
        if collector is None:
            return Analysis("exact", False, self._window.total, notes=tuple(notes))
        collector.mute_to(self._judged_end)
        findings = collector.result()
        if collector.dropped:
            notes.append(f"{collector.dropped} findings past the first {self._cap} are only counted")
        return Analysis(
            detector="exact",
            locked=True,
            frames=self._window.total,
            checked_frames=self._checked,
            first_frame=self._first_frame,
            first_position=self._first_seen,
            counts=dict(collector.counts),
            sites=dict(collector.sites),
            findings=findings,
            wrong_frames=min(collector.wrong_frames, self._most_wrong(findings)),
            episodes=collector.episodes,
            valid_bits=self._valid_bits,
            notes=tuple(notes),
            beyond=collector.beyond if collector.dropped else None,
        )

    def _pump(self, final: bool) -> None:
        while self._window.frames:
            if self._builder is None:
                if self._begun is None:
                    position = self._beginning.find(self._window, final)
                    if position is None:
                        return
                    raw = self._window.view(min(self._window.frames, PLAIN_FRAMES))
                    self._begun = Begun.at_lock(raw, position, self._pattern)
                self._start(self._begun)
                moved = True
            elif self._past_limit():
                self._window.drop(self._window.frames)
                return
            elif self._in_stretch:
                moved = self._examine(final)
            else:
                moved = self._compare()
            if not moved:
                return

    @property
    def _judged_end(self) -> int:
        return (self._first_frame or 0) + self._checked

    def _past_limit(self) -> bool:
        return self._end() <= self._window.frame

    def _end(self) -> int:
        # First frame that is not judged, under the alignment in force.
        if self._limit is None or self._geometry is None:
            return NEVER
        return (
            self._limit
            - (self._align + self._window.frame - self._geometry.first_position)
            + self._window.frame
        )

    @property
    def lock(self) -> tuple[int, int] | None:
        """Captured frame and position of the first frame that is judged, None so far."""
        if self._first_frame is None or self._first_seen is None:
            return None
        return self._first_frame, self._first_seen

    def _start(self, begun: Begun) -> None:
        # Its position is due at the first frame of the window.
        window, position = self._window, begun.position
        first = position if self._first is None else self._first
        self._valid_bits = begun.valid_bits
        self._notes += begun.notes
        self._decoder = self._decoding(self._pattern, self._rings, begun.mask)
        self._geometry = RingGeometry(self._rings, self._pattern.frame_bytes, first, self._line_bytes)
        self._builder = Builder(self._decoder, self._geometry)
        self._resampling = Resampling(self._decoder)
        self._onsets = OnsetFinder(self._decoder)
        self._collector = Collector(
            self._rings.largest, self._builder.complete, self._builder.merge, self._cap, self._geometry.axes
        )
        self._align = position - window.frame
        self._first_frame, self._first_seen = window.frame, position

    def _compare(self) -> bool:
        # The fast path: blocks that are right are dropped, the first wrong frame opens a stretch.
        window = self._window
        frames = min(window.frames, self._end() - window.frame)
        done, size, again = 0, self._pattern.frame_bytes, self._again
        base = address(window.view(frames))
        while done < frames:
            done += again.right(base + done * size, self._align + window.frame + done, frames - done)
            n = min(again.block, frames - done)
            if not n:
                break
            due = self._decoder.rows(again.due[: n * size])
            wrong = (self._decoder.rows(window.view(n, done)) != due).any(axis=1)
            done += int(np.argmax(wrong)) if wrong.any() else n
            if wrong.any():
                self._in_stretch = True
                break
        if done:
            self._before = None
            self._checked += done
            window.drop(done)
        return True

    def _examine(self, final: bool) -> bool:
        window, builder, geometry, collector = self._window, self._builder, self._geometry, self._collector
        if builder is None or geometry is None or collector is None:
            return False
        frames = min(window.frames, self._stretch, self._end() - window.frame)
        last = frames == self._end() - window.frame or (final and frames == window.frames)
        if frames < self._stretch and not last:
            return False
        raw = window.view(frames)
        position = (self._align + window.frame) % POSITIONS
        before = self._before if self._before is not None else self._due_row(position - 1)
        runs = runs_of(self._decoder.lags(raw, position, before))
        slipped = slipped_to(runs)
        if slipped:
            runs = runs_of(self._decoder.lags(raw, position, before, slipped=slipped))
        stop = frames if last else commit_point(runs, frames)
        whole, plain = stop, runs
        onset, ahead = self._onset(raw, position, runs), 0
        if onset is not None and onset.frame == 0 and not onset.lag:
            if self._resampled(raw, position, runs, last):
                return True
        elif onset is not None:
            # What runs at another rate gets a stretch of its own; a slip may lead up to it.
            stop, runs = min(stop, onset.frame), spliced(runs, onset, frames)
            ahead = int(onset.lag is not None)
        tracker = Tracker(runs, geometry, position)
        events, shift = tracker.walk(stop + ahead)
        if not stop and not shift:  # whole laps are no slip: nothing would move
            stop, tracker = whole, Tracker(plain, geometry, position)
            events, shift = tracker.walk(stop)
        found = builder.findings(raw, window.frame, position, events, before)
        strange = next((one.frame for one in found if _is_long_unknown(one)), window.frame)
        if strange > window.frame:
            # What fits nothing for so long is judged from its own start, as another rate may be.
            stop = strange - window.frame
            events, shift = tracker.walk(stop)
            found = builder.findings(raw, window.frame, position, events, before)
        if builder.cut is not None and window.frame + builder.cut[0] != self._cut_at:
            (stop, shift), self._cut_at = builder.cut, window.frame + builder.cut[0]
            found = [one for one in found if (one.frame, one.kind is not Kind.DROP) <= (self._cut_at, False)]
        for finding in found:
            due = self._due_part(finding, geometry.first_position)
            if due is not None:
                collector.add(due)
        if stop:
            self._before = self._decoder.rows(raw)[stop - 1].copy()
        self._align -= shift
        self._checked += stop
        window.drop(stop)
        self._in_stretch = False
        return True

    def _onset(self, raw: Bytes, position: int, runs: list[tuple[int, int, int]]) -> Onset | None:
        if self._ratio is not None:
            return Onset(0, 0)
        rough = unsettled(runs) if self._pattern.positional else None
        if rough is None:
            self._onsets.settled()
            return None
        return self._onsets.find(self._decoder.rows(raw), position, runs, rough)

    def _resampled(self, raw: Bytes, position: int, runs: list[tuple[int, int, int]], last: bool) -> bool:
        # Report the start of the stretch as another rate, when it is one.
        frames = len(raw) // self._pattern.frame_bytes
        settled = next((run for run in runs if run[2] != NONE and run[1] - run[0] >= SETTLED), None)
        end = frames if settled is None else settled[0]
        if not end or self._collector is None:
            self._ratio = None
            return False
        rows = self._decoder.rows(raw)[:end]
        other = self._resampling.judge(rows, position) if end >= SHORTEST else None
        if (
            other is None
            and self._ratio is not None
            and self._resampling.follows(rows, position, self._ratio)
        ):
            other = Other(end, self._ratio, round(position + self._ratio * end))
        if other is None:
            self._ratio = None
            return False
        wrong = (rows != self._decoder.expected(position, end)).any(axis=1)
        span = end if settled is None and not last else int(np.flatnonzero(wrong)[-1]) + 1
        details = {"ratio": round(other.ratio, 6)}
        self._collector.add(Finding(Kind.RESAMPLE, self._window.frame, span, position, details=details))
        shift = (position + end - other.position) if settled is None else settled[2]
        self._align -= shift
        self._ratio = other.ratio if settled is None else None
        self._before = None
        self._checked += end
        self._window.drop(end)
        self._in_stretch = settled is None
        return True

    def _most_wrong(self, findings: Sequence[Finding]) -> int:
        # Frames that a stream gives again lie in what it gives meanwhile, too: slips there and back count
        # the same frames over and over.
        return max(self._checked, max((one.frames for one in findings), default=0))

    def _due_part(self, finding: Finding, first: int) -> Finding | None:
        # A drop brings the end nearer than the stretch was cut for.
        if self._limit is None:
            return finding
        rest = self._limit - signed(finding.position - first)
        if rest <= 0:
            return None
        slip = finding.kind in SLIPS
        return finding if slip or finding.frames <= rest else replace(finding, frames=rest)

    def _due_row(self, position: int) -> Bytes:
        row: Bytes = self._decoder.expected(position % POSITIONS, 1)[0]
        return row


def check(captured: Bytes, expected: Expected) -> Analysis:
    """Check a whole burst in memory.

    Parameters
    ----------
    captured : (n * frame_bytes,) uint8, C-contiguous.
    """
    checker = ExactChecker(expected)
    checker.feed(captured)
    return checker.finish()


def _is_long_unknown(finding: Finding) -> bool:
    return finding.kind is Kind.UNKNOWN and finding.frames >= SHORTEST
