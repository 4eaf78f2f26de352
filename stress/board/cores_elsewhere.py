# SPDX-License-Identifier: MIT
"""Cores of other architectures, from the fields of /proc/cpuinfo that name them.

Source: c_show or show_cpuinfo of each architecture in Linux 7.2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from stress.board.cores import Core, by_machine
from stress.board.dcache import Indexing

_ALIASING, _COHERENT, _VIVT = Indexing.VIPT_ALIASING, Indexing.COHERENT, Indexing.VIVT
# The field that names the core, by the beginning of uname's machine.
_NAMES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("mips", ("cpu model",)),
    ("sh", ("cpu type",)),
    ("arc", ("Processor Family", "processor [0]", "Processor")),
    ("xtensa", ("core ID", "model")),
    ("sparc", ("cpu",)),
    ("m68k", ("CPU",)),
    ("riscv", ("uarch",)),
    ("ppc", ("cpu",)),
    ("nios2", ("CPU",)),
    ("csky", ("C-SKY CPU model",)),
    ("parisc", ("cpu",)),
    ("loongarch", ("Model Name", "model name")),
    ("alpha", ("cpu model",)),
    ("s390", ()),
)


# Octeon and Loongson have no aliases with the pages their kernels use, R3000 and TX39 are indexed physically,
# the others see to it in hardware. Source: probe_pcache in arch/mips/mm/c-r4k.c.
_MIPS_NONE = re.compile(
    r"Octeon|Loongson-[23]|R3000|R3K|R39\d\d|TX39|R1[0246]000|SB1|20Kc|25Kf|XL[RP]|I6[45]00|P6600"
)


def name_of(machine: str, fields: Mapping[str, str]) -> str:
    """Return the core's name in /proc/cpuinfo, "" where the machine has no such field."""
    for prefix, keys in _NAMES:
        if machine.startswith(prefix):
            return next((fields[key] for key in keys if fields.get(key)), "")
    return ""


def find(machine: str, fields: Mapping[str, str]) -> Core:
    """Return the core of a machine that is not ARM, as far as cpuinfo names it."""
    core = by_machine(machine)
    name = name_of(machine, fields)
    core = replace(core, name=name or core.name)
    reader = next((read for prefix, read in _READERS if machine.startswith(prefix)), None)
    return reader(core, fields) if reader else core


def _mips(core: Core, fields: Mapping[str, str]) -> Core:
    # Since 6.1 the list of options names dc_aliases where the kernel found them.
    options = fields.get("Options implemented")
    if options is not None:
        aliases = "dc_aliases" in options.split()
        why = f"cpuinfo {'names' if aliases else 'does not name'} dc_aliases"
        return replace(core, indexing=_ALIASING if aliases else _COHERENT, why=why)
    if re.search(_MIPS_NONE, core.name):
        return replace(core, indexing=_COHERENT, why="this core has no aliases")
    if re.match(r"R4[04]00", core.name):
        why = "8 KB or 16 KB direct mapped: ways above the page"
        return replace(core, indexing=_ALIASING, line_bytes=16, why=why)
    return core


def _sh(core: Core, fields: Mapping[str, str]) -> Core:
    # SH-4 itself has 16 KB direct mapped or 32 KB in 2 ways; SH-4A comes in many sizes.
    if fields.get("cpu family") == "sh4":
        return replace(core, indexing=_ALIASING, why="SH-4: ways of 16 KB hold four pages of 4 KB")
    return core


def _xtensa(core: Core, fields: Mapping[str, str]) -> Core:
    if fields.get("dcache size") == "0":
        return replace(core, indexing=_COHERENT, why="it has no data cache")
    return core


def _sparc(core: Core, fields: Mapping[str, str]) -> Core:
    kind = fields.get("type", "")
    if kind == "sun4v":
        return replace(core, indexing=_COHERENT, why="sun4v (Niagara and later) keeps its L1 coherent")
    if kind == "sun4u":
        return core
    if kind == "sun4c":
        return Core(core.name, _VIVT, 16, "64 KB, write-through", "sun4c caches by virtual address")
    if re.search(r"SuperSparc|LEON", core.name, re.IGNORECASE):
        return replace(core, indexing=_COHERENT, why="its data cache is indexed physically, or snoops")
    why = "sun4m with a virtually indexed cache (HyperSparc, Swift, Cypress)"
    return replace(core, indexing=Indexing.UNKNOWN, why=why)


def _m68k(core: Core, fields: Mapping[str, str]) -> Core:
    if core.name.startswith("68030"):
        geometry, why = "256 bytes, direct mapped, write-through", "it caches by logical address"
        return Core(core.name, _VIVT, 16, geometry, why)
    if core.name.startswith("68020"):
        return replace(core, indexing=_COHERENT, why="it has no data cache")
    if re.match(r"680[46]0", core.name):
        size = "4 KB, 4-way" if core.name.startswith("68040") else "8 KB, 4-way"
        return Core(core.name, _COHERENT, 16, size, "it caches by physical address")
    return core


def _csky(core: Core, fields: Mapping[str, str]) -> Core:
    name = core.name.lower()
    if "610" in name:
        return replace(core, indexing=_ALIASING, why="abiv1: ways above the page")
    if re.search(r"807|810|860", name):
        return replace(core, indexing=_COHERENT, why="abiv2: mapped to physical memory")
    return core


_READERS = (
    ("mips", _mips),
    ("sparc", _sparc),
    ("m68k", _m68k),
    ("csky", _csky),
    ("sh", _sh),
    ("xtensa", _xtensa),
)
