# SPDX-License-Identifier: MIT
"""How a stale copy of a ring line comes about: the name of each mechanism, once."""

from __future__ import annotations

from enum import Enum


class Mechanism(str, Enum):
    """Why a load of the ring delivers the wrong words; P is playback, C capture."""

    P1 = "P1"  #: the kernel reads stale lines of an earlier lap; the player only stores
    P2 = "P2"  #: user lines are dirty (they were read first), the kernel reads memory
    P3 = "P3"  #: a commit ends inside a line; the kernel reads the rest of it too early
    PZ = "PZ"  #: the kernel's lines still hold the zeros that hw_params wrote
    C1 = "C1"  #: the user reads lines that were cached in an earlier lap
    C2 = "C2"  #: a read ended inside a line; its tail was cached before it was written
    C3 = "C3"  #: the kernel's lines are dirty (write-allocate cache), the user reads memory
    CT = "CT"  #: the user touched lines ahead of hw_ptr

    @property
    def words(self) -> str:
        """The mechanism in a few words, for reports."""
        return _WORDS[self]


_WORDS = {
    Mechanism.P1: "the kernel reads stale lines",
    Mechanism.P2: "user lines are dirty, the kernel reads memory",
    Mechanism.P3: "commits end inside a line",
    Mechanism.PZ: "the kernel's lines hold zeros of hw_params",
    Mechanism.C1: "the user reads stale lines",
    Mechanism.C2: "reads end inside a line",
    Mechanism.C3: "kernel lines are dirty, the user reads memory",
    Mechanism.CT: "the user touched lines ahead of hw_ptr",
}
