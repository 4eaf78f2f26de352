# SPDX-License-Identifier: MIT
"""Which frames of a capture are to be judged: where the pattern begins, ends and begins again.

A capture made by hand has silence before and behind the pattern, noise of an idle
input, the last frames of a ring, or the same file a second time. None of that is
corruption, and none of it may hide corruption: what is not judged is named.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from stress.detect.exact.idle import LEAST_IDLE, PROBE, Region, RegionReader
from stress.detect.exact.known_playing import FIRST_POSITION, Known
from stress.detect.exact.pass_spans import LONGEST_RESIDUE_S, LONGEST_RING, PassSpans
from stress.detect.exact.replay import Replay
from stress.detect.exact.ring_offset import signed
from stress.detect.exact.survey import Read, Span
from stress.model.stimulus import POSITIONS
from stress.model.words import count, counted
from stress.patterns.word import Pattern

# A jump ahead behind silence that is more than lost time (see `LOST_S`) may be another file; beyond
# ten seconds it is one. Between them nobody can tell.
OTHER_S = 10.0


@dataclass
class Pass:
    """Frames that are judged as one playing of the pattern.

    Attributes
    ----------
    start, end : captured frames that are judged; `start` may be damaged.
    lock : captured frame and position of right frames in it.
    lost : frames that were due before `start` and are not in the capture.
    doubtful_head : frames before the lock that may be no pattern: no silence shows it.
    advice, notes : why it is no PASS, and what is not judged.
    """

    start: int
    end: int
    lock: tuple[int, int]
    lost: int = 0
    doubtful_head: int = 0
    advice: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def position(self) -> int:
        """Position due at `start`."""
        return self.lock[1] - (self.lock[0] - self.start)


class Planner:
    """Decides what is judged.

    Parameters
    ----------
    read : gives any stretch of the capture.
    frames : of the capture.
    tail : judge what is neither pattern nor idle from the last right frame on.

    Attributes
    ----------
    foreign : captured frame where such a tail begins, None without.
    """

    def __init__(self, read: Read, frames: int, pattern: Pattern, known: Known, *, tail: bool = True) -> None:
        self._read, self._frames, self._known, self._judge_tail = read, frames, known, tail
        self.foreign: int | None = None
        self._reader = RegionReader(pattern)
        self._first = 0
        self._spans = PassSpans(self._region, frames, known)

    def passes(self, spans: tuple[Span, ...], lock: tuple[int, int]) -> list[Pass]:
        """Return the passes of a capture in order.

        Parameters
        ----------
        spans : what the survey showed; not empty.
        lock : captured frame and position where the detector locked.
        """
        groups = self._spans.groups(spans)
        first = groups[0][0]
        self._first = first.position
        if lock[0] > first.end or self._before_silence(lock, first):
            lock = (first.start, first.position)
        out: list[Pass] = []
        for at, group in enumerate(groups):
            begun = lock if at == 0 else (group[0].start, group[0].position)
            one = Pass(begun[0], group[-1].end, begun)
            if at == 0:
                self._head(one)
            else:
                self._between(out[-1], one, groups[at - 1][-1])
            out.append(one)
        self._tail(out[-1], groups[-1][-1])
        return out

    def _region(self, start: int, end: int, due: int | None = None) -> Region:
        return self._reader.read(self._read(start, end), start, due)

    def _before_silence(self, lock: tuple[int, int], first: Span) -> bool:
        # A few old frames, then silence, then the pattern.
        frame, position = lock
        other = (position - frame) % POSITIONS != first.align
        return other and self._region(frame, first.start).idle_after >= LEAST_IDLE

    def _head(self, one: Pass) -> None:
        frame, position = one.lock
        if self._known.position is None:
            self._unknown_head(one, self._region(0, frame))
            return
        back = signed(position - self._known.position)
        if back < 0:
            one.advice.append(
                f"the pattern is there from position {position} on, before the --position "
                f"{self._known.position} that was named"
            )
            return
        due = frame - back
        start = max(due, 0)
        before = self._region(0, start)
        if before.loud is not None:
            one.advice.append(self._foreign(before, "before the pattern"))
        region = self._region(start, frame, (position - frame + start) % POSITIONS)
        if due >= 0 or region.idle_before < LEAST_IDLE:
            one.start = start
            if due < 0:
                one.advice.append(
                    f"the capture begins at position {one.position}, {counted(-due, 'frame')} behind the "
                    f"--position {self._known.position} that was named: they are lost, or the recording "
                    "began late (without --position what is there is judged)"
                )
            return
        one.start = frame if region.loud is None else region.loud[0]
        one.lost = signed(one.position - self._known.position)

    def _unknown_head(self, one: Pass, region: Region) -> None:
        frame, position = one.lock
        if region.loud is not None and region.idle_after >= LEAST_IDLE:
            one.advice.append(self._foreign(region, "before the pattern"))
        elif region.loud is not None:
            earliest = frame - max(0, signed(position - FIRST_POSITION))
            one.start = max(region.loud[0], earliest)
            if earliest > region.loud[0]:
                foreign = replace(region, loud=(region.loud[0], one.start))
                one.advice.append(self._foreign(foreign, "before the pattern"))
            one.doubtful_head = 0 if region.idle_before >= LEAST_IDLE else frame - one.start
        elif 0 < region.frames == signed(position - FIRST_POSITION):
            one.start = 0  # as many idle frames as the pattern lacks: they were due
        if region.loud is not None and region.idle_before < LEAST_IDLE:
            return
        if region.idle_before and signed(one.position - FIRST_POSITION) > 0 and one.start:
            few = region.content != "silence" and region.frames < LEAST_IDLE
            what = f"{counted(region.frames, 'frame')} of something else" if few else region.content
            one.advice.append(
                f"behind {what} the pattern begins at position {one.position}: what came before "
                "it is lost, or was never played (--position says which)"
            )

    def _between(self, last: Pass, one: Pass, span: Span) -> None:
        # What lies between two passes goes to the one it touches.
        region = self._region(last.end, one.start)
        jump = signed(one.lock[1] - span.after)
        number = f"frame {count(one.start)}, position {one.lock[1]}"
        if region.loud is not None:
            if region.idle_before < LEAST_IDLE:
                last.end = region.loud[1]
            elif region.idle_after < LEAST_IDLE:
                one.start = region.loud[0]
            else:
                one.advice.append(self._foreign(region, "between two passes"))
        self._cut_short(last, span, one.start)
        one.notes.append(f"another pass of the pattern begins at {number}: judged as well")
        if jump < 0 and region.frames < LEAST_IDLE and -jump <= LONGEST_RING and not any(self._known.laps):
            one.advice.append(
                f"without a gap the pattern begins again at {number}: the file was played again, or a ring "
                f"of {count(-jump)} frames replays (--rings tells)"
            )
        if self._known.end is None or signed(self._known.end - span.after) > 0:
            self._doubt_old(one, region)
        origins = (self._first, self._known.position, FIRST_POSITION)
        if jump < 0 <= signed(one.lock[1] - self._first) and one.lock[1] not in origins:
            one.advice.append(
                f"another pass begins at {number}, and not where the first one began: its beginning is lost, "
                "or another file was played"
            )
        if 0 < jump <= OTHER_S * self._known.rate:
            one.advice.append(
                f"behind {region.content} the pattern goes on {count(jump)} frames further, at {number}: "
                "another file, or frames that are lost"
            )

    def _cut_short(self, one: Pass, span: Span, until: int) -> int:
        # Frames that were due behind the last right one: idle ones among them are missing.
        end = self._known.end
        missing = 0 if end is None else signed(end - span.after)
        if missing > 0:
            one.end = max(one.end, min(until, span.end + missing))
        return missing

    def _tail(self, one: Pass, span: Span) -> None:
        missing = self._cut_short(one, span, self._frames)
        if self._known.end is not None:
            if one.end < self._frames:
                rest = counted(self._frames - one.end, "frame")
                one.notes.append(f"{rest} behind the last one played are not judged")
            elif missing > self._frames - span.end:
                left = counted(missing - (self._frames - span.end), "frame")
                one.notes.append(f"the capture ends {left} before the end of what was played")
            return
        if self._spans.replay is not None:
            self._replayed(one, span.end, self._spans.replay)
            return
        region = self._region(span.end, self._frames, span.after)
        if not region.frames:
            return
        if region.loud is not None:
            self._loud_tail(one, region)
            return
        if self._spans.residue:
            self._ended(one, region, span.end)
            return
        if region.frames - region.old < LEAST_IDLE:
            if region.old:
                one.end = self._frames
                return
            one.advice.append(
                f"the last {counted(region.frames, 'frame')} are {region.content}: the end of the pattern, "
                "or damage (record on for a moment, or say --frames)"
            )
        self._ended(one, region, span.end)

    def _replayed(self, one: Pass, end: int, replay: Replay) -> None:
        one.end = end
        one.advice.append(
            f"from frame {count(end)} on the last {count(replay.lap_frames)} frames come again, "
            f"{counted(replay.laps, 'time')}, to the end of the file: a ring that nobody fills any more, "
            "because the pattern was at its end or because the player stopped (--frames or --duration says "
            "how much was played)"
        )

    def _loud_tail(self, one: Pass, region: Region) -> None:
        first, last = region.loud or (region.start, region.end)
        if region.idle_before >= LEAST_IDLE:
            self._ended(one, region, one.end)
            one.advice.append(self._foreign(region, "behind the end of the pattern"))
            return
        # Long, or without any pattern in it and idle behind it: a player or codec that stops.
        click = region.idle_after >= LEAST_IDLE and (region.old_at is None or region.old_at >= last)
        alone = last - first >= LEAST_IDLE or click
        if alone and not self._in_part(one, first, last):
            self.foreign = region.start
            if not self._judge_tail:
                self._ended(one, region, one.end)
                one.advice.append(
                    f"from frame {count(first)} on, behind the last right one, "
                    f"{counted(last - first, 'frame')} are no pattern in any form: another sound, or damage "
                    "(--frames or --duration says how much was played)"
                )
                return
        one.end = region.end
        if region.idle_after >= LEAST_IDLE:
            one.end = last
            self._ended(one, region, one.end)

    def _in_part(self, one: Pass, first: int, last: int) -> bool:
        # A channel that goes on as it was due shows the pattern, whatever became of the others.
        due = (one.lock[1] + first - one.lock[0]) % POSITIONS
        return self._reader.shows_channel(self._read(first, min(last, first + PROBE)), due)

    def _doubt_old(self, one: Pass, region: Region) -> None:
        # Behind silence nothing was due any more; right behind the last frame it may have been,
        # and so many may be another pass that has lost its beginning.
        behind = region.old_at is None or region.old_at - region.start >= LEAST_IDLE
        if region.old_at is None or (behind and region.old <= LONGEST_RESIDUE_S * self._known.rate):
            return
        if behind:
            one.advice.append(
                f"{counted(region.old, 'frame')} of old pattern from frame {count(region.old_at)} on: "
                "another pass whose beginning is lost, or a long ring (--frames or --duration says how much "
                "was played)"
            )
            return
        one.advice.append(
            f"{counted(region.old, 'frame')} of old pattern from frame {count(region.old_at)} on: what "
            "a ring gives behind its end, or damage (--frames or --duration says how much was played)"
        )

    def _ended(self, one: Pass, region: Region, end: int) -> None:
        self._doubt_old(one, region)
        last = (one.lock[1] + end - 1 - one.lock[0]) % POSITIONS
        plain = region.old == 0 and (region.loud is None or region.loud[1] <= end)
        old = f", {counted(region.old, 'frame')} of them old pattern" if region.old else ""
        one.notes.append(
            f"the pattern ends at frame {count(end)} (position {last}); {counted(region.end - end, 'frame')} "
            f"{f'of {region.content} ' if plain else ''}behind it are not judged{old}"
        )

    @staticmethod
    def _foreign(region: Region, where: str) -> str:
        first, last = region.loud or (region.start, region.end)
        return (
            f"frames {count(first)} to {count(last - 1)}, {where}, are neither silence nor pattern: they "
            "are not judged"
        )
