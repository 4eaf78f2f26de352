# SPDX-License-Identifier: MIT
"""How much memory a burst may take on this machine."""

from __future__ import annotations

import re
import resource
import sys
from pathlib import Path

from stress.board.text import text_of

PROC = Path("/proc")
# What a process of 32 bits may map beside its libraries [bytes]. Source: ARM Linux splits the
# address space at 3 GiB (CONFIG_VMSPLIT_3G) or 2 GiB. Higher: numpy fails in mid-run; lower: bursts
# are refused that would fit.
MOST_OF_32_BITS = 2 << 30


def available(proc: Path = PROC) -> int | None:
    """Return the bytes that can still be allocated without swapping, None where nobody tells.

    The least of MemAvailable (Linux 3.14 and later), of what the process's limit on
    its address space leaves, and of the address space of 32 bits.
    """
    found = [_kilobytes(proc / "meminfo", "MemAvailable")]
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    mapped = _kilobytes(proc / "self/status", "VmSize")
    if limit != resource.RLIM_INFINITY and mapped is not None:
        found.append(max(0, limit - mapped))
    if sys.maxsize < 1 << 32:
        found.append(MOST_OF_32_BITS)
    known = [size for size in found if size is not None]
    return min(known) if known else None


def _kilobytes(path: Path, key: str) -> int | None:
    # No kernel writes more than 15 digits.
    found = re.search(rf"^{key}:\s+(\d{{1,15}}) kB", text_of(path), re.MULTILINE | re.ASCII)
    return int(found.group(1)) * 1024 if found else None
