"""Findings as four lanes, user, memory, wire and read: a strip per burst, a row per finding."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from stress.model.wire import BUS, CAPTURE_RING, LANES, PLAYBACK_RING, RIGHT, WRONG
from stress.model.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stress.record.reader import RunLog

COLOURS = {PLAYBACK_RING: "#b3261e", BUS: "#8a5a00", CAPTURE_RING: "#5b2a86"}
GREEN, GREY = "#1b6e3c", "#eee"
# Strips drawn, one per burst with findings, and rows per strip. Higher: pages too
# long to read; lower: a fault of a late arm, or the last lap, is not shown.
MOST_STRIPS, MOST_ROWS = 12, 6
LEFT, WIDTH, LANE = 60, 900, 14


def section(log: RunLog) -> str:
    """Return strips and rows of the bursts whose findings have lanes, "" without any, as HTML."""
    events = [event for event in log.events if event["event"] == "burst" and _shown(event)]
    if not events:
        return ""
    items = [*COLOURS.items(), ("right", GREEN)]
    legend = "".join(f'<span><i style="background:{hue}"></i>{escape(name)}</span>' for name, hue in items)
    return (
        "<h2>Views</h2><p>What the user wrote, what memory holds of the ring (the playback ring, or the "
        "capture ring where that is to blame), what crossed the wire, what was read. Time runs to the right. "
        "Memory is looked at once, right behind the burst: it is known for the last lap, framed.</p>"
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
        f'<rect x="{LEFT}" y="{top}" width="{WIDTH}" height="{LANE}" fill="{GREY}"/>'
        f'<text x="0" y="{top + LANE - 3}" font-size="11">{name}</text>'
        for name, top in tops.items()
    )
    body += "".join(_marks(entry, frames, tops) for entry in shown)
    body += "".join(_lap(side, held, frames, tops["memory"]) for side, held in _held(event))
    height = len(LANES) * (LANE + 4) + 2
    title = escape(f"burst {event['number']}, {event['arm']}{_memory(event)}")
    strip = f'<svg viewBox="0 0 {LEFT + WIDTH} {height}" role="img" aria-label="{title}">{body}</svg>'
    return f"<p>{title}</p>{strip}{_rows(shown)}"


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
        f'<rect x="{left:.1f}" y="{top - 1}" width="{max(4.0, width):.1f}" height="{LANE + 2}" fill="none" '
        f'stroke="#222" stroke-dasharray="2 2"><title>{hint}</title></rect>'
    )


def _held(event: dict[str, Any]) -> Iterable[tuple[str, dict[str, int]]]:
    memory = (event.get("wire") or {}).get("memory") or {}
    return [(side, held) for side, held in memory.items() if "first" in held]


def _memory(event: dict[str, Any]) -> str:
    held = (event.get("wire") or {}).get("memory") or {}
    parts = [f"{side} {entry['differ']} of {entry['frames']}" for side, entry in held.items()]
    return f"; frames of the last lap old in memory: {', '.join(parts)}" if parts else ""


def _rows(shown: list[dict[str, Any]]) -> str:
    # Those that memory speaks for come first: there are few.
    known = [entry for entry in shown if entry["details"]["lanes"]["memory"]][: MOST_ROWS // 2]
    chosen = known + [entry for entry in shown if entry not in known][: MOST_ROWS - len(known)]
    heads = ("frame", "frames", "kind", "first wrong", *LANES)
    rows = "".join(_row(entry) for entry in sorted(chosen, key=lambda entry: int(entry["frame"])))
    rest = len(shown) - len(chosen)
    more = f"<p>and {rest} more runs kept in the record</p>" if rest > 0 else ""
    return f"<table><tr>{''.join(f'<th>{head}</th>' for head in heads)}</tr>{rows}</table>{more}"


def _row(finding: dict[str, Any]) -> str:
    details = finding["details"]
    age = f", {counted(finding['laps'], 'lap')}" if finding.get("laps") else ""
    cells = f'<td class="n">{finding["frame"]}</td><td class="n">{finding["frames"]}</td>'
    cells += f"<td>{escape(finding['kind'] + age)}</td><td>{escape(details['view'])}</td>"
    for lane in LANES:
        says = details["lanes"][lane]
        hue = {WRONG: COLOURS.get(details["view"], GREY), RIGHT: GREEN}.get(says, "#999")
        cells += f'<td style="color:{hue};font-weight:600">{says or "-"}</td>'
    return f"<tr>{cells}</tr>"
