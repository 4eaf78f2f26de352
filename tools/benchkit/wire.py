# SPDX-License-Identifier: MIT
"""Time the comparison of a burst with its USB bus: usbmon events in, findings out."""

from __future__ import annotations

import argparse
import json
import struct
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stress.board.usbmon.format import UsbEvent, parse
from stress.board.usbmon.streams import BusStream, in_stream, joined_in_stream, out_stream
from stress.detect.exact import checker
from stress.detect.exact.expected import Expected
from stress.experiment.wire.views import HostBuffers, WireComparison, look
from stress.model.formats import FORMATS
from stress.model.pcm import Exchange, StreamResult
from stress.model.ring import Rings
from stress.model.wire import Wire
from stress.patterns.word import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stress.model.arrays import Bytes
    from stress.model.finding import Analysis

RATE, RINGS, POSITION, DEVICE = 48000, Rings(4800, 5280), 77777, 5
OUT, IN, PACES = 0x01, 0x82, 0x81
PER_URB = 8
# Slowest that is fast enough, in lengths of the burst.
ENOUGH = 0.5


@dataclass(frozen=True)
class Case:
    """One burst: its layout, its packets, and what is wrong with what was read.

    Parameters
    ----------
    packets_per_ms : 1 at full speed, 8 at high speed.
    lost : frames that the driver loses each `every` frames.
    stale : ring lines of the read that are one lap old, a share of all.
    cut : bytes that each IN packet is short of whole frames.
    strange : nothing that was read ever came in.
    """

    name: str
    fmt: str = "S16_LE"
    channels: int = 2
    packets_per_ms: int = 1
    paces: bool = False
    lost: int = 0
    every: int = 0
    stale: float = 0.0
    cut: int = 0
    strange: bool = False


CASES = (
    Case("ordinary: full speed, S16_LE stereo"),
    Case("high speed, S16_LE stereo, with feedback", packets_per_ms=8, paces=True),
    Case("high speed, S32_LE of 8 channels, with feedback", "S32_LE", 8, 8, True),
    Case("the same, 2 % of the lines one lap old", "S32_LE", 8, 8, True, stale=0.02),
    Case("the same, half of the lines one lap old", "S32_LE", 8, 8, True, stale=0.5),
    Case("the same, 1 frame lost each 8 ms", "S32_LE", 8, 8, True, lost=1, every=384),
    Case("the same, packets that end within a frame", "S32_LE", 8, 8, True, cut=3),
    Case("the same, nothing of what was read came in", "S32_LE", 8, 8, True, strange=True),
    Case("ordinary, 2 % of the lines one lap old", stale=0.02),
    Case("ordinary, 1 frame lost each 8 ms", lost=1, every=384),
)


def _event(kind: str, endpoint: int, sizes: Sequence[int], data: bytes, urb: int) -> tuple[bytes, memoryview]:
    ends = np.cumsum([0, *sizes]).tolist()
    body = b"".join(struct.pack("=iIII", 0, at, size, 0) for at, size in zip(ends, sizes)) + data
    setup = struct.pack("=ii", 0, len(sizes))
    header = struct.pack(
        "=QBBBBHbbqiiII8siiII",
        *(urb, ord(kind), 0, endpoint, DEVICE, 1, -1, 0, 0, 0, 0),
        *(len(data), len(body), setup, 1, 0, 0, len(sizes)),
    )
    return header, memoryview(body)


