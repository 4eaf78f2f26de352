"""The ring as a picture: where it went wrong, when, and how old the data was.

A ring is drawn as a disc. The angle is the offset in the ring (12 o'clock is
offset 0, clockwise), the radius is time (the first frame inside, the last
outside), the colour is the age in laps. Stale lines of a cached alias show as
spokes and arcs on line boundaries; a slip or a dead stretch shows as a ring.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

SIZE = 300
INNER, OUTER = 40.0, 140.0
# Arcs drawn per picture. Source: 2000 arcs are about 200 KB of SVG and draw at
# once in a browser. Higher: slow pages; lower: busy rings look emptier.
MOST_ARCS = 2000
COLOURS = ("#d62728", "#ff7f0e", "#bcbd22", "#9467bd", "#8c564b")
ZERO_COLOUR, OTHER_COLOUR = "#1f77b4", "#555555"


@dataclass(frozen=True)
class Mark:
    """One wrong run in a ring.

    Parameters
    ----------
    offset, length, ring : [bytes].
    frame : of the capture; the picture is scaled to the last one.
    laps : age, None where it has none.
    """

    offset: int
    length: int
    ring: int
    frame: int
    kind: str
    laps: int | None
    text: str


def _point(angle: float, radius: float) -> str:
    centre = SIZE / 2
    return f"{centre + radius * math.sin(angle):.2f} {centre - radius * math.cos(angle):.2f}"


def _arc(mark: Mark, last_frame: int) -> str:
    radius = INNER + (OUTER - INNER) * mark.frame / max(1, last_frame)
    first = 2 * math.pi * (mark.offset % mark.ring) / mark.ring
    # A whole lap would begin where it ends and draw nothing.
    span = min(2 * math.pi * mark.length / mark.ring, 2 * math.pi - 0.01)
    last = first + max(span, 0.012)
    large = 1 if last - first > math.pi else 0
    path = f"M{_point(first, radius)}A{radius:.2f} {radius:.2f} 0 {large} 1 {_point(last, radius)}"
    return f'<path d="{path}" stroke="{colour(mark)}"><title>{escape(mark.text)}</title></path>'


def colour(mark: Mark) -> str:
    """Return the colour of a mark: by age for stale runs, else by kind."""
    if mark.kind == "zero":
        return ZERO_COLOUR
    if mark.laps:
        return COLOURS[min(mark.laps, len(COLOURS)) - 1]
    return OTHER_COLOUR


def svg(title: str, marks: Iterable[Mark], ring_bytes: int) -> str:
    """Return the disc of one ring as SVG."""
    listed = list(marks)
    last_frame = max((mark.frame for mark in listed[:MOST_ARCS]), default=0)
    arcs = "".join(_arc(mark, last_frame) for mark in listed[:MOST_ARCS])
    quarters = "".join(
        f'<text x="{x}" y="{y}" text-anchor="middle">{ring_bytes * part // 4}</text>'
        for part, (x, y) in enumerate(((150, 7), (305, 154), (150, 301), (-5, 154)))
    )
    caption = (
        f"{title}: {ring_bytes} bytes, {min(len(listed), MOST_ARCS)} wrong runs up to frame {last_frame}"
    )
    return (
        f'<figure><svg viewBox="-24 -4 {SIZE + 48} {SIZE + 8}" role="img" aria-label="{escape(caption)}">'
        f'<circle class="track" cx="150" cy="150" r="{INNER}"/>'
        f'<circle class="track" cx="150" cy="150" r="{OUTER}"/>'
        f'<g class="arcs">{arcs}</g><g class="ticks">{quarters}</g></svg>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def legend() -> str:
    """Return what the colours mean, as HTML."""
    ages = [(hue, f"{laps} lap{'s' if laps > 1 else ''} old") for laps, hue in enumerate(COLOURS, 1)]
    ages[-1] = (ages[-1][0], f"{len(COLOURS)} laps or older")
    items = [*ages, (ZERO_COLOUR, "zero"), (OTHER_COLOUR, "other")]
    return '<p class="legend">' + "".join(
        f'<span><i style="background:{hue}"></i>{escape(text)}</span>' for hue, text in items
    ) + "</p>"  # fmt: skip
