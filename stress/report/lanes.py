"""Findings as four lanes, user, memory, wire and read: a strip per burst, a row per finding."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from stress.model.wire import BUS, CAPTURE_RING, LANES, PLAYBACK_RING, RIGHT, WRONG
from stress.model.words import count, counted
from stress.report.document import table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stress.record.reader import RunLog

# Each is told from white as well as from black.
COLOURS = {PLAYBACK_RING: "#d03b32", BUS: "#a86f00", CAPTURE_RING: "#8e5bbf"}
GREEN, GREY = "#2e8b57", "#8a8a8a"
# Strips drawn, one per burst with findings, and rows per strip. Higher: pages too
# long to read; lower: a fault of a late arm, or the last lap, is not shown.
MOST_STRIPS, MOST_ROWS = 12, 6
LEFT, WIDTH, LANE = 60, 900, 14


def section(log: RunLog) -> str:
    """Return strips and rows of the bursts whose findings have lanes, "" without any, as HTML."""
    events = [event for event in log.events if event["event"] == "burst" and _shown(event)]
    if not events:
        return ""
    items = [*((f"wrong, first in {name}", hue) for name, hue in COLOURS.items()), ("right", GREEN)]
    legend = "".join(f'<span><i style="background:{hue}"></i>{escape(name)}</span>' for name, hue in items)
    return (
        "<h2>Views</h2><p>Where each wrong run first shows: what the user wrote, what memory holds of the "
        "ring (the playback ring, or the capture ring where that is to blame), what crossed the wire, what "
        "was read. The first wrong view names the layer to blame. Time runs to the right. Memory is looked "
        "at once, right behind the burst: it is known for the last lap, framed, and else left empty.</p>"
        f'<p class="legend">{legend}</p>{"".join(_burst(event) for event in events[:MOST_STRIPS])}'
    )


def _shown(event: dict[str, Any]) -> list[dict[str, Any]]:
    return [entry for entry in event["analysis"]["findings"] if "lanes" in entry["details"]]


def _burst(event: dict[str, Any]) -> str:
    shown = _shown(event)
    ends = [held["first"] + held["frames"] for _, held in _held(event)]
    frames = max(event["frames"], *ends, *(entry["frame"] + 1 for entry in shown))
    tops = {name: number * (LANE + 4) + 2 for number, name in enumerate(LANES)}
    body = "".join(
        f'<rect x="{LEFT}" y="{top}" width="{WIDTH}" height="{LANE}" class="strip"/>'
        f'<text x="0" y="{top + LANE - 3}">{name}</text>'
        for name, top in tops.items()
    )
    body += "".join(_marks(entry, frames, tops) for entry in shown)
    body += "".join(_lap(side, held, frames, tops["memory"]) for side, held in _held(event))
    height = len(LANES) * (LANE + 4) + 18
    body += _axis(event, frames, height)
    title = escape(f"burst {event['number']}, {event['arm']}")
    box = f'viewBox="0 0 {LEFT + WIDTH} {height}" role="img" aria-label="{title}"'
    strip = f'<figure class="wide"><svg {box}>{body}</svg></figure>'
    return f"<h3>{title}</h3>{_memory(event)}{strip}{_rows(shown)}"


def _axis(event: dict[str, Any], frames: int, height: int) -> str:
    seconds = event["streamed_s"] * frames / max(1, event["frames"])
    places = ((share, LEFT + WIDTH * share) for share in (0.0, 0.25, 0.5, 0.75, 1.0))
    anchors = ("start", "middle", "middle", "middle", "end")
    return "".join(
        f'<text x="{at:.0f}" y="{height - 3}" text-anchor="{anchor}">{share * seconds:.3g} s</text>'
        for (share, at), anchor in zip(places, anchors)
    )


def _marks(finding: dict[str, Any], frames: int, tops: dict[str, int]) -> str:
    view = finding["details"]["view"]
    left, width = _span(finding["frame"], finding["frames"], frames)
    hint = escape(f"{view}: {finding.get('text', '')}")
    colours = {WRONG: COLOURS.get(view, GREY), RIGHT: GREEN}
    return "".join(
        f'<rect x="{left:.1f}" y="{tops[lane]}" width="{width:.1f}" height="{LANE}" fill="{colours[says]}">'
        f"<title>{hint}</title></rect>"
        for lane, says in finding["details"]["lanes"].items()
        if says in colours
    )


def _span(first: int, length: int, frames: int) -> tuple[float, float]:
    left = min(1.0, first / frames)
    return LEFT + WIDTH * left, max(1.5, WIDTH * min(length / frames, 1.0 - left))


def _lap(side: str, held: dict[str, int], frames: int, top: int) -> str:
    left, width = _span(held["first"], held["frames"], frames)
    hint = escape(f"last lap of the {side} ring: {held['differ']} of {held['frames']} frames old in memory")
    return (
        f'<rect x="{left:.1f}" y="{top - 1}" width="{max(4.0, width):.1f}" height="{LANE + 2}" class="lap">'
        f"<title>{hint}</title></rect>"
    )


def _held(event: dict[str, Any]) -> Iterable[tuple[str, dict[str, int]]]:
    memory = (event.get("wire") or {}).get("memory") or {}
    return [(side, held) for side, held in memory.items() if "first" in held]


def _memory(event: dict[str, Any]) -> str:
    held = (event.get("wire") or {}).get("memory") or {}
    parts = [
        f"{count(entry['differ'])} of {counted(entry['frames'], 'frame')} of the {side} ring"
        for side, entry in held.items()
    ]
    return f'<p class="note">Old in memory behind the burst: {", ".join(parts)}.</p>' if parts else ""


def _rows(shown: list[dict[str, Any]]) -> str:
    # Those that memory speaks for come first: there are few.
    known = [entry for entry in shown if entry["details"]["lanes"]["memory"]][: MOST_ROWS // 2]
    chosen = known + [entry for entry in shown if entry not in known][: MOST_ROWS - len(known)]
    heads = ("frame", "frames", "kind", "first wrong", *LANES)
    rows = [_row(entry) for entry in sorted(chosen, key=lambda entry: int(entry["frame"]))]
    rest = len(shown) - len(chosen)
    more = f'<p class="note">and {counted(rest, "more run")} kept in the record</p>' if rest > 0 else ""
    return f"{table(heads, rows, 'rr')}{more}"


def _row(finding: dict[str, Any]) -> str:
    details = finding["details"]
    age = f", {counted(finding['laps'], 'lap')}" if finding.get("laps") else ""
    cells = f'<td class="n">{count(finding["frame"])}</td><td class="n">{count(finding["frames"])}</td>'
    cells += f"<td>{escape(finding['kind'] + age)}</td><td>{escape(details['view'])}</td>"
    for lane in LANES:
        says = details["lanes"][lane]
        hue = {WRONG: COLOURS.get(details["view"], GREY), RIGHT: GREEN}.get(says, "#999")
        cells += f'<td style="color:{hue};font-weight:600">{says or "-"}</td>'
    return f"<tr>{cells}</tr>"
