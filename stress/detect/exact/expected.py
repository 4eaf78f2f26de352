# SPDX-License-Identifier: MIT
"""What a capture is held against: the pattern that was played, and the rings it went through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stress.detect.exact.findings import CAP

if TYPE_CHECKING:
    from stress.model.ring import Rings
    from stress.patterns.word import Pattern


@dataclass(frozen=True)
class Expected:
    """What is expected of a capture.

    Parameters
    ----------
    pattern : what was played.
    rings : sizes of both rings and where capture and pattern start in them.
    first_position : of the first frame played, None where it is not known.
    played_limit : frames of the pattern that were due [frames]; later ones are
        neither judged nor counted. None where it is not known.
    line_bytes : cache line of the board [bytes].
    cap : findings kept in full; counts go on past it.
    """

    pattern: Pattern
    rings: Rings
    first_position: int | None = None
    played_limit: int | None = None
    line_bytes: int = 32
    cap: int = CAP
