# SPDX-License-Identifier: MIT
"""What was loaded beside the ring in one burst, line by line, as a footprint of that burst alone.

The footprints of configs/footprints leave out lines that are rarer than a fortieth of
the milliseconds: they stand for any burst. In a cache of few sets one such line
decides whether a set keeps the ring; here none is left out.
"""

from __future__ import annotations

import collections
from collections.abc import Iterable

from tools.labkit import footprint
from tools.labkit.emulator_log import Touched, Touching

# Linux's 3G/1G split: modules begin here, user addresses end.
_KERNEL_BASE = 0xBF000000
# 256 MB of linear map and a gap of 8 MB. Source: Linux arch/arm/include/asm/pgtable.h:VMALLOC_START.
_VMALLOC = 0xD0800000
_PAGE, _PAGE_LINES = 4096, 4096 // footprint.PLACE_BYTES
# A stream passes its own buffer once, in a millisecond or at the edge of two.
_PASSED_MS = 2
# A page of vmalloc of which so many lines were loaded from is a ring behind read/write access, not a stack.
_RING_LINES = _PAGE_LINES * 3 // 4


def others(lines: Iterable[Touched]) -> list[Touched]:
    """Return the lines that no model has itself: neither of a ring nor of the stream's own buffer."""
    lines = list(lines)
    pages = collections.Counter(line.va // _PAGE for line in lines if line.va >= _VMALLOC)
    rings = {page for page, count in pages.items() if count >= _RING_LINES}
    return [
        line
        for line in lines
        if line.va // _PAGE not in rings and (line.va >= _KERNEL_BASE or line.kernel + line.user > _PASSED_MS)
    ]


def rows(touching: Touching) -> list[list[int]]:
    """Return the rows of a footprint's `ms`: place, then in how many of 1000 ms each line was loaded.

    A line that was filled in more than that many was loaded from, displaced and
    loaded again within one: it counts as often as it was filled.
    """
    ms = max(1, touching.streamed_ms)
    return footprint.rows(
        {
            line.va: max(0.001, line.kernel / ms + line.user / ms, line.fills / ms)
            for line in others(touching.lines)
        }
    )


def toml(title: str, ms: Iterable[list[int]]) -> str:
    """Return a footprint file whose only part is what each millisecond loads."""
    words = " ".join(f"[{', '.join(map(str, row))}]," for row in ms)
    return f'title = "{title}"\nms = [{words}]\n'
