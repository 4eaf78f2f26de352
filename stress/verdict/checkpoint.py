# SPDX-License-Identifier: MIT
"""Tallies in the record: a resume takes up the last, a report checks each by the bursts before it."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING, Any, Protocol

import stress
from stress.model.record.tally import ArmTallyRecord, TallyRecord
from stress.verdict.tally import Seen, Tally
from stress.verdict.two_clocks import Slip

if TYPE_CHECKING:
    from collections.abc import Iterable

# Bursts from one tally of a record to the next. Source: they are read in 0.07 s where a burst takes
# 67 us, and make a record of 6 MB to which a tally adds 60 KB. Higher: a resume that reads longer;
# lower: a record that grows by what it could be without.
EVERY = 1000
# What the keys of a counter, or the items of a list, are in memory; in the record they are rows.
_ROWS: dict[str, Any] = {"sites": tuple, "draws": tuple, "outcomes": tuple, "seen": Seen._make}
_LISTS: dict[str, Any] = {"samples": tuple, "slips": lambda row: Slip(*row)}


class AddedUp(Protocol):
    """What a tally is made of and gives back; see `stress.verdict.summary.Summing`."""

    bursts: int
    number: int
    end: int
    allocations: int
    streamed_s: float
    evidence: int
    named: set[str]
    tallies: dict[str, Tally]


def due(summing: AddedUp) -> bool:
    """Return whether a tally follows the burst that was added last."""
    return summing.bursts % EVERY == 0


def of(summing: AddedUp) -> TallyRecord:
    """Return the tally of what was added so far."""
    return TallyRecord(
        program=stress.__version__,
        bursts=summing.bursts,
        number=summing.number,
        end=summing.end,
        allocations=summing.allocations,
        streamed_s=summing.streamed_s,
        evidence=summing.evidence,
        named=tuple(sorted(summing.named)),
        arms=tuple(_recorded(tally) for tally in summing.tallies.values()),
    )


def holds(record: TallyRecord, summing: AddedUp) -> bool:
    """Return whether a tally is what was added so far; one of another version may count otherwise."""
    return record.program != stress.__version__ or record == of(summing)


def usable(record: TallyRecord, bursts: int) -> bool:
    """Return whether a tally behind so many bursts can be gone on from."""
    return record.program == stress.__version__ and record.bursts == bursts


def restore(record: TallyRecord, summing: AddedUp) -> None:
    """Have what was added to `summing` be what a tally says."""
    for name in ("bursts", "number", "end", "allocations", "streamed_s", "evidence"):
        setattr(summing, name, getattr(record, name))
    summing.named = set(record.named)
    summing.tallies = {one.arm: _restored(one) for one in record.arms}


def _recorded(tally: Tally) -> ArmTallyRecord:
    values = {one.name: getattr(tally, one.name) for one in dataclasses.fields(Tally)}
    for name in _ROWS:
        values[name] = _sorted((*key, number) for key, number in values[name].items())
    values["samples"] = tuple(tally.samples)
    values["slips"] = tuple((slip.frames, slip.gap) for slip in tally.slips)
    return ArmTallyRecord(**values)


def _sorted(rows: Iterable[tuple[Any, ...]]) -> tuple[tuple[Any, ...], ...]:
    # None is no number, and no text.
    return tuple(sorted(rows, key=lambda row: [str(item) for item in row]))


def _restored(record: ArmTallyRecord) -> Tally:
    values = {one.name: getattr(record, one.name) for one in dataclasses.fields(Tally)}
    for one in dataclasses.fields(Tally):
        value = values[one.name]
        if one.name in _ROWS:
            values[one.name] = Counter({_ROWS[one.name](row[:-1]): row[-1] for row in value})
        elif one.name in _LISTS:
            values[one.name] = [_LISTS[one.name](row) for row in value]
        elif isinstance(value, dict):
            values[one.name] = Counter(value)
    return Tally(**values)
