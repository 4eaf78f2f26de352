# SPDX-License-Identifier: MIT
"""Count false alarms of the exact detector in clean frames; can be resumed."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from stress.detect.exact.checker import ExactChecker
from stress.detect.exact.expected import Expected
from stress.model.exposure import ZERO_EVENTS_95
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern

FRAMES = 1 << 21
FEED = 1 << 14
RINGS = (Rings(4800, 5280), Rings(96, 136), Rings(1024, 1152), Rings(384, 480))


def default_state() -> Path:
    """Return where the count is kept, outside the checkout."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    base = os.environ.get("PCMSTRESS_CACHE") or f"{cache}/pcmstress"
    return Path(base).expanduser() / "bench" / "null.json"


def main(argv: list[str]) -> int:
    """Go on where the last run stopped; 0 without a false alarm."""
    parser = argparse.ArgumentParser(prog="tools/bench null", description=__doc__)
    parser.add_argument("--frames", type=float, default=1e9, help="frames in all (default 1e9)")
    parser.add_argument("--seconds", type=float, help="stop after this time; run again to go on")
    parser.add_argument("--state", type=Path, default=default_state(), help="file that keeps the count")
    parser.add_argument("--restart", action="store_true", help="forget the frames counted so far")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(argv)
    state = _load(args.state, args.restart)
    until = None if args.seconds is None else time.monotonic() + args.seconds
    while state["frames"] < args.frames and (until is None or time.monotonic() < until):
        _capture(state)
        _save(args.state, state)
    done = state["frames"]
    bound = ZERO_EVENTS_95 / done if done and not state["alarms"] else None
    if args.json:
        print(json.dumps({**state, "bound_95": bound}))
    else:
        text = f"; fewer than {bound:.2g} per frame (95 %)" if bound else ""
        print(
            f"{done} clean frames in {state['captures']} captures, {len(state['alarms'])} false alarms{text}"
        )
    return 1 if state["alarms"] else 0


def _capture(state: dict[str, Any]) -> None:
    # One clean capture in another format, behind another silence, cut another way.
    rng = np.random.default_rng([state["seed"], state["captures"]])
    fmt = FORMATS[str(rng.choice(list(FORMATS)))]
    pattern = Pattern(str(rng.choice(["mix1", "mix2"])), fmt, int(rng.integers(1, 9)))
    position = int(rng.integers(0, 1 << 32))
    known = bool(rng.integers(2))
    checker = ExactChecker(
        Expected(pattern, RINGS[int(rng.integers(len(RINGS)))], first_position=position if known else None)
    )
    checker.feed(np.zeros(int(rng.integers(0, 1200)) * pattern.frame_bytes, np.uint8))
    frames, step = FRAMES // pattern.channels, int(rng.integers(1000, FEED))
    block = np.empty(step * pattern.frame_bytes, np.uint8)
    for first in range(0, frames, step):
        part = block[: min(step, frames - first) * pattern.frame_bytes]
        pattern.fill((position + first) % (1 << 32), part)
        checker.feed(part)
    analysis = checker.finish()
    # A position of 0 makes the first frame silence, so it cannot be told from it.
    if not analysis.locked or analysis.found or analysis.checked_frames < frames - 1:
        state["alarms"].append({"capture": state["captures"], "findings": analysis.found})
        print(f"capture {state['captures']}: {analysis}", file=sys.stderr)
    state["captures"] += 1
    state["frames"] += analysis.checked_frames


def _load(path: Path, restart: bool) -> dict[str, Any]:
    if restart or not path.exists():
        return {"seed": 1, "captures": 0, "frames": 0, "alarms": []}
    state: dict[str, Any] = json.loads(path.read_text())
    return state


def _save(path: Path, state: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(state))
    os.replace(part, path)
