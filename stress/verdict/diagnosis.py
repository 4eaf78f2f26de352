"""From measured arms to a named cause, with its evidence and its certainty."""

from __future__ import annotations

import dataclasses
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stress.model.finding import Kind
from stress.model.pcm import Access
from stress.model.verdict import Verdict
from stress.verdict import contrast
from stress.verdict.cause import ADVICE, AGAINST, SPEAKS_FOR, Cause
from stress.verdict.contrast import CLEAN, FLUSH, RW, Contrast, Measured
from stress.verdict.judge import judge
from stress.verdict.layers import RING_OF, Layers
from stress.verdict.mechanism import Mechanism, mechanisms
from stress.verdict.tally import total
from stress.verdict.trend import trends
from stress.verdict.two_clocks import two_clocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stress.verdict.tally import Tally


@dataclass(frozen=True)
class Diagnosis:
    """The named cause.

    Parameters
    ----------
    sides : mechanism per side where the cause is a cache alias.
    evidence : what it rests on, one line each.
    also : other causes seen, in words.
    dispersion : index of dispersion of wrong runs per tile, by base arm.
    layer : view in which what speaks for the cause first appears, "" without a tap.
    """

    cause: Cause
    sides: tuple[Mechanism, ...]
    evidence: tuple[str, ...]
    also: tuple[str, ...]
    dispersion: tuple[tuple[str, float], ...] = ()
    layer: str = ""

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
            return f"{self.cause.value} ({self.layer})" if self.layer else self.cause.value
        return f"{self.cause.value}: " + "; ".join(side.text() for side in self.sides)

    def to_json(self) -> dict[str, Any]:
        """Return the diagnosis as a JSON object."""
        return {
            "cause": self.cause.value,
            "headline": self.headline(),
            "layer": self.layer,
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
    found = dataclasses.replace(found, evidence=(*found.evidence, *trends(measured)))
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
    layers = Layers.of(measured)
    shown = mechanisms(measured, compared)
    alias = [
        part for part in shown if not layers.vetoes(part.side) and (part.proven or layers.proves(part.side))
    ]
    evidence = [part.text() for part in compared if part.cures or part.lever in (RW, CLEAN)]
    seen = (*layers.lines(), *_against_the_arms(shown, layers))
    if alias:
        sides = tuple(dataclasses.replace(part, proven=True) for part in alias)
        lines = [line for side in alias for line in side.evidence]
        layer = " and ".join(RING_OF[side.side] for side in alias if layers.in_ring(side.side))
        also = tuple(sorted({*_also(measured, compared), *layers.beyond()}))
        return Diagnosis(Cause.CACHE_ALIAS, sides, (*lines, *seen, *evidence), also, layer=layer)
    cause, why = _from_kinds(measured, layers)
    return Diagnosis(cause, (), (why, *seen, *evidence), (), layer=layers.named(cause))


def _against_the_arms(shown: Sequence[Mechanism], layers: Layers) -> list[str]:
    # Where arms and wire differ, the reader is told which one decided.
    text = []
    for part in shown:
        if part.proven and layers.vetoes(part.side):
            text.append(
                f"{part.side}: the arms speak for a cache alias, the wire against it: the ring was right; "
                "the wire decides"
            )
        elif not part.proven and layers.proves(part.side):
            number = layers.in_ring(part.side)
            rw = "none with rw access" if layers.rw_bursts else "no arm had rw access"
            text.append(
                f"{part.side}: the arms alone prove nothing, the wire does: {number} runs of old data in the "
                f"{RING_OF[part.side]}, {rw}"
            )
    return text


def _nothing_found(measured: Sequence[Measured], bound: float) -> Diagnosis:
    whole = total([entry.tally for entry in measured])
    judged = judge(whole, bound)
    # An xrun now and then is no cause; one in every second burst leaves nothing to judge.
    starved = 2 * whole.xruns >= whole.bursts and judged.verdict is not Verdict.PASS
    if whole.transport or starved:
        counted = f"{whole.xruns} xruns in {whole.bursts} bursts"
        return Diagnosis(Cause.XRUN, (), (counted, *judged.reasons), ())
    cause = Cause.NOT_REPRODUCED if judged.verdict is Verdict.PASS else Cause.CANNOT_TELL
    return Diagnosis(cause, (), judged.reasons, ())


def _from_kinds(measured: Sequence[Measured], layers: Layers) -> tuple[Cause, str]:
    whole = total([entry.tally for entry in measured])
    # By layer and kind where a tap looked, else by kind alone.
    votes = layers.votes() or _votes(whole)
    if not votes:
        return Cause.CANNOT_TELL, f"{whole.found} wrong runs of no known kind"
    # A flipped bit now and then beside lost packets is the smaller part of the story.
    cause = max(votes, key=lambda entry: votes[entry])
    clocks = two_clocks(whole)
    if cause is Cause.USB_LOSS and (whole.counts.get(Kind.RESAMPLE.value) or clocks):
        cause = Cause.CLOCK
    if cause is Cause.DMA_STALE and not layers.votes() and _unproven(measured, whole):
        rw = "none of them with rw access" if layers.rw_bursts else "no arm had rw access"
        return Cause.CANNOT_TELL, (
            f"{whole.counts[Kind.STALE.value]} runs are whole laps old, as a cache alias leaves them, "
            f"{rw}; too few to prove it by the contrasts"
        )
    kinds = ", ".join(f"{number} {kind}" for kind, number in whole.counts.most_common())
    in_rw = sum(entry.tally.found for entry in measured if entry.arm.access == Access.RW.value)
    also = f"; {in_rw} of them with rw access, which no cache alias reaches" if in_rw else ""
    return cause, f"{kinds}{also}{f'; {clocks}' if cause is Cause.CLOCK and clocks else ''}"


def _unproven(measured: Sequence[Measured], whole: Tally) -> bool:
    # Stale DMA comes with rw access as well, and keeps to no lap of a ring.
    if 2 * whole.counts[Kind.STALE.value] <= whole.found:
        return False
    by_rw = [entry.tally for entry in measured if entry.arm.access == Access.RW.value]
    return not any(tally.counts[Kind.STALE.value] for tally in by_rw)


def _votes(whole: Tally) -> Counter[Cause]:
    votes: Counter[Cause] = Counter()
    for kind, number in whole.counts.items():
        if kind in SPEAKS_FOR:
            votes[SPEAKS_FOR[kind]] += number
    return votes


def _also(measured: Sequence[Measured], compared: Sequence[Contrast]) -> tuple[str, ...]:
    """Return what is left where no cache alias can reach: in rw and cured arms."""
    clean = [entry for entry in measured if entry.arm.access == Access.RW.value]
    clean += [part.other for part in compared if part.lever in (CLEAN, FLUSH) and part.cures]
    left = total([entry.tally for entry in clean])
    named = {SPEAKS_FOR[kind].value for kind, number in left.counts.items() if number and kind in SPEAKS_FOR}
    return tuple(sorted(named))
