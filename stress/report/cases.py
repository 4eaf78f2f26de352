"""A run as test cases, one per arm: what the formats of farms are made of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stress.model.verdict import Verdict
    from stress.verdict.judge import Judgement
    from stress.verdict.summary import Summary
    from stress.verdict.tally import Tally


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


def suite(run: Summary, label: str = "") -> str:
    """Return the suite's name: the backend, so that boards stay apart, or `label`, which no host changes."""
    return f"pcmstress.{label or slug(run.backend)}"


def cases(run: Summary) -> list[Case]:
    """Return one case per arm, and last the run as a whole."""
    found = [_case(part.arm, judged, part) for part, judged in zip(run.parts, run.verdicts)]
    return [*found, _case("run", run.judgement, run.whole)]


def _case(name: str, judged: Judgement, part: Tally) -> Case:
    return Case(slug(name), judged.verdict, judged.reasons, part.found, part.streamed_s)
