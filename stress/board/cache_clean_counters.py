# SPDX-License-Identifier: MIT
"""Accidental clean+invalidates: what happened in a burst that may have hidden the defect.

On a VIVT core the whole D-cache is cleaned and invalidated when the CPU goes to
another process, at each fork, and when the kernel maps or unmaps virtual memory
(arch/arm/mm/proc-*.S, kernel/fork.c, mm/vmalloc.c), also by our own mmap and munmap.
None of it can be watched directly without causing more of it; these are counters
read before and after.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stress.board.text import text_of

_STAT = re.compile(r"^(ctxt|processes) (\d+)", re.MULTILINE)
_VMALLOC = re.compile(r"^VmallocUsed:\s*(\d+)", re.MULTILINE)


@dataclass
class Opportunities:
    """What was counted between two readings; None where the kernel does not tell.

    Attributes
    ----------
    switches : context switches of all CPUs, those to kernel threads included:
        an upper bound of the switches of address space.
    forks : processes and threads made, by anybody.
    vmalloc_kb : change of the kernel's mapped virtual memory [KB].
    mappings : change of the number of our own mappings.
    """

    switches: int | None = None
    forks: int | None = None
    vmalloc_kb: int | None = None
    mappings: int | None = None

    def to_json(self) -> dict[str, int | None]:
        """Return the counts as a JSON object."""
        return {name: getattr(self, name) for name in NAMES}


NAMES = ("switches", "forks", "vmalloc_kb", "mappings")


@contextmanager
def watched(proc: Path = Path("/proc")) -> Iterator[Opportunities]:
    """Count around a burst; the counts are there when the context has ended."""
    seen = Opportunities()
    before = _read(proc)
    try:
        yield seen
    finally:
        after = _read(proc)
        for name in NAMES:
            if name in before and name in after:
                setattr(seen, name, after[name] - before[name])


def _read(proc: Path) -> dict[str, int]:
    counted = dict(_STAT.findall(text_of(proc / "stat")))
    names = (("switches", "ctxt"), ("forks", "processes"))
    found = {name: int(counted[key]) for name, key in names if key in counted}
    vmalloc = _VMALLOC.search(text_of(proc / "meminfo"))
    if vmalloc:
        found["vmalloc_kb"] = int(vmalloc[1])
    maps = text_of(proc / "self/maps")
    if maps:
        found["mappings"] = maps.count("\n")
    return found
