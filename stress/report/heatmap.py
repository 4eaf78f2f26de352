# SPDX-License-Identifier: MIT
"""Wrong frames of whole bursts as a heat map: place in the ring upwards, time to the right.

Cells are drawn as lines of SVG, run by run, in five steps of a logarithmic
scale; the margins add up rows and columns and say their numbers when pointed at.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from stress.model.histogram import CLASSES, Cells, Plane, kinds_of
from stress.model.words import count, counted
from stress.settings.times import format_duration

# The drawing [units of the SVG].
WIDTH, LEFT, RIGHT, TOP, BOTTOM = 960, 66, 150, 56, 34
INNER, MARGIN = WIDTH - LEFT - RIGHT, 40
PAGE_BYTES = 4096
# Steps of colour. Higher: steps that no eye tells apart; lower: one frame looks like a hundred.
STEPS = 5
# Labels and rules of the ring axis. Higher: they cover one another.
MOST_LABELS = 8
# Height of a row, and of all rows together [units].
ROW, LEAST, MOST = 5, 120, 260


@dataclass(frozen=True)
class Scene:
    """What is known of a ring beside its cells.

    Parameters
    ----------
    title : of the picture.
    seconds : of the longest burst, 0 where the rate is not known.
    columns : that a burst of this length has.
    line_bytes : of the cache.
    way_bytes : of the cache: offsets that far apart share a set; 0 where it is not known.
    address : of the ring in the way, where it was mapped [bytes].
    period_bytes : of the stream, 0 where it is not known.
    """

    title: str
    seconds: float
    columns: int
    line_bytes: int = 32
    way_bytes: int = 0
    address: int = 0
    period_bytes: int = 0

    def set_of(self, offset: int) -> int:
        """Return the cache set of a ring offset."""
        return (self.address + offset) % self.way_bytes // self.line_bytes


def frames_of(classes: Mapping[str, Cells]) -> int:
    """Return the wrong frames in all cells."""
    return sum(sum(cells.values()) for cells in classes.values())


def svg(plane: Plane, classes: Mapping[str, Cells], scene: Scene) -> str:
    """Return the heat map of one ring as an SVG element.

    Parameters
    ----------
    classes : cells by class of kind.
    """
    height = min(MOST, max(LEAST, ROW * plane.rows))
    box = f'viewBox="0 0 {WIDTH} {TOP + height + BOTTOM}"'
    label = escape(f"{scene.title}: {caption(plane, classes)}")
    body = (
        f'<rect class="frame" x="{LEFT}" y="{TOP}" width="{INNER}" height="{height}"/>',
        _rules(plane, scene, height),
        _cells(plane, classes, scene.columns, height),
        _columns(classes, scene),
        _rows(plane, classes, scene, height),
        _time_axis(scene, height),
        _ring_axis(plane, scene, height),
    )
    return f'<svg class="heat" {box} role="img" aria-label="{label}">{"".join(body)}</svg>'


def caption(plane: Plane, classes: Mapping[str, Cells]) -> str:
    """Return what the picture holds, in words and exact numbers."""
    by_class = ", ".join(f"{count(sum(cells.values()))} {name}" for name, cells in classes.items())
    return (
        f"{counted(frames_of(classes), 'wrong frame')}, every one of them drawn ({by_class}); {_row(plane)}"
    )


def _row(plane: Plane) -> str:
    if not plane.ring_bytes:
        return "no ring is known, so the picture has one row"
    return f"ring of {count(plane.ring_bytes)} bytes, a row is {plane.row_bytes} bytes of it"


def _cells(plane: Plane, classes: Mapping[str, Cells], columns: int, height: float) -> str:
    # The class with the most frames gives a cell its colour, all of them its strength.
    cells: dict[tuple[int, int], tuple[int, str]] = {}
    total: Cells = {}
    for name in CLASSES:
        for cell, number in classes.get(name, {}).items():
            total[cell] = total.get(cell, 0) + number
            cells[cell] = max(cells.get(cell, (0, name)), (number, name))
    most = max(total.values(), default=1)
    looks = {cell: (cells[cell][1], _step(number, most)) for cell, number in total.items()}
    paths: dict[tuple[str, int], list[str]] = {}
    for look, row, first, length in _runs(looks):
        paths.setdefault(look, []).append(f"M{first} {plane.rows - row - 1}.5h{length}")
    scale = f"translate({LEFT} {TOP}) scale({INNER / max(1, columns):.4f} {height / plane.rows:.4f})"
    drawn = "".join(
        f'<path class="{name} s{step}" d="{"".join(parts)}"/>'
        for (name, step), parts in sorted(paths.items())
    )
    return f'<g class="cells" transform="{scale}">{drawn}</g>'


def _step(number: int, most: int) -> int:
    # 1 frame is the palest step, the fullest cell the strongest.
    return 1 if number <= 1 or most <= 1 else min(STEPS, 1 + int((STEPS - 0.01) * math.log(number, most)))


Look = tuple[str, int]


def _runs(looks: Mapping[tuple[int, int], Look]) -> Iterator[tuple[Look, int, int, int]]:
    # Neighbours of one look in a row are one stroke.
    first, length, before = (-1, -1), 0, ("", 0)
    for cell in sorted(looks):
        if length and looks[cell] == before and cell == (first[0], first[1] + length):
            length += 1
            continue
        if length:
            yield before, *first, length
        first, length, before = cell, 1, looks[cell]
    if length:
        yield before, *first, length


def _columns(classes: Mapping[str, Cells], scene: Scene) -> str:
    sums = _sums(classes, 1)
    most, wide = max(sums.values(), default=1), INNER / max(1, scene.columns)
    step = scene.seconds / max(1, scene.columns)
    return "".join(
        _bar(
            (LEFT + wide * column, TOP - 2 - MARGIN * number / most, wide * 0.9, MARGIN * number / most),
            f"{_span(column * step, step) if step else f'column {column}'}: {counted(number, 'wrong frame')}",
        )
        for column, number in sorted(sums.items())
    )


def _span(start: float, length: float) -> str:
    return f"{start:.4g} to {start + length:.4g} s"


def _rows(plane: Plane, classes: Mapping[str, Cells], scene: Scene, height: float) -> str:
    sums = _sums(classes, 0)
    most, high = max(sums.values(), default=1), height / plane.rows
    return "".join(
        _bar(
            (LEFT + INNER + 2, TOP + height - high * (row + 1), MARGIN * number / most, high * 0.9),
            f"{_place(plane, scene, row)}: {counted(number, 'wrong frame')}",
        )
        for row, number in sorted(sums.items())
    )


def _place(plane: Plane, scene: Scene, row: int) -> str:
    if not plane.ring_bytes:
        return "anywhere"
    first = row * plane.row_bytes
    last = min(plane.ring_bytes, first + plane.row_bytes) - 1
    sets = f", cache sets {scene.set_of(first)} to {scene.set_of(last)}" if scene.way_bytes else ""
    lines = f"lines {first // scene.line_bytes} to {last // scene.line_bytes}"
    return f"bytes {count(first)} to {count(last)}, {lines}{sets}"


def _bar(box: tuple[float, float, float, float], text: str) -> str:
    x, y, width, height = box
    return (
        f'<rect class="bar" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}">'
        f"<title>{escape(text)}</title></rect>"
    )


def _sums(classes: Mapping[str, Cells], axis: int) -> dict[int, int]:
    sums: dict[int, int] = {}
    for cells in classes.values():
        for cell, number in cells.items():
            sums[cell[axis]] = sums.get(cell[axis], 0) + number
    return sums


def _rules(plane: Plane, scene: Scene, height: float) -> str:
    # Cache ways: offsets on the same place between two rules share their sets. Periods beside them.
    rules = [_rule(plane, offset, height, "way") for offset in _ways(plane, scene)]
    periods = _every(plane, scene.period_bytes, scene.period_bytes)
    rules += [_rule(plane, offset, height, "period") for offset in (periods if len(periods) <= 40 else ())]
    return "".join(rules)


def _rule(plane: Plane, offset: int, height: float, name: str) -> str:
    y = TOP + height * (1 - offset / (plane.rows * plane.row_bytes))
    across = f"M{LEFT} {y:.1f}h{INNER}" if name == "way" else f"M{LEFT} {y:.1f}h6"
    return f'<path class="{name}" d="{across}"/>'


def _ways(plane: Plane, scene: Scene) -> list[int]:
    step = scene.way_bytes or PAGE_BYTES
    return _every(plane, step, step - scene.address % step)


def _every(plane: Plane, step: int, first: int) -> list[int]:
    return list(range(first, plane.ring_bytes, step)) if step else []


def _time_axis(scene: Scene, height: float) -> str:
    shares = (0.0, 0.25, 0.5, 0.75, 1.0)
    anchors = ("start", "middle", "middle", "middle", "end")
    texts = (
        f"{share * scene.seconds:.3g} s" if scene.seconds else f"{100 * share:.0f} %" for share in shares
    )
    head = _text(LEFT + INNER, TOP - 6 - MARGIN, "wrong frames by time", "end")
    return head + "".join(
        _text(LEFT + INNER * share, TOP + height + 16, text, anchor)
        for share, text, anchor in zip(shares, texts, anchors)
    ) + _text(LEFT + INNER / 2, TOP + height + 31, "time from the begin of a burst", "middle")  # fmt: skip


def _ring_axis(plane: Plane, scene: Scene, height: float) -> str:
    if not plane.ring_bytes:
        return ""
    whole = plane.rows * plane.row_bytes
    step = max(scene.line_bytes, 1 << (max(1, plane.ring_bytes // MOST_LABELS) - 1).bit_length())
    texts = []
    for offset in range(0, plane.ring_bytes, step):
        y = TOP + height * (1 - offset / whole) + 4
        texts.append(_text(LEFT - 6, y, count(offset), "end"))
        if scene.way_bytes:
            texts.append(_text(LEFT + INNER + MARGIN + 10, y, f"set {scene.set_of(offset)}"))
        else:
            texts.append(_text(LEFT + INNER + MARGIN + 10, y, f"line {count(offset // scene.line_bytes)}"))
    return _text(0, TOP - 6 - MARGIN, "ring offset [bytes]") + "".join(texts)


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def legend(names: Sequence[str]) -> str:
    """Return what the colours of these classes mean, as HTML."""
    items = "".join(f'<span><i class="{name}"></i>{escape(kinds_of(name))}</span>' for name in names)
    return f'<p class="legend">{items}<span>pale: one frame, full: the most of any cell</span></p>'


def duration(seconds: float) -> str:
    """Return how long a burst is, for a caption."""
    return format_duration(seconds) if seconds else "unknown length"
