# SPDX-License-Identifier: MIT
"""Time the cache engine: x real time and simulated accesses per second.

usage: tools/bench virtual [SECONDS]   virtual seconds per arm (default 20)

Stereo of 16 bits at 48 kHz on a 16 KB 4-way cache with the default noise, 32
random line fills a millisecond, on one core. Each arm is timed three times and
the best counts: by the wall clock, and by processor time, which other programs
on the machine disturb less.
"""

from __future__ import annotations

import sys
import time

from stress.virtual.cache.engine import CacheEngine
from tools.refkit.case import StreamCase, parse_case
from tools.refkit.stream import physical_lines, simulate

TARGET = 100  # x real time by the wall clock
_REPEATS = 3
_ARMS = {
    "P1 gen 4096": "geo=926-16-rnd src=gen ring=4096 xk=32",
    "P1 stream 4096": "geo=926-16-rnd src=stream ring=4096 xk=32",
    "P1 gen 1536": "geo=926-16-rnd src=gen ring=1536 xk=32",
    "RMW q2 16384": "geo=926-16-rnd src=gen ring=16384 rmw=1 fillb=384 xk=32",
    "CT 16384": "geo=926-16-rnd mode=cap ring=16384 pre=192 xk=32",
    "C1 4096": "geo=926-16-rnd mode=cap ring=4096 xk=32",
    "C2 65536": "geo=926-16-rnd mode=cap exact=1 rate=44100 per=176 ring=65536 xk=32",
}


def main(argv: list[str]) -> int:
    """Time every arm; 1 when one misses the target, 64 for a bad argument."""
    if argv in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    if len(argv) > 1 or (argv and not (argv[0].isdigit() and 1 <= int(argv[0]) <= 3600)):
        print(f"tools/bench virtual: {' '.join(argv)} (allowed: 1 to 3600 seconds)", file=sys.stderr)
        return 64
    seconds = int(argv[0]) if argv else 20
    print(f"{'arm':16} {'x real time':>12} {'x (cpu time)':>13} {'accesses/s':>12} {'bad lines':>10}")
    cases = {name: parse_case(f"{text} ms={seconds * 1000}") for name, text in _ARMS.items()}
    missed = [name for name, case in cases.items() if not _time(name, case)]
    print(f"target {TARGET}x: " + (f"missed by {', '.join(missed)}" if missed else "met by every arm"))
    return 1 if missed else 0


def _time(name: str, case: StreamCase) -> bool:
    walls, cpus = [], []
    for _ in range(_REPEATS):
        engine = CacheEngine(case.geometry, physical_lines(case), case.seed)
        wall, cpu = time.perf_counter(), time.process_time()
        counts = simulate(case, engine)
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    virtual = case.ms / 1000
    speed = virtual / min(walls)
    bad = counts["badlines"] / max(1, counts["lines"])
    rate = counts["accesses"] / min(walls)
    print(f"{name:16} {speed:12.0f} {virtual / min(cpus):13.0f} {rate:12.3g} {bad:10.2%}", flush=True)
    return speed >= TARGET
