"""The wire in words, and findings as three lanes: user, wire, memory."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from stress.model.wire import BUS, CAPTURE_RING, PLAYBACK_RING
from stress.report.table import count

if TYPE_CHECKING:
    from collections import Counter

    from stress.experiment.tally import Tally
    from stress.record.reader import RunLog

LANES = ("user", "wire", "memory")
# Lanes a view's findings are wrong in. Memory is looked at apart, for the last lap.
WRONG_IN = {
    PLAYBACK_RING: ("wire",),
    BUS: ("wire", "user", "memory"),
    CAPTURE_RING: ("user",),
}
COLOURS = {PLAYBACK_RING: "#b3261e", BUS: "#8a5a00", CAPTURE_RING: "#5b2a86"}
# Strips drawn, one per burst with findings. Higher: pages too long to read;
# lower: a fault of a late arm is not shown.
MOST_STRIPS = 12
WIDTH, LANE = 900, 14


def lines(log: RunLog, whole: Tally) -> list[str]:
    """Return what the tap saw in all bursts, or why there was none."""
    seen = whole.wire
    if not seen.get("bursts"):
        event = log.last("wire")
        reasons = sorted(whole.blind) or ([event["blind"]] if event and event.get("blind") else [])
        return [f"wire: not seen: {reason}" for reason in reasons]
    return [
        f"wire: OUT differs from what was written in {seen['out_wrong']} of {count(seen['out_frames'])} "
        f"frames, the read from IN in {seen['in_wrong']} of {count(seen['in_frames'])}",
        f"wire: {seen['events']} events, {seen['dropped']} dropped, {seen['truncated']} truncated, "
        f"{seen['lost_frames']} frames not seen; packets that failed on the bus: "
        f"{seen['out_failed']} OUT, {seen['in_failed']} IN",
        *_source(seen),
        *_first_seen(whole),
        *_notes(log),
    ]


def _source(seen: Counter[str]) -> list[str]:
    if not seen["in_lines"]:
        return []
    share = 100 * seen["in_telling_lines"] / seen["in_lines"]
    return [f"wire: the source differs from a lap and two laps before in {share:.3g} % of the capture lines"]


def _notes(log: RunLog) -> list[str]:
    # What a view lacks, once per reason and not per burst.
    texts = [
        text
        for event in log.events
        if event["event"] == "burst"
        for text in (event.get("wire") or {}).get("notes", ())
    ]
    return list(dict.fromkeys(texts))


def _first_seen(whole: Tally) -> list[str]:
    if not whole.views:
        return []
    parts = ", ".join(f"{view} {number}" for view, number in whole.views.most_common())
    return [f"wrong runs that were kept, by the view they first appear in: {parts}"]


def lanes(log: RunLog) -> str:
    """Return the strips of the bursts whose findings name a view, "" without any, as HTML."""
    strips = [_strip(event) for event in log.events if event["event"] == "burst" and _shown(event)]
    if not strips:
        return ""
    legend = "".join(
        f'<span><i style="background:{colour}"></i>{escape(view)}</span>' for view, colour in COLOURS.items()
    )
    return (
        "<h2>Three views</h2><p>Where each wrong run first shows: what the user wrote or read, what crossed "
        "the wire, what memory holds. Time runs to the right; memory is known for the last lap only.</p>"
        f'<p class="legend">{legend}</p>{"".join(strips[:MOST_STRIPS])}'
    )


def _shown(event: dict[str, Any]) -> list[dict[str, Any]]:
    return [entry for entry in event["analysis"]["findings"] if entry["details"].get("view") in WRONG_IN]


def _strip(event: dict[str, Any]) -> str:
    frames = max(1, event["frames"])
    tops = {name: number * (LANE + 4) for number, name in enumerate(LANES)}
    body = "".join(
        f'<rect x="60" y="{top}" width="{WIDTH}" height="{LANE}" fill="#eee"/>'
        f'<text x="0" y="{top + LANE - 3}" font-size="11">{name}</text>'
        for name, top in tops.items()
    )
    body += "".join(_mark(entry, frames, tops) for entry in _shown(event))
    height = len(LANES) * (LANE + 4)
    title = escape(f"burst {event['number']}, {event['arm']}{_memory(event)}")
    return f'<p>{title}</p><svg viewBox="0 0 {WIDTH + 60} {height}" role="img">{body}</svg>'


def _mark(finding: dict[str, Any], frames: int, tops: dict[str, int]) -> str:
    view = finding["details"]["view"]
    left = 60 + WIDTH * min(1.0, finding["frame"] / frames)
    width = max(1.5, WIDTH * min(finding["frames"], frames) / frames)
    width = min(width, 60 + WIDTH - left) or 1.5
    hint = escape(f"{view}: {finding.get('text', '')}")
    return "".join(
        f'<rect x="{left:.1f}" y="{tops[lane]}" width="{width:.1f}" height="{LANE}" fill="{COLOURS[view]}">'
        f"<title>{hint}</title></rect>"
        for lane in WRONG_IN[view]
    )


def _memory(event: dict[str, Any]) -> str:
    held = (event.get("wire") or {}).get("memory") or {}
    parts = [f"{side} {entry['differ']} of {entry['frames']}" for side, entry in held.items()]
    return f"; frames of the last lap wrong in memory: {', '.join(parts)}" if parts else ""
