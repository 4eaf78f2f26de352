# SPDX-License-Identifier: MIT
"""Where the kernel has the rings of its sound drivers: /proc/vmallocinfo.

Only root may read it. With kernel.kptr_restrict=0 the addresses are hashed and say
nothing of the page colour; they are hidden with 2.

Source: mm/vmalloc.c, vmalloc_info_show; sound/core/memalloc.c, snd_dma_vmalloc_alloc.
"""

from __future__ import annotations

import re
from pathlib import Path

from stress.board.text import text_of

VMALLOCINFO = Path("/proc/vmallocinfo")
_AREA = re.compile(r"^0x([0-9a-f]+)-0x([0-9a-f]+)\s+(\d{1,9})\s+(\S*snd_\S+).*\bvmalloc\b", re.MULTILINE)
_PAGE_BYTES = 4096


def ring_addresses(size_bytes: int, path: Path = VMALLOCINFO) -> tuple[int, ...]:
    """Return where areas of a sound driver begin that hold a ring of `size_bytes`.

    Several rings of one size are several addresses: which is whose is not told. Empty
    where the file may not be read or its addresses are hashed.
    """
    found = []
    for start, end, size, _ in _AREA.findall(text_of(path)):
        begin, length = int(start, 16), int(size)
        # The size has a guard page in it; a hashed address is no multiple of a page, nor is its end.
        real = begin and begin % _PAGE_BYTES == 0 and int(end, 16) - begin == length
        if real and size_bytes <= length <= size_bytes + 2 * _PAGE_BYTES:
            found.append(begin)
    return tuple(found)
