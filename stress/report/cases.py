"""A run as test cases, one per arm: what the formats of farms are made of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stress.experiment.judge import judge
from stress.experiment.tally import tallies
from stress.model.verdict import Verdict

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


def suite(log: RunLog) -> str:
    """Return the suite's name: the backend, so that boards stay apart."""
    return f"pcmstress.{slug(backend(log))}"


def backend(log: RunLog) -> str:
    """Return the backend's name, as it called itself last."""
    verdict = log.last("verdict") or {}
    return str(verdict.get("backend") or log.events[0]["backend"])


def cases(log: RunLog, bound: float) -> list[Case]:
    """Return one case per arm; one that says why when no arm was run."""
    found = []
    for part in tallies(log.events):
        judged = judge(part, bound)
        found.append(Case(slug(part.arm), judged.verdict, judged.reasons, part.found, part.streamed_s))
    if found:
        return found
    verdict = log.last("verdict") or {"verdict": Verdict.ERROR.value, "reasons": ["nothing was run"]}
    known = {item.value for item in Verdict}
    value = Verdict(verdict["verdict"]) if verdict["verdict"] in known else Verdict.ERROR
    return [Case("run", value, tuple(str(reason) for reason in verdict["reasons"]), 0, 0.0)]
