# SPDX-License-Identifier: MIT
"""What a cache model says of every delivered load."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from stress.model.arrays import Flags, Ints


class DeliveryWitness(Protocol):
    """Answer what else was where at the instant of a delivery."""

    def memory_word(self, delivery: Ints, word: Ints) -> Ints:
        """Return what memory held in that word of the delivered line; all (n,) int64."""

    def alias_word(self, delivery: Ints, word: Ints, alias: int) -> Ints:
        """Return what the alias's resident line held, -1 where none was; all (n,) int64."""


@dataclass(frozen=True)
class Deliveries:
    """Hold the delivered loads of one trace, in time order.

    Values are stream positions in words plus 1; 0 is the zero of hw_params.

    Parameters
    ----------
    row : (d,) int64: which row of the trace's shared columns.
    values : (d, line_words) int64: what the load saw of the whole line; only
        its words [lo, hi) were delivered.
    hit : (d,) bool: whether the line was resident.
    fill_flags, fill_value : (d,) int64: flags of the access that filled the
        line, and the value that access expected in word 0 of it.
    witness : answers questions about that instant.
    """

    row: Ints
    values: Ints
    hit: Flags
    fill_flags: Ints
    fill_value: Ints
    witness: DeliveryWitness
