# SPDX-License-Identifier: MIT
"""A run as KernelCI's database takes it: one checkout, one build, and a test for each case.

Source: the schema 5.3 of KCIDB (package kcidb-io, which the tests validate it with).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stress.model.verdict import Verdict
from stress.report.cases import cases, slug

if TYPE_CHECKING:
    from stress.report.cases import Case
    from stress.report.facts import Facts
    from stress.verdict.summary import Summary

VERSION = {"major": 5, "minor": 3}
ORIGIN = "pcmstress"
# What the schema allows of an excerpt [characters].
LONGEST_LOG = 16384
# INCONCLUSIVE and ERROR are the test's failure, and say nothing of the tested code.
_STATUS = {Verdict.PASS: "PASS", Verdict.FAIL: "FAIL", Verdict.SKIP: "SKIP"}


def to_json(run: Summary, facts: Facts, label: str = "", build: str = "") -> dict[str, Any]:
    """Return the run as one submission.

    Parameters
    ----------
    label : name of the board in the paths of the tests; without it they name no board, card or host.
    build : id of the build that was tested; it brings the CI system that submits. "" makes one of the
        kernel's release, with a system of our own.
    """
    system = build.partition(":")[0] or ORIGIN
    kernel = facts.of("kernel") or "unknown"
    made = build or f"{system}:{slug(kernel)}"
    comment = f"kernel {_text(kernel)}"
    own = [] if build else [{"id": made, "origin": system, "checkout_id": made, "comment": comment}]
    checkouts = [] if build else [{"id": made, "origin": system, "git_commit_name": _text(kernel)}]
    # Two runs may begin in one millisecond; they do not begin at one position of the pattern with one seed.
    run_id = f"{run.start.wall or 'undated'}-{run.start.seed:x}-{run.start.first_position:x}"
    names = _Names(system, made, label, run_id)
    tests = [_test(case, run, facts, names) for case in cases(run)]
    return {"version": VERSION, "checkouts": checkouts, "builds": own, "tests": tests}


@dataclass(frozen=True)
class _Names:
    # By which a test is found again: CI system, build, board and run.

    origin: str
    build: str
    label: str
    run: str

    def path(self, case: Case) -> str:
        parts = ("pcmstress", *([self.label] if self.label else []), case.name)
        return ".".join(_node(part) for part in parts)


def _test(case: Case, run: Summary, facts: Facts, names: _Names) -> dict[str, Any]:
    path = names.path(case)
    counted = case.verdict in (Verdict.PASS, Verdict.FAIL)
    where = ", ".join(part for part in (run.backend, facts.of("cpu"), facts.of("card")) if part)
    bound = {"bound_95": case.bound} if case.bound is not None else {}
    known = {name: _text(value) for name, value in facts.values}
    test: dict[str, Any] = {
        "id": f"{names.origin}:{path}:{names.run}",
        "origin": names.origin,
        "build_id": names.build,
        "path": path,
        "status": _STATUS.get(case.verdict, "ERROR"),
        "comment": _text(case.reasons[0] if case.reasons else case.verdict.value),
        "log_excerpt": _text("\n".join(case.reasons))[:LONGEST_LOG],
        "duration": round(case.seconds, 3),
        "environment": {"comment": _text(where), "misc": known},
        "misc": {"verdict": case.verdict.value, **bound},
    }
    start = {"start_time": run.start.wall} if run.start.wall else {}
    number = {"number": {"value": case.measurement, "unit": "corrupted stretches"}} if counted else {}
    return {**test, **start, **number}


def _node(text: str) -> str:
    # A dot in a name would be a level of its own.
    return re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-") or "unnamed"


def _text(text: str) -> str:
    return text.replace("\0", "?")
