"""From measured arms to a named cause, with its evidence and its certainty."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stress.experiment import contrast
from stress.experiment.cause import ADVICE, AGAINST, Cause
from stress.experiment.contrast import CLEAN, FLUSH, RW, Contrast, Measured
from stress.experiment.judge import judge
from stress.experiment.mechanism import Mechanism, mechanisms
from stress.experiment.tally import total
from stress.model.finding import Kind
from stress.model.pcm import Access
from stress.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stress.experiment.tally import Tally

# Kinds and the cause they speak for, once a cache alias is ruled out.
SPEAKS_FOR = {
    Kind.DROP.value: Cause.USB_LOSS,
    Kind.REPEAT.value: Cause.USB_LOSS,
    Kind.ZERO.value: Cause.USB_LOSS,
    Kind.INSERT.value: Cause.USB_LOSS,
    Kind.HOLD.value: Cause.USB_LOSS,
    Kind.STALE.value: Cause.DMA_STALE,
    Kind.MISPLACED.value: Cause.DMA_STALE,
    Kind.RESAMPLE.value: Cause.CLOCK,
    Kind.GAIN.value: Cause.PROCESSING,
    Kind.DITHER.value: Cause.PROCESSING,
    Kind.SWAP.value: Cause.PROCESSING,
    Kind.MUTE.value: Cause.PROCESSING,
    Kind.BYTESHIFT.value: Cause.USB_LOSS,
    Kind.BITFLIP.value: Cause.MEMORY,
}


@dataclass(frozen=True)
class Diagnosis:
    """The named cause.

    Parameters
    ----------
    sides : mechanism per side where the cause is a cache alias.
    evidence : what it rests on, one line each.
    also : other causes seen, in words.
    dispersion : index of dispersion of wrong runs per tile, by base arm.
    """

    cause: Cause
    sides: tuple[Mechanism, ...]
    evidence: tuple[str, ...]
    also: tuple[str, ...]
    dispersion: tuple[tuple[str, float], ...] = ()

    @property
    def advice(self) -> str:
        """What to do."""
        return ADVICE[self.cause]

    @property
    def against(self) -> str:
        """What would change the mind."""
        return AGAINST[self.cause]

    def headline(self) -> str:
        """Return the cause, with sides and mechanisms, in one line."""
        if not self.sides:
            return self.cause.value
        return f"{self.cause.value}: " + "; ".join(side.text() for side in self.sides)

    def to_json(self) -> dict[str, Any]:
        """Return the diagnosis as a JSON object."""
        return {
            "cause": self.cause.value,
            "headline": self.headline(),
            "sides": [side.to_json() for side in self.sides],
            "evidence": list(self.evidence),
            "also": list(self.also),
            "dispersion": dict(self.dispersion),
            "advice": self.advice,
            "against": self.against,
        }


def diagnose(measured: Sequence[Measured], bound: float) -> Diagnosis:
    """Name the cause of what the arms found.

    Parameters
    ----------
    bound : 95 % bound on wrong lines per line that "not reproduced" needs.
    """
    found = _named(measured, bound)
    indices = contrast.dispersions(measured)
    if not indices:
        return found
    values = ", ".join(f"{arm} {index:.3g}" for arm, index in indices)
    line = f"index of dispersion of wrong runs per tile (1: independent): {values}; so episodes are compared"
    return dataclasses.replace(found, dispersion=indices, evidence=(*found.evidence, line))


def _named(measured: Sequence[Measured], bound: float) -> Diagnosis:
    whole = total([entry.tally for entry in measured])
    if not whole.found:
        return _nothing_found(measured, bound)
    compared = contrast.contrasts(measured)
    alias = [part for part in mechanisms(measured, compared) if part.proven]
    evidence = [part.text() for part in compared if part.cures or part.lever in (RW, CLEAN)]
    if alias:
        sides = tuple(alias)
        lines = [line for side in alias for line in side.evidence]
        seen = _views(whole)
        return Diagnosis(Cause.CACHE_ALIAS, sides, (*lines, *seen, *evidence), _also(measured, compared))
    cause, why = _from_kinds(measured)
    return Diagnosis(cause, (), (why, *_views(whole), *evidence), ())


def _views(whole: Tally) -> tuple[str, ...]:
    # The layer each wrong run first shows in, where a tap saw it.
    if not whole.views:
        return ()
    parts = ", ".join(f"{number} in the {view}" for view, number in whole.views.most_common())
    lost = whole.wire["out_failed"]
    failed = f"; {lost} OUT packets failed on the bus" if lost else ""
    return (f"by the wire, the wrong runs first appear: {parts}{failed}",)


def _nothing_found(measured: Sequence[Measured], bound: float) -> Diagnosis:
    whole = total([entry.tally for entry in measured])
    judged = judge(whole, bound)
    if whole.transport:
        return Diagnosis(Cause.XRUN, (), judged.reasons, ())
    cause = Cause.NOT_REPRODUCED if judged.verdict is Verdict.PASS else Cause.CANNOT_TELL
    return Diagnosis(cause, (), judged.reasons, ())


def _from_kinds(measured: Sequence[Measured]) -> tuple[Cause, str]:
    whole = total([entry.tally for entry in measured])
    votes: dict[Cause, int] = {}
    for kind, number in whole.counts.items():
        cause = SPEAKS_FOR.get(kind)
        if cause:
            votes[cause] = votes.get(cause, 0) + number
    if not votes:
        return Cause.CANNOT_TELL, f"{whole.found} wrong runs of no known kind"
    # A flipped bit now and then beside lost packets is the smaller part of the story.
    cause = max(votes, key=lambda entry: votes[entry])
    if cause is Cause.USB_LOSS and whole.counts.get(Kind.RESAMPLE.value):
        cause = Cause.CLOCK
    kinds = ", ".join(f"{number} {kind}" for kind, number in whole.counts.most_common())
    in_rw = sum(entry.tally.found for entry in measured if entry.arm.access == Access.RW.value)
    also = f"; {in_rw} of them with rw access, which no cache alias reaches" if in_rw else ""
    return cause, f"{kinds}{also}"


def _also(measured: Sequence[Measured], compared: Sequence[Contrast]) -> tuple[str, ...]:
    """Return what is left where no cache alias can reach: in rw and cured arms."""
    clean = [entry for entry in measured if entry.arm.access == Access.RW.value]
    clean += [part.other for part in compared if part.lever in (CLEAN, FLUSH) and part.cures]
    left = total([entry.tally for entry in clean])
    named = {SPEAKS_FOR[kind].value for kind, number in left.counts.items() if number and kind in SPEAKS_FOR}
    return tuple(sorted(named))
