# SPDX-License-Identifier: MIT
"""One period in memory, played round and round."""

from __future__ import annotations

from stress.model.arrays import Bytes


def repeat(table: Bytes, at: int, out: Bytes) -> None:
    """Fill `out` with `table`, from byte `at` of it on, again and again; allocates nothing.

    Parameters
    ----------
    table : (m,) uint8.
    at : 0 to m - 1.
    out : (n,) uint8.
    """
    done = 0
    while done < out.size:
        count = min(out.size - done, table.size - at)
        out[done : done + count] = table[at : at + count]
        done, at = done + count, 0
