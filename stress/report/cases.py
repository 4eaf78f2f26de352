"""A run as test cases, one per arm: what the formats of farms are made of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stress.model.record import VerdictRecord
from stress.model.verdict import Verdict
from stress.verdict.judge import Judgement, judge, judge_run
from stress.verdict.tally import Tally, tallies, total

if TYPE_CHECKING:
    from stress.record.reader import RunLog


@dataclass(frozen=True)
class Case:
    """One arm as a test case.

    Parameters
    ----------
    name : dots and slugs only, safe for LAVA and JUnit.
    measurement : wrong runs found.
    seconds : streamed time [s].
    """

    name: str
    verdict: Verdict
    reasons: tuple[str, ...]
    measurement: int
    seconds: float


def slug(text: str) -> str:
    """Return `text` with everything but letters, digits, "_", "." and "-" made "-"."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", text).strip("-") or "unnamed"


def suite(log: RunLog, label: str = "") -> str:
    """Return the suite's name: the backend, so that boards stay apart, or `label`, which no host changes."""
    return f"pcmstress.{label or slug(backend(log))}"


def backend(log: RunLog) -> str:
    """Return the backend's name, as it called itself last."""
    verdict = log.last(VerdictRecord)
    return (verdict.backend if verdict else "") or log.start.backend


def cases(log: RunLog, bound: float) -> list[Case]:
    """Return one case per arm, and last the run as a whole."""
    parts = tallies(log.events)
    found = [_case(part.arm, judge(part), part) for part in parts]
    whole = total(parts)
    recorded = log.last(VerdictRecord)
    judged = judge_run(parts, whole, bound)
    if recorded:
        judged = Judgement(Verdict(recorded.verdict), recorded.reasons)
    return [*found, _case("run", judged, whole)]


def _case(name: str, judged: Judgement, part: Tally) -> Case:
    return Case(slug(name), judged.verdict, judged.reasons, part.found, part.streamed_s)
