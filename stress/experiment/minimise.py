# SPDX-License-Identifier: MIT
"""The smallest plan that still shows a corruption: delta debugging over the settings of one arm.

A candidate reproduces when a burst of a given length shows the same kind of damage in the
same ring with the power asked for, at the lower 95 % limit of the rate that was measured;
it does not when it would miss that even at the upper limit. Between the two it is streamed
on, up to four times that length.

Source: Zeller & Hildebrandt 2002, "Simplifying and isolating failure-inducing input" (ddmin).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Callable, Optional

from stress.experiment.plan_changes import CHANGES, Change, applied, ddmin, halved
from stress.model.exposure import ZERO_EVENTS_95
from stress.plan.plan import Plan, Stopping
from stress.stats.counts import binomial_at_most, poisson_interval

if TYPE_CHECKING:
    from stress.verdict.tally import Tally

SCHEMA = "pcmstress/minimal/1"
# What is streamed of a candidate at once, as shares of the length that has to show it. Their sum, 4,
# is where an open question ends as "not shown". Higher: rare corruption takes longer to rule out;
# lower: candidates that would do are given up.
LOOKS = (0.25, 0.25, 0.5, 1.0, 2.0)
# Repetitions of the result. Source: 10 of 10 rules out a chance below 74 % (95 %). Higher: a night
# for rare corruption; lower: the claim rests on the rate alone.
REPETITIONS = 10
# Level at which repetitions contradict the power. Higher: plans are made longer by chance; lower: a
# power is claimed that ten runs do not have.
LEVEL = 0.05
# A plan is proven once more where what its repetitions showed allows a burst of less than this share of it.
# Higher: repetitions for little; lower: the plan is longer than it has to be.
WORTH_IT = 0.7
# Exposure of the result by which its bound may be missed.
SPARE = 1.25
# Burst of the result at least [s]: the first laps of a stream have nothing stale in them yet.
SHORTEST_S = 0.05


@dataclass(frozen=True)
class Signature:
    """What has to be seen again: a kind of damage, in a ring ("" where none is named)."""

    kind: str
    ring: str

    @property
    def words(self) -> str:
        """The signature for people."""
        return f"{self.kind} data in the {self.ring} ring" if self.ring else f"{self.kind} data"

    def seen(self, tally: Tally) -> bool:
        """Return whether a tally has it."""
        return any(kind == self.kind and (ring or "") == self.ring for kind, ring, _ in tally.sites)


@dataclass(frozen=True)
class Streamed:
    """What streaming a plan showed of the signature.

    Attributes
    ----------
    episodes, observed_s : of it, and the time in which it could have been seen [s].
    streamed_s, lines : audio streamed [s], ring lines checked.
    reason : why nothing could be streamed, "" where it could.
    granted : period and ring of each direction, as the card granted them [frames].
    """

    episodes: int = 0
    observed_s: float = 0.0
    streamed_s: float = 0.0
    lines: int = 0
    reason: str = ""
    granted: tuple[int, ...] = ()
    bursts: int = 1

    @property
    def beyond_s(self) -> float:
        """What a burst shows beyond its own length, as the rings run empty [s]."""
        return max(0.0, self.observed_s - self.streamed_s) / self.bursts if self.bursts else 0.0

    def __add__(self, other: Streamed) -> Streamed:
        """Return the sum of two."""
        return Streamed(
            self.episodes + other.episodes,
            self.observed_s + other.observed_s,
            self.streamed_s + other.streamed_s,
            self.lines + other.lines,
            other.reason or self.reason,
            other.granted or self.granted,
            self.bursts + other.bursts,
        )


# Streams a plan of one arm once, and looks for the signature.
Stream = Callable[[Plan], Streamed]


@dataclass(frozen=True)
class Trial:
    """One candidate.

    Attributes
    ----------
    change : for people.
    kept : it still reproduces.
    dropped : settings that it does without; `fresh` those that no candidate kept before did without.
    """

    change: str
    kept: bool
    seen: Streamed
    dropped: tuple[str, ...] = ()
    fresh: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The result for people."""
        if self.seen.reason:
            return f"cannot be run: {self.seen.reason}"
        rate = f"{self.seen.episodes} episodes in {self.seen.streamed_s:.3g} s"
        return f"still shows it ({rate})" if self.kept else f"shows it no longer, or too rarely ({rate})"