def _events(case: Case, out: Bytes, into: Bytes, step: int) -> Iterator[tuple[bytes, memoryview]]:
    size = RATE // 1000 // case.packets_per_ms * step
    size_in = size - case.cut
    sent, came = out.tobytes(), into.tobytes()
    for number in range(len(sent) // (size * PER_URB)):
        at, back = number * size * PER_URB, number * size_in * PER_URB
        yield _event("S", OUT, [size] * PER_URB, sent[at : at + size * PER_URB], 1 + number % 3)
        yield _event("C", OUT, [size] * PER_URB, b"", 1 + number % 3)
        yield _event("C", IN, [size_in] * PER_URB, came[back : back + size_in * PER_URB], 5 + number % 3)
        if case.paces:
            yield _event("C", PACES, [4], b"\x00\x00\x06\x00", 9)


def _read(case: Case, into: Bytes, step: int, rng: np.random.Generator) -> Bytes:
    rows = into.reshape(-1, step)
    if case.lost:
        at = np.arange(case.every, len(rows), case.every)
        gone = (at[:, None] + np.arange(case.lost)).reshape(-1)
        rows = np.delete(rows, gone[gone < len(rows)], axis=0)
    rows = rng.integers(0, 256, rows.shape, dtype=np.uint8) if case.strange else rows.copy()
    line, ring = max(1, 32 // step), RINGS.capture or 1
    for first in np.flatnonzero(rng.random(len(rows) // line) < case.stale) * line:
        if first >= ring:
            rows[first : first + line] = into.reshape(-1, step)[first - ring : first - ring + line]
    return np.ascontiguousarray(rows).reshape(-1)


def measure(case: Case, seconds: float, seed: int) -> dict[str, float | int | str]:
    """Return the processor time of joining and comparing one burst [s], and what was found."""
    rng = np.random.default_rng(seed)
    pattern = Pattern("mix1", FORMATS[case.fmt], case.channels)
    step, frames = pattern.frame_bytes, int(RATE * seconds)
    out = np.zeros(frames * step, np.uint8)
    pattern.fill(POSITION, out)
    into = rng.integers(0, 256, frames * step, dtype=np.uint8)
    raw = list(_events(case, out, into, step))
    read = _read(case, into, step, rng)
    began = time.process_time()
    views = _compared([parse(*one) for one in raw], out, read, pattern)
    spent = time.process_time() - began
    return {
        "case": case.name,
        "events": len(raw),
        "bytes": out.size + into.size,
        "seconds": round(spent, 3),
        "wrong_runs": sum(views.capture.counts.values()) + sum(views.playback.counts.values()),
        "frames": views.in_frames,
    }


def _compared(events: list[UsbEvent], out: Bytes, read: Bytes, pattern: Pattern) -> WireComparison:
    step, frames = pattern.frame_bytes, out.size // pattern.frame_bytes
    came = BusStream(DEVICE, frozenset((IN,)), step)
    wire = Wire(
        "usbmon1",
        out_stream(events, BusStream(DEVICE, frozenset((OUT,)), step)),
        in_stream(events, came),
        joined=joined_in_stream(events, came),
    )
    sent = HostBuffers(out, read, POSITION, frames, RINGS, step, 32, RATE, ())
    exchange = Exchange(
        StreamResult(frames, "RUNNING", hw_ptr=frames),
        StreamResult(read.size // step, "RUNNING", hw_ptr=read.size // step),
        frames,
    )

    def detector(captured: Bytes, rings: Rings, position: int, due: int, planted: int) -> Analysis:
        return checker.check(captured, Expected(pattern, rings, position, due))

    return look(wire, sent, exchange, detector)


def main(argv: list[str]) -> int:
    """Print one line for each case; 1 where one takes longer than is enough."""
    parser = argparse.ArgumentParser(prog="tools/bench wire", description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="length of the burst (default 2)")
    parser.add_argument("--repeats", type=int, default=3, help="the shortest of so many counts (default 3)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(argv)
    rows = []
    for case in CASES:
        tries = [measure(case, args.seconds, args.seed) for _ in range(args.repeats)]
        rows.append(min(tries, key=lambda row: float(row["seconds"])))
        ratio = float(rows[-1]["seconds"]) / float(rows[0]["seconds"])
        per_byte = ratio * float(rows[0]["bytes"]) / float(rows[-1]["bytes"])
        rows[-1].update({"of_ordinary": round(ratio, 2), "per_byte": round(per_byte, 2)})
        if not args.json:
            print(
                f"{case.name:48} {rows[-1]['events']:6} events {rows[-1]['seconds']:7.3f} s "
                f"{ratio:6.2f} x the ordinary, {per_byte:5.2f} x per byte; "
                f"{rows[-1]['wrong_runs']} wrong runs",
                flush=True,
            )
    if args.json:
        print(json.dumps(rows))
    return int(any(float(row["seconds"]) > ENOUGH * args.seconds for row in rows))
