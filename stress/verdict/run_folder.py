# SPDX-License-Identifier: MIT
"""The record in the folder of a run, added up: all of it, or for a resume from its last tally on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stress.errors import CaptureFileError
from stress.record.journal import NAME
from stress.record.reader import Reading
from stress.record.tail import read_tail
from stress.verdict import checkpoint
from stress.verdict.summary import Summing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stress.model.record.events import Event


def read(folder: Path, watch: Callable[[Summing, Event], None] | None = None) -> Summing:
    """Return the events of the run in `folder`, added up.

    Parameters
    ----------
    watch : called with each event once it is added, for what is counted beside.

    Raises
    ------
    CaptureFileError : no record, or one that is damaged; the message says where.
    """
    reading, summing = Reading(folder), Summing()
    for event in reading:
        _added(summing, event, folder)
        if watch is not None:
            watch(summing, event)
    summing.torn, summing.torn_arm = reading.torn, reading.torn_arm
    summing.unnamed = _unnamed(folder, summing)
    return summing


def read_to_resume(folder: Path) -> Summing:
    """Return what the run in `folder` adds up to as far as a resume needs it: tallies, position, loopback.

    The last tally of the record is taken at its word once the chain of digests is known to hold
    over every line; a report counts the bursts themselves. Without one the whole record is read.

    Raises
    ------
    CaptureFileError : no record, or one that is damaged; the message says where.
    """
    tail = read_tail(folder)
    if tail is None or not checkpoint.usable(tail.tally, tail.bursts):
        return read(folder)
    summing = Summing(start=tail.start, loopback=tail.loopback, torn=tail.torn)
    checkpoint.restore(tail.tally, summing)
    for event in tail.events:
        _added(summing, event, folder)
    summing.unnamed = _unnamed(folder, summing)
    return summing


def _added(summing: Summing, event: Event, folder: Path) -> None:
    try:
        summing.add(event)
    except (ValueError, IndexError) as error:
        raise CaptureFileError(str(folder / NAME), f"{event.event}: crc32: {error}") from None


def _unnamed(folder: Path, summing: Summing) -> tuple[str, ...]:
    kept = sorted(path.name for path in (folder / "evidence").glob("*.json"))
    return tuple(name for name in kept if name not in summing.named)
