# SPDX-License-Identifier: MIT
"""Cores by MIDR on ARM, by architecture elsewhere, and how their data caches find a line."""

from __future__ import annotations

from dataclasses import dataclass

from stress.board.dcache import Indexing


@dataclass(frozen=True)
class Core:
    """One core of the table.

    Parameters
    ----------
    line_bytes : of the L1 D-cache, 0 where unknown.
    geometry : in words, "" where unknown.
    why : what the classification rests on, "" where the name says it.
    """

    name: str
    indexing: Indexing
    line_bytes: int = 32
    geometry: str = ""
    why: str = ""


_VIVT, _ALIASING, _COHERENT = Indexing.VIVT, Indexing.VIPT_ALIASING, Indexing.COHERENT
_SIZE_DECIDES = "it aliases where a way exceeds the page; 16 KB 4-way does not, 32 KB 4-way does"
_FEROCEON_ID = "MIDR 0x41069260 is that of an ARM926EJ-S and of Marvell's early Feroceon"

# (implementer, part) -> core. Source: MIDR values of arch/arm/mm/proc-*.S; geometries
# from the cores' manuals (ARM DDI0198D, DDI0184B; 80200 Developer's Manual) and boot logs.
CORES = {
    (0x41, 0x926): Core("ARM926EJ-S", _VIVT, 32, "4 to 128 KB by synthesis (mostly 8 to 32 KB, 4-way)"),
    (0x56, 0x131): Core("Feroceon 88FR131", _VIVT, 32, "16 KB, 4-way"),
    (0x56, 0x531): Core("Feroceon 88FR531", _VIVT, 32, "16 KB, 4-way"),
    (0x56, 0x571): Core("Feroceon 88FR571", _VIVT, 32, "16 KB, 4-way"),
    (0x41, 0x920): Core("ARM920T", _VIVT, 32, "16 KB, 64-way, read-allocate"),
    (0x41, 0x922): Core("ARM922T", _VIVT, 32, "8 KB, 64-way, read-allocate"),
    (0x54, 0x925): Core("ARM925T", _VIVT, 16, "8 KB, 2-way, write-through by default"),
    (0x54, 0x915): Core("ARM915T", _VIVT, 16, "8 KB, 2-way, write-through by default"),
    (0x41, 0xA20): Core("ARM1020", _VIVT, 32, "32 KB"),
    (0x41, 0xA22): Core("ARM1022", _VIVT, 32, "16 KB"),
    (0x41, 0xA26): Core("ARM1026EJ-S", _VIVT, 32, "by synthesis"),
    (0x66, 0x526): Core("FA526", _VIVT, 16, "8 KB, 2-way (Gemini)"),
    (0x44, 0xA10): Core("StrongARM 110", _VIVT, 32, "16 KB"),
    (0x44, 0xA11): Core("StrongARM 1100", _VIVT, 32, "8 KB"),
    (0x69, 0xB11): Core("StrongARM 1110", _VIVT, 32, "8 KB"),
    (0x41, 0x720): Core("ARM720T", _VIVT, 16, "8 KB unified"),
    (0x41, 0xB36): Core("ARM1136", _ALIASING, 32, why=_SIZE_DECIDES),
    (0x41, 0xB56): Core("ARM1156", _ALIASING, 32, why=_SIZE_DECIDES),
    (0x41, 0xB76): Core("ARM1176", _ALIASING, 32, why=_SIZE_DECIDES),
    (0x41, 0xB02): Core("ARM11 MPCore", _ALIASING, 32, why=_SIZE_DECIDES),
    (0x41, 0xC05): Core("Cortex-A5", _COHERENT, 32),
    (0x41, 0xC07): Core("Cortex-A7", _COHERENT, 64),
    (0x41, 0xC08): Core("Cortex-A8", _COHERENT, 64),
    (0x41, 0xC09): Core("Cortex-A9", _COHERENT, 32),
    (0x41, 0xC0D): Core("Cortex-A12", _COHERENT, 64),
    (0x41, 0xC0E): Core("Cortex-A17", _COHERENT, 64),
    (0x41, 0xC0F): Core("Cortex-A15", _COHERENT, 64),
    (0x56, 0x581): Core("Marvell PJ4", _COHERENT, 32),
    (0x51, 0x06F): Core("Krait", _COHERENT, 64),
    (0x41, 0xD01): Core("Cortex-A32", _COHERENT, 64),
    (0x41, 0xD03): Core("Cortex-A53", _COHERENT, 64),
    (0x41, 0xD04): Core("Cortex-A35", _COHERENT, 64),
    (0x41, 0xD05): Core("Cortex-A55", _COHERENT, 64),
    (0x41, 0xD07): Core("Cortex-A57", _COHERENT, 64),
    (0x41, 0xD08): Core("Cortex-A72", _COHERENT, 64),
    (0x41, 0xD09): Core("Cortex-A73", _COHERENT, 64),
    (0x41, 0xD0A): Core("Cortex-A75", _COHERENT, 64),
    (0x41, 0xD0B): Core("Cortex-A76", _COHERENT, 64),
    # Source of the lines: the cores' manuals; arm64 says none in /proc/cpuinfo.
    (0x43, 0x0A1): Core("Cavium ThunderX", _COHERENT, 128),
    (0x46, 0x001): Core("Fujitsu A64FX", _COHERENT, 256),
    (0x53, 0x001): Core("Exynos M1", _COHERENT, 64),
}
# Marvell's Orion 88F5181 and 88F5182: two boot logs say 32 KB, associativity 1, 1024 sets.
# MusicPal's 88W8618 has the same MIDR and 32 KB in 4 ways; the boot log decides.
FEROCEON_OLD = Core("Feroceon (Orion)", _VIVT, 32, "32 KB, direct mapped on Orion", _FEROCEON_ID)
_NO_ALIASES = "the kernel counts this architecture among those whose data caches have no aliases"
# Machines by the beginning of what uname says, longest first. Which ones can alias is the
# kernel's own list: those that select ARCH_HAS_CPU_CACHE_ALIASING in arch/*/Kconfig of 7.2.
_MACHINES: tuple[tuple[str, Indexing, int, str], ...] = (
    ("x86_64", _COHERENT, 64, ""),
    ("i386", _COHERENT, 64, ""),
    ("i486", _COHERENT, 16, ""),
    ("i586", _COHERENT, 32, ""),
    ("i686", _COHERENT, 64, ""),
    ("aarch64", _COHERENT, 64, ""),
    ("riscv", _COHERENT, 64, _NO_ALIASES),
    ("loongarch", _COHERENT, 64, _NO_ALIASES),
    ("ppc64", _COHERENT, 128, _NO_ALIASES),
    ("ppc", _COHERENT, 32, _NO_ALIASES),
    ("s390", _COHERENT, 256, _NO_ALIASES),
    ("alpha", _COHERENT, 64, _NO_ALIASES),
    ("ia64", _COHERENT, 64, _NO_ALIASES),
    ("openrisc", _COHERENT, 16, _NO_ALIASES),
    ("microblaze", _COHERENT, 16, _NO_ALIASES),
    ("hexagon", _COHERENT, 32, _NO_ALIASES),
    ("parisc", _ALIASING, 64, "caches are indexed by virtual address; mappings agree only modulo 4 MB"),
    ("sparc", _ALIASING, 32, "ways of 16 KB exceed the page of 8 KB on UltraSPARC I to IV"),
    (
        "sh",
        Indexing.UNKNOWN,
        32,
        "a way above the page has aliases (SH-4: 16 KB direct mapped has four colours)",
    ),
    (
        "mips",
        Indexing.UNKNOWN,
        32,
        "a way above the page has aliases, as 32 KB in 4 ways of most 24K, 34K and 74K have; then the log "
        "says 'cache aliases'",
    ),
    ("arc", Indexing.UNKNOWN, 0, "ARC 700 can alias, ARC HS is tagged and indexed physically"),
    ("xtensa", Indexing.UNKNOWN, 0, "a way above the page has aliases"),
    ("nios2", Indexing.UNKNOWN, 32, "direct mapped: a cache above the page has aliases"),
    ("nds32", Indexing.UNKNOWN, 32, "a way above the page has aliases"),
    ("csky", Indexing.UNKNOWN, 32, "the CK610 aliases, the CK807, CK810 and CK860 do not"),
    ("m68k", Indexing.UNKNOWN, 16, "the 68030 caches by logical address, the 68040 and 68060 by physical"),
)


