# SPDX-License-Identifier: MIT
"""From measured arms to a named cause, with its evidence and its certainty."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stress.model.finding import Kind
from stress.model.pcm import Access
from stress.model.transport import COHERENT, VIPT_ALIASING, TransportRecord
from stress.model.verdict import Verdict
from stress.model.words import counted
from stress.verdict import cause as causes
from stress.verdict import contrast, players
from stress.verdict.cause import ALIASES, Cause
from stress.verdict.contrast import CLEAN, FLUSH, RW, VMALLOC, Contrast, Measured
from stress.verdict.judge import judge
from stress.verdict.layers import RING_OF, Layers
from stress.verdict.mechanism import SideMechanism, mechanisms
from stress.verdict.suspects import NOTHING_KNOWN, Context, cause_of, reasons, votes
from stress.verdict.tally import total
from stress.verdict.trend import trends
from stress.verdict.two_clocks import two_clocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stress.verdict.tally import Tally


# Losses that a second clock makes as well.
_LOSSES = (Cause.USB_LOSS, Cause.LOSS, Cause.DMA_POSITION, Cause.ALOOP_TIMER)


@dataclass(frozen=True)
class Diagnosis:
    """The named cause.

    Parameters
    ----------
    sides : mechanism per side where the cause is a cache alias.
    evidence : what it rests on, one line each.
    also : other causes seen, in words.
    dispersion : index of dispersion of corrupted stretches per tile, by base arm.
    layer : view in which what speaks for the cause first appears, "" without a tap.
    carries : what carries the sound.
    """

    cause: Cause
    sides: tuple[SideMechanism, ...]
    evidence: tuple[str, ...]
    also: tuple[str, ...]
    dispersion: tuple[tuple[str, float], ...] = ()
    layer: str = ""
    carries: TransportRecord = TransportRecord()

    @property
    def advice(self) -> str:
        """What to do."""
        return causes.advice(self.cause, self.carries)

    @property
    def against(self) -> str:
        """What would change the mind."""
        return causes.against(self.cause)

    @property
    def players(self) -> tuple[str, ...]:
        """What it means for common programs, one line each; none where rw access suffers as well."""
        return players.lines() if self.cause in ALIASES else ()

    def headline(self) -> str:
        """Return the cause, with sides and mechanisms, in one line."""
        if not self.sides:
            return f"{self.cause.value} ({self.layer})" if self.layer else self.cause.value
        return f"{self.cause.value}: " + "; ".join(side.text() for side in self.sides)

    def short(self) -> str:
        """Return the cause in a few words: with its sides, without the codes of mechanisms."""
        sides = " and ".join(dict.fromkeys(str(side.side) for side in self.sides))
        return f"{self.cause.value}, {sides}" if sides else self.headline()

    def to_json(self) -> dict[str, Any]:
        """Return the diagnosis as a JSON object."""
        return {
            "cause": self.cause.value,
            "headline": self.headline(),
            "layer": self.layer,
            "transport": self.carries.kind,
            "sides": [side.to_json() for side in self.sides],
            "evidence": list(self.evidence),
            "also": list(self.also),
            "dispersion": dict(self.dispersion),
            "advice": self.advice,
            "against": self.against,
            "players": list(self.players),
        }


def diagnose(measured: Sequence[Measured], bound: float, context: Context = NOTHING_KNOWN) -> Diagnosis:
    """Name the cause of what the arms found.

    Parameters
    ----------
    bound : 95 % bound on wrong lines per line that "not reproduced" needs.
    context : what carries the sound, and the form of the findings.
    """
    found = _named(measured, bound, context)
    evidence = (*found.evidence, *trends(measured))
    found = dataclasses.replace(found, evidence=evidence, carries=context.carries)
    indices = contrast.dispersions(measured)
    if not indices:
        return found
    values = ", ".join(f"{arm} {index:.3g}" for arm, index in indices)
    what = "index of dispersion of corrupted stretches per tile (1: independent)"
    line = f"{what}: {values}; so episodes are compared"
    return dataclasses.replace(found, dispersion=indices, evidence=(*found.evidence, line))


def _named(measured: Sequence[Measured], bound: float, context: Context) -> Diagnosis:
    whole = total([entry.tally for entry in measured])
    if not whole.found:
        return _nothing_found(measured, bound, context)
    compared = contrast.contrasts(measured)
    layers = Layers.of(measured, context)
    shown = mechanisms(measured, compared)
    alias = _aliases(shown, layers)
    how: tuple[str, ...] = ()
    hidden = [] if alias else _by_old_data(measured, context)
    if hidden:
        counted_old = contrast.contrasts(hidden)
        alias = _aliases(mechanisms(hidden, counted_old), layers)
        shown, compared, how = (shown, counted_old, (_OLD_ONLY,)) if alias else (shown, compared, how)
    evidence = [part.text() for part in compared if part.cures or part.lever in (RW, CLEAN, VMALLOC)]
    seen = (*layers.lines(), *_against_the_arms(shown, layers))
    if alias:
        sides = tuple(dataclasses.replace(part, proven=True) for part in alias)
        lines = [line for side in alias for line in side.evidence]
        layer = " and ".join(RING_OF[side.side] for side in alias if layers.in_ring(side.side))
        also = tuple(sorted({*_also(measured, compared, context), *layers.beyond()}))
        cause, why = _of_two_mappings(context.carries)
        sides = sides if cause in ALIASES else ()
        return Diagnosis(cause, sides, (*why, *lines, *seen, *how, *evidence), also, layer=layer)
    cause, kinds = _from_kinds(measured, layers, context)
    forms = reasons(cause, context) if cause is not Cause.CANNOT_TELL else []
    return Diagnosis(cause, (), (kinds, *forms, *seen, *evidence), (), layer=layers.named(cause))


_OLD_ONLY = "other damage is in every arm, so the contrasts count episodes of old data only"


def _aliases(shown: Sequence[SideMechanism], layers: Layers) -> list[SideMechanism]:
    return [
        part for part in shown if not layers.vetoes(part.side) and (part.proven or layers.proves(part.side))
    ]


def _by_old_data(measured: Sequence[Measured], context: Context) -> list[Measured]:
    # The arms with what was whole laps old as their episodes, where other damage hides it; nothing elsewhere.
    bins = context.symptoms.old_bins
    if not bins or not _elsewhere(measured):
        return []
    return [
        dataclasses.replace(one, tally=dataclasses.replace(one.tally, episodes=bins[one.arm.name]))
        for one in measured
    ]


def _of_two_mappings(carries: TransportRecord) -> tuple[Cause, list[str]]:
    # What was proven: one mapping of the ring is older than the other. Which cause that is, the core says.
    if carries.indexing == VIPT_ALIASING:
        colours = f" ({carries.colours} colours)" if carries.colours > 1 else ""
        return Cause.COLOUR_ALIAS, [
            f"{carries.core}: its D-cache is indexed by virtual address{colours}; a ring is wholly wrong or "
            "wholly right, as its pages were drawn"
        ]
    if carries.indexing != COHERENT:
        return Cause.CACHE_ALIAS, []
    if carries.snooped:
        return Cause.LOST_LAPS, [f"{carries.core}: no cache of this machine can hold an older copy"]
    return Cause.DRIVER_MMAP, [
        f"{carries.core}: its D-cache keeps one copy of a line, so the mappings differ in being cached"
    ]


def _against_the_arms(shown: Sequence[SideMechanism], layers: Layers) -> list[str]:
    # Where arms and wire differ, the reader is told which one decided.
    text = []
    for part in shown:
        if part.proven and layers.vetoes(part.side):
            text.append(
                f"{part.side}: the arms point to a cache alias, the wire does not: the ring was right; "
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


def _nothing_found(measured: Sequence[Measured], bound: float, context: Context) -> Diagnosis:
    whole = total([entry.tally for entry in measured])
    judged = judge(whole, bound)
    symptoms = context.symptoms
    silent = bool(symptoms.silent) and 2 * symptoms.silent >= symptoms.bursts
    if silent and symptoms.out_frames and not symptoms.out_wrong:
        # The pointers moved, what the host sent is right, and nothing but zeros came back.
        text = f"all {symptoms.out_frames} frames handed over were right, and the capture holds zeros only"
        return Diagnosis(Cause.NOTHING_ARRIVES, (), (text, *reasons(Cause.NOTHING_ARRIVES, context)), ())
    # An xrun now and then is no cause; one in every second burst leaves nothing to judge.
    starved = 0 < whole.bursts <= 2 * whole.xruns and judged.verdict is not Verdict.PASS
    if whole.transport or starved:
        starving = f"{counted(whole.xruns, 'xrun')} in {counted(whole.bursts, 'burst')}"
        return Diagnosis(Cause.XRUN, (), (starving, *judged.reasons), ())
    cause = Cause.NOT_REPRODUCED if judged.verdict is Verdict.PASS else Cause.CANNOT_TELL
    return Diagnosis(cause, (), judged.reasons, ())


def _from_kinds(measured: Sequence[Measured], layers: Layers, context: Context) -> tuple[Cause, str]:
    whole = total([entry.tally for entry in measured])
    # By layer and kind where a tap looked, else by kind alone.
    found = layers.votes() or votes(whole.counts, context)
    if not found:
        return Cause.CANNOT_TELL, f"{whole.found} corrupted stretches of no known kind"
    # A flipped bit now and then beside lost packets is the smaller part of the story.
    cause = max(found, key=lambda entry: found[entry])
    clocks = two_clocks(whole.slips)
    if cause in _LOSSES and (whole.counts.get(Kind.RESAMPLE.value) or clocks):
        cause = Cause.CLOCK
    if cause is Cause.DMA_STALE and not layers.votes() and _unproven(measured, whole):
        rw = "none of them with rw access" if layers.rw_bursts else "no arm had rw access"
        proof = (
            "other damage hides the contrasts"
            if _elsewhere(measured)
            else "too few to prove it by the contrasts"
        )
        return Cause.CANNOT_TELL, (
            f"{whole.counts[Kind.STALE.value]} runs are whole laps old, as a cache alias leaves them, "
            f"{rw}; {proof}"
        )
    kinds = ", ".join(f"{number} {kind}" for kind, number in whole.counts.most_common())
    in_rw = sum(entry.tally.found for entry in measured if entry.arm.access == Access.RW.value)
    also = f"; {in_rw} of them with rw access" if in_rw else ""
    # On a core that snoops nobody thought of a cache.
    also += ", which no cache alias reaches" if in_rw and not context.carries.snooped else ""
    return cause, f"{kinds}{also}{f'; {clocks}' if cause is Cause.CLOCK and clocks else ''}"


def _unproven(measured: Sequence[Measured], whole: Tally) -> bool:
    # Stale DMA comes with rw access as well, and keeps to no lap of a ring.
    if 2 * whole.counts[Kind.STALE.value] <= whole.found:
        return False
    by_rw = [entry.tally for entry in measured if entry.arm.access == Access.RW.value]
    return not any(tally.counts[Kind.STALE.value] for tally in by_rw)


def _elsewhere(measured: Sequence[Measured]) -> bool:
    return any(entry.tally.found for entry in measured if entry.arm.access == Access.RW.value)


def _also(measured: Sequence[Measured], compared: Sequence[Contrast], context: Context) -> tuple[str, ...]:
    """Return what is left where no cache alias can reach: in rw and cured arms."""
    clean = [entry for entry in measured if entry.arm.access == Access.RW.value]
    clean += [part.other for part in compared if part.lever in (CLEAN, FLUSH, VMALLOC) and part.cures]
    left = total([entry.tally for entry in clean])
    named = {cause_of(kind, context) for kind, number in left.counts.items() if number}
    return tuple(sorted(cause.value for cause in named - {Cause.CANNOT_TELL}))
