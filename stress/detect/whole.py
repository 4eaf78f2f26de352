"""A burst that is right, checked by one search and one memcmp."""

from __future__ import annotations

from ctypes import addressof
from typing import TYPE_CHECKING

from stress.detect.same import address, from_buffer, memory
from stress.model.finding import Analysis
from stress.patterns.word import Pattern

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

# Bytes of the pattern searched for by the fast path. Source: 2^-512 by chance.
# Higher: shorter bursts take the slow path; lower: chance hits cost a comparison.
KEY_BYTES = 64

_LIBC = memory()


def all_right(
    captured: Bytes, expected: Bytes, pattern: Pattern, first_position: int, limit: int | None
) -> Analysis | None:
    """Return the analysis of a right burst, None when it needs a closer look.

    Parameters
    ----------
    captured, expected : (n,) uint8, C-contiguous; ValueError where they are not.
    limit : frames of `expected` that were due, None for all [frames].
    """
    size, total, due = pattern.frame_bytes, captured.nbytes, expected.nbytes
    if limit is not None and limit * size < due:
        due = limit * size
    if due < KEY_BYTES:
        return None
    # After a burst the caches hold samples: each call more is cold code, 1 us from memory.
    try:
        begin, wanted = addressof(from_buffer(captured)), addressof(from_buffer(expected))
    except (TypeError, ValueError):
        begin, wanted = address(captured), address(expected)
    at = _LIBC.memmem(begin, total, wanted, KEY_BYTES)
    if at is None:
        return None
    lead, length = at - begin, begin + total - at
    if length > due:
        length = due
    if lead % size or _LIBC.memcmp(at, wanted, length):
        return None
    return Analysis.clean(
        "exact", total // size, length // size, lead // size, first_position, pattern.fmt.bits
    )
