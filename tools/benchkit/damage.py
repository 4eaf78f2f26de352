# SPDX-License-Identifier: MIT
"""Time the exact detector on dense damage of many kinds, against the length of the capture."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from stress.detect.exact.checker import ExactChecker
from stress.detect.exact.expected import Expected
from stress.detect.path.judge import judge_behind
from stress.detect.path.suspect import Suspicion, suspected
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Words = NDArray[np.int64]
    Damage = Callable[["Words", np.random.Generator], "Words"]

RATE, RINGS, FIRST = 48000, Rings(4800, 5280), 0x12345678
# Slowest that is fast enough, in lengths of the capture.
ENOUGH = 10.0


def _flipped(share: float, bits: range) -> Damage:
    # In a share of the samples one of `bits`.
    def make(words: Words, rng: np.random.Generator) -> Words:
        bit = rng.integers(bits.start, bits.stop, words.shape)
        return words ^ np.where(rng.random(words.shape) < share, 1 << bit, 0)

    return make


def _frames(share: float, length: int, other: Damage) -> Damage:
    # In runs of `length` frames, a share of all, what `other` makes of the capture.
    def make(words: Words, rng: np.random.Generator) -> Words:
        runs = rng.random(len(words) // length + 1) < share
        return np.where(np.repeat(runs, length)[: len(words), None], other(words, rng), words)

    return make


def _noise(words: Words, rng: np.random.Generator) -> Words:
    return rng.integers(0, 1 << 16, words.shape)


def _zero(words: Words, _: np.random.Generator) -> Words:
    return np.zeros_like(words)


def _older(by: int) -> Damage:
    return lambda words, _: np.roll(words, by, axis=0)


def _slips(every: int, count: int, again: bool) -> Damage:
    # `count` frames missing, or a second time, each `every` frames.
    def make(words: Words, _: np.random.Generator) -> Words:
        at = np.arange(every, len(words), every)
        if not again:
            return np.delete(
                words, (at[:, None] + np.arange(count)).clip(0, len(words) - 1).reshape(-1), axis=0
            )
        return np.insert(words, np.repeat(at, count), np.repeat(words[at], count, axis=0), axis=0)

    return make


def _swapped(words: Words, _: np.random.Generator) -> Words:
    return words[:, ::-1]


def _held(words: Words, _: np.random.Generator) -> Words:
    return np.repeat(words[::4], 4, axis=0)[: len(words)]


DAMAGE: dict[str, Damage] = {
    **{f"a bit of {name} samples": _flipped(share, range(16)) for name, share in (
        ("1 % of", 0.01), ("5 % of", 0.05), ("10 % of", 0.1),
        ("a third of", 1 / 3), ("half of", 0.5), ("all", 1.0),
    )},
    "bit 0 of a third": _flipped(1 / 3, range(1)),
    "bit 15 of a third": _flipped(1 / 3, range(15, 16)),
    "bits 0 to 3 of half": _flipped(0.5, range(4)),
    "noise": _noise,
    **{f"noise in {100 * share:g} % of runs of {n}": _frames(share, n, _noise) for share, n in (
        (0.1, 1), (0.5, 1), (0.1, 8), (0.5, 8), (0.3, 100), (0.5, 4800)
    )},
    **{f"zeros in {100 * share:g} % of runs of {n}": _frames(share, n, _zero) for share, n in (
        (0.1, 1), (0.5, 8), (0.5, 100)
    )},
    **{f"a lap old in {100 * share:g} % of runs of {n}": _frames(share, n, _older(4800)) for share, n in (
        (0.1, 8), (0.5, 8), (0.9, 8), (0.5, 64)
    )},
    "two laps of capture old, half": _frames(0.5, 8, _older(10560)),
    "no whole lap old, half": _frames(0.5, 8, _older(777)),
    "6 frames lost every 480": _slips(480, 6, False),
    "6 frames lost every 60": _slips(60, 6, False),
    "a frame again every 48": _slips(48, 1, True),
    "channels exchanged in half of the runs of 100": _frames(0.5, 100, _swapped),
    "each fourth frame held": _held,
    "a third flipped, slips": lambda words, rng: _flipped(1 / 3, range(16))(
        _slips(480, 6, False)(words, rng), rng
    ),
}  # fmt: skip


def main(argv: list[str]) -> int:
    """Print a line a kind and the worst; 0 where all are fast enough."""
    parser = argparse.ArgumentParser(prog="tools/bench damage", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each capture (default 10)")
    parser.add_argument("--only", default="", help="kinds whose name has this in it")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(argv)
    factors: dict[str, float] = {}
    for name in (name for name in DAMAGE if args.only in name):
        factors[name], found, kinds = timed(name, args.seconds)
        if not args.json:
            print(f"{name:46} {factors[name]:7.1f} x real time  {found:7} findings: {kinds}", flush=True)
    if not factors:
        return 64
    worst = min(factors, key=lambda name: factors[name])
    slow = sum(factor < ENOUGH for factor in factors.values())
    if args.json:
        print(json.dumps({"factors": factors, "worst": worst, "slow": slow}))
    else:
        print(
            f"worst of {len(factors)}: {worst}, {factors[worst]:.1f} x real time; {slow} below {ENOUGH:g} x"
        )
    return 1 if slow else 0


def timed(name: str, seconds: float) -> tuple[float, int, str]:
    """Return length over processor time, findings and their commonest kinds of one capture."""
    pattern, rng = Pattern("mix1", FORMATS["S16_LE"], 2), np.random.default_rng(7)
    clean = pattern.bytes_at(FIRST, round(seconds * RATE)).view("<u2").reshape(-1, 2).astype(np.int64)
    # The alignment is plain at first, as in any run.
    damaged = np.concatenate([clean[: RATE // 2], DAMAGE[name](clean[RATE // 2 :], rng)])
    raw = np.ascontiguousarray(damaged.astype("<u2")).view(np.uint8).reshape(-1)
    start = time.process_time()
    checker = ExactChecker(Expected(pattern, RINGS))
    checker.feed(raw)
    analysis = checker.finish()
    suspicion = Suspicion.WHOLLY
    if analysis.locked:
        suspicion = suspected(analysis, pattern, lambda first, stop: raw[first * 4 : stop * 4])
    if suspicion is not Suspicion.NONE:
        behind = judge_behind([raw], pattern, RINGS, locked=analysis.lock, suspicion=suspicion)
        if behind.path is not None and not (behind.path.exact and not behind.changes):
            analysis = behind.analysis or analysis
    took = time.process_time() - start
    ranked = sorted(analysis.counts.items(), key=lambda one: -one[1])[:3]
    return seconds / took, analysis.found, ", ".join(f"{number} {kind.value}" for kind, number in ranked)
