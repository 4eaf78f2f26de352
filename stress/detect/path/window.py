# SPDX-License-Identifier: MIT
"""Frames in which a path is looked for, and the positions of the pattern that they may begin with."""

from __future__ import annotations

from stress.detect.path.lines import PathLines
from stress.detect.path.locate import locate, position_of
from stress.detect.path.positions import likeliest, settled, sharpened
from stress.detect.path.ranking import odd_order, order, strongest
from stress.detect.path.sources import Sources, numbers
from stress.model.arrays import Bytes, Floats, Ints
from stress.model.formats import SampleFormat
from stress.model.stimulus import POSITIONS
from stress.patterns.word import Pattern


class PathWindow:
    """Some captured frames as numbers, with what is known of them.

    Parameters
    ----------
    raw : (n * frame_bytes,) uint8, whole frames.
    pattern : what was played, in the format and with the channels of the capture.
    first : captured frame of the first of `raw`.
    hint : position near which the pattern is believed to begin.
    known : position due at the first of `raw`, None where it is not known.
    kept : bits of each sample that were played, see `Sources`.
    """

    def __init__(
        self, raw: Bytes, pattern: Pattern, first: int, hint: int, known: int | None, kept: int = 0
    ) -> None:
        self._raw, self._pattern, self._first, self._hint, self._known = raw, pattern, first, hint, known
        self._fmt: SampleFormat = pattern.fmt
        self._frames = raw.size // pattern.frame_bytes
        self._seen: Ints = numbers(raw, self._fmt, pattern.channels)
        self._sources = Sources(pattern.name, self._fmt, kept)
        self._known_lines: dict[int, PathLines] = {}

    def _lines(self, frames: int) -> PathLines:
        if frames not in self._known_lines:
            self._known_lines[frames] = PathLines(frames)
        return self._known_lines[frames]

    def _located(self, seen: Floats) -> tuple[list[int], bool]:
        # Positions at the first frame by the best channel, and whether words take two frames.
        kinds = self._lines(len(seen)).kinds(seen)
        half = self._lines(len(seen) // 2)
        sides = [half.kinds(seen[side : side + 2 * (len(seen) // 2) : 2]) for side in (0, 1)]
        if strongest(kinds) < 0.35 and max(map(strongest, sides)) > 2 * strongest(kinds):
            # Words that take two frames look like a weak sum of shifted ones.
            kinds = []
        for channel, kind, both in order(kinds):
            place = locate(seen[:, channel], kind, self._hint, both=both)
            if place is not None and place.fit > 0.2:
                if kind.high and self._fmt.bits > 16:
                    return [sharpened(place, seen[:, channel], self._sources)], False
                if kind.high and not place.lost:
                    return [settled(place, seen[:, channel], self._sources)], False
                return self._likeliest([position_of(step) for step in place.steps()], seen), False
        if any(kinds):
            return [], False
        for channel, kind, side in odd_order(sides):
            stream = seen[side : side + 2 * (len(seen) // 2) : 2, channel]
            place = locate(stream, kind, self._hint // 2)
            if place is not None and place.fit > 0.2:
                words = [2 * position_of(step) + kind.high for step in place.steps()]
                every = list(dict.fromkeys((word - side) % POSITIONS for word in words))
                return self._likeliest(every, seen), True
        return [], False

    def _likeliest(self, positions: list[int], seen: Floats) -> list[int]:
        return likeliest(positions, self._raw, seen, self._pattern)
