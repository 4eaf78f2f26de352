"""A PCM ring as DRAM holds it: read through /proc/self/mem after a burst.

The kernel reads the pages through its linear mapping, after cleaning and
invalidating it, and not through either mapping the stream used (Linux
mm/memory.c, __access_remote_vm). With use_vmalloc=0 the mapping has no struct
pages and the read fails.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stress.model.pcm import Mapping

    Bytes = NDArray[np.uint8]

_VMA = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) \S+ 0+ \S+ \d+ +(\S.*)$", re.MULTILINE)


def read(mapping: Mapping, buffer_bytes: int, proc: Path = Path("/proc/self")) -> Bytes | str:
    """Return the ring behind `mapping`, (buffer_bytes,) uint8, or why it cannot be read.

    Parameters
    ----------
    buffer_bytes : size of the ring; the mapping is rounded up to pages.
    """
    try:
        text = (proc / "maps").read_text(errors="replace")
        # Offset 0 of a PCM node is the ring; its status and control lie higher.
        found = next((m for m in _VMA.finditer(text) if m.group(3) == mapping.path), None)
        if found is None:
            return f"{mapping.path} is not mapped"
        with open(proc / "mem", "rb", buffering=0) as memory:
            memory.seek(int(found.group(1), 16))
            data = memory.read(buffer_bytes)
    except OSError as error:
        return f"memory view of {mapping.path}: {error.strerror} (as with use_vmalloc=0)"
    if len(data) != buffer_bytes:
        return f"memory view of {mapping.path}: {len(data)} of {buffer_bytes} bytes were readable"
    return np.frombuffer(data, dtype=np.uint8)
