# SPDX-License-Identifier: MIT
"""Name random paths, and count wrong names; then clean paths with local faults."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from dataclasses import dataclass, field
from zlib import crc32

import numpy as np

from stress.detect.exact.checker import ExactChecker
from stress.detect.exact.expected import Expected
from stress.detect.path.estimate import estimate
from stress.detect.path.estimated import Nothing
from stress.detect.path.judge import judge_behind
from stress.detect.path.suspect import Suspicion, suspected
from stress.detect.path.words import sentence
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern
from tools.benchkit._faults import FAULTS, LAST, Scene, fits
from tools.benchkit._path_cases import CASES, Case, Draw
from tools.benchkit._path_run import behind

LAYOUTS = (("S16_LE", 2), ("S16_LE", 1), ("S24_3LE", 2), ("S24_3LE", 1))
RINGS = Rings(4800, 5280)
LEAST_RIGHT = 0.99


@dataclass
class Score:
    """How often one kind of path was named right, and what was said otherwise."""

    right: int = 0
    tried: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)


def main(argv: list[str]) -> int:
    """Print a line a kind of path; 0 where 99 % are named right and no clean one is named."""
    parser = argparse.ArgumentParser(prog="tools/bench path", description=__doc__)
    parser.add_argument("--captures", type=int, default=1, help="of each kind and layout (default 1)")
    parser.add_argument("--local", type=int, default=12, help="clean captures with local faults (default 12)")
    parser.add_argument("--only", default="", help="kinds whose name has this in it")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part", default="1/1", help="K/N: the Kth of N parts of kinds and captures")
    parser.add_argument("--run", action="store_true", help="run each kind on a virtual board instead")
    args = parser.parse_args(argv)
    part, parts = (int(one) for one in args.part.split("/"))
    chosen = [case for case in CASES if args.only in case.name][part - 1 :: parts]
    if args.run:
        return _runs(chosen, args.seed)
    scores = {case.name: _score(case, args.captures, args.seed) for case in chosen}
    right, tried = sum(one.right for one in scores.values()), sum(one.tried for one in scores.values())
    share = right / tried if tried else 0.0
    print(f"{len(chosen)} kinds of path: {right} of {tried} captures named right ({100 * share:.2f} %)")
    local = range(part - 1, args.local, parts)
    false = _local(local, args.seed)
    print(f"{len(local)} bit-exact captures with local faults: {sum(false.values())} false names")
    for said, number in false.most_common(5):
        print(f"  {number} x {said}")
    return 0 if share >= LEAST_RIGHT and not false else 1


def drawn(case: Case, layout: tuple[str, int], seed: int, number: int) -> tuple[str, float]:
    """Return what is said wrong of one random capture, "" where nothing, and the time it took [s]."""
    name, channels = layout
    rng = np.random.default_rng([seed, number, channels, crc32(f"{case.name} {name}".encode())])
    draw = Draw(rng, FORMATS[name], channels)
    spec, truth = case.make(draw)
    raw = draw.captured(spec)
    start = time.process_time()
    found = estimate(raw, Pattern("mix1", FORMATS[name], channels))
    took = time.process_time() - start
    if isinstance(found, Nothing):
        return f"{name} {channels} ch, capture {number}: nothing: {found.why}", took
    wrong = truth.misses(found.path)
    said = f"{name} {channels} ch, capture {number}: {', '.join(wrong)} in {sentence(found.path)!r}"
    return said if wrong else "", took


def _score(case: Case, captures: int, seed: int) -> Score:
    out = Score()
    for layout in LAYOUTS:
        if layout[1] < case.channels or case.only not in ("", layout[0]):
            continue
        for number in range(captures):
            wrong, took = drawn(case, layout, seed, number)
            out.tried, out.right, out.seconds = out.tried + 1, out.right + (not wrong), out.seconds + took
            out.wrong += [wrong] if wrong else []
    print(f"{case.name:30} {out.right:4} of {out.tried:4}   {out.seconds / max(1, out.tried):5.2f} s each")
    for wrong in out.wrong[:3]:
        print(f"  {wrong}")
    return out


def _runs(chosen: list[Case], seed: int) -> int:
    right = 0
    for case in chosen:
        wrong, found = behind(case, seed)
        right += not wrong
        print(f"{case.name:30} {'right' if not wrong else 'WRONG'}   {found.head[0]}", flush=True)
        for line in wrong:
            print(f"  {line}")
    print(
        f"{right} of {len(chosen)} runs name path and advice, and find the stale line where one can be judged"
    )
    return 0 if right == len(chosen) else 1


def _local(numbers: range, seed: int) -> Counter[str]:
    # Local faults in captures whose path changes nothing: any name of a path is false.
    false: Counter[str] = Counter()
    for n in numbers:
        name, channels = LAYOUTS[n % len(LAYOUTS)]
        said = false_name(name, channels, np.random.default_rng([seed, n, 77]))
        if said:
            false[said] += 1
    return false


def false_name(name: str, channels: int, rng: np.random.Generator) -> str:
    """Return the path that is said of a bit-exact capture with 1 to 6 local faults, "" for none."""
    pattern = Pattern("mix1", FORMATS[name], channels)
    scene = Scene(pattern, RINGS, 48000, int(rng.integers(0, 900)), int(rng.integers(1, 1 << 31)), rng)
    kinds = [kind for kind in FAULTS if kind not in LAST and fits(kind, channels, pattern.fmt)]
    at = 12000
    for kind in rng.choice(kinds, int(rng.integers(1, 7))):
        at = max(at, scene.floor) + int(rng.integers(600, 4000))
        FAULTS[str(kind)](scene, at)
    checker = ExactChecker(Expected(pattern, RINGS))
    checker.feed(scene.raw)
    analysis = checker.finish()
    size, raw, suspicion = pattern.frame_bytes, scene.raw, Suspicion.WHOLLY
    if analysis.locked:
        suspicion = suspected(analysis, pattern, lambda first, stop: raw[first * size : stop * size])
    if suspicion is Suspicion.NONE:
        return ""
    path = judge_behind([raw], pattern, RINGS, locked=analysis.lock, suspicion=suspicion).path
    return "" if path is None or path.exact else sentence(path)
