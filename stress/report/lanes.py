# SPDX-License-Identifier: MIT
"""Findings as four lanes, user, memory, wire and read: a strip per burst, a row per finding."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from stress.model.wire import BUS, CAPTURE_RING, LANES, PLAYBACK_RING, RIGHT, WRONG
from stress.model.words import count, counted, stretches
from stress.report.document import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stress.model.record.burst import BurstRecord
    from stress.model.record.findings import FindingRecord
    from stress.model.record.wire import HeldRecord

# Each is told from white as well as from black.
COLOURS = {PLAYBACK_RING: "#d03b32", BUS: "#a86f00", CAPTURE_RING: "#8e5bbf"}
GREEN, GREY = "#2e8b57", "#8a8a8a"
# Rows per strip. Higher: pages too long to read; lower: the last lap is not shown.
MOST_ROWS = 6
# Strips on a page, and findings drawn in one. Source: a page of any run stays below 400 KB; a finding
# takes some 500 bytes. Higher: mails refuse the page; lower: a busy burst looks emptier than it is.
MOST_STRIPS, MOST_DRAWN = 4, 40
LEFT, WIDTH, LANE = 60, 900, 14


def section(strips: Sequence[BurstRecord]) -> str:
    """Return strips and rows of bursts whose findings have lanes, "" without any, as HTML."""
    if not strips:
        return ""
    items = [*((f"wrong, first in {name}", hue) for name, hue in COLOURS.items()), ("right", GREEN)]
    legend = "".join(f'<span><i style="background:{hue}"></i>{escape(name)}</span>' for name, hue in items)
    return (
        '<h2 id="views">Views</h2><p>'
        "Where each corrupted stretch first shows: what the user wrote, what memory holds "
        "of the ring (the playback ring, or the capture ring where that is to blame), what crossed the wire, "
        "what was read. The first wrong view names the layer to blame. Time runs to the right. Memory is "
        "looked at once, right behind the burst: it is known for the last lap, framed, else left empty.</p>"
        f'<p class="legend">{legend}</p>{"".join(_burst(burst) for burst in strips[:MOST_STRIPS])}'
    )


def _shown(burst: BurstRecord) -> list[FindingRecord]:
    return [one for one in burst.analysis.findings if one.lanes]


def _burst(burst: BurstRecord) -> str:
    shown = _shown(burst)
    ends = [first + held.frames for _, first, held in _held(burst)]
    frames = max(burst.frames, *ends, *(one.frame + 1 for one in shown))
    tops = {name: number * (LANE + 4) + 2 for number, name in enumerate(LANES)}
    body = "".join(
        f'<rect x="{LEFT}" y="{top}" width="{WIDTH}" height="{LANE}" class="strip"/>'
        f'<text x="0" y="{top + LANE - 3}">{name}</text>'
        for name, top in tops.items()
    )
    drawn = shown[:: max(1, -(-len(shown) // MOST_DRAWN))]
    body += "".join(_marks(one, frames, tops) for one in drawn)
    body += "".join(_lap(side, first, held, frames, tops["memory"]) for side, first, held in _held(burst))
    height = len(LANES) * (LANE + 4) + 18
    body += _axis(burst, frames, height)
    title = escape(f"burst {burst.number}, {burst.arm}")
    box = f'viewBox="0 0 {LEFT + WIDTH} {height}" role="img" aria-label="{title}"'
    strip = f'<figure class="wide"><div class="shade"><svg {box}>{body}</svg></div></figure>'
    some = f'<p class="note">{count(len(drawn))} of {count(len(shown))} drawn.</p>' if drawn != shown else ""
    return f"<h3>{title}</h3>{_memory(burst)}{strip}{some}{_rows(shown)}"


def _axis(burst: BurstRecord, frames: int, height: int) -> str:
    seconds = burst.streamed_s * frames / max(1, burst.frames)
    places = ((share, LEFT + WIDTH * share) for share in (0.0, 0.25, 0.5, 0.75, 1.0))
    anchors = ("start", "middle", "middle", "middle", "end")
    return "".join(
        f'<text x="{at:.0f}" y="{height - 3}" text-anchor="{anchor}">{share * seconds:.3g} s</text>'
        for (share, at), anchor in zip(places, anchors)
    )


def _marks(finding: FindingRecord, frames: int, tops: dict[str, int]) -> str:
    view, lanes = finding.view, finding.lanes
    left, width = _span(finding.frame, finding.frames, frames)
    hint = escape(f"{view}: {finding.text}")
    colours = {WRONG: COLOURS.get(view, GREY), RIGHT: GREEN}
    said = ((lane, lanes.of(lane)) for lane in LANES) if lanes else ()
    rects = "".join(
        f'<rect x="{left:.1f}" y="{tops[lane]}" width="{width:.1f}" height="{LANE}" fill="{colours[says]}"/>'
        for lane, says in said
        if says in colours
    )
    return f"<g><title>{hint}</title>{rects}</g>"


def _span(first: int, length: int, frames: int) -> tuple[float, float]:
    left = min(1.0, first / frames)
    return LEFT + WIDTH * left, max(1.5, WIDTH * min(length / frames, 1.0 - left))


def _lap(side: str, first: int, held: HeldRecord, frames: int, top: int) -> str:
    left, width = _span(first, held.frames, frames)
    hint = escape(f"last lap of the {side} ring: {held.differ} of {held.frames} frames old in memory")
    return (
        f'<rect x="{left:.1f}" y="{top - 1}" width="{max(4.0, width):.1f}" height="{LANE + 2}" class="lap">'
        f"<title>{hint}</title></rect>"
    )


def _held(burst: BurstRecord) -> list[tuple[str, int, HeldRecord]]:
    memory = burst.seen.memory if burst.seen else {}
    return [(side, held.first, held) for side, held in memory.items() if held.first is not None]


def _memory(burst: BurstRecord) -> str:
    memory = burst.seen.memory if burst.seen else {}
    parts = [
        f"{count(held.differ)} of {counted(held.frames, 'frame')} of the {escape(side)} ring"
        for side, held in memory.items()
    ]
    return f'<p class="note">Old in memory behind the burst: {", ".join(parts)}.</p>' if parts else ""


def _rows(shown: list[FindingRecord]) -> str:
    # Those that memory speaks for come first: there are few.
    known = [one for one in shown if one.lanes and one.lanes.memory][: MOST_ROWS // 2]
    chosen = known + [one for one in shown if one not in known][: MOST_ROWS - len(known)]
    heads = ("frame", "frames", "kind", "first wrong", *LANES)
    rows = [_row(one) for one in sorted(chosen, key=lambda one: one.frame)]
    rest = len(shown) - len(chosen)
    more = f'<p class="note">and {_more(rest)} kept in the record</p>' if rest > 0 else ""
    return f"{table(heads, rows, 'rr')}{more}"


def _more(number: int) -> str:
    return stretches(number).replace("corrupted", "more corrupted")


def _row(finding: FindingRecord) -> str:
    lanes = finding.lanes
    age = f", {counted(finding.laps, 'lap')}" if finding.laps else ""
    cells = f'<td class="n">{count(finding.frame)}</td><td class="n">{count(finding.frames)}</td>'
    cells += f'<td class="name">{escape(finding.kind + age)}</td><td class="name">{escape(finding.view)}</td>'
    for lane in LANES:
        says = lanes.of(lane) if lanes else ""
        hue = {WRONG: COLOURS.get(finding.view, GREY), RIGHT: GREEN}.get(says, "#999")
        cells += f'<td style="color:{hue};font-weight:600">{escape(says) or "-"}</td>'
    return f"<tr>{cells}</tr>"
