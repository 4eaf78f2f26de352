# SPDX-License-Identifier: MIT
"""The L1 data cache in the words of a kernel: boot log lines and cpuinfo fields.

Each reader knows the text of one architecture and returns None where it is not
there. Sources, as of Linux 7.2 and older trees where a form is gone:
arch/arm/kernel/setup.c (cacheid_init, dump_cache of 2.6), arch/mips/mm/c-r4k.c
(probe_pcache), arch/sh/kernel/cpu/init.c (emit_cache_params) and proc.c,
arch/arc/mm/cache.c, arch/xtensa/kernel/setup.c, arch/nios2/kernel/cpuinfo.c,
arch/parisc/kernel/cache.c, arch/alpha/kernel/setup.c, arch/openrisc/kernel/setup.c.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Indexing(str, Enum):
    """How two virtual addresses of one physical line meet in the D-cache."""

    VIVT = "VIVT"  #: they do not: two copies
    VIPT_ALIASING = "VIPT aliasing"  #: only when their colours agree
    COHERENT = "PIPT or VIPT non-aliasing"  #: always: one copy
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Dcache:
    """What one source says of the cache; 0 and None where it says nothing.

    Parameters
    ----------
    said : the line it was read from.
    writes : "write-back", "write-through" or "".
    """

    said: str
    indexing: Indexing | None = None
    size_bytes: int = 0
    ways: int = 0
    line_bytes: int = 0
    writes: str = ""

    @property
    def way_bytes(self) -> int:
        """Bytes of one way, 0 where unknown."""
        return self.size_bytes // self.ways if self.ways else 0

    @property
    def words(self) -> str:
        """Size, ways and writes, as in "32 KB, 4-way, write-back"."""
        ways = {0: "", 1: "direct mapped"}.get(self.ways, f"{self.ways}-way")
        return ", ".join(part for part in (_kilobytes(self.size_bytes), ways, self.writes) if part)


def _kilobytes(size: int) -> str:
    return f"{size >> 10} KB" if size >= 1024 else f"{size} bytes" if size else ""


_ARM_NOW = re.compile(r"CPU: .*data cache.*")
_ARM_OLD_TYPE = re.compile(r"CPU\d*: D (VIVT|VIPT) ?(.*?) ?cache")
_ARM_OLD_SHAPE = re.compile(
    r"CPU\d*: D cache: (\d{1,9}) bytes, associativity (\d{1,9}), (\d{1,9}) byte lines, (\d{1,9}) sets"
)
_MIPS = re.compile(
    r"Primary data cache (\d{1,9})k[bB],? ?(?:(\d{1,9})-way|(direct mapped))?,?(?: (VIPT|PIPT),)?"
    r"(?: (cache aliases|no aliases),)?(?: \d{1,9} sets,)? ?linesize (\d{1,9}) bytes"
)
_SH = re.compile(r"D-cache : n_ways=(\d{1,9}) n_sets=(\d{1,9}) way_incr=(\d{1,9})")
_SH_ALIASES = re.compile(r"D-cache : entry_mask=(0x[0-9a-f]+) alias_mask=0x[0-9a-f]+ n_aliases=(\d{1,9})")
_ARC = re.compile(r"D-Cache\s*: (\d{1,9})K, (\d{1,9})way/set, (\d{1,9})B Line(?:, (VIPT|PIPT)( aliasing)?)?")
# Kernels 3.9 to 3.14; whether it aliases was not said.
_ARC_OLD = re.compile(r"D-Cache\s*: \((\d{1,9})K\) (?:VIPT|PIPT), (\d{1,9})way set-asc, (\d{1,9})b Line")
# OpenRISC; "set(s)" since 6.16.
_OPENRISC = re.compile(
    r"dcache:\s+(\d{1,9}) bytes total,\s+(\d{1,9}) bytes/line,(?: \d{1,9} set\(s\),)? (\d{1,9}) way\(s\)"
)
_ALPHA = re.compile(r"(\d{1,9})K, (\d{1,9})-way, (\d{1,9})b line")
_COHERENT, _ALIASING, _VIVT = Indexing.COHERENT, Indexing.VIPT_ALIASING, Indexing.VIVT


def from_log(log: str) -> Dcache | None:
    """Return what the kernel's messages say of the data cache, None where they say nothing."""
    return _arm_now(log) or _arm_old(log) or _mips(log) or _sh(log) or _arc(log) or _openrisc(log)


def _arm_now(log: str) -> Dcache | None:
    found = _ARM_NOW.search(log)
    if not found:
        return None
    data = found[0].split("data cache")[0]
    if "VIVT" in data:
        return Dcache(found[0], _VIVT)
    if "nonaliasing" in data or "PIPT" in data:
        return Dcache(found[0], _COHERENT)
    return Dcache(found[0], _ALIASING if "aliasing" in data else None)


def _arm_old(log: str) -> Dcache | None:
    # Kernels up to about 2.6.27. VIPT was said of every ARMv6, whether it aliases or not.
    kind, shape = _ARM_OLD_TYPE.search(log), _ARM_OLD_SHAPE.search(log)
    if not kind and not shape:
        return None
    indexing = _VIVT if kind and kind[1] == "VIVT" else None
    writes = kind[2] if kind and kind[2].startswith("write-") else ""
    said = "; ".join(match[0] for match in (kind, shape) if match)
    if not shape:
        return Dcache(said, indexing, writes=writes)
    size, ways, line = (int(shape[number]) for number in (1, 2, 3))
    return Dcache(said, indexing, size, ways, line, writes)


