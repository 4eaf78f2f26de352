# SPDX-License-Identifier: MIT
"""A path that was found, with what makes it of the pattern; or why none was."""

from __future__ import annotations

from dataclasses import dataclass

from stress.detect.path.bitmap import BitMap
from stress.detect.path.forward import Forward
from stress.detect.path.wires import Named
from stress.model.path import Path


@dataclass(frozen=True)
class Estimate:
    """A path and what is needed to make, from the pattern, what it gives.

    Parameters
    ----------
    path : in numbers.
    position : of the pattern at captured frame 0 (mod 2^32).
    forward : arithmetic per captured channel, none where the path is a wiring or not known.
    wires : the wiring, None where it is arithmetic.
    named : of the wiring.
    encoding : of the samples that the arithmetic gives, see `stress.detect.path.recoded`.
    kept : bits of each sample that were played, 0 for all, see `Sources`.
    """

    path: Path
    position: int
    forward: tuple[Forward, ...] = ()
    wires: BitMap | None = None
    named: Named | None = None
    encoding: str = ""
    kept: int = 0


@dataclass(frozen=True)
class Nothing:
    """Why no path can be named, in one sentence, and a word for it."""

    what: str
    why: str
