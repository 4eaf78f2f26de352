# SPDX-License-Identifier: MIT
"""Which core this is, and how its data cache finds a line.

On ARM, /proc/cpuinfo does not state the cache type. What the kernel itself
decides by (cacheid_init in arch/arm/kernel/setup.c) can be retold: everything
below ARMv6 is VIVT; from ARMv7 on the D-side never aliases; ARMv6 is settled by
part, because the architecture string of an ARM1176 may read 7. Elsewhere cpuinfo
or the boot log give the geometry, and a way above the page makes aliases.
"""

from __future__ import annotations

import os
import platform
import re
from dataclasses import dataclass, replace
from pathlib import Path

from stress.board import cores_elsewhere
from stress.board.cores import Core, find_core
from stress.board.dcache import Dcache, Indexing, from_fields, from_log
from stress.board.text import text_of

__all__ = ["CpuFacts", "Indexing", "find_core", "parse_cpuinfo", "read"]

USUAL_PAGE_BYTES = 4096


@dataclass(frozen=True)
class CpuFacts:
    """What /proc/cpuinfo says and what follows from it.

    Parameters
    ----------
    architecture : the kernel's string: "5TEJ", "7", "x86_64", ...
    implementer, part : MIDR fields, None off ARM.
    boot_line : the kernel's own word on the cache, "" when it cannot be read.
    way_bytes : of the L1 D-cache, 0 where unknown [bytes].
    page_bytes : page size of the kernel [bytes].
    why : what the classification rests on, in words, "" where the name says it.
    """

    model: str
    architecture: str
    implementer: int | None
    part: int | None
    core: str
    indexing: Indexing
    line_bytes: int
    geometry: str
    boot_line: str = ""
    way_bytes: int = 0
    page_bytes: int = USUAL_PAGE_BYTES
    why: str = ""


_FIELD = re.compile(r"^([^:\n]+?)\s*:\s*(.*)$", re.MULTILINE)
_ARM_CORE = re.compile(r"arm|aarch64", re.IGNORECASE)
# Broadcom's first Raspberry Pi SoC: an ARM1176 with 16 KB in 4 ways, which do not alias.
# Its kernels from 6.x on leave the line Hardware out and name the board in a line Model.
_SMALL_ARM11 = re.compile(r"BCM2708|BCM2835|^Raspberry Pi ")


def parse_cpuinfo(
    text: str, machine: str, boot_log: str = "", page_bytes: int = USUAL_PAGE_BYTES
) -> CpuFacts:
    """Return the facts in the text of /proc/cpuinfo.

    Parameters
    ----------
    machine : as uname says, for processors whose cpuinfo names no architecture.
    boot_log : kernel messages, "" where they cannot be read.
    page_bytes : page size of the kernel [bytes].
    """
    fields: dict[str, str] = {}
    for key, value in _FIELD.findall(text):
        fields.setdefault(key.strip(), value.strip())
    implementer = _hex(fields.get("CPU implementer", ""))
    part = _hex(fields.get("CPU part", ""))
    architecture = fields.get("CPU architecture", machine)
    core = _core(fields, machine, architecture, implementer, part)
    logged = from_log(boot_log)
    listed = from_fields(fields, text, machine, page_bytes)
    cache = _joined(logged, listed)
    indexing = _indexing(core, logged, listed, page_bytes)
    return CpuFacts(
        model=_model(fields, machine) or core.name,
        architecture=architecture,
        implementer=implementer,
        part=part,
        core=core.name,
        indexing=indexing,
        line_bytes=cache.line_bytes or core.line_bytes,
        geometry=cache.words if cache.size_bytes else core.geometry,
        boot_line=logged.said if logged else "",
        way_bytes=cache.way_bytes,
        page_bytes=page_bytes,
        why=_why(core, (logged, listed), cache, indexing, page_bytes),
    )