@dataclass
class Result:
    """The smallest plan that was found.

    Attributes
    ----------
    power : chance that one run of the plan shows the signature, at least, at the rate's lower limit.
    proven : the repetitions do not contradict it.
    again : repetitions of the plan that showed it, of `repetitions`.
    trials : every candidate, in order; `unfinished` when the time was up before the last.
    """

    plan: Plan
    power: float
    proven: bool = True
    again: int = 0
    repetitions: int = 0
    trials: list[Trial] = field(default_factory=list)
    unfinished: bool = False


def of_arm(tally: Tally) -> Optional[Signature]:  # noqa: UP045 - evaluated by Python 3.9
    """Return what is seen most often in an arm, None where it is clean."""
    sums: dict[tuple[str, str], int] = {}
    for (kind, ring, _), number in tally.sites.items():
        sums[(kind, ring or "")] = sums.get((kind, ring or ""), 0) + number
    best = max(sums, key=lambda key: sums[key], default=None)
    return Signature(*best) if best else None


def fastest(parts: Sequence[Tally], plan: Plan) -> str:
    """Return the arm whose rate of episodes is the highest for sure, "" where none has one."""
    names = {arm.name for arm in plan.arm}
    rates = {
        part.arm: poisson_interval(part.episodes).low / part.observed_s
        for part in parts
        if part.arm in names and part.episodes and part.observed_s
    }
    return max(rates, key=lambda name: rates[name], default="")


def needed(power: float) -> float:
    """Return the episodes that have to be expected for one to be seen with that power."""
    return -math.log(1.0 - power)


def alone(plan: Plan, name: str) -> Plan:
    """Return a plan of that arm only, which stops early by nothing and is not made longer."""
    (arm,) = (arm for arm in plan.arm if arm.name == name)
    # An event happens before each burst but the first.
    event = arm.event != "none"
    return replace(
        plan,
        title="",
        bound=1.0,
        fit=False,
        ordinary=True,
        repeats=1,
        order="abab",
        stop=Stopping(),
        arm=(replace(arm, group="", sweep="", bursts=2 if event else 1, optional=False),),
    )


