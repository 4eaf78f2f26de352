# SPDX-License-Identifier: MIT
"""Wrong frames of a whole burst, counted by place in the ring and by time, in bounded memory.

A detector keeps a limited number of findings; their places are counted here for
all of them. A cell is a part of the ring (whole cache lines) in a part of the
burst (a power of two of frames). As more of the burst is covered, neighbouring
columns are added up, so that no more than `COLUMNS` are ever held and no frame
is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from stress.model.ring import Rings
from stress.model.stimulus import POSITIONS

# Parts of a ring and of a burst. Source: 64 x 96 cells are what a picture of a page shows, and 6144
# counts are some 20 KB of a record. Higher: larger records; lower: single lines are not told apart.
ROWS, COLUMNS = 64, 96
# Frames of a column at first. Source: 1 ms at 48 kHz. Higher: short bursts have few columns.
SHORTEST_COLUMN = 64
# What a cell is coloured by: the first class that holds a kind; anything else is "changed".
STALE, SILENT, MOVED, CHANGED = CLASSES = ("stale", "silent", "moved", "changed")
_CLASS = {
    "stale": STALE,
    **dict.fromkeys(("zero", "hold", "mute"), SILENT),
    **dict.fromkeys(("drop", "repeat", "insert", "misplaced", "resample"), MOVED),
}
# Frames are missing or extra there: they have a time, and no place in a ring.
_SLIPS = ("drop", "repeat", "insert")


class Placed(Protocol):
    """What is counted: a finding, or the record of one."""

    @property
    def kind(self) -> str:
        """Kind of damage."""

    @property
    def frame(self) -> int:
        """First wrong frame of the capture."""

    @property
    def frames(self) -> int:
        """Frames that are wrong, missing or extra."""

    @property
    def position(self) -> int:
        """Pattern position that was due there."""

    @property
    def ring(self) -> str | None:
        """The ring it was attributed to."""

    @property
    def ring_offset(self) -> int | None:
        """Of the first wrong frame in that ring [bytes]."""


class Plane(NamedTuple):
    """What the rows of a histogram are.

    Parameters
    ----------
    ring : "playback" or "capture"; "" holds what was attributed to no ring, by its place in the
        playback ring (without one: in the capture ring).
    ring_bytes : size of that ring, 0 where none is known: there is one row then.
    row_bytes : of the ring in one row, whole cache lines; the last row may be shorter.
    """

    ring: str
    ring_bytes: int
    row_bytes: int

    @property
    def rows(self) -> int:
        """Rows of the plane, 1 where no ring is known."""
        return -(-self.ring_bytes // self.row_bytes) if self.ring_bytes else 1

    @classmethod
    def of(cls, ring: str, ring_bytes: int, line_bytes: int) -> Plane:
        """Return the plane of a ring whose rows are as short as `ROWS` of them allow."""
        lines = -(-ring_bytes // (ROWS * line_bytes))
        return cls(ring, ring_bytes, max(1, lines) * line_bytes)


@dataclass(frozen=True)
class Axes:
    """Where a frame lies in the rings of a burst.

    Parameters
    ----------
    frame_bytes : of the frames that are judged.
    first_position : pattern position of the first frame played; it lies at playback offset 0.
    line_bytes : cache line of the board.
    """

    rings: Rings = field(default_factory=Rings)
    frame_bytes: int = 4
    first_position: int = 0
    line_bytes: int = 32

    def ring(self, name: str) -> tuple[int, int]:
        """Return frames and bytes of a frame of a ring, (0, ...) where it is not known."""
        rings, own = self.rings, self.frame_bytes
        if name == "capture":
            return rings.capture or 0, rings.capture_bytes or own
        return rings.playback or 0, rings.playback_bytes or own

    def place(self, found: Placed) -> tuple[str, str, int]:
        """Return the ring it was attributed to or "", the ring of its rows, and the frame in that ring."""
        if found.ring is not None and found.ring_offset is not None and self.ring(found.ring)[0]:
            return found.ring, found.ring, found.ring_offset // self.ring(found.ring)[1]
        if self.rings.playback:
            return "", "playback", (found.position - self.first_position) % POSITIONS
        return "", "capture", found.frame + self.rings.capture_start


# Frames by cell, a cell being (row, column).
Cells = dict[tuple[int, int], int]


class Histogram:
    """Counts wrong frames by ring, class of kind, row and column.

    Attributes
    ----------
    column_frames : captured frames of one column, a power of two times `SHORTEST_COLUMN`.
    planes : cells by plane and class.
    """

    def __init__(self, axes: Axes | None = None) -> None:
        self._axes = axes or Axes()
        self.column_frames = SHORTEST_COLUMN
        self.planes: dict[Plane, dict[str, Cells]] = {}

    def __eq__(self, other: object) -> bool:
        """Tell whether the same was counted, along the same axes."""
        if not isinstance(other, Histogram):
            return NotImplemented
        mine, others = (self._axes, self.column_frames), (other._axes, other.column_frames)
        return mine == others and self.planes == other.planes

    __hash__ = None  # type: ignore[assignment]

    @property
    def frames(self) -> int:
        """Wrong frames counted; one that lies in two findings is counted twice."""
        return sum(number for _, _, cells in self.parts() for number in cells.values())

    def parts(self) -> Iterator[tuple[Plane, str, Cells]]:
        """Give plane, class and cells of each part that has any."""
        for plane, classes in self.planes.items():
            for name, cells in classes.items():
                yield plane, name, cells

    def cover(self, frames: int) -> None:
        """Make the columns long enough for a burst of so many frames."""
        while frames > COLUMNS * self.column_frames:
            self._halve()

    def _halve(self) -> None:
        self.column_frames *= 2
        for classes in self.planes.values():
            for name, cells in classes.items():
                halved: Cells = {}
                classes[name] = halved
                for (row, column), number in cells.items():
                    _count(halved, row, column // 2, number)

    def add(self, found: Placed) -> None:
        """Count the frames of a finding."""
        frame = max(0, found.frame)
        slip = found.kind in _SLIPS
        self.cover(frame + (1 if slip else max(1, found.frames)))
        ring, rows_of, at = self._axes.place(found)
        size, frame_bytes = self._axes.ring(rows_of)
        plane = Plane.of(ring, size * frame_bytes, self._axes.line_bytes)
        cells = self.planes.setdefault(plane, {}).setdefault(_CLASS.get(found.kind, CHANGED), {})
        # A ring that is not known is one of a single frame.
        rows = _Rows(size or 1, frame_bytes, plane.row_bytes)
        if slip:
            _count(cells, rows.of(at), frame // self.column_frames, found.frames)
        else:
            self._add_extent(cells, frame, found.frames, at, rows)

    def _add_extent(self, cells: Cells, frame: int, frames: int, at: int, rows: _Rows) -> None:
        while frames > 0:
            column = frame // self.column_frames
            here = min(frames, (column + 1) * self.column_frames - frame)
            for row, number in rows.spread(at, here):
                _count(cells, row, column, number)
            frame, frames, at = frame + here, frames - here, at + here

    def merge(self, other: Histogram) -> None:
        """Add what another one counted."""
        self.cover(other.column_frames * COLUMNS)
        factor = self.column_frames // other.column_frames
        for plane, name, cells in other.parts():
            mine = self.planes.setdefault(plane, {}).setdefault(name, {})
            for (row, column), number in cells.items():
                _count(mine, row, column // factor, number)

    def copy(self, axes: Axes) -> Histogram:
        """Return one that goes on from here, along other axes."""
        made = Histogram(axes)
        made.merge(self)
        return made


@dataclass(frozen=True)
class _Rows:
    # Frames of a ring by row; a frame belongs to the row of its first byte.
    size: int
    frame_bytes: int
    row_bytes: int

    def spread(self, at: int, frames: int) -> Iterator[tuple[int, int]]:
        """Give row and frames of a run of `frames` frames from frame `at` of the ring on."""
        laps, frames = divmod(frames, self.size)
        if laps:
            rows = range(-(-self.size * self.frame_bytes // self.row_bytes))
            yield from ((row, laps * (self._end(row) - self._end(row - 1))) for row in rows)
        at %= self.size
        while frames > 0:
            row = self.of(at)
            here = min(frames, self._end(row) - at)
            yield row, here
            at, frames = (at + here) % self.size, frames - here

    def of(self, at: int) -> int:
        """Return the row of frame `at` of the ring."""
        return at % self.size * self.frame_bytes // self.row_bytes

    def _end(self, row: int) -> int:
        # First frame behind a row.
        return min(self.size, -(-(row + 1) * self.row_bytes // self.frame_bytes))


def _count(cells: Cells, row: int, column: int, frames: int) -> None:
    cells[row, column] = cells.get((row, column), 0) + frames


def places_of(findings: Iterable[Placed], axes: Axes | None = None) -> Histogram | None:
    """Return a histogram of `findings`, None of none."""
    made = Histogram(axes)
    for finding in findings:
        made.add(finding)
    return made if made.planes else None


def joined(parts: Iterable[Histogram | None]) -> Histogram | None:
    """Return the sum of histograms, None of none."""
    held = [part for part in parts if part is not None]
    made = Histogram()
    for part in held:
        made.merge(part)
    return made if held else None


def kinds_of(name: str) -> str:
    """Return the kinds of a class, for a legend."""
    if name == CHANGED:
        return "changed: bits, channels, level or nothing known"
    kinds = ", ".join(kind for kind, held in _CLASS.items() if held == name)
    return name if kinds == name else f"{name}: {kinds}"
