# SPDX-License-Identifier: MIT
"""Events of a record for tests: what a case does not name has a plain value."""

from __future__ import annotations

import copy
import json
from typing import Any

from stress.model.record.events import Event, event_of
from stress.plan.plan import Plan, read_plan
from stress.record.reader import RunLog
from stress.verdict.summary import Summary, summarise

PLAN = read_plan({"arm": [{"name": "a"}]}, "plan")

STREAM = {"frames": 9600, "xruns": 0, "voluntary": None, "involuntary": None}
FINDING = {
    "kind": "stale",
    "frame": 960,
    "frames": 8,
    "ring": None,
    "laps": None,
    "line_bytes": None,
    "injected": False,
    "details": {},
}
PLAIN: dict[str, dict[str, Any]] = {
    "start": {"seed": 1, "backend": "virtual x", "first_position": 5},
    "burst": {
        "arm": "a",
        "number": 1,
        "position": 5,
        "frames": 9600,
        "streamed_s": 0.2,
        "exchange": {"playback": STREAM, "capture": STREAM, "lost": None},
        "analysis": {},
        "control": {"planted": 0, "found": 0},
        "exposure": {"lines": 1200, "line_bytes": 32},
        "episodes": 0,
        "observed_s": 0.2,
        "conditions": {"granted": [], "refused": [], "facts": []},
    },
}
ANALYSIS: dict[str, Any] = {
    "locked": True,
    "frames": 9600,
    "checked_frames": 9600,
    "wrong_frames": 0,
    "counts": {},
    "sites": [],
    "notes": [],
    "findings": [],
}


def event(value: dict[str, Any]) -> Event:
    """Return the event in `value`, missing keys filled in."""
    # Through JSON, as a record goes.
    whole = json.loads(json.dumps({**PLAIN.get(value["event"], {}), **copy.deepcopy(value)}))
    if whole["event"] == "burst":
        whole["analysis"] = {**ANALYSIS, **whole["analysis"]}
        found = whole["analysis"]["findings"]
        whole["analysis"]["findings"] = [{**FINDING, **one} for one in found]
    return event_of(whole)


def log(*events: dict[str, Any], torn: bool = False) -> RunLog:
    """Return the log of these events."""
    return RunLog([event(value) for value in events], torn)


def summary(*events: dict[str, Any], plan: Plan | None = None, torn: bool = False) -> Summary:
    """Return what these events add up to; a start event stands before them."""
    begun = events and events[0]["event"] == "start"
    whole = log(*(() if begun else ({"event": "start"},)), *events)
    return summarise(whole.events, plan or PLAN, torn)
