# SPDX-License-Identifier: MIT
"""Where in the ring it went wrong: a heat map of each ring of each arm, over whole bursts."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from stress.model.histogram import CLASSES, Cells, Plane
from stress.model.transport import TransportRecord
from stress.model.words import count, counted
from stress.report import heatmap
from stress.report.heatmap import PAGE_BYTES, Scene

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stress.model.record.events import OpenRecord, ParamsRecord
    from stress.verdict.places import Places
    from stress.verdict.summary import Summary

# Heat maps on a page. Source: each takes up to 30 KB, and a page of any run stays below 400 KB.
# Higher: mails refuse the page; lower: rings with few wrong frames are only counted.
MOST_MAPS = 10
# Of them on paper. Source: a FAIL takes two pages then. Higher: a third page; lower: half a page is empty.
MOST_ON_PAPER = 2
# Bytes of all of them together; the one that passes it is the last.
MOST_BYTES = 140_000


@dataclass(frozen=True)
class RingMap:
    """One ring of one arm, with what is drawn of it."""

    arm: str
    plane: Plane
    classes: Mapping[str, Cells]
    scene: Scene
    places: Places

    @property
    def frames(self) -> int:
        """Wrong frames in the ring."""
        return heatmap.frames_of(self.classes)

    def svg(self) -> str:
        """Return the picture as an SVG element."""
        return heatmap.svg(self.plane, self.classes, self.scene)

    def caption(self) -> str:
        """Return what the picture says, in words."""
        bursts = f"{counted(self.places.bursts, 'burst')} of {heatmap.duration(self.scene.seconds)}"
        added = f" added up over {bursts}" if self.places.bursts > 1 else f" in {bursts}"
        older = (
            f". {counted(self.places.older, 'burst')} of an older record drawn from the findings it kept"
            if self.places.older
            else ""
        )
        return f"{heatmap.caption(self.plane, self.classes)};{added}{older}"


def maps(run: Summary) -> list[RingMap]:
    """Return the rings with wrong frames, the worst first."""
    made = [
        _map(run, arm, plane, classes, places)
        for arm, places in run.places.items()
        for plane, classes in places.histogram.planes.items()
        if heatmap.frames_of(classes)
    ]
    return sorted(made, key=lambda one: -one.frames)


def _map(run: Summary, arm: str, plane: Plane, classes: Mapping[str, Cells], places: Places) -> RingMap:
    # Columns shorter than a lap and a half show where the lap stood, not what was wrong.
    params, column = _params(run.opened.get(arm), plane), places.histogram.column_frames
    lap = plane.ring_bytes // params.frame_bytes if params else 0
    while 2 * column < 3 * lap and 2 * column < places.frames:
        classes, column = _halved(classes), 2 * column
    return RingMap(arm, plane, classes, _scene(run, arm, plane, places, column), places)


def _halved(classes: Mapping[str, Cells]) -> dict[str, Cells]:
    made: dict[str, Cells] = {name: {} for name in classes}
    for name, cells in classes.items():
        for (row, column), number in cells.items():
            cell = row, column // 2
            made[name][cell] = made[name].get(cell, 0) + number
    return made


def _params(opened: OpenRecord | None, plane: Plane) -> ParamsRecord | None:
    return opened.granted.of(plane.ring or "playback") if opened else None


def _scene(run: Summary, arm: str, plane: Plane, places: Places, column_frames: int) -> Scene:
    opened = run.opened.get(arm)
    params = _params(opened, plane)
    whose = f"{plane.ring} ring" if plane.ring else "no ring named"
    return Scene(
        title=f"{arm}, {whose}",
        seconds=places.frames / places.rate if places.rate else 0.0,
        columns=-(-max(1, places.frames) // column_frames),
        line_bytes=places.line_bytes,
        way_bytes=way_bytes(run.start.transport),
        address=_address(opened, plane.ring or "playback"),
        period_bytes=params.period_size * params.frame_bytes if params else 0,
    )


def way_bytes(transport: TransportRecord) -> int:
    """Return the bytes of one way of the D-cache, 0 where they are not known."""
    return transport.colours * PAGE_BYTES


def _address(opened: OpenRecord | None, ring: str) -> int:
    mappings = opened.mappings if opened else ()
    return next((one.address for one in mappings if one.is_ring and one.direction == ring), 0)


def section(run: Summary, first: RingMap | None = None) -> str:
    """Return the heat maps of a run as HTML, "" where no frame was wrong.

    Parameters
    ----------
    first : shown on the first screen already, and only named here.
    """
    found = maps(run)
    lost = sum(places.unplaced for places in run.places.values())
    if not found and lost <= 0:
        return ""
    shown = _within(found)
    drawn = [one for one in shown if first is None or (one.arm, one.plane) != (first.arm, first.plane)]
    figures = "".join(_figure(one, number) for number, one in enumerate(drawn))
    off_paper = len(drawn) - MOST_ON_PAPER
    names = [name for name in CLASSES if any(one.classes.get(name) for one in found)]
    return (
        f'<h2 id="places">Where in the ring</h2><p>{_HELP}</p>{heatmap.legend(names)}'
        f'<div class="places">{figures}</div>'
        f"{_on_paper(off_paper)}{_rest(found[len(shown) :])}{_unplaced(lost)}"
    )


_HELP = (
    "Upwards the place in the ring, to the right the time from the begin of a burst; every wrong frame of "
    "every burst is counted, those the record keeps no finding of as well. Vertical bars add up the rows, "
    "the bars above the columns: point at one for its numbers. Dashed lines are one way of the cache "
    "apart, or a page where the cache is not known; ticks at the left edge are periods."
)


def _within(found: Sequence[RingMap]) -> list[RingMap]:
    sizes = itertools.accumulate(len(one.svg()) for one in found[:MOST_MAPS])
    return [one for one, size in zip(found, sizes) if size <= MOST_BYTES or one is found[0]]


def _figure(one: RingMap, number: int) -> str:
    title, said = escape(one.scene.title), escape(one.caption())
    where = ' class="screen"' if number >= MOST_ON_PAPER else ""
    figure = (
        f'<figure class="wide"><div class="shade">{one.svg()}</div><figcaption>{said}</figcaption></figure>'
    )
    return f"<div{where}><h3>{title}</h3>{figure}</div>"


def figure(one: RingMap) -> str:
    """Return a ring map with its caption, for the first screen."""
    head = f"<b>{escape(one.scene.title)}.</b> {escape(one.caption())}"
    return (
        f'<figure class="wide"><div class="shade">{one.svg()}</div><figcaption>{head}</figcaption></figure>'
    )


def _on_paper(left: int) -> str:
    return f'<p class="note paper">{counted(left, "more ring")} drawn on the screen.</p>' if left > 0 else ""


def _rest(left: Sequence[RingMap]) -> str:
    if not left:
        return ""
    frames = counted(sum(one.frames for one in left), "wrong frame")
    ringed = [f"{one.arm} ({one.plane.ring})" for one in left if one.plane.ring]
    others = [one.arm for one in left if not one.plane.ring]
    told = [f"rings of {_names(ringed)}"] if ringed else []
    told += [f"damage of {_names(others)} that names no ring"] if others else []
    return f'<p class="note">Not drawn: {frames}: {escape("; ".join(told))}.</p>'


def _names(names: Sequence[str]) -> str:
    return f"{', '.join(names[:6])}{f' and {len(names) - 6} more' if len(names) > 6 else ''}"


def _unplaced(frames: int) -> str:
    if frames > 0:
        text = f"{counted(frames, 'wrong frame')} more lie in no picture: the record keeps no place of them."
    elif frames < 0:
        text = f"{count(-frames)} frames lie in two findings and are drawn twice."
    else:
        return ""
    return f'<p class="note">{text}</p>'
