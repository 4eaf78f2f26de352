# SPDX-License-Identifier: MIT
"""Time the exact check against memcmp, np.array_equal and alsabat in one run."""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from stress.detect.exact.compare import Regenerator, address, memory
from stress.experiment import positive_control
from stress.experiment.method.exact import ByPattern
from stress.files.wav import write_wav
from stress.model.arrays import Bytes
from stress.model.finding import Analysis
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern
from stress.plan.plan import Plan

SIZES = (256, 1024, 4096, 16384, 65536, 480000, 2880000)
BURST = 480000
# Bursts in turn, so that each comes from memory as after a real capture: 24 of
# 2 x 1.9 MB leave any last-level cache of a small machine.
COLD = 24
RINGS = Rings(4800, 5280)
# Silence before the burst comes back [frames].
LEAD = 700
FIRST = 0x12345678
S16 = FORMATS["S16_LE"]
LINE_BYTES = 32
ROOT = Path(__file__).resolve().parents[2]


def main(argv: list[str]) -> int:
    """Print the table, or JSON with --json; always 0."""
    parser = argparse.ArgumentParser(prog="tools/bench detect", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=0.5, help="per measurement (default 0.5)")
    parser.add_argument("--no-processes", action="store_true", help="only the blocks")
    parser.add_argument("--runs", type=int, default=5, help="runs of each process (default 5)")
    args = parser.parse_args(argv)
    # First, while this process is small: a child's peak begins with its parent's at the fork.
    processes = {} if args.no_processes else _processes(args.runs)
    result: dict[str, Any] = {
        "machine": f"{os.cpu_count()}-core {platform.machine()}",
        "load_1min": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blocks": [_block(frames, args.seconds) for frames in SIZES] + [_block(BURST, args.seconds, COLD)],
        "processes": processes,
    }
    print(json.dumps(result) if args.json else _table(result))
    return 0


def _block(frames: int, seconds: float, sets: int = 1) -> dict[str, Any]:
    pattern, memcmp = Pattern("mix1", S16, 2), memory().memcmp
    clean, lead = pattern.bytes_at(FIRST, frames), np.zeros(LEAD * pattern.frame_bytes, np.uint8)
    bursts = [(np.concatenate([lead, clean]), clean.copy()) for _ in range(sets)]
    # Everybody gets addresses and slices ready made; where the capture begins the detector has to find.
    ready = [
        (address(one) + lead.size, address(two), one[lead.size :], two, _with_control(pattern, one))
        for one, two in bursts
    ]
    turn = itertools.cycle(ready)
    again = Regenerator(pattern)
    method = ByPattern(pattern, LINE_BYTES)
    planted = ready[0][-1][1]

    def plain() -> None:
        captured, expected, *_ = next(turn)
        memcmp(captured, expected, clean.nbytes)

    def array_equal() -> None:
        _, _, captured, expected, _ = next(turn)
        np.array_equal(captured, expected)

    def regenerate() -> None:
        if again.right(next(turn)[0], FIRST, frames) != frames:
            raise RuntimeError("the bench compared other bytes")

    def in_run() -> Analysis:
        # What `run` calls behind a right burst: its own faults are in there, and are found one by one.
        return method.check(next(turn)[-1][0], RINGS, FIRST, frames, planted).analysis

    for found in (in_run() for _ in bursts):
        if found.checked_frames != frames or found.found != planted:
            raise RuntimeError("the bench checked other frames")
    work: dict[str, Callable[[], object]] = {
        "memcmp": plain,
        "array_equal": array_equal,
        "regenerate": regenerate,
        "in_run": in_run,
    }
    least, middle = _times(work, seconds)
    out: dict[str, Any] = {"frames": frames, "bursts_in_turn": sets, "planted": planted}
    for name, times in (("least", least), ("median", middle)):
        out[name] = {
            "ns_per_frame": {kind: round(value / frames * 1e9, 4) for kind, value in times.items()},
            "regenerate_to_array_equal": round(times["regenerate"] / times["array_equal"], 3),
            "in_run_to_memcmp": round(times["in_run"] / times["memcmp"], 1),
        }
    return out


