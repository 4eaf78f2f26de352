# SPDX-License-Identifier: MIT
"""How often the tests behind a diagnosis reject what is true: sizes on null experiments."""

from __future__ import annotations

import argparse
import dataclasses
import functools
import json
import sys
import time
from dataclasses import dataclass
from typing import Any, Callable

import numpy as np

from stress.plan.plan import Plan, load_plan, read_plan
from stress.stats import dose
from stress.stats.counts import Comparison, Stop, binomial_at_most, clopper_pearson, compare, holm
from stress.verdict.stopping import decide, sequential
from stress.verdict.tally import Tally

LEVEL = 0.05
# Largest distance of a size from its nominal value that is accepted.
POINTS = 0.02
# Blocks after which a simulated run ends at the latest.
MOST_BLOCKS = 40


@dataclass(frozen=True)
class Row:
    """One test on null data.

    Parameters
    ----------
    bound : the nominal value bounds the rate from above (exact tests, error
        rates of the sequential test) instead of being its value.
    warning : shown to tell what the test avoids; not judged.
    """

    test: str
    nominal: float
    rejected: int
    trials: int
    bound: bool = False
    warning: bool = False

    @property
    def good(self) -> bool:
        """True when the size is within `POINTS` of nominal, or below a bound."""
        rate = self.rejected / self.trials
        low = 0.0 if self.bound else self.nominal - POINTS
        return self.warning or low <= rate <= self.nominal + POINTS

    def text(self) -> str:
        """Return the row as a line of the table."""
        seen = clopper_pearson(self.rejected, self.trials)
        mark = "  (for comparison)" if self.warning else "" if self.good else "  OUT OF RANGE"
        at = "<=" if self.bound else "  "
        return (
            f"{self.test:64} {at}{100 * self.nominal:4.1f} %  {100 * self.rejected / self.trials:5.2f} %  "
            f"{100 * seen.low:5.2f} to {100 * seen.high:5.2f} %{mark}"
        )


@functools.lru_cache(maxsize=1 << 16)
def _compared(first: int, second: int, share: float) -> Comparison:
    return compare(first, share, second, 1.0)


@functools.lru_cache(maxsize=1 << 16)
def _mid_p(first: int, second: int, share: float = 1.0) -> float:
    # Half the weight of what was seen (Lancaster 1961): what no verdict uses, beside what they use.
    trials, part = first + second, share / (1.0 + share)
    if not trials:
        return 1.0
    below = binomial_at_most(first, trials, part)
    above = 1.0 - binomial_at_most(first - 1, trials, part)
    tail = min(below, above)
    return min(1.0, 2.0 * tail - min(tail, max(0.0, below + above - 1.0)))


def _two_arms(trials: int, rng: np.random.RandomState) -> list[Row]:
    rows = []
    for mean, share in ((10, 1.0), (30, 1.0), (100, 1.0), (30, 0.5)):
        found = [
            _compared(int(rng.poisson(mean * share)), int(rng.poisson(mean)), share) for _ in range(trials)
        ]
        name = f"two arms, {mean * share:g} and {mean} episodes expected"
        middle = sum(_mid_p(pair.first, pair.second, share) < LEVEL for pair in found)
        rows += [
            Row(f"{name}: exact", LEVEL, sum(pair.p < LEVEL for pair in found), trials, bound=True),
            Row(f"{name}: mid-p", LEVEL, middle, trials),
        ]
    return rows


def _clumps(trials: int, rng: np.random.RandomState) -> list[Row]:
    # Disturbances of 8 lines in the mean, 30 of them in each arm.
    lines = episodes = 0
    for _ in range(trials):
        arms = [rng.geometric(1 / 8, int(rng.poisson(30))) for _ in range(2)]
        lines += _mid_p(int(arms[0].sum()), int(arms[1].sum())) < LEVEL
        episodes += _mid_p(len(arms[0]), len(arms[1])) < LEVEL
    return [
        Row("clumps of 8 lines, counted as episodes: mid-p", LEVEL, episodes, trials),
        Row("clumps of 8 lines, counted as lines", LEVEL, lines, trials, warning=True),
    ]


def _family(trials: int, rng: np.random.RandomState) -> list[Row]:
    plan = load_plan("diagnose")
    groups: dict[str, int] = {}
    for arm in plan.arm:
        groups[arm.group] = groups.get(arm.group, 0) + bool(arm.group)
    sizes = [number - 1 for number in groups.values() if number]
    exact = middle = alone = 0
    for _ in range(trials):
        found = []
        for variants in sizes:
            base = int(rng.poisson(30))
            found += [_compared(base, int(rng.poisson(30)), 1.0) for _ in range(variants)]
        exact += min(holm([pair.p for pair in found])) < LEVEL
        middle += min(holm([_mid_p(pair.first, pair.second) for pair in found])) < LEVEL
        alone += min(pair.p for pair in found) < LEVEL
    name = f"any of the {sum(sizes)} contrasts of plan diagnose, Holm"
    return [
        Row(f"{name}: exact", LEVEL, exact, trials, bound=True),
        Row(f"{name}: mid-p", LEVEL, middle, trials),
        Row("the same without Holm's correction", LEVEL, alone, trials, warning=True),
    ]


