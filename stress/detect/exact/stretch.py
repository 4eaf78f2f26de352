"""The frames under examination, and how their events belong together."""

from __future__ import annotations

from typing import Any

from stress.detect.exact.track import TrackEvent
from stress.model.arrays import Bytes
from stress.model.stimulus import POSITIONS

# Right frames between wrong ones that may belong to one stretch of dither or
# gain [frames]. Source: dither of 1 LSB leaves 1 of 3 samples as they were.
# Higher: separate flips are fitted together; lower: dither falls to pieces.
DENSE_GAP = 24


class Stretch:
    """Masked frames and where they lie in capture and pattern."""

    def __init__(self, rows: Bytes, frame: int, position: int, before: Bytes | None) -> None:
        self.rows, self.frame, self.position, self.before = rows, frame, position, before

    def due(self, start: int, shift: int) -> int:
        """Return the position due at frame `start` of the stretch."""
        return (self.position + start - shift) % POSITIONS

    def last(self, start: int) -> Bytes | None:
        """Return the frame before frame `start` of the stretch."""
        return self.rows[start - 1] if start else self.before


def groups(events: list[TrackEvent]) -> list[list[TrackEvent]]:
    """Put noise close to noise together, and a slip right behind noise with it."""
    groups: list[list[TrackEvent]] = []
    for event in events:
        last = groups[-1][-1] if groups else None
        if last is not None and last.what == "noise":
            near = event.what == "noise" and event.start - last.end <= DENSE_GAP
            if near or (event.what == "slip" and event.start == last.end):
                groups[-1].append(event)
                continue
        groups.append([event])
    return groups


def run_edges(offset: int, size: int, line: int | None, board_line: int) -> dict[str, Any]:
    """Count whole lines or parts of them; else say which edge of the run is one of a line."""
    out: dict[str, Any] = {}
    if line is not None:
        if size != line:
            out["lines"] = size // line
        if line < board_line:
            out["part_of_line"] = board_line
        return out
    if offset % board_line == 0:
        out["starts_on_line"] = board_line
    if (offset + size) % board_line == 0:
        out["ends_on_line"] = board_line
    return out
