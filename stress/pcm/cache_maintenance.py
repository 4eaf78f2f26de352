# SPDX-License-Identifier: MIT
"""Cache levers that userspace can pull: whole-cache clean+invalidate, cacheflush.

On an ARMv5 kernel a real change of protection over a range larger than
CACHE_DLIMIT (8 to 64 KB) ends in a clean+invalidate of the whole D-cache
(mm/mprotect.c, change_protection_range: flush_cache_range; arch/arm/mm/proc-*.S).
On cores without aliases the same call costs time and does nothing else.
"""

from __future__ import annotations

import mmap
import platform
import sys
from typing import TYPE_CHECKING, Callable

from stress.model.pcm import Lever

if TYPE_CHECKING:
    from stress.pcm.alsa._lib import Libc

# Source: the largest CACHE_DLIMIT is 64 KB (ARM920T), the largest VIVT D-cache
# 128 KB. Higher: more page tables to walk in each pull. Lower: the kernel
# treats the range line by line and the ring's lines stay in the cache.
SCRATCH_BYTES = 512 * 1024
#: __ARM_NR_cacheflush, arch/arm/include/uapi/asm/unistd.h.
ARM_CACHEFLUSH = 0x0F0002
_READ, _READ_WRITE = 1, 3
# sys.maxsize of a program of 32 bits.
_MOST_OF_32_BITS = 2**31 - 1
# With a guard page on either side: without them the kernel would merge the range with a neighbour
# and split it again at every pull.
_GUARDED_BYTES = SCRATCH_BYTES + 2 * mmap.PAGESIZE


def supports(lever: Lever) -> str | None:
    """Return None when this machine has the lever, else the reason."""
    if lever is not Lever.CACHEFLUSH:
        return None
    machine = platform.machine()
    if not machine.startswith(("arm", "aarch64")) or sys.maxsize > _MOST_OF_32_BITS:
        return f"sys_cacheflush exists only for 32-bit ARM programs, this is {machine}"
    return None


class Puller:
    """One lever, ready to be pulled once a period by one thread.

    Attributes
    ----------
    pulled, failed : how often, and how often the system call refused.

    Threads: one per puller; the toggled mapping is its own.
    """

    def __init__(self, lever: Lever, libc: Libc) -> None:
        self.lever = lever
        self.pulled = self.failed = 0
        self._map: mmap.mmap | None = None
        self._turns: tuple[Callable[[], int], Callable[[], int]] | None = None
        self._flush = libc.bind("syscall", ARM_CACHEFLUSH)
        if lever is Lever.CLEAN_INVALIDATE:
            self._map = mmap.mmap(-1, _GUARDED_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            start = libc.address_of(self._map) + mmap.PAGESIZE
            for guard in (start - mmap.PAGESIZE, start + SCRATCH_BYTES):
                libc.bind("mprotect", guard, mmap.PAGESIZE, 0)()
            self._turns = (
                libc.bind("mprotect", start, SCRATCH_BYTES, _READ),
                libc.bind("mprotect", start, SCRATCH_BYTES, _READ_WRITE),
            )

    def pull(self, address: int, size_bytes: int) -> None:
        """Pull once for the range that is about to be committed or read."""
        if self._turns is not None:
            # Each turn changes the flags, so neither is the kernel's early return.
            self.failed += self._turns[self.pulled & 1]() != 0
        else:
            self.failed += self._flush(address, address + size_bytes, 0) != 0
        self.pulled += 1

    def note(self, where: str) -> str:
        """Return what was done, for the record."""
        bad = f", {self.failed} refused by the kernel" if self.failed else ""
        return f"{where}: {self.lever.value} {self.pulled} times{bad}"

    def close(self) -> None:
        """Unmap the scratch range."""
        if self._map is not None:
            self._map.close()
            self._map = self._turns = None
