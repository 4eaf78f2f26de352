"""Read run.jsonl back; a torn last line is tolerated, anything else wrong is named."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stress.errors import CaptureFileError
from stress.model.finding import Kind
from stress.model.formats import FORMATS
from stress.model.wire import LANES
from stress.record import rundir
from stress.record.journal import NAME, VERSION
from stress.record.shape import Among, Each, Maybe, Row, Within, mismatch

_NUMBER = (int, float)
_NONE = type(None)
_COUNT = Within(0)
_SIZE = Within(1, 1 << 30)
_STREAM = {
    "frames": _COUNT,
    "xruns": _COUNT,
    "voluntary": (int, _NONE),
    "involuntary": (int, _NONE),
}
_PARAMS = {
    "format": Among(tuple(FORMATS)),
    "channels": Within(1, 64),
    "rate": Within(1, 1 << 24),
    "period_size": _SIZE,
    "buffer_size": _SIZE,
}
# A finding, in the record and in evidence files.
FINDING = {
    "kind": Among(tuple(kind.value for kind in Kind)),
    "frame": _COUNT,
    "frames": _COUNT,
    "ring": (str, _NONE),
    "laps": (int, _NONE),
    "line_bytes": (int, _NONE),
    "injected": bool,
    "details": dict,
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
        "frames": _COUNT,
        "streamed_s": _NUMBER,
        "exchange": {"playback": _STREAM, "capture": _STREAM, "lost": (str, _NONE)},
        "analysis": {
            "locked": bool,
            "checked_frames": _COUNT,
            "wrong_frames": _COUNT,
            "counts": Each(_COUNT),
            "sites": [Row((str, (str, _NONE), (int, _NONE), int))],
            "notes": [str],
            "findings": [FINDING],
        },
        "control": {"planted": _COUNT, "found": _COUNT},
        "episodes": _COUNT,
        "observed_s": _NUMBER,
        "exposure": {"lines": _COUNT, "line_bytes": _SIZE},
        "conditions": {"granted": list, "refused": list, "facts": list},
    },
    "stop": {"decision": str, "bursts": int, "text": str},
    "loopback": {"kind": str, "detector": str, "why": str},
    "verdict": {"verdict": str, "reasons": [str]},
    "end": {"exit": int},
}
_DETAILS = Maybe({"lanes": dict.fromkeys(LANES, str), "view": str, "score": _NUMBER})
_CHANNEL = dict.fromkeys(("latency_frames", "gain_db", "drift_ppm", "snr_db", "thd_n_db"), _NUMBER)
# Keys that records of earlier versions do not have, or that only some events have.
_LATER: dict[str, dict[str, Any]] = {
    "open": {
        "granted": Maybe({"playback": _PARAMS, "capture": _PARAMS}),
        "mappings": [{"direction": str, "path": str, "vm_flags": str, "is_ring": bool}],
    },
    "burst": {
        "control": Maybe({"covered": _COUNT}),
        "tiles": {"number": _COUNT, "runs": _COUNT, "squares": _COUNT},
        "span": _COUNT,
        "advice": [str],
        "evidence": [str],
        "channel": _CHANNEL,
        "crc32": {"crcs": str, "first_frame": _COUNT, "period_frames": _SIZE, "frames": _COUNT},
        "opportunities": dict.fromkeys(("switches", "forks", "vmalloc_kb", "mappings"), (int, _NONE)),
        "analysis": Maybe(
            {
                "findings_first": _COUNT,
                "findings_left_out": _COUNT,
                "findings": [
                    Maybe(
                        {
                            "text": str,
                            "position": _COUNT,
                            "lag": (int, _NONE),
                            "ring_offset": (int, _NONE),
                            "details": _DETAILS,
                        }
                    )
                ],
            }
        ),
    },
}
_SOMETIMES = {"seconds": [Row((_COUNT, _NUMBER, _NUMBER))], "alarm_sigmas": _NUMBER}
_SIDE = {"frames": _COUNT, "wrong": _COUNT, "failed": _COUNT}
_SIDE_LATER = Maybe(dict.fromkeys(("lines", "telling_lines", "planted", "found"), _COUNT))
_WIRE: dict[str, Any] = {
    **dict.fromkeys(("events", "dropped", "truncated", "lost_frames"), _COUNT),
    "judged": bool,
    "doubts": [str],
    "out": _SIDE,
    "in": _SIDE,
}
# The same for what a tap saw; every ring that memory was looked at for is of one shape.
_HELD = {"frames": _COUNT, "differ": _COUNT}
_WIRE_LATER = Maybe(
    {"judged_sides": [str], "notes": [str], "memory": Each(_HELD), "out": _SIDE_LATER, "in": _SIDE_LATER}
)
_MEMORY_LATER = Maybe({"memory": Each(Maybe({"first": _COUNT}))})


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
    if not rundir.is_text(line, event):
        raise CaptureFileError(path, f"line {number}: holds text that is no Unicode")
    if not isinstance(event, dict) or not isinstance(event.get("event"), str):
        raise CaptureFileError(path, f"line {number}: is not an event")
    if event.get("v") != VERSION:
        found = event.get("v")
        raise CaptureFileError(path, f"line {number}: version {found!r}, this program reads {VERSION}")
    wrong = _wrong(event)
    if wrong:
        raise CaptureFileError(path, f"line {number}: {event['event']}: {wrong}")
    return event


def _wrong(event: dict[str, Any]) -> str:
    name = event["event"]
    wrong = mismatch(event, _SHAPES.get(name, {})) or mismatch(event, Maybe(_LATER.get(name, {})))
    if wrong or name != "burst":
        return wrong
    return mismatch(event, Maybe({"channel": Maybe(_SOMETIMES)})) or _wire_wrong(event)


def _wire_wrong(event: dict[str, Any]) -> str:
    # Older records know no wire; a burst that could not look says only why.
    seen = event.get("wire", {})
    if not isinstance(seen, dict) or "source" not in seen:
        return mismatch(seen, Maybe({"blind": str}), "wire")
    return next(
        (
            text
            for text in (mismatch(seen, shape, "wire") for shape in (_WIRE, _WIRE_LATER, _MEMORY_LATER))
            if text
        ),
        "",
    )
