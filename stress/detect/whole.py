"""A burst that is right, checked by one search and one memcmp."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stress.detect.same import memory
from stress.model.finding import Analysis
from stress.patterns.word import Pattern

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

# Bytes of the pattern searched for by the fast path. Source: 2^-512 by chance.
# Higher: shorter bursts take the slow path; lower: chance hits cost a comparison.
KEY_BYTES = 64


def all_right(
    captured: Bytes, expected: Bytes, pattern: Pattern, first_position: int, limit: int | None
) -> Analysis | None:
    """Return the analysis of a right burst, None when it needs a closer look."""
    size, compare = pattern.frame_bytes, memory()
    due = expected if limit is None else expected[: limit * size]
    at = compare.find(captured, due[:KEY_BYTES]) if due.size >= KEY_BYTES else None
    if at is None or at % size:
        return None
    length = min(captured.size - at, due.size)
    if not compare.same(captured[at : at + length], due[:length]):
        return None
    return Analysis(
        "exact",
        True,
        captured.size // size,
        length // size,
        at // size,
        first_position,
        valid_bits=pattern.fmt.bits,
    )