def _doses(trials: int, rng: np.random.RandomState) -> list[Row]:
    """Null dose-responses and sweeps on bursts as plan diagnose has them: independent, and in clumps."""

    def clumped() -> int:
        return int(8 * rng.geometric(1 / 4, int(rng.poisson(25))).sum())

    draws: dict[str, Callable[[], int]] = {
        "independent events": lambda: int(rng.poisson(30)),
        "lines of 8 frames in clumps of 4": clumped,
    }
    designs = {"dose-response": [0.0, 30.0, 100.0, 300.0] * 2, "sweep of rings": [192.0, 384.0, 1024.0] * 2}
    rows = []
    for design, doses in designs.items():
        for name, draw in draws.items():
            fits = [dose.fit([(rate, draw(), 1.0) for rate in doses]) for _ in range(trials)]
            rejected = sum(found is not None and found.p < LEVEL for found in fits)
            rows.append(Row(f"{design} over {len(doses)} bursts, {name}", LEVEL, rejected, trials))
    return rows


def _plan(good: float, bad: float) -> Plan:
    arms = [
        {"name": "base", "group": "g", "burst_s": "6s"},
        {"name": "rw", "group": "g", "access": "rw", "burst_s": "6s"},
    ]
    return read_plan({"order": "abba", "arm": arms, "stop": {"good_per_h": good, "bad_per_h": bad}}, "null")


def _run(plan: Plan, per_h: float, rng: np.random.RandomState, peek: bool = False) -> tuple[Any, list[Tally]]:
    """Walk `plan` until it stops, episodes coming at one rate in both arms."""
    parts = [Tally(arm.name) for arm in plan.arm]
    for block in range(1, MOST_BLOCKS + 1):
        for part, arm in zip(parts, plan.arm):
            seconds = 2 * arm.burst_s
            events = int(rng.poisson(per_h / 3600 * seconds))
            part.bursts += 2
            part.episodes += events
            part.observed_s += seconds
            part.lines += int(seconds * 6000)
            part.planted = part.control_found = part.planted + 24
            part.counts["stale"] += events
        if peek and _compared(parts[0].episodes, parts[1].episodes, 1.0).p < LEVEL:
            return None, parts
        stopped = None if peek else decide(plan, parts, 2 * block, 2 * MOST_BLOCKS)
        if stopped:
            return stopped, parts
    return None, parts


def _stopped(trials: int, rng: np.random.RandomState) -> list[Row]:
    """Contrasts after an early stop: by the rule, and by looking for a small p."""
    plan = _plan(36, 360)
    rows = []
    for name, peek in (
        ("after an early stop by the rule", False),
        ("after stopping at the first p < 5 %", True),
    ):
        exact = middle = 0
        for _ in range(trials):
            _, (base, other) = _run(plan, 1200, rng, peek)
            found = _compared(base.episodes, other.episodes, 1.0)
            exact += found.p < LEVEL
            middle += _mid_p(base.episodes, other.episodes) < LEVEL
        rows.append(Row(f"two arms {name}: exact", LEVEL, exact, trials, bound=True, warning=peek))
        if not peek:
            rows.append(Row(f"two arms {name}: mid-p", LEVEL, middle, trials))
    return rows


def _sequential(trials: int, rng: np.random.RandomState) -> list[Row]:
    """Wrong decisions of the sequential test in the plans that ship one, and the published case."""
    rows = []
    shipped = load_plan("diagnose").stop
    for good, bad in ((shipped.good_per_h, shipped.bad_per_h), (1 / 24, 1.0)):
        rule = dataclasses.replace(shipped, good_per_h=good, bad_per_h=bad)
        wrong = {Stop.BAD: 0, Stop.GOOD: 0}
        for rate, false in ((good, Stop.BAD), (bad, Stop.GOOD)):
            for _ in range(trials):
                wrong[false] += _decided(rule, rate, rng) is false
        rows += [
            Row(f"sequential, {good:.3g} against {bad:g}/h: good called bad", rule.alpha, wrong[Stop.BAD],
                trials, bound=True),
            Row(f"sequential, {good:.3g} against {bad:g}/h: bad called good", rule.beta, wrong[Stop.GOOD],
                trials, bound=True),
        ]  # fmt: skip
    return rows


def _decided(rule: Any, per_h: float, rng: np.random.RandomState) -> Stop:
    # Looks about twenty times before a clean run would be accepted.
    test = sequential(rule)
    step_s = test.clean_exposure() / 20
    events = 0
    for look in range(1, 20 * MOST_BLOCKS):
        events += int(rng.poisson(per_h / 3600 * step_s))
        decision = test.decide(events, look * step_s)
        if decision is not Stop.GO_ON:
            return decision
    return Stop.GO_ON


TESTS = (_two_arms, _clumps, _family, _doses, _stopped, _sequential)


def table(trials: int, seed: int) -> list[Row]:
    """Return the size of every test on `trials` null experiments each."""
    rng = np.random.RandomState(seed)
    return [row for test in TESTS for row in test(trials, rng)]


def head(trials: int) -> str:
    """Return the head of the table."""
    return f"{f'test on {trials} null experiments':64} nominal  rejected  95 % interval"


def main(argv: list[str]) -> int:
    """Print the sizes; 1 when one is further from nominal than accepted."""
    parser = argparse.ArgumentParser(prog="tools/bench sizes", description=__doc__)
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(argv)
    started = time.monotonic()
    rows = table(args.trials, args.seed)
    if args.json:
        print(json.dumps([{**dataclasses.asdict(row), "good": row.good} for row in rows]))
    else:
        print(head(args.trials))
        for row in rows:
            print(row.text())
        print(f"{time.monotonic() - started:.1f} s")
    return 0 if all(row.good for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
