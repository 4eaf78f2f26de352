# SPDX-License-Identifier: MIT
"""The last lines of a record: the verdict, the arms, the exit status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stress.model.record.events import EndRecord, VerdictRecord
from stress.model.verdict import Verdict, exit_code
from stress.verdict.judge import RULES, Judgement, judge

if TYPE_CHECKING:
    from stress.record.journal import Journal
    from stress.verdict.tally import Tally


def conclude(journal: Journal, backend: str, judgement: Judgement, parts: list[Tally], lost: bool) -> int:
    """Record the verdict of a run and of each of its arms, and return the exit status.

    Parameters
    ----------
    lost : the device went away.
    """
    code = exit_code(judgement.verdict, device_lost=lost)
    arms = {part.arm: judge(part).verdict.value for part in parts}
    journal.append(VerdictRecord(judgement.verdict.value, judgement.reasons, backend, arms, RULES))
    journal.append(EndRecord(code), sync=True)
    return code


def skipped(journal: Journal, backend: str, reason: str) -> int:
    """Record that nothing could be run, and return the exit status."""
    journal.append(VerdictRecord(Verdict.SKIP.value, (reason,), backend, rules=RULES))
    code = exit_code(Verdict.SKIP)
    journal.append(EndRecord(code), sync=True)
    return code
