# SPDX-License-Identifier: MIT
"""A run as test cases, one per arm: what the formats of farms are made of."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stress.model.exposure import Exposure
from stress.verdict.judge import Judgement

if TYPE_CHECKING:
    from stress.model.verdict import Verdict
    from stress.verdict.summary import Summary
    from stress.verdict.tally import Tally


# Letters of a name in a farm's database. Source: GitLab keeps 255 of suite and case together. Higher: names
# are cut there and fall together; lower: long names of cards do here.
LONGEST = 100


@dataclass(frozen=True)
class Case:
    """One arm as a test case.

    Parameters
    ----------
    name : dots and slugs only, safe for LAVA and JUnit.
    measurement : corrupted stretches found.
    seconds : streamed time [s].
    cause : what the run was diagnosed with, "" without a diagnosis.
    bound : 95 % upper bound of the share of corrupted lines, None where no line was checked.
    """

    name: str
    verdict: Verdict
    reasons: tuple[str, ...]
    measurement: int
    seconds: float
    bound: float | None = None
    cause: str = ""


def slug(text: str) -> str:
    """Return `text` with everything but letters, digits, "_", "." and "-" made "-", cut to `LONGEST`."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", text[: 10 * LONGEST]).strip("-")[:LONGEST] or "unnamed"


def suite(run: Summary, label: str = "") -> str:
    """Return the suite's name: the backend, so that boards stay apart, or `label`, which no host changes."""
    return f"pcmstress.{label or slug(run.backend)}"


def cases(run: Summary) -> list[Case]:
    """Return one case per arm, and last the run as a whole.

    The arms of an experiment are no cases: one that is cured by design and one that is
    corrupted by design are not a pass and a failure of the board. There the cause
    stands first among the reasons of the run.
    """
    named = run.diagnosis
    if not named:
        found = [_case(part.arm, judged, part) for part, judged in zip(run.parts, run.verdicts)]
        return [*found, _case("run", run.judgement, run.whole)]
    reasons = (f"cause: {named.headline()}", f"what to do: {named.advice}", *run.judgement.reasons)
    whole = _case("run", Judgement(run.judgement.verdict, reasons), run.whole)
    return [replace(whole, cause=named.cause.value)]


def _case(name: str, judged: Judgement, part: Tally) -> Case:
    bound = Exposure(part.lines, part.line_bytes).rate_bound_95 if part.lines and not part.found else None
    return Case(slug(name), judged.verdict, judged.reasons, part.found, part.streamed_s, bound)
