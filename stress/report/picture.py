# SPDX-License-Identifier: MIT
"""Pictures in a page that fetches nothing: levels as an embedded PNG, axes and marks as SVG."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from stress.model.arrays import Signal

WIDTH, HEIGHT = 960, 230
LEFT, TOP, RIGHT, BOTTOM = 52, 16, 70, 34
INNER_WIDTH, INNER_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
# Dark to bright, monotonous in lightness, so that it reads in grey as well.
_ANCHORS = (
    (8, 8, 24),
    (40, 26, 98),
    (118, 32, 122),
    (196, 60, 82),
    (240, 118, 40),
    (250, 196, 60),
    (255, 252, 214),
)
# Marks drawn over one picture. Source: as many pixels as it is wide. Higher: slow pages; lower:
# busy captures look emptier than they are.
MOST_MARKS = 1000
# Marks up to which each is drawn down through the picture. Higher: they hide it; lower: a few
# marks are hard to follow.
MOST_RULES = 60
# Points of a curve that are marked. Higher: they cover the line.
MOST_POINTS = 120


@dataclass(frozen=True)
class Tick:
    """A mark on the time axis.

    Parameters
    ----------
    at : place on the axis, 0..1.
    colour, text : how it is drawn and what it says when pointed at.
    """

    at: float
    colour: str
    text: str


@dataclass(frozen=True)
class Axis:
    """Both axes of a picture: labels as (place 0..1, text), the origin at the lower left."""

    across: Sequence[tuple[float, str]]
    up: Sequence[tuple[float, str]]
    across_unit: str
    up_unit: str


def steps(low: float, high: float, about: int) -> list[float]:
    """Return round numbers within `low` .. `high`, about so many, 1, 2 or 5 times a power of ten apart."""
    span = max(high - low, 1e-9)
    rough = span / max(1, about)
    power = 10.0 ** int(np.floor(np.log10(rough)))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    first = int(np.ceil(low / step - 1e-9))
    return [k * step for k in range(first, int(np.floor(high / step + 1e-9)) + 1)]


def png(levels: Signal, low: float, high: float) -> bytes:
    """Return levels, (rows, columns) with row 0 at the bottom, as a PNG from dark to bright."""
    share = np.clip((levels[::-1] - low) / max(high - low, 1e-9), 0, 1)
    index = np.rint(share * 255).astype(np.uint8)
    rows = np.concatenate((np.zeros((len(index), 1), dtype=np.uint8), index), axis=1)
    head = struct.pack(">IIBBBBB", index.shape[1], index.shape[0], 8, 3, 0, 0, 0)
    parts = (
        (b"IHDR", head),
        (b"PLTE", _palette()),
        (b"IDAT", zlib.compress(rows.tobytes(), 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )


def _palette() -> bytes:
    places = np.linspace(0, 255, len(_ANCHORS))
    colours = [np.interp(np.arange(256), places, [anchor[i] for anchor in _ANCHORS]) for i in range(3)]
    return np.rint(np.array(colours).T).astype(np.uint8).tobytes()


def levels_svg(
    levels: Signal, span: tuple[float, float], axis: Axis, ticks: Iterable[Tick], title: str
) -> str:
    """Return a spectrogram with its axes, its scale and marks along the top.

    Parameters
    ----------
    levels : (bands, columns) float32 [dBFS].
    span : where the colours begin and end [dBFS].
    """
    low, high = span
    data = base64.b64encode(png(levels, low, high)).decode("ascii")
    scale = base64.b64encode(png(np.linspace(0, 1, 64, dtype=np.float32)[:, None], 0, 1)).decode("ascii")
    image = f'<image x="{LEFT}" y="{TOP}" width="{INNER_WIDTH}" height="{INNER_HEIGHT}" {_STRETCH}{data}"/>'
    bar = f'<image x="{WIDTH - RIGHT + 12}" y="{TOP}" width="10" height="{INNER_HEIGHT}" {_STRETCH}{scale}"/>'
    texts = "".join(
        _text(WIDTH - RIGHT + 26, TOP + INNER_HEIGHT * (1 - share) + 4, f"{low + share * (high - low):.0f}")
        for share in (0.0, 0.5, 1.0)
    )
    unit = _text(WIDTH - RIGHT + 12, TOP - 5, "dBFS")
    return _figure(image + bar + texts + unit + _frame(axis) + _ticks(ticks), title)


_STRETCH = 'preserveAspectRatio="none" style="image-rendering:pixelated" href="data:image/png;base64,'


def lines_svg(
    lines: Sequence[tuple[str, str, Sequence[tuple[float, float]]]],
    axis: Axis,
    ticks: Iterable[Tick],
    title: str,
) -> str:
    """Return curves of (name, class, points 0..1) with their names in the corner.

    The class gives the colour; "dots" has points and no line.
    """
    drawn = []
    for row, (name, look, points) in enumerate(lines):
        if look != "dots":
            path = " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in points)
            drawn.append(f'<polyline class="curve {look}" points="{path}"/>')
        if len(points) <= MOST_POINTS:
            size = 4 if look == "dots" else 2.2
            drawn += [
                f'<circle cx="{_x(x):.1f}" cy="{_y(y):.1f}" r="{size}" class="{look}"/>' for x, y in points
            ]
        drawn.append(
            f'<text x="{WIDTH - RIGHT - 8}" y="{TOP + 20 + 22 * row}" text-anchor="end" class="{look}">'
            f"{escape(name)}</text>"
        )
    return _figure(_frame(axis) + "".join(drawn) + _ticks(ticks), title)


def _x(share: float) -> float:
    return LEFT + INNER_WIDTH * share


def _y(share: float) -> float:
    return TOP + INNER_HEIGHT * (1 - share)


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _frame(axis: Axis) -> str:
    parts = [f'<rect class="frame" x="{LEFT}" y="{TOP}" width="{INNER_WIDTH}" height="{INNER_HEIGHT}"/>']
    for share, text in axis.across:
        parts.append(f'<path class="tick" d="M{_x(share):.1f} {_y(0)}v4"/>')
        parts.append(_text(_x(share), _y(0) + 20, text, anchor="middle"))
    for share, text in axis.up:
        parts.append(f'<path class="tick" d="M{LEFT} {_y(share):.1f}h-4"/>')
        parts.append(_text(LEFT - 7, _y(share) + 4, text, anchor="end"))
    parts.append(_text(LEFT + INNER_WIDTH, HEIGHT + 10, axis.across_unit, anchor="end"))
    parts.append(_text(0, TOP - 12, axis.up_unit))
    return "".join(parts)


def _ticks(ticks: Iterable[Tick]) -> str:
    shown = list(ticks)[:MOST_MARKS]
    return "".join(_tick(tick, len(shown) <= MOST_RULES) for tick in shown)


def _tick(tick: Tick, rule: bool) -> str:
    at = f"M{_x(tick.at):.1f} {TOP}"
    head = f'<path d="{at}l-4 -8h8z" fill="{tick.colour}"><title>{escape(tick.text)}</title></path>'
    return head + (f'<path d="{at}v{INNER_HEIGHT}" stroke="{tick.colour}" class="mark"/>' if rule else "")


def _figure(body: str, title: str) -> str:
    # Room for the names of both axes in the letters of a narrow screen, which are larger in these units.
    box = f'viewBox="0 -16 {WIDTH} {HEIGHT + 32}" role="img" aria-label="{escape(title)}"'
    drawn = f'<div class="shade"><svg {box}>{body}</svg></div>'
    return f'<figure class="wide">{drawn}<figcaption>{escape(title)}</figcaption></figure>'
