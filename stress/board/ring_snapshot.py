# SPDX-License-Identifier: MIT
"""A PCM ring as DRAM holds it: read through /proc/self/mem after a burst.

The kernel reads the pages through its linear mapping, after cleaning and
invalidating it, and not through either mapping the stream used (Linux
mm/memory.c, __access_remote_vm). With use_vmalloc=0 the mapping has no struct
pages and the read fails.

Python evicts a small cache by itself, and a dirty line that is evicted mends
memory: everything is prepared before the burst, and taken by one system call
per ring right behind it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np

from stress.model.arrays import Bytes
from stress.model.pcm import Mapping

_VMA = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) \S+ 0+ \S+ \d+ +(\S.*)$", re.MULTILINE)


class RingMemory:
    """The memory behind one mapped ring.

    Parameters
    ----------
    buffer_bytes : size of the ring; the mapping is rounded up to pages.

    Attributes
    ----------
    refusal : why it cannot be read, "" while it can.

    Threads: one caller.
    """

    def __init__(self, mapping: Mapping, buffer_bytes: int, proc: Path = Path("/proc/self")) -> None:
        self.path, self.refusal = mapping.path, ""
        self._file, self._address, self._taken = -1, 0, 0
        self._data: Bytes = np.zeros(buffer_bytes, dtype=np.uint8)
        self._into = [self._data.data]
        try:
            text = (proc / "maps").read_text(errors="replace")
            # Offset 0 of a PCM node is the ring; its status and control lie higher.
            found = next((m for m in _VMA.finditer(text) if m.group(3) == mapping.path), None)
            if found is None:
                self.refusal = f"{mapping.path} is not mapped"
                return
            self._address = int(found.group(1), 16)
            self._file = os.open(proc / "mem", os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            self._refuse(error)

    def take(self) -> None:
        """Copy the ring as memory holds it now; never raises."""
        if self._file < 0:
            return
        try:
            self._taken = os.preadv(self._file, self._into, self._address)
        except OSError as error:
            self._refuse(error)

    def close(self) -> None:
        """Release /proc/self/mem; what was taken stays. Idempotent."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    @property
    def view(self) -> Bytes | None:
        """What was taken, (buffer_bytes,) uint8; None when it could not be, see `refusal`."""
        if not self.refusal and self._taken != self._data.size:
            self.refusal = (
                f"memory view of {self.path}: {self._taken} of {self._data.size} bytes were readable"
            )
        return None if self.refusal else self._data

    def _refuse(self, error: OSError) -> None:
        self.refusal = f"memory view of {self.path}: {error.strerror} (as with use_vmalloc=0)"
