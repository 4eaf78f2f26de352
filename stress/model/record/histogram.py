# SPDX-License-Identifier: MIT
"""Where the wrong frames of a burst lie, as the record keeps them: few numbers for the whole burst."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stress.model import shape
from stress.model.histogram import CLASSES, COLUMNS, ROWS, SHORTEST_COLUMN, Cells, Histogram, Plane
from stress.model.record.limits import LARGEST, SIZE

# Gap to the next cell, frames in it, and so on.
_NUMBERS = shape.listed(shape.within(0, LARGEST))


def _cells(value: Any) -> tuple[int, ...]:
    numbers: tuple[int, ...] = _NUMBERS(value)
    if len(numbers) % 2:
        raise shape.Mismatch("has a gap without a number of frames")
    if sum(numbers[::2]) >= ROWS * COLUMNS:
        raise shape.Mismatch(f"goes past the last of {ROWS * COLUMNS} cells")
    return numbers


@dataclass(frozen=True)
class PlaneRecord:
    """Cells of one ring; see `stress.model.histogram.Plane`.

    Attributes
    ----------
    cells : by class ("stale", "silent", "moved", "changed"): gap to the next cell that holds frames,
        its frames, and so on; cell number is row x 96 + column, the first gap counts from cell 0.
    """

    ring: str = shape.field(shape.among(("", "playback", "capture")))
    ring_bytes: int = shape.field(shape.within(0, LARGEST))
    row_bytes: int = shape.field(SIZE)
    cells: Mapping[str, tuple[int, ...]] = shape.field(shape.keyed(_cells))

    @property
    def plane(self) -> Plane:
        """What the rows are."""
        return Plane(self.ring, self.ring_bytes, self.row_bytes)

    def parts(self) -> Iterator[tuple[str, Cells]]:
        """Give class and cells of each class."""
        for name, numbers in self.cells.items():
            cells, at = {}, 0
            for gap, frames in zip(numbers[::2], numbers[1::2]):
                at += gap
                cells[divmod(at, COLUMNS)] = frames
            yield name, cells


@dataclass(frozen=True)
class HistogramRecord:
    """Wrong frames of a burst by place and time; see `stress.model.histogram`.

    Attributes
    ----------
    column_frames : captured frames of one column; there are 96 at most.
    frames : in all cells: the wrong frames of the burst that count.
    """

    column_frames: int = shape.field(SIZE)
    frames: int = shape.count()
    planes: tuple[PlaneRecord, ...] = shape.field(shape.listed(shape.of(PlaneRecord)))

    @classmethod
    def of(cls, made: Histogram) -> HistogramRecord | None:
        """Return the record of a histogram, None of an empty one."""
        planes = tuple(
            PlaneRecord(
                plane.ring,
                plane.ring_bytes,
                plane.row_bytes,
                {name: tuple(_flat(cells)) for name, cells in sorted(classes.items())},
            )
            for plane, classes in made.planes.items()
        )
        return cls(made.column_frames, made.frames, planes) if planes else None

    def counted(self) -> Histogram:
        """Return the histogram that was recorded."""
        made = Histogram()
        made.column_frames = self.column_frames
        for part in self.planes:
            made.planes[part.plane] = dict(part.parts())
        return made


def _flat(cells: Cells) -> Iterator[int]:
    before = 0
    for (row, column), frames in sorted(cells.items()):
        yield row * COLUMNS + column - before
        yield frames
        before = row * COLUMNS + column


def read_histogram(value: Any) -> HistogramRecord:
    """Read the histogram of a record, and refuse one whose parts do not go together.

    Raises
    ------
    Mismatch : more rows than a histogram has, classes that are none, or a sum that is not `frames`.
    """
    found = shape.read(HistogramRecord, value)
    width = found.column_frames // SHORTEST_COLUMN
    if found.column_frames % SHORTEST_COLUMN or width & (width - 1):
        raise shape.Mismatch("is no column of this format", "column_frames")
    if len({part.plane for part in found.planes}) < len(found.planes):
        raise shape.Mismatch("holds a plane twice", "planes")
    for number, part in enumerate(found.planes):
        _check(part, f"planes[{number}]")
    if sum(sum(one[1::2]) for part in found.planes for one in part.cells.values()) != found.frames:
        raise shape.Mismatch("is not the sum of the cells", "frames")
    return found


def _check(part: PlaneRecord, place: str) -> None:
    rows = part.plane.rows
    if rows > ROWS:
        raise shape.Mismatch(f"has {rows} rows, {ROWS} are the most", place)
    for name, numbers in part.cells.items():
        if name not in CLASSES:
            raise shape.Mismatch(f"is none of {', '.join(CLASSES)}", f"{place}.cells")
        if sum(numbers[::2]) >= rows * COLUMNS:
            raise shape.Mismatch("lies outside the ring", f"{place}.cells.{name}")
        if any(gap == 0 for gap in numbers[2::2]):
            raise shape.Mismatch("holds a cell twice", f"{place}.cells.{name}")