def find_core(
    architecture: str,
    implementer: int | None,
    part: int | None,
    model: str = "",
    revision: int | None = None,
) -> Core:
    """Return the core, judged by part where it is known, else by architecture.

    Parameters
    ----------
    architecture : as in /proc/cpuinfo ("5TEJ"), or the machine name off ARM.
    model : the kernel's name of it; "Feroceon" decides where the MIDR is copied.
    revision : MIDR revision, None where unknown.
    """
    if implementer is not None and part is not None:
        known = CORES.get((implementer, part)) or _family(implementer, part)
        if known and part == 0x926:
            return _named_926(known, model, revision)
        if known:
            return known
    digit = architecture[:1]
    if digit in ("3", "4", "5"):
        return Core(f"ARMv{architecture}", _VIVT, 32)
    if digit == "6":
        return Core(f"ARMv{architecture}", Indexing.UNKNOWN, 32, why=_SIZE_DECIDES)
    if digit in ("7", "8", "9"):
        return Core(f"ARMv{architecture}", _COHERENT, 64)
    if architecture.lower() == "aarch64":
        # arm64 kernels before 3.19 print this in place of a number.
        return Core("ARMv8", _COHERENT, 64)
    return by_machine(architecture)


def by_machine(machine: str) -> Core:
    """Return the core of a machine that is not ARM, by what uname says."""
    for prefix, indexing, line, why in _MACHINES:
        if machine.startswith(prefix):
            return Core(machine, indexing, line, why=why)
    return Core(machine, Indexing.UNKNOWN, 0)


def _named_926(known: Core, model: str, revision: int | None) -> Core:
    if "Feroceon" in model:
        return FEROCEON_OLD
    if revision == 0:
        geometry = f"{known.geometry}; an Orion 88F5181 or 88F5182 has 32 KB, direct mapped"
        return Core(known.name, known.indexing, known.line_bytes, geometry, _FEROCEON_ID)
    return known


def _family(implementer: int, part: int) -> Core | None:
    # XScale, XSC3 and Mohawk have many part numbers each; the kernel matches them under masks.
    if implementer == 0x56 and part & 0xF00 == 0x800:
        return Core("Mohawk 88SV331x", _VIVT, 32)
    if implementer in (0x69, 0x56) and part & 0xE00 == 0x600:
        return Core("XScale-V3", _VIVT, 32, "32 KB, 4-way")
    if implementer == 0x69:
        return Core("XScale", _VIVT, 32, "32 KB, 32-way, round robin")
    return None
