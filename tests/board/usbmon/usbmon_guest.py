# SPDX-License-Identifier: MIT
"""Runs inside a guest with a looped-back USB card: the tap against a real kernel.

    tools/lab run armv7 -- tools/softcard up --pace 0 --run python3 -m tests.board.usbmon.usbmon_guest

Prints one JSON object per case and ends with 1 when one of them is not as it has to be.
"""

from __future__ import annotations

import json
import sys

import numpy as np

from stress.board.cards import cards, pair
from stress.board.usbmon.tap import open_tap
from stress.experiment.wire.capture import compare_read
from stress.model.formats import FORMATS
from stress.model.pcm import Access, Direction, Handling, PcmRequest, StreamParams
from stress.pcm.alsa import AlsaPcm

RATE, FRAMES, RING = 48000, 48000, 16384
STEP = 4


def burst(ring_bytes: int, tapped: bool = True) -> dict[str, object]:
    """Stream a second; return how wire and host sides compare."""
    known = cards()
    devices = pair("softcard", known)
    tap = open_tap(devices, known, ring_bytes)
    params = StreamParams(RATE, 2, FORMATS["S16_LE"], Access.MMAP, RING // 4, RING)
    words = np.zeros(FRAMES + RING + RATE // 4, dtype="<u4")
    words[:FRAMES] = np.arange(1, FRAMES + 1, dtype="<u4") * np.uint32(2654435761)
    play, captured = words.view(np.uint8), np.zeros((FRAMES + RATE // 8) * STEP, np.uint8)
    with AlsaPcm(devices.playback, devices.capture) as pcm:
        granted = pcm.open(PcmRequest(params, params))
        blind = tap.start(granted, 2.0) if tapped else "not asked"
        exchange = pcm.exchange(play, captured, Handling())
        tap.grab()
        wire = None if blind else tap.finish()
    switches = [side.voluntary for side in (exchange.playback, exchange.capture)]
    faults = [side.involuntary for side in (exchange.playback, exchange.capture)]
    spent = exchange.capture.ended_ns - exchange.capture.started_ns
    base = {"burst_ms": spent / 1e6, "voluntary": switches, "involuntary": faults, "xruns": exchange.xruns}
    if wire is None:
        return {**base, "blind": blind}
    out = wire.out.data
    same = min(out.size, exchange.played_limit * STEP)
    read = compare_read(captured[: exchange.capture.frames * STEP], wire.into.data, RING, STEP)
    memory = wire.memory.get(Direction.PLAYBACK)
    end = exchange.playback.frames
    last = np.arange(end - RING, end) % RING
    held = memory.view("<u4")[last] if memory is not None else None
    return {
        **base,
        "events": wire.events,
        "dropped": wire.dropped,
        "truncated": wire.truncated,
        "drain_ms": wire.drain_ns / 1e6,
        "out_bytes": int(out.size),
        "played_bytes": exchange.played_limit * STEP,
        "out_wrong_bytes": int((out[:same] != play[:same]).sum()),
        "in_frames": read.checked_frames,
        "read_frames": exchange.capture.frames,
        "in_findings": read.found,
        "failed": wire.out.failed + wire.into.failed,
        "memory_wrong": None if held is None else int((held != words[end - RING : end]).sum()),
        "notes": wire.notes,
    }


def main() -> int:
    """Run the cases; return the exit status."""
    burst(0)  # the first burst of a card is slower: nothing is cached yet
    whole = burst(0)
    small = burst(65536)
    bare = burst(0, tapped=False)
    for name, case in (("whole", whole), ("overflow", small), ("without", bare)):
        sys.stdout.write(json.dumps({"case": name, **case}) + "\n")
    wrong = [
        whole["dropped"],
        whole["truncated"],
        whole["out_wrong_bytes"],
        whole["in_findings"],
        whole["memory_wrong"],
        whole["out_bytes"] < whole["played_bytes"],
        whole["in_frames"] != whole["read_frames"],
        # The small ring has to lose events, and what is kept has to be right.
        not small["dropped"],
        small["out_wrong_bytes"],
        small["in_findings"],
        not 0 < small["out_bytes"] < small["played_bytes"],
    ]
    return int(any(wrong))


if __name__ == "__main__":
    sys.exit(main())