def _core(
    fields: dict[str, str], machine: str, architecture: str, implementer: int | None, part: int | None
) -> Core:
    if "CPU architecture" in fields or implementer is not None or _ARM_CORE.match(machine):
        model = fields.get("model name") or fields.get("Processor") or ""
        core = find_core(architecture, implementer, part, model, _hex(fields.get("CPU revision", "")))
        board = fields.get("Hardware") or fields.get("Model") or ""
        small = core.indexing is Indexing.VIPT_ALIASING and _SMALL_ARM11.search(board)
        return replace(core, indexing=Indexing.COHERENT, geometry="16 KB, 4-way") if small else core
    return cores_elsewhere.find(machine, fields)


def _model(fields: dict[str, str], machine: str) -> str:
    named = fields.get("model name") or fields.get("Processor") or ""
    return named if named and not named.isdigit() else cores_elsewhere.name_of(machine, fields)


def _joined(logged: Dcache | None, listed: Dcache | None) -> Dcache:
    # The boot log wins; an ARM kernel of today says the type only, old cpuinfo the size.
    first, second = (logged or listed or Dcache("")), (listed or Dcache(""))
    if first.size_bytes:
        return first
    return replace(
        first, **{key: getattr(second, key) for key in ("size_bytes", "ways", "line_bytes", "writes")}
    )


def _indexing(core: Core, logged: Dcache | None, listed: Dcache | None, page_bytes: int) -> Indexing:
    for said in (logged, listed):
        if said and said.indexing is not None:
            return said.indexing
    cache = _joined(logged, listed)
    way = cache.way_bytes
    if core.indexing is Indexing.UNKNOWN and 0 < (way or cache.size_bytes) <= page_bytes:
        # Neither index nor tag of such a cache holds a bit that translation changes.
        return Indexing.COHERENT
    if core.indexing is Indexing.VIPT_ALIASING and way and not core.why.startswith("caches are indexed"):
        return Indexing.VIPT_ALIASING if way > page_bytes else Indexing.COHERENT
    return core.indexing


def _why(
    core: Core, said: tuple[Dcache | None, Dcache | None], cache: Dcache, indexing: Indexing, page_bytes: int
) -> str:
    way = cache.way_bytes
    logged, listed = said
    if way and indexing in (Indexing.VIPT_ALIASING, Indexing.COHERENT) and not _physical(logged):
        if way > page_bytes and indexing is Indexing.VIPT_ALIASING:
            pages = way // page_bytes
            return (
                f"a way of {way >> 10} KB holds {pages} pages of {page_bytes >> 10} KB, so a page can lie in "
                f"{pages} places (colours)"
            )
        if way <= page_bytes and indexing is Indexing.COHERENT:
            return f"a way of {_size(way)} is no larger than a page of {page_bytes >> 10} KB"
    if 0 < cache.size_bytes <= page_bytes and core.indexing is Indexing.UNKNOWN:
        return f"a cache of {_size(cache.size_bytes)} is no larger than a page of {page_bytes >> 10} KB"
    return _word_of_the_kernel(indexing, logged, listed) or core.why


def _word_of_the_kernel(indexing: Indexing, logged: Dcache | None, listed: Dcache | None) -> str:
    # A core that is VIVT is so by its name; of the others the kernel found it out.
    if indexing not in (Indexing.VIPT_ALIASING, Indexing.COHERENT):
        return ""
    for where, said in (("the boot log", logged), ("cpuinfo", listed)):
        if said is not None and said.indexing is not None:
            return f"{where} says: {' '.join(said.said.split())}"
    return ""


def _physical(logged: Dcache | None) -> bool:
    return logged is not None and "PIPT" in logged.said and "VIPT" not in logged.said


def _size(count: int) -> str:
    return f"{count >> 10} KB" if count >= 1024 else f"{count} bytes"


def _hex(text: str) -> int | None:
    try:
        return int(text, 16 if text.lower().startswith("0x") else 10)
    except ValueError:
        return None


def read(boot_log: str, proc: Path = Path("/proc")) -> CpuFacts:
    """Return the facts of this machine, given the kernel's messages."""
    page = os.sysconf("SC_PAGE_SIZE")
    return parse_cpuinfo(text_of(proc / "cpuinfo"), platform.machine(), boot_log, page)
