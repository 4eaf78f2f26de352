# SPDX-License-Identifier: MIT
"""What was loaded beside the ring in one burst, line by line, as a footprint of that burst alone.

The footprints of configs/footprints stand for any burst of a kernel. In a cache of few
sets two or three lines decide whether a set keeps the ring, and they differ from burst
to burst: drivers allocate anew, stacks lie elsewhere, a shorter period wakes more often.
"""

from __future__ import annotations

import collections
from collections.abc import Iterable, Mapping

from tools.labkit import footprint
from tools.labkit.emulator_log import Touched, Touching

# 256 MB of linear map and a gap of 8 MB. Source: Linux arch/arm/include/asm/pgtable.h:VMALLOC_START.
_VMALLOC = 0xD0800000
_PAGE, _PAGE_LINES = 4096, 4096 // footprint.PLACE_BYTES
# A page of vmalloc of which so many lines were loaded from is a ring behind read/write access, not a stack.
_RING_LINES = _PAGE_LINES * 3 // 4


def others(lines: Iterable[Touched]) -> list[Touched]:
    """Return the lines that are not of a ring behind read/write access: a model has those itself."""
    lines = list(lines)
    pages = collections.Counter(line.va // _PAGE for line in lines if line.va >= _VMALLOC)
    rings = {page for page, count in pages.items() if count >= _RING_LINES}
    return [line for line in lines if line.va // _PAGE not in rings]


def rows(touching: Touching) -> list[list[int]]:
    """Return the rows of a footprint's `ms`: place, then in how many of 1000 ms each line was loaded.

    Lines rarer than `footprint.LEAST` come in bunches, at a start or a stop, and are left out
    as there. A line counts once a millisecond, however often it is displaced in it.
    """
    ms = max(1, touching.streamed_ms)
    rates = {line.va: min(1.0, (line.kernel + line.user) / ms) for line in others(touching.lines)}
    return footprint.rows({va: rate for va, rate in rates.items() if rate >= footprint.LEAST})


def toml(title: str, load: Iterable[list[int]], wakes_per_ms: float = 0.0) -> str:
    """Return a footprint file of these rows.

    Parameters
    ----------
    wakes_per_ms : where one timer wakes both threads, how often [1/ms]: what is
        loaded once each time is theirs, as in `footprint.fit`; else all is loaded
        evenly.
    """
    keyed = {(row[0], at): rate / footprint.PER_MILLE for row in load for at, rate in enumerate(row[1:])}
    ms, call = footprint.timed(keyed, wakes_per_ms)
    return f'title = "{title}"\nms = [{_rows(ms)}]\ncall = [{_rows(call)}]\n'


def _rows(keyed: Mapping[tuple[int, int], float]) -> str:
    places: dict[int, list[int]] = collections.defaultdict(list)
    for (place, _), rate in keyed.items():
        places[place].append(round(footprint.PER_MILLE * rate))
    return " ".join(f"[{', '.join(map(str, (place, *rates)))}]," for place, rates in places.items())
