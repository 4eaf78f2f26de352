# SPDX-License-Identifier: MIT
"""Proof that the area we touch is the device's own ring: /proc/self/smaps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stress.board import vmalloc
from stress.board.text import text_of
from stress.model.pcm import Direction, Mapping

SMAPS = Path("/proc/self/smaps")
_HEAD = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S+) ([0-9a-f]+) \S+ \d+\s*(.*)")


@dataclass(frozen=True)
class Vma:
    """One mapped range of this process [bytes]."""

    start: int
    end: int
    offset: int
    path: str
    vm_flags: str


def parse(text: str) -> Iterator[Vma]:
    """Yield the VMAs of an smaps text in address order.

    Source: Linux fs/proc/task_mmu.c, show_map_vma and show_smap_vma_flags.
    """
    head: re.Match[str] | None = None
    flags = ""
    for line in text.splitlines():
        match = _HEAD.fullmatch(line)
        if match:
            if head:
                yield _vma(head, flags)
            head, flags = match, ""
        elif line.startswith("VmFlags:"):
            flags = line.partition(":")[2].strip()
    if head:
        yield _vma(head, flags)


def ring_mappings(direction: Direction, node: str, area: int, smaps: Path = SMAPS) -> tuple[Mapping, ...]:
    """Return the mappings of `node`'s ring.

    Offsets 0x80000000 and up of a PCM node are its status and control pages,
    not samples; only offset 0 is the ring (sound/core/pcm_native.c, snd_pcm_mmap).

    Parameters
    ----------
    area : address that libasound hands out for the samples.
    """
    return tuple(
        Mapping(
            direction,
            vma.path,
            vma.end - vma.start,
            vma.vm_flags,
            vma.start <= area < vma.end,
            vma.start,
            vmalloc.ring_addresses(vma.end - vma.start),
        )
        for vma in parse(text_of(smaps))
        if vma.path == node and vma.offset == 0
    )


def _vma(head: re.Match[str], flags: str) -> Vma:
    start, end, _, offset, path = head.groups()
    return Vma(int(start, 16), int(end, 16), int(offset, 16), path, flags)