def _with_control(pattern: Pattern, captured: Bytes) -> tuple[Bytes, int]:
    # The capture of a right burst of a run: as many faults as plans ask for, at places a run would choose.
    geometry = positive_control.Geometry(
        RINGS.playback or 0, pattern.frame_bytes, LINE_BYTES, S16.sample_bytes
    )
    frames = captured.size // pattern.frame_bytes - LEAD
    wanted = Plan().control
    faults = positive_control.place_faults(frames, geometry, wanted.share, wanted.least, "bench")
    out = captured.copy()
    laid = positive_control.inject(out[LEAD * pattern.frame_bytes :], faults, geometry, pattern.fill, FIRST)
    return out, len(laid)


def _times(work: dict[str, Callable[[], object]], seconds: float) -> tuple[dict[str, float], ...]:
    # Least and median of many calls, one of each in shuffled turn: a busy machine hits all alike.
    taken: dict[str, list[float]] = {name: [] for name in work}
    names, order = list(work), random.Random(1)
    end = time.perf_counter() + seconds * len(work)
    while time.perf_counter() < end:
        order.shuffle(names)
        for name in names:
            call = work[name]
            start = time.perf_counter()
            call()
            taken[name].append(time.perf_counter() - start)
    return tuple({name: of(times) for name, times in taken.items()} for of in (min, statistics.median))


def _processes(runs: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "60s.wav")
        pattern = Pattern("mix1", S16, 2)
        seconds = (pattern.bytes_at(FIRST + second * 48000, 48000) for second in range(60))
        write_wav(path, S16, 2, 48000, seconds)
        ours = [sys.executable, "-m", "stress", "analyze", path, "--rings", "4800,5280", "--json"]
        out: dict[str, Any] = {"analyze": _run(ours, runs)}
        if shutil.which("alsabat") is None:
            out["alsabat"] = "skipped: no alsabat (apt-get install alsa-utils)"
            return out
        theirs = ["alsabat", "--local", "-f", "S16_LE", "-c", "2", "-r", "48000", f"--file={path}"]
        out["alsabat"] = _run(theirs, runs)
        out["time_ratio"] = round(out["alsabat"]["seconds"] / out["analyze"]["seconds"], 2)
        out["memory_ratio"] = round(out["analyze"]["peak_kb"] / out["alsabat"]["peak_kb"], 2)
        return out


def _run(command: list[str], runs: int) -> dict[str, Any]:
    # Least wall and processor time and the memory of one process, run `runs` times.
    wall, cpu, peak, status = float("inf"), float("inf"), 0, 0
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    for _ in range(runs):
        start = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
        )
        _, wait_status, usage = os.wait4(process.pid, 0)
        process.returncode = status = os.waitstatus_to_exitcode(wait_status)
        wall = min(wall, time.perf_counter() - start)
        cpu = min(cpu, usage.ru_utime + usage.ru_stime)
        peak = max(peak, usage.ru_maxrss)
    return {"seconds": round(wall, 4), "cpu_seconds": round(cpu, 4), "peak_kb": peak, "exit": status}


def _table(result: dict[str, Any]) -> str:
    lines = [
        f"{result['machine']}, Python {result['python']}, numpy {result['numpy']}, "
        f"load {result['load_1min']}; ns per frame (least), ratios (least, median)",
        f"{'frames':>8} {'memcmp':>9} {'array_eq':>9} {'regen':>9} {'in run':>9}"
        "  regen/array_eq   in run/memcmp  faults planted",
    ]
    for row in result["blocks"]:
        ns = row["least"]["ns_per_frame"]
        times = " ".join(f"{ns[k]:9.4f}" for k in ("memcmp", "array_equal", "regenerate", "in_run"))
        ratios = (
            f"{row[of][ratio]:7.2f}"
            for ratio in ("regenerate_to_array_equal", "in_run_to_memcmp")
            for of in ("least", "median")
        )
        cold = "  from memory" if row["bursts_in_turn"] > 1 else ""
        lines.append(f"{row['frames']:8} {times}  {' '.join(ratios)} {row['planted']:9}{cold}")
    for name, value in result["processes"].items():
        lines.append(f"{name}: {value}")
    return "\n".join(lines)