def _mips(log: str) -> Dcache | None:
    found = _MIPS.search(log)
    if not found:
        return None
    ways = int(found[2]) if found[2] else 1 if found[3] else 0
    indexing = {"cache aliases": _ALIASING, "no aliases": _COHERENT}.get(found[5] or "")
    if found[4] == "PIPT":
        indexing = _COHERENT
    return Dcache(found[0], indexing, int(found[1]) << 10, ways, int(found[6]))


def _sh(log: str) -> Dcache | None:
    shape, aliases = _SH.search(log), _SH_ALIASES.search(log)
    if not shape or not aliases:
        return None
    # Lines are the low bits that entry_mask leaves out.
    mask = int(aliases[1], 16)
    line = mask & -mask
    indexing = _ALIASING if int(aliases[2]) else _COHERENT
    return Dcache(aliases[0], indexing, int(shape[1]) * int(shape[2]) * line, int(shape[1]), line)


def _arc(log: str) -> Dcache | None:
    found = _ARC.search(log)
    if not found:
        old = _ARC_OLD.search(log)
        return Dcache(old[0], None, int(old[1]) << 10, int(old[2]), int(old[3])) if old else None
    indexing = (_ALIASING if found[5] else _COHERENT) if found[4] else None
    return Dcache(found[0], indexing, int(found[1]) << 10, int(found[2]), int(found[3]))


def _openrisc(log: str) -> Dcache | None:
    found = _OPENRISC.search(log)
    return Dcache(found[0], None, int(found[1]), int(found[3]), int(found[2])) if found else None


def from_fields(fields: Mapping[str, str], text: str, machine: str, page_bytes: int) -> Dcache | None:
    """Return what /proc/cpuinfo says of the data cache, None where it says nothing.

    Parameters
    ----------
    fields : first value of each key; `text` is the whole of it.
    machine : as uname says.
    page_bytes : page size of the kernel [bytes]: a way above it has several colours.
    """
    found = _arc(text) or _arm_fields(fields) or _sized_fields(fields, machine)
    if found is None or found.indexing is not None or not found.way_bytes:
        return found
    if machine.startswith(("sh", "xtensa", "nios2", "arc")):
        # Indexed by virtual and tagged by physical address.
        found = _with(found, _ALIASING if found.way_bytes > page_bytes else _COHERENT)
    return found


def _with(found: Dcache, indexing: Indexing) -> Dcache:
    return Dcache(found.said, indexing, found.size_bytes, found.ways, found.line_bytes, found.writes)


def _arm_fields(fields: Mapping[str, str]) -> Dcache | None:
    # ARM up to 2.6.27: "D size : 16384", "D assoc : 4", "D line length : 32".
    size, ways, line = (_number(fields.get(key)) for key in ("D size", "D assoc", "D line length"))
    if not size:
        return None
    return Dcache(f"D size {size}, D assoc {ways}, D line length {line}", None, size, ways, line)


def _sized_fields(fields: Mapping[str, str], machine: str) -> Dcache | None:
    if machine.startswith("sh"):
        return _sh_fields(fields)
    if machine.startswith("xtensa"):
        size, ways = _number(fields.get("dcache size")), _number(fields.get("dcache ways"))
        writes = "write-back" if "writeback" in fields.get("dcache flags", "") else "write-through"
        said = f"dcache size {size}, ways {ways}"
        line = _number(fields.get("dcache line size"))
        return Dcache(said, None, size, ways, line, writes) if size else None
    if machine.startswith(("nios2", "microblaze")):
        # "32kB, line length: 32" (microblaze: a tab and "B"); both caches are direct mapped.
        said = fields.get("Dcache", "")
        match = re.match(r"(\d{1,9})kB(?:.*line length:\s*(\d{1,9}))?", said)
        return Dcache(said, None, int(match[1]) << 10, 1, int(match[2] or 0)) if match else None
    if machine.startswith("openrisc"):
        size, ways = _number(fields.get("dcache size")), _number(fields.get("dcache ways"))
        line = _number(fields.get("dcache block size"))
        return Dcache(f"dcache size {size}, ways {ways}", None, size, ways, line) if size else None
    if machine.startswith("parisc"):
        return _parisc(fields.get("D-cache", ""))
    if machine.startswith("alpha"):
        match = _ALPHA.match(fields.get("L1 Dcache", ""))
        return Dcache(match[0], None, int(match[1]) << 10, int(match[2]), int(match[3])) if match else None
    return None


def _sh_fields(fields: Mapping[str, str]) -> Dcache | None:
    said = fields.get("dcache size", "") or fields.get("cache size", "")
    match = re.match(r"(\d{1,9})KiB \((\d{1,9})-way\)", said)
    if not match:
        return None
    # SH-2A and SH-3 have lines of 16 bytes, SH-4 and SH-4A of 32.
    line = 16 if fields.get("cpu family", "") in ("sh2", "sh2a", "sh3") else 32
    return Dcache(said, None, int(match[1]) << 10, int(match[2]), line)


def _parisc(said: str) -> Dcache | None:
    match = re.match(r"(\d{1,9}) KB \((WT|WB)[^,]*(?:, shared I/D)?, (?:direct mapped|(\d{1,9})-way)", said)
    if not match:
        return None
    writes = "write-back" if match[2] == "WB" else "write-through"
    return Dcache(said, None, int(match[1]) << 10, int(match[3] or 1), 0, writes)


def _number(text: str | None) -> int:
    match = re.match(r"\d{1,9}", text or "")
    return int(match[0]) if match else 0