@dataclass
class Minimiser:
    """Makes a plan smaller as long as it reproduces.

    Parameters
    ----------
    stream : streams a plan.
    power : that one burst has to have.
    within_s : length of that burst [s].
    budget_s : audio to stream in all [s].
    told : called with each trial.
    """

    stream: Stream
    power: float
    within_s: float
    budget_s: float
    told: Callable[[Trial], None] = lambda _: None

    def __post_init__(self) -> None:
        self._trials: list[Trial] = []
        self._spent_s = 0.0
        self._up = False
        self._again = Streamed()

    def minimise(self, plan: Plan, ring: str = "") -> Result | None:
        """Return the smallest plan, None where the plan of one arm itself does not reproduce.

        Parameters
        ----------
        ring : whose corruption is looked for; the other one keeps its size. "": both are made smaller.
        """
        if not self._try("the arm alone", plan):
            return None
        plan = self._plainer(plan)
        plan = self._smaller(plan, [f"{ring}_buffer"] if ring else ["playback_buffer", "capture_buffer"])
        return self._shortest(plan)

    @property
    def trials(self) -> list[Trial]:
        """Every candidate so far."""
        return list(self._trials)

    def _plainer(self, plan: Plan) -> Plan:
        before: tuple[str, ...] = ()

        def works(changes: Sequence[Change]) -> bool:
            nonlocal before
            smaller, names = applied(plan, changes)
            fresh = tuple(name for name in names if name not in before)
            if not fresh:
                return True
            kept = self._try(f"without {', '.join(fresh)}", smaller, names, fresh)
            before = names if kept else before
            return kept

        return applied(plan, ddmin([one for one in CHANGES if one.change(plan) != plan], works))[0]

    def _smaller(self, plan: Plan, rings: Sequence[str]) -> Plan:
        # The period first: a ring holds two of them at least.
        for key in ("period_size", *rings):
            while True:
                smaller = halved(plan, key)
                if smaller is None:
                    break
                value = getattr(smaller.arm[0], key)
                granted = self._last_kept().granted
                if not self._try(f"{key} {getattr(plan.arm[0], key)} -> {value}", smaller, unlike=granted):
                    break
                plan = smaller
        return plan

    def _shortest(self, plan: Plan) -> Result:
        result = self._lengthened(plan, self._least_s(self._last_kept()))
        # The rate is known better now: once more with what it allows.
        burst_s = self._least_s(self._again)
        if result.proven and burst_s < WORTH_IT * result.plan.arm[0].burst_s and not self._up:
            shorter = self._lengthened(plan, burst_s)
            return shorter if shorter.proven and not self._up else replace(result, unfinished=self._up)
        return result

    def _least_s(self, seen: Streamed) -> float:
        rate = poisson_interval(seen.episodes).low / seen.observed_s if seen.observed_s else 0.0
        if not rate:
            return self.within_s
        return min(self.within_s, max(SHORTEST_S, needed(self.power) / rate - seen.beyond_s))

    def _lengthened(self, plan: Plan, burst_s: float) -> Result:
        """Return the plan with the shortest burst from this one on that its repetitions bear out."""
        while True:
            short = _burst(plan, _rounded(burst_s))
            found = self._repeated(short, last=burst_s >= self.within_s)
            hits, number = sum(bool(one.episodes) for one in found), len(found)
            proven = binomial_at_most(hits, number, self.power) >= LEVEL
            said = f"a burst of {short.arm[0].burst_s:.3g} s, {hits} of {number} runs"
            # On a card these are minutes in which nothing else is said.
            self.told(Trial(said, proven, sum(found[1:], found[0])))
            if proven or burst_s >= self.within_s or self._up:
                break
            burst_s = min(2.0 * burst_s, self.within_s)
        self._again = sum(found[1:], found[0])
        lines = min(one.lines for one in found)
        bound = min(1.0, _rounded(SPARE * ZERO_EVENTS_95 / lines)) if lines else 1.0
        return Result(replace(short, bound=bound), self.power, proven, hits, number, self._trials, self._up)

    def _repeated(self, plan: Plan, last: bool) -> list[Streamed]:
        # A length that cannot be borne out any more is given up, but for the last one: its count is reported.
        found = [self._stream(plan)]
        while len(found) < REPETITIONS and not self._up:
            best = REPETITIONS - sum(not one.episodes for one in found)
            if not last and binomial_at_most(best, REPETITIONS, self.power) < LEVEL:
                break
            found.append(self._stream(plan))
        return found

    def _last_kept(self) -> Streamed:
        return next(trial.seen for trial in reversed(self._trials) if trial.kept)

    def _stream(self, plan: Plan) -> Streamed:
        seen = self.stream(plan)
        self._spent_s += seen.streamed_s
        self._up = self._spent_s >= self.budget_s
        return seen

    def _try(
        self,
        change: str,
        plan: Plan,
        dropped: tuple[str, ...] = (),
        fresh: tuple[str, ...] = (),
        unlike: tuple[int, ...] = (),
    ) -> bool:
        if self._up:
            return False
        seen, kept = Streamed(bursts=0), False
        for share in LOOKS:
            seen = seen + self._stream(_burst(plan, _rounded(share * self.within_s)))
            if unlike and seen.granted == unlike:
                seen = replace(seen, reason="the card grants the same period and ring as before")
            kept, open_ = decide(seen, self.power, self.within_s)
            if not open_ or seen.reason or self._up:
                break
        trial = Trial(change, kept and not seen.reason, seen, dropped, fresh)
        self._trials.append(trial)
        self.told(trial)
        return trial.kept


def decide(seen: Streamed, power: float, within_s: float) -> tuple[bool, bool]:
    """Return whether a candidate reproduces, and whether that is still open.

    Parameters
    ----------
    power : chance that a burst of `within_s` seconds has to show it with.
    """
    if not seen.observed_s:
        return False, True
    rate = poisson_interval(seen.episodes)
    least = needed(power) * seen.observed_s / (within_s + seen.beyond_s)
    return rate.low >= least, rate.low < least <= rate.high


def _burst(plan: Plan, burst_s: float) -> Plan:
    return replace(plan, arm=(replace(plan.arm[0], burst_s=burst_s),))


def _rounded(value: float) -> float:
    # Two digits, up: a length that a person reads, and no less than was worked out.
    power = 10.0 ** (math.floor(math.log10(value)) - 1)
    return float(f"{math.ceil(value / power - 1e-9) * power:.6g}")
