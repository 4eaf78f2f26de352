# SPDX-License-Identifier: MIT
"""The ring as a picture: where it went wrong, when, and how old the data was.

A ring is drawn as a disc. The angle is the offset in the ring (12 o'clock is
offset 0, clockwise), the radius is time (the first frame inside, the last
outside), the colour is the age in laps. Stale lines of a cached alias show as
spokes and arcs on line boundaries; a slip or a dead stretch shows as a ring.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from html import escape

from stress.model.words import count, counted, stretches
from stress.settings.times import format_duration

SIZE = 300
INNER, OUTER = 40.0, 140.0
# Arcs drawn per picture. Source: 2000 arcs are about 200 KB of SVG and draw at
# once in a browser. Higher: slow pages; lower: busy rings look emptier.
MOST_ARCS = 2000
LEAST_PX = 4.0
_QUARTERS = (
    (150, 5, "middle", " bytes"),
    (294, 153, "start", ""),
    (150, 303, "middle", ""),
    (6, 153, "end", ""),
)
COLOURS = ("#d62728", "#ff7f0e", "#bcbd22", "#9467bd", "#8c564b")
ZERO_COLOUR, OTHER_COLOUR = "#1f77b4", "#7a7a7a"


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
    # Shorter ones would not be seen.
    last = first + max(span, LEAST_PX / radius)
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


def svg(title: str, marks: Iterable[Mark], ring_bytes: int, rate: int, found: int) -> str:
    """Return the disc of one ring as SVG.

    Parameters
    ----------
    rate : of the stream [Hz].
    found : corrupted stretches of this ring, those included that were not kept.
    """
    listed = list(marks)
    last_frame = max((mark.frame for mark in listed[:MOST_ARCS]), default=0)
    arcs = "".join(_arc(mark, last_frame) for mark in listed[:MOST_ARCS])
    quarters = "".join(
        f'<text x="{x}" y="{y}" text-anchor="{anchor}">{count(ring_bytes * part // 4)}{unit}</text>'
        for part, (x, y, anchor, unit) in enumerate(_QUARTERS)
    )
    end = format_duration(last_frame / rate)
    quarters += (
        f'<text x="150" y="{150 - INNER + 11}" text-anchor="middle">0 s</text>'
        f'<text x="150" y="{150 - OUTER + 11}" text-anchor="middle">{end}</text>'
    )
    caption = (
        f"{title} of {count(ring_bytes)} bytes: {stretches(max(found, len(listed)))}, "
        f"{count(min(len(listed), MOST_ARCS))} drawn, the last at {end}"
    )
    return (
        f'<figure><svg viewBox="-34 -6 {SIZE + 68} {SIZE + 14}" role="img" aria-label="{escape(caption)}">'
        f'<circle class="track" cx="150" cy="150" r="{INNER}"/>'
        f'<circle class="track" cx="150" cy="150" r="{OUTER}"/>'
        f'<g class="arcs">{arcs}</g><g class="ticks">{quarters}</g></svg>'
        f"<figcaption>{_unbroken(escape(caption))}</figcaption></figure>"
    )


def _unbroken(text: str) -> str:
    # A browser may break the line at a space between thousands.
    return re.sub(r"(?<=[0-9]) (?=[0-9]{3}\b)", "&nbsp;", text)


def legend(used: Collection[str] = ()) -> str:
    """Return what the colours mean, as HTML: those in `used`, all of them where it is empty."""
    ages = [(hue, f"{counted(laps, 'lap')} old") for laps, hue in enumerate(COLOURS, 1)]
    ages[-1] = (ages[-1][0], f"{len(COLOURS)} laps or older")
    items = [*ages, (ZERO_COLOUR, "zero"), (OTHER_COLOUR, "other kinds")]
    items = [item for item in items if not used or item[0] in used]
    return '<p class="legend">' + "".join(
        f'<span><i style="background:{hue}"></i>{escape(text)}</span>' for hue, text in items
    ) + "</p>"  # fmt: skip
