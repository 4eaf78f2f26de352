# SPDX-License-Identifier: MIT
"""Inside the guest: the model's counters and marks, through its CP15 registers.

Python has no coprocessor instructions, so two of them are put into a page of
code. On stock QEMU and on hardware they are undefined and end in SIGILL.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence

# The order of vivt.c; the log prints the same names.
COUNTERS = (
    "ns",
    "user_loads",
    "kernel_loads",
    "user_stores",
    "kernel_stores",
    "user_fills",
    "kernel_fills",
    "user_ring_fills",
    "kernel_ring_fills",
    "store_misses",
    "evictions",
    "written_back",
    "whole_ops",
    "line_ops",
    "stale_user",
    "stale_kernel",
    "stale_linear",
    "stale_user_bytes",
    "stale_kernel_bytes",
    "incoherent",
    "tracked",
    "unlogged",
    "instructions",
    "user_uncached",
    "kernel_uncached",
)
# op2 of c15, c14: see tools/vivt-qemu/README.md. Read and written, they are different registers.
_NUMBER, _LOW, _HIGH = 5, 6, 7
_MODE, _RESET, _MARK, _DECLARE, _SELECT, _END = 0, 1, 4, 5, 6, 7
#: Values of the mode: no cache, and every cacheable access through it.
OFF, FULL = 0, 3
_WRITTEN = (_MODE, _RESET, _MARK, _DECLARE, _SELECT, _END)
_BX_LR = 0xE12FFF1E
# ARM Linux cacheflush(2): instruction fetches see memory, not this write's line.
_SYS_CACHEFLUSH = 0x0F0002
_PAGE = 4096


class Model:
    """The emulator's data cache, as seen from a program in the guest.

    Raises OSError where the machine is no ARM guest. Threads: one at a time, the
    selected counter is shared by the whole guest.
    """

    def __init__(self) -> None:
        if not platform.machine().startswith("arm"):
            raise OSError(f"no ARM guest: {platform.machine()}")
        self._code = mmap.mmap(-1, _PAGE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        self._base = ctypes.addressof(ctypes.c_char.from_buffer(self._code))
        self._read = {op2: self._function(2 * op2, 0xEE1F0F1E, op2) for op2 in (_NUMBER, _LOW, _HIGH)}
        self._write = {op2: self._function(16 + 2 * op2, 0xEE0F0F1E, op2) for op2 in _WRITTEN}
        ctypes.CDLL(None).syscall(_SYS_CACHEFLUSH, self._base, self._base + _PAGE, 0)
        if self._read[_NUMBER](0) != len(COUNTERS):
            raise OSError(f"the emulator has {self._read[_NUMBER](0)} counters, not {len(COUNTERS)}")

    def _function(self, word: int, instruction: int, op2: int) -> Callable[[int], int]:
        code = (instruction | op2 << 5).to_bytes(4, "little") + _BX_LR.to_bytes(4, "little")
        self._code[4 * word : 4 * word + 8] = code
        return ctypes.CFUNCTYPE(ctypes.c_uint32, ctypes.c_uint32)(self._base + 4 * word)

    def mark(self, value: int) -> None:
        """Write a line with this 32-bit value into the emulator's log."""
        self._write[_MARK](value)

    def declare(self, address: int, size_bytes: int) -> None:
        """Judge and count every access to a ring's pages, however they are mapped.

        Parameters
        ----------
        address : of the ring in this process, present in its page table.
        """
        for at in range(address & -_PAGE, address + size_bytes, _PAGE):
            self._write[_DECLARE](at)

    def end_declarations(self) -> None:
        """Judge rings again only where two cached mappings of one page are seen."""
        self._write[_END](0)

    def switch(self, mode: int) -> None:
        """Switch the cache to `OFF` or `FULL`; it is written back and emptied first."""
        self._write[_MODE](mode)

    def reset(self) -> None:
        """Set all counters to zero."""
        self._write[_RESET](0)

    def counters(self) -> dict[str, int]:
        """Return all counters by name; ``ns`` is virtual time since the reset [ns]."""
        values = {}
        for number, name in enumerate(COUNTERS):
            self._write[_SELECT](number)
            values[name] = self._read[_LOW](0) | self._read[_HIGH](0) << 32
        return values


def main(argv: Sequence[str]) -> int:
    """Run a command and print what it did to the cache, as one JSON object on stderr."""
    if not argv or argv[0] in ("-h", "--help"):
        print("usage: counters COMMAND [ARGUMENT ...]", file=sys.stderr)
        return 0 if argv else 64
    try:
        model = Model()
        model.reset()
        code = subprocess.run(argv, check=False).returncode
    except OSError as error:
        print(f"counters: {error}", file=sys.stderr)
        return 70
    print(json.dumps(model.counters()), file=sys.stderr)
    return code
