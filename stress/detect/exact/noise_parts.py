# SPDX-License-Identifier: MIT
"""Part what fits no age into stretches of one kind each: dither, gain, zeros, held frames, flips."""

from __future__ import annotations

from dataclasses import replace

from stress.detect.exact.damage_kind import SHORTEST_DITHER, Namer, Part
from stress.detect.exact.track import TrackEvent
from stress.detect.exact.window import Stretch
from stress.model.finding import Kind

# Share of wrong frames that makes such a stretch. Source: triangular dither of
# 1 LSB on mono leaves half of the frames. Higher: mono dither falls to pieces;
# lower: sparse flips are called dither.
DENSE_SHARE = 0.3


# Frames at the start of a long stretch that are fitted first. Higher: time on dense damage;
# lower: a fit is refused for an odd frame.
HEAD = 64

# Parts in a row that could not be joined, from which on only one of `SELDOM` is tried. Source: a ring that
# swaps the channels of thousands of single frames. Higher: minutes on those; lower: one thing in some places
# has a finding for each of its parts.
MOST_VAIN, SELDOM = 512, 16

# Longest unnamed part that dither or gain may reach into [frames]. Higher: time;
# lower: a flip beside dither takes some of its frames along.
MOST_LOOSE = 24


class NoiseParts:
    """Names the parts of noise.

    Parameters
    ----------
    namer : of the capture.
    """

    def __init__(self, namer: Namer) -> None:
        self._namer = namer
        self._asked = self._vain = 0

    def named(self, stretch: Stretch, noises: list[TrackEvent]) -> list[Part]:
        """Return the parts of noise in a row: halved until a fit holds, then joined as far as fits reach."""
        start, end = noises[0].start, noises[-1].end
        wrong = sum(event.end - event.start for event in noises)
        dense = end - start >= SHORTEST_DITHER and wrong >= DENSE_SHARE * (end - start)
        if dense and end - start > 4 * HEAD:
            # What fits as a whole fits its head; the many halves of dense damage do not.
            head = stretch.rows[start : start + HEAD]
            dense = self._namer.fit(head, stretch.due(start, noises[0].shift)) is not None
        fitted = self.fit(stretch, start, end, noises[0].shift) if dense else None
        if fitted is not None:
            return [fitted]
        if len(noises) == 1:
            return self.of(stretch, noises[0])
        half = len(noises) // 2
        parts = self.named(stretch, noises[:half]) + self.named(stretch, noises[half:])
        return self.joined(stretch, parts, noises[0].shift)

    def joined(self, stretch: Stretch, parts: list[Part], shift: int) -> list[Part]:
        """Return parts with those that are one thing put together; `shift` is their alignment."""
        for _ in range(2):
            out: list[Part] = []
            for part in parts:
                both = self._join(stretch, out[-1], part, shift) if out else None
                if both is not None:
                    out[-1] = both
                elif out:
                    out[-1:] = self._absorb(stretch, out[-1], part, shift)
                else:
                    out.append(part)
            # The second pass runs from the other side.
            parts = out[::-1]
        return parts

    def _join(self, stretch: Stretch, one: Part, other: Part, shift: int) -> Part | None:
        first, second = (one, other) if one.start <= other.start else (other, one)
        start, end = first.start, second.end
        fitted = (Kind.GAIN, Kind.POLARITY, Kind.DITHER, Kind.SWAP, Kind.BYTESHIFT)
        if one.kind in fitted or other.kind in fitted:
            self._asked += 1
            if self._vain >= MOST_VAIN and self._asked % SELDOM:
                return None
            fit = self.fit(stretch, start, end, shift)
            joined = fit is not None and fit.kind in (one.kind, other.kind)
            self._vain = 0 if joined else self._vain + 1
            return fit if joined else None
        if one.kind is other.kind and one.kind in (Kind.ZERO, Kind.HOLD):
            # Right frames between them are part of it only when they look the same.
            if (stretch.rows[first.end : second.start] != stretch.rows[first.end - 1]).any():
                return None
            rows, due = stretch.rows[start:end], stretch.due(start, shift)
            tags = self._namer.parts(rows, stretch.last(start), due)
            return Part(start, end, one.kind) if len(tags) == 1 and tags[0].kind is one.kind else None
        return None

    def _absorb(self, stretch: Stretch, one: Part, other: Part, shift: int) -> list[Part]:
        # Dither or gain may reach some frames into a short part that fits nothing.
        loose = other.kind is Kind.UNKNOWN and other.end - other.start <= MOST_LOOSE
        if not loose or one.kind not in (Kind.GAIN, Kind.POLARITY, Kind.DITHER):
            return [one, other]
        forward = one.start < other.start
        for cut in range(other.end - other.start - 1, 0, -1):
            edge = other.start + cut if forward else other.end - cut
            fit = self.fit(stretch, min(one.start, edge), max(one.end, edge), shift)
            if fit is not None and fit.kind is one.kind:
                start, end = (edge, other.end) if forward else (other.start, edge)
                named = self._namer.name(stretch.rows[start:end], stretch.due(start, shift))
                return [fit, Part(start, end, *named)]
        return [one, other]

    def fit(self, stretch: Stretch, start: int, end: int, shift: int) -> Part | None:
        """Return frames `start` to `end` of a stretch as one part, None where no kind fits all of them."""
        rows, due = stretch.rows[start:end], stretch.due(start, shift)
        fit = self._namer.fit(rows, due)
        if fit is None or (fit[0] is Kind.DITHER and self._namer.two(rows, due)):
            return None
        return Part(start, end, *fit)

    def of(self, stretch: Stretch, event: TrackEvent) -> list[Part]:
        """Return the parts of one event, each by itself."""
        rows = stretch.rows[event.start : event.end]
        parts = self._namer.parts(rows, stretch.last(event.start), stretch.due(event.start, event.shift))
        return [replace(part, start=part.start + event.start, end=part.end + event.start) for part in parts]
