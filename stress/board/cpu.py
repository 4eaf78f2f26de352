"""Which core this is, and how its data cache finds a line.

/proc/cpuinfo does not state the cache type. What the kernel itself decides by
(cacheid_init in arch/arm/kernel/setup.c) can be retold: everything below ARMv6
is VIVT; from ARMv7 on the D-side never aliases; ARMv6 is settled by part,
because the architecture string of an ARM1176 may read 7.
"""

from __future__ import annotations

import platform
import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from stress.board.text import text_of


class Indexing(str, Enum):
    """How two virtual addresses of one physical line meet in the D-cache."""

    VIVT = "VIVT"  #: they do not: two copies
    VIPT_ALIASING = "VIPT aliasing"  #: only when their colours agree
    COHERENT = "PIPT or VIPT non-aliasing"  #: always: one copy
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Core:
    """One core of the table.

    Parameters
    ----------
    line_bytes : of the L1 D-cache, 0 where unknown.
    geometry : in words, "" where unknown.
    """

    name: str
    indexing: Indexing
    line_bytes: int = 32
    geometry: str = ""


@dataclass(frozen=True)
class CpuFacts:
    """What /proc/cpuinfo says and what follows from it.

    Parameters
    ----------
    architecture : the kernel's string: "5TEJ", "7", "x86_64", ...
    implementer, part : MIDR fields, None off ARM.
    boot_line : the kernel's own word on the cache, "" when it cannot be read.
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


_VIVT, _ALIASING, _COHERENT = Indexing.VIVT, Indexing.VIPT_ALIASING, Indexing.COHERENT

# (implementer, part) -> core. Source: MIDR values of arch/arm/mm/proc-*.S; geometries
# from the cores' manuals (ARM DDI0198D, DDI0184B; 80200 Developer's Manual).
_CORES = {
    (0x41, 0x926): Core("ARM926EJ-S", _VIVT, 32, "4-way, 4 to 128 KB by synthesis, read-allocate"),
    (0x56, 0x131): Core("Feroceon 88FR131", _VIVT, 32, "16 KB, 4-way"),
    (0x56, 0x531): Core("Feroceon 88FR531", _VIVT, 32, "16 KB, 4-way"),
    (0x56, 0x571): Core("Feroceon 88FR571", _VIVT, 32, "16 KB, 4-way"),
    (0x41, 0x920): Core("ARM920T", _VIVT, 32, "16 KB, 64-way, read-allocate"),
    (0x41, 0x922): Core("ARM922T", _VIVT, 32, "8 KB, 64-way, read-allocate"),
    (0x54, 0x925): Core("ARM925T", _VIVT, 16, "8 KB, 2-way, write-through by default"),
    (0x54, 0x915): Core("ARM915T", _VIVT, 16, "8 KB, 2-way, write-through by default"),
    (0x41, 0xA20): Core("ARM1020", _VIVT, 32, "32 KB"),
    (0x41, 0xA22): Core("ARM1022", _VIVT, 32, "16 KB"),
    (0x41, 0xA26): Core("ARM1026EJ-S", _VIVT, 32),
    (0x66, 0x526): Core("FA526", _VIVT, 16),
    (0x44, 0xA10): Core("StrongARM 110", _VIVT, 32, "16 KB"),
    (0x44, 0xA11): Core("StrongARM 1100", _VIVT, 32, "8 KB"),
    (0x69, 0xB11): Core("StrongARM 1110", _VIVT, 32, "8 KB"),
    (0x41, 0x720): Core("ARM720T", _VIVT, 16, "8 KB unified"),
    (0x41, 0xB36): Core("ARM1136", _ALIASING, 32, "aliases when a way exceeds 4 KB"),
    (0x41, 0xB56): Core("ARM1156", _ALIASING, 32, "aliases when a way exceeds 4 KB"),
    (0x41, 0xB76): Core("ARM1176", _ALIASING, 32, "aliases when a way exceeds 4 KB; 16 KB 4-way does not"),
    (0x41, 0xB02): Core("ARM11 MPCore", _ALIASING, 32, "aliases when a way exceeds 4 KB"),
    (0x41, 0xC05): Core("Cortex-A5", _COHERENT, 32),
    (0x41, 0xC07): Core("Cortex-A7", _COHERENT, 64),
    (0x41, 0xC08): Core("Cortex-A8", _COHERENT, 64),
    (0x41, 0xC09): Core("Cortex-A9", _COHERENT, 32),
    (0x41, 0xC0F): Core("Cortex-A15", _COHERENT, 64),
}
_FIELD = re.compile(r"^([^:\n]+?)\s*:\s*(.*)$", re.MULTILINE)
_BOOT = re.compile(r"CPU: .*data cache.*")


def _family(implementer: int, part: int) -> Core | None:
    # XScale, XSC3 and Mohawk have many part numbers each; the kernel matches them under masks.
    if implementer == 0x56 and part & 0xF00 == 0x800:
        return Core("Mohawk 88SV331x", _VIVT, 32)
    if implementer in (0x69, 0x56) and part & 0xE00 == 0x600:
        return Core("XScale-V3", _VIVT, 32, "32 KB, 4-way")
    if implementer == 0x69:
        return Core("XScale", _VIVT, 32, "32 KB, 32-way, round robin")
    return None


def find_core(architecture: str, implementer: int | None, part: int | None) -> Core:
    """Return the core, judged by part where it is known, else by architecture.

    Parameters
    ----------
    architecture : as in /proc/cpuinfo ("5TEJ"), or the machine name off ARM.
    """
    if implementer is not None and part is not None:
        known = _CORES.get((implementer, part)) or _family(implementer, part)
        if known:
            return known
    digit = architecture[:1]
    if digit in ("3", "4", "5"):
        return Core(f"ARMv{architecture}", _VIVT, 32)
    if digit == "6":
        return Core(f"ARMv{architecture}", Indexing.UNKNOWN, 32)
    if digit in ("7", "8"):
        return Core(f"ARMv{architecture}", _COHERENT, 64)
    if architecture in ("x86_64", "i686", "i386", "aarch64"):
        return Core(architecture, _COHERENT, 64)
    return Core(architecture, Indexing.UNKNOWN, 0)


def parse_cpuinfo(text: str, machine: str, boot_log: str = "") -> CpuFacts:
    """Return the facts in the text of /proc/cpuinfo.

    Parameters
    ----------
    machine : as uname says, for processors whose cpuinfo names no architecture.
    boot_log : kernel messages, "" where they cannot be read.
    """
    fields: dict[str, str] = {}
    for key, value in _FIELD.findall(text):
        fields.setdefault(key.strip(), value.strip())
    implementer = _hex(fields.get("CPU implementer", ""))
    part = _hex(fields.get("CPU part", ""))
    architecture = fields.get("CPU architecture", machine)
    core = find_core(architecture, implementer, part)
    boot = _BOOT.search(boot_log)
    indexing = _from_boot(boot.group(0)) if boot else core.indexing
    return CpuFacts(
        model=fields.get("model name") or fields.get("Processor") or core.name,
        architecture=architecture,
        implementer=implementer,
        part=part,
        core=core.name,
        indexing=indexing or core.indexing,
        line_bytes=core.line_bytes,
        geometry=core.geometry,
        boot_line=boot.group(0) if boot else "",
    )


def _hex(text: str) -> int | None:
    try:
        return int(text, 16)
    except ValueError:
        return None


def _from_boot(line: str) -> Indexing | None:
    data = line.split("data cache")[0]
    if "VIVT" in data:
        return _VIVT
    if "nonaliasing" in data:
        return _COHERENT
    return _ALIASING if "aliasing" in data else None


def read(boot_log: str, proc: Path = Path("/proc")) -> CpuFacts:
    """Return the facts of this machine, given the kernel's messages."""
    return parse_cpuinfo(text_of(proc / "cpuinfo"), platform.machine(), boot_log)
