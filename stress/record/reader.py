"""Read run.jsonl back; a torn last line is tolerated, anything else wrong is named."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stress.errors import CaptureFileError
from stress.model.wire import LANES
from stress.record.journal import NAME, VERSION

_NUMBER = (int, float)
_NONE = type(None)
_STREAM = {
    "frames": int,
    "xruns": int,
    "voluntary": (int, _NONE),
    "involuntary": (int, _NONE),
}
# What readers rely on; more keys are welcome, also from later versions.
_SHAPES: dict[str, dict[str, Any]] = {
    "start": {"seed": int, "backend": str, "first_position": int},
    "open": {"arm": str},
    "skip": {"arm": str, "reason": str},
    "burst": {
        "arm": str,
        "number": int,
        "position": int,
        "frames": int,
        "streamed_s": _NUMBER,
        "exchange": {"playback": _STREAM, "capture": _STREAM, "lost": (str, _NONE)},
        "analysis": {
            "locked": bool,
            "checked_frames": int,
            "wrong_frames": int,
            "counts": dict,
            "sites": [list],
            "notes": [str],
            "findings": [
                {
                    "kind": str,
                    "frame": int,
                    "frames": int,
                    "ring": (str, _NONE),
                    "laps": (int, _NONE),
                    "line_bytes": (int, _NONE),
                    "injected": bool,
                    "details": dict,
                }
            ],
        },
        "control": {"planted": int, "found": int},
        "episodes": int,
        "observed_s": _NUMBER,
        "exposure": {"lines": int, "line_bytes": int},
        "conditions": {"granted": list, "refused": list, "facts": list},
    },
    "stop": {"decision": str, "bursts": int, "text": str},
    "loopback": {"kind": str, "detector": str, "why": str},
    "verdict": {"verdict": str, "reasons": list},
    "end": {"exit": int},
}

# Keys of a burst that records of earlier versions do not have.
_LATER: dict[str, Any] = {
    "control": {"covered": int},
    "tiles": {"number": int, "runs": int, "squares": int},
    "span": int,
    "advice": [str],
    "channel": dict.fromkeys(("latency_frames", "gain_db", "drift_ppm", "snr_db", "thd_n_db"), _NUMBER),
    "crc32": {"crcs": str, "first_frame": int, "period_frames": int, "frames": int},
    "opportunities": dict.fromkeys(("switches", "forks", "vmalloc_kb", "mappings"), (int, _NONE)),
}
_SIDE = {"frames": int, "wrong": int, "failed": int}
_WIRE: dict[str, Any] = {
    **dict.fromkeys(("events", "dropped", "truncated", "lost_frames"), int),
    "judged": bool,
    "doubts": [str],
    "out": _SIDE,
    "in": _SIDE,
}
# The same for what a tap saw; every ring that memory was looked at for is of one shape.
_WIRE_LATER = {"judged_sides": [str], "notes": [str], "memory": dict}
_SIDE_LATER = dict.fromkeys(("lines", "telling_lines", "planted", "found"), int)
_HELD = {"frames": int, "differ": int}
_LANES = dict.fromkeys(LANES, str)


@dataclass(frozen=True)
class RunLog:
    """The events of one run; `torn` when the last line was cut off."""

    events: list[dict[str, Any]]
    torn: bool

    def first(self, event: str) -> dict[str, Any] | None:
        """Return the first event of that name, None without one."""
        return next((entry for entry in self.events if entry["event"] == event), None)

    def last(self, event: str) -> dict[str, Any] | None:
        """Return the last event of that name, None without one."""
        return next((entry for entry in reversed(self.events) if entry["event"] == event), None)


def read_run(folder: Path) -> RunLog:
    """Return the events of the run directory `folder`.

    Raises
    ------
    CaptureFileError : no record, or a line that is not an event of version 1;
        the message names the line.
    """
    path = folder / NAME
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CaptureFileError(str(path), f"cannot be read: {error.strerror}") from None
    *lines, tail = data.split(b"\n")
    events = [_event(line, f"{path}", number) for number, line in enumerate(lines, 1)]
    if not events or events[0]["event"] != "start":
        raise CaptureFileError(str(path), "line 1: the record does not begin with a start event")
    return RunLog(events, torn=bool(tail))


def _event(line: bytes, path: str, number: int) -> dict[str, Any]:
    try:
        event = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        raise CaptureFileError(path, f"line {number}: is not JSON") from None
    if not isinstance(event, dict) or not isinstance(event.get("event"), str):
        raise CaptureFileError(path, f"line {number}: is not an event")
    if event.get("v") != VERSION:
        found = event.get("v")
        raise CaptureFileError(path, f"line {number}: version {found!r}, this program reads {VERSION}")
    wrong = (
        _mismatch(event, _SHAPES.get(event["event"], {}), "")
        or _later_mismatch(event)
        or _wire_mismatch(event)
        or _lanes_mismatch(event)
    )
    if wrong:
        raise CaptureFileError(path, f"line {number}: {event['event']}: {wrong}")
    return event


def _later_mismatch(event: dict[str, Any]) -> str:
    if event["event"] != "burst":
        return ""
    shapes = {name: shape for name, shape in _LATER.items() if name in event}
    if "covered" not in event["control"]:
        shapes.pop("control")
    return _mismatch(event, shapes, "")


def _wire_mismatch(event: dict[str, Any]) -> str:
    # Older records know no wire; a burst that could not look says only why.
    if event["event"] != "burst" or "wire" not in event:
        return ""
    seen = event["wire"]
    if not isinstance(seen, dict) or "source" not in seen:
        return _mismatch(seen, {}, "wire")
    sides = ((seen.get(side), _SIDE_LATER, f"wire.{side}") for side in ("out", "in"))
    return (
        _mismatch(seen, _WIRE, "wire")
        or next((text for text in (_of_those_there(*side) for side in sides) if text), "")
        or _of_those_there(seen, _WIRE_LATER, "wire")
        or _mismatch(seen.get("memory", {}), dict.fromkeys(seen.get("memory", {}), _HELD), "wire.memory")
    )


def _lanes_mismatch(event: dict[str, Any]) -> str:
    findings = event["analysis"]["findings"] if event["event"] == "burst" else ()
    lanes = (finding["details"].get("lanes", dict.fromkeys(LANES, "")) for finding in findings)
    return next((text for text in (_mismatch(one, _LANES, "lanes") for one in lanes) if text), "")


def _of_those_there(value: Any, shapes: dict[str, Any], key: str) -> str:
    there = {name: shape for name, shape in shapes.items() if isinstance(value, dict) and name in value}
    return _mismatch(value, there, key)


def _mismatch(value: Any, shape: Any, key: str) -> str:
    """Return what is wrong with `value`, "" when it has the shape."""
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return f"{key} is not an object"
        inner = (_inner(value, name, part, f"{key}.{name}" if key else name) for name, part in shape.items())
        return next((text for text in inner if text), "")
    if isinstance(shape, list):
        if not isinstance(value, list):
            return f"{key} is not a list"
        texts = (_mismatch(item, shape[0], f"{key}[{index}]") for index, item in enumerate(value))
        return next((text for text in texts if text), "")
    # bool is an int to isinstance; a count given as true is a wrong record.
    if not isinstance(value, shape) or (isinstance(value, bool) and shape is not bool):
        return f"{key} has the wrong type ({type(value).__name__})"
    return ""


def _inner(value: dict[str, Any], name: str, part: Any, key: str) -> str:
    return _mismatch(value[name], part, key) if name in value else f"{key} is missing"
