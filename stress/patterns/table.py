"""One period in memory, played round and round."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]


def repeat(table: Bytes, at: int, out: Bytes) -> None:
    """Fill `out` with `table`, from byte `at` of it on, again and again; allocates nothing."""
    done = 0
    while done < out.size:
        count = min(out.size - done, table.size - at)
        out[done : done + count] = table[at : at + count]
        done, at = done + count, 0
