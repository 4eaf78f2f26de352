# SPDX-License-Identifier: MIT
"""A recorded verdict beside what the recorded bursts give: which of them stands, and what is told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stress.model.verdict import Verdict
from stress.model.words import counted
from stress.verdict.judge import RULES, Judgement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stress.model.record.events import VerdictRecord

# Letters and number of recorded reasons that are told; chosen far above what the sentences of a run need.
# Higher: a record from anywhere makes a mail of 10 MB; lower: a reason of ours is cut.
LONGEST_REASON, MOST_REASONS = 2000, 200
UNENDED = "the run did not end, so arms and bursts are missing: continue it with run --resume"


def concluded(
    recorded: VerdictRecord | None,
    derived: Judgement,
    *,
    unbegun: bool,
    unnamed: tuple[str, ...] = (),
    miscounted: int = 0,
    missing: int = 0,
) -> tuple[Judgement, bool]:
    """Return the judgement of a run, and whether its record contradicts itself.

    Parameters
    ----------
    recorded : None where the run did not end.
    derived : what the bursts give.
    unbegun : an arm of the plan never ran.
    unnamed : evidence files that no burst of the record names.
    miscounted : the burst before a tally that the bursts contradict, 0 without one.
    missing : the first burst that the record should hold and does not, 0 without one.
    """
    judgement, contradicted = _beside_bursts(recorded, derived, unbegun)
    if unnamed and judgement.verdict is not Verdict.FAIL:
        contradicted = contradicted or judgement.verdict in (Verdict.PASS, Verdict.SKIP)
        judgement = _beside_evidence(judgement, unnamed)
    if miscounted and judgement.verdict in (Verdict.PASS, Verdict.SKIP):
        text = f"the tally recorded behind burst {miscounted} is not what the bursts before it add up to"
        judgement, contradicted = _doubted(judgement, text), True
    if missing and judgement.verdict in (Verdict.PASS, Verdict.SKIP):
        text = f"burst {missing} is not in the record, and later ones are: a line was deleted"
        judgement, contradicted = _doubted(judgement, text), True
    return judgement, contradicted


def _beside_bursts(record: VerdictRecord | None, derived: Judgement, unbegun: bool) -> tuple[Judgement, bool]:
    if record is None:
        return _unended(derived), False
    recorded = Judgement(Verdict(record.verdict), _told(record.reasons))
    judged = recorded.verdict in (Verdict.PASS, Verdict.FAIL)
    if recorded.verdict is derived.verdict or (derived.verdict is Verdict.SKIP and not judged):
        return recorded, False
    if record.rules < RULES and derived.verdict is not Verdict.FAIL and not unbegun:
        return _by_earlier_rules(recorded, derived), False
    return _contradicted(recorded, derived), True


def _told(reasons: Sequence[str]) -> tuple[str, ...]:
    # A record may come from anywhere; what a verdict of ours rests on is never so long.
    cut = [text if len(text) <= LONGEST_REASON else f"{text[:LONGEST_REASON]} ..." for text in reasons]
    return (
        *cut[:MOST_REASONS],
        *((f"and {len(cut) - MOST_REASONS} more",) if len(cut) > MOST_REASONS else ()),
    )


def _unended(derived: Judgement) -> Judgement:
    """Return the judgement of a run without a verdict: corruption stays, and nothing passes."""
    verdict = derived.verdict
    if verdict in (Verdict.PASS, Verdict.SKIP):
        verdict = Verdict.INCONCLUSIVE
    first = () if verdict is Verdict.FAIL else (UNENDED,)
    last = (UNENDED,) if verdict is Verdict.FAIL else ()
    # What was clean so far is no reason for a PASS.
    reasons = () if derived.verdict is Verdict.PASS else derived.reasons
    return Judgement(verdict, (*first, *reasons, *last))


def _by_earlier_rules(recorded: Judgement, derived: Judgement) -> Judgement:
    # What the rules of then let pass, or called corruption, and those of today do not, is neither.
    line = (
        f"{recorded.verdict.value} was recorded by an earlier version; by the rules of this one it is "
        f"{derived.verdict.value}"
    )
    if recorded.verdict not in (Verdict.PASS, Verdict.FAIL):
        reason = f" ({derived.reasons[0]})" if derived.reasons else ""
        return Judgement(recorded.verdict, (*recorded.reasons, line + reason))
    # What is clean today is no reason of a verdict that is none.
    reasons = () if derived.verdict is Verdict.PASS else derived.reasons
    return Judgement(
        Verdict.INCONCLUSIVE, (line, *reasons, *(f"recorded: {reason}" for reason in recorded.reasons))
    )


def _beside_evidence(judged: Judgement, unnamed: tuple[str, ...]) -> Judgement:
    # Evidence is written behind the burst that it is of: that burst is missing from the record.
    reason = (
        f"evidence/ holds {counted(len(unnamed), 'sample')} of corruption that no burst of the record names "
        f"({unnamed[0]}): a part of the record is lost"
    )
    if judged.verdict in (Verdict.INCONCLUSIVE, Verdict.ERROR):
        return Judgement(judged.verdict, (*judged.reasons[:1], reason, *judged.reasons[1:]))
    return Judgement(Verdict.INCONCLUSIVE, (reason, *(f"recorded: {text}" for text in judged.reasons)))


def _doubted(judged: Judgement, reason: str) -> Judgement:
    return Judgement(Verdict.INCONCLUSIVE, (reason, *(f"recorded: {text}" for text in judged.reasons)))


def _contradicted(recorded: Judgement, derived: Judgement) -> Judgement:
    return Judgement(
        Verdict.INCONCLUSIVE,
        (
            f"the recorded verdict {recorded.verdict.value} and the recorded bursts contradict each other: "
            f"the bursts give {derived.verdict.value}",
            *(f"recorded: {reason}" for reason in recorded.reasons),
            *(f"from the bursts: {reason}" for reason in derived.reasons),
        ),
    )
