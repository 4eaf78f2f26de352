# SPDX-License-Identifier: MIT
"""Which stretches of right frames are one playing of the pattern, and which are what a ring held."""

from __future__ import annotations

from typing import Callable

from stress.detect.exact.idle import LEAST_IDLE, Region
from stress.detect.exact.known_playing import FIRST_POSITION, Known
from stress.detect.exact.replay import Replay, replay_of
from stress.detect.exact.ring_offset import signed
from stress.detect.exact.survey import Span

# Shortest piece of old frames behind the end that is a pass of its own [frames]. Source:
# what a ring holds back is a period or two. Higher: a short second pass is not judged;
# lower: the residue of a ring is.
LEAST_PASS = 4096
# Longest ring that may replay from its first frame without a gap [frames]. Source: 2^16
# frames are 1.4 s at 48 kHz, more than drivers grant by default. Higher: a file of that
# length, played twice without a gap, is not told from it; lower: a ring that replays
# is called a second pass.
LONGEST_RING = 1 << 16
# Longest piece of old frames behind silence that is what a ring held [s]. Source: aplay asks for a
# ring of 0.5 s, other players for less. Higher: a second pass without its beginning is passed
# over; lower: a clean recording of a player that ended is no PASS.
LONGEST_RESIDUE_S = 0.5
# A jump ahead behind silence that is lost time: up to half a second and twice the silence.
LOST_S = 0.5


class PassSpans:
    """Parts the spans of a capture into passes.

    Parameters
    ----------
    region : tells what a stretch of captured frames holds beside the pattern.
    frames : of the capture.

    Attributes
    ----------
    replay : a ring that goes on by itself behind the last pass, None without.
    residue : old frames of a ring are behind the last pass, to the end of the file.
    """

    def __init__(self, region: Callable[[int, int], Region], frames: int, known: Known) -> None:
        self._region, self._frames, self._known = region, frames, known
        self.replay: Replay | None = None
        self.residue = False

    def groups(self, spans: tuple[Span, ...]) -> list[list[Span]]:
        """Return the spans of each pass in order, without those that are the residue of a ring.

        Parameters
        ----------
        spans : what the survey showed; not empty.
        """
        return self._without_residue(self._parted(spans))

    def _parted(self, spans: tuple[Span, ...]) -> list[list[Span]]:
        groups = [[spans[0]]]
        ends = {span.align: at for at, span in enumerate(spans)}
        for at in range(1, len(spans)):
            last, span = spans[at - 1], spans[at]
            comes_back = ends[last.align] >= at
            if not comes_back and self._restarts(groups[0][0], last, span):
                groups.append([])
            groups[-1].append(span)
        return groups

    def _restarts(self, first: Span, last: Span, span: Span) -> bool:
        jump, gap = signed(span.position - last.after), span.start - last.end
        if 0 <= jump <= LOST_S * self._known.rate + 2 * gap:
            return False
        if jump < 0 and gap < LEAST_IDLE:
            origins = (first.position, self._known.position, FIRST_POSITION)
            return span.position in origins and not self._known.is_lap(-jump)
        return gap >= LEAST_IDLE and self._idle(self._region(last.end, span.start))

    @staticmethod
    def _idle(region: Region) -> bool:
        return max(region.idle_before, region.idle_after) >= LEAST_IDLE

    def _without_residue(self, groups: list[list[Span]]) -> list[list[Span]]:
        # Old frames that a ring gives behind the end, or that it held before the beginning.
        if self._known.end is None:
            self._replayed(groups[-1])
        for at, group in enumerate(groups):
            self._end_of(group, groups[at + 1][0].start if at + 1 < len(groups) else self._frames)
        origins = (self._known.position, FIRST_POSITION)
        long = [
            group
            for at, group in enumerate(groups)
            if group[0].position in origins
            or group[-1].end - group[0].start
            >= (LONGEST_RING if self._seen(groups[:at], group) else LEAST_PASS)
        ]
        return long or groups[:1]

    def _seen(self, before: list[list[Span]], group: list[Span]) -> bool:
        # Whether all of it came before, and it does not begin where a pass began.
        low, high = group[0].position, group[-1].after
        starts = [other[0].position for other in before]
        return low not in starts and any(
            signed(low - other[0].position) > 0 and signed(other[-1].after - high) >= 0 for other in before
        )

    def _replayed(self, group: list[Span]) -> None:
        # A ring that goes on by itself.
        self.replay = replay_of(group, self._frames, LONGEST_RING)
        if self.replay is not None and self._known.is_lap(self.replay.lap_frames):
            # A lap of a ring that was named, and old: judged as any other.
            self.replay = None
        if self.replay is not None:
            del group[len(group) - self.replay.laps :]

    def _end_of(self, group: list[Span], until: int) -> None:
        # Old frames right behind the last right one, then silence. What is known to be due yet is judged.
        end = self._known.end
        while len(group) > 1:
            last, span = group[-2:]
            old = signed(span.after - last.after) <= 0 and span.end - span.start < LONGEST_RING
            if not old or (end is not None and signed(end - last.after) > 0):
                return
            if self._region(span.end, until).idle_after < LEAST_IDLE:
                self.residue = self._cut_residue(last, span)
                if self.residue:
                    group.pop()
                return
            group.pop()

    def _cut_residue(self, last: Span, span: Span) -> bool:
        # The recorder was stopped while a ring still gave old frames; of laps that were named it is damage.
        if self._known.end is not None or span.end != self._frames or span.start != last.end:
            return False
        short = span.end - span.start <= LONGEST_RESIDUE_S * self._known.rate
        return short and not self._known.is_lap(signed(last.after - span.position))
