# SPDX-License-Identifier: MIT
"""What kernels print on ARM cores: /proc/cpuinfo, boot log, and what follows.

Written in the formats of the kernel's own sources; the numbers are those of public
boot logs and manuals, not copied texts.
"""

from __future__ import annotations

from typing import NamedTuple

from stress.board.cpu import Indexing

VIVT, ALIASING, COHERENT = Indexing.VIVT, Indexing.VIPT_ALIASING, Indexing.COHERENT
UNKNOWN = Indexing.UNKNOWN
EXPECTED, NOT_EXPECTED, OPEN = "the defect is expected", "no corruption is expected", "nothing is expected"


class Case(NamedTuple):
    """One machine; `words` stand in the expectation."""

    machine: str
    cpuinfo: str
    log: str
    core: str
    indexing: Indexing
    line_bytes: int
    geometry: str
    words: tuple[str, ...]
    page_bytes: int = 4096


def _arm(name, implementer, part, architecture, revision=5, more=""):
    return (
        f"processor\t: 0\nmodel name\t: {name} rev {revision} (v5l)\nBogoMIPS\t: 99.00\n"
        f"CPU implementer\t: 0x{implementer:02x}\nCPU architecture: {architecture}\nCPU variant\t: 0x0\n"
        f"CPU part\t: 0x{part:03x}\nCPU revision\t: {revision}\n\nHardware\t: Board\n{more}"
    )


def _old(size, ways, line, kind="VIVT write-back"):
    sets = size // ways // line
    return (
        f"Memory policy: ECC disabled, Data cache writeback\nCPU0: D {kind} cache\n"
        f"CPU0: I cache: 16384 bytes, associativity 4, 32 byte lines, 128 sets\n"
        f"CPU0: D cache: {size} bytes, associativity {ways}, {line} byte lines, {sets} sets\n"
    )


ARM_CASES = {
    "at91sam9260": Case(
        "armv5tejl",
        _arm("ARM926EJ-S", 0x41, 0x926, "5TEJ"),
        _old(8192, 4, 32),
        "ARM926EJ-S",
        VIVT,
        32,
        "8 KB, 4-way, write-back",
        (EXPECTED,),
    ),
    "versatile 6.1": Case(
        "armv5tejl",
        _arm("ARM926EJ-S", 0x41, 0x926, "5TEJ"),
        "CPU: VIVT data cache, VIVT instruction cache\n",
        "ARM926EJ-S",
        VIVT,
        32,
        "4 to 128 KB by synthesis (mostly 8 to 32 KB, 4-way)",
        (EXPECTED, "use_vmalloc=0"),
    ),
    "orion5x": Case(
        "armv5tejl",
        _arm("Feroceon", 0x41, 0x926, "5TEJ", 0),
        _old(32768, 1, 32),
        "Feroceon (Orion)",
        VIVT,
        32,
        "32 KB, direct mapped, write-back",
        (EXPECTED, "0x41069260"),
    ),
    "orion5x by a kernel that takes it for a 926": Case(
        "armv5tejl",
        _arm("ARM926EJ-S", 0x41, 0x926, "5TEJ", 0),
        "",
        "ARM926EJ-S",
        VIVT,
        32,
        "4 to 128 KB by synthesis (mostly 8 to 32 KB, 4-way); an Orion 88F5181 or "
        "88F5182 has 32 KB, direct mapped",
        (EXPECTED, "early Feroceon"),
    ),
    "musicpal": Case(
        "armv5tejl",
        _arm("Feroceon", 0x41, 0x926, "5TEJ", 0),
        _old(32768, 4, 32),
        "Feroceon (Orion)",
        VIVT,
        32,
        "32 KB, 4-way, write-back",
        (EXPECTED,),
    ),
    "kirkwood": Case(
        "armv5tel",
        _arm("Feroceon 88FR131", 0x56, 0x131, "5TE", 1),
        "",
        "Feroceon 88FR131",
        VIVT,
        32,
        "16 KB, 4-way",
        (EXPECTED,),
    ),
    "gemini": Case(
        "armv4l",
        _arm("FA526", 0x66, 0x526, "4", 1),
        _old(8192, 2, 16),
        "FA526",
        VIVT,
        16,
        "8 KB, 2-way, write-back",
        (EXPECTED,),
    ),
    "gemini without a log": Case(
        "armv4l",
        _arm("FA526", 0x66, 0x526, "4", 1),
        "",
        "FA526",
        VIVT,
        16,
        "8 KB, 2-way (Gemini)",
        (EXPECTED,),
    ),
    "omap1510 2.4": Case(
        "armv4tl",
        _arm("ARM925T", 0x54, 0x925, "4T", 2),
        "CPU: D write-back cache\nCPU: D cache: 8192 bytes, associativity 2, 16 byte lines, 256 sets\n",
        "ARM925T",
        VIVT,
        16,
        "8 KB, 2-way",
        (EXPECTED,),
    ),
    "ixp4xx with the fields of 2.6": Case(
        "armv5tel",
        _arm(
            "XScale-IXP42x",
            0x69,
            0x41F,
            "5TE",
            1,
            "D size\t\t: 32768\nD assoc\t\t: 32\nD line length\t: 32\nD sets\t\t: 32\n",
        ),
        "",
        "XScale",
        VIVT,
        32,
        "32 KB, 32-way",
        (EXPECTED,),
    ),
    "raspberry pi 1": Case(
        "armv6l",
        _arm("ARMv6-compatible processor", 0x41, 0xB76, "7", 7),
        "CPU: PIPT / VIPT nonaliasing data cache, VIPT nonaliasing instruction cache\n",
        "ARM1176",
        COHERENT,
        32,
        "",
        (NOT_EXPECTED,),
    ),
    "raspberry pi 1 without a log": Case(
        "armv6l",
        _arm("ARMv6-compatible processor", 0x41, 0xB76, "7", 7).replace(": Board", ": BCM2835"),
        "",
        "ARM1176",
        COHERENT,
        32,
        "16 KB, 4-way",
        (NOT_EXPECTED,),
    ),
    "arm1136 of 32 KB": Case(
        "armv6l",
        _arm("ARMv6-compatible processor", 0x41, 0xB36, "6TEJ", 4),
        "CPU: VIPT aliasing data cache, VIPT aliasing instruction cache\n",
        "ARM1136",
        ALIASING,
        32,
        "",
        (EXPECTED, "differ in colour"),
    ),
    "arm1136 of 16 KB 2.6": Case(
        "armv6l",
        _arm("ARMv6-compatible processor", 0x41, 0xB36, "6TEJ", 4),
        _old(16384, 4, 32, "VIPT write-back"),
        "ARM1136",
        COHERENT,
        32,
        "16 KB, 4-way, write-back",
        (NOT_EXPECTED, "no larger than a page"),
    ),
    "arm1176 of 32 KB 2.6": Case(
        "armv6l",
        _arm("ARMv6-compatible processor", 0x41, 0xB76, "6TEJ", 4),
        _old(32768, 4, 32, "VIPT write-back"),
        "ARM1176",
        ALIASING,
        32,
        "32 KB, 4-way, write-back",
        (EXPECTED, "8 KB holds 2 pages of 4 KB"),
    ),
    "cortex-a9": Case(
        "armv7l",
        _arm("ARMv7 Processor", 0x41, 0xC09, "7", 4),
        "CPU: PIPT / VIPT nonaliasing data cache, VIPT aliasing instruction cache\n",
        "Cortex-A9",
        COHERENT,
        32,
        "",
        (NOT_EXPECTED,),
    ),
    "arm64": Case(
        "aarch64",
        "processor\t: 0\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\n"
        "CPU part\t: 0xd08\nCPU revision\t: 3\n",
        "[    0.000000] Detected PIPT I-cache on CPU0\n[    0.000000] CPU features: detected: Spectre-v2\n",
        "Cortex-A72",
        COHERENT,
        64,
        "",
        (NOT_EXPECTED,),
    ),
    "arm64 with an aliasing I-cache": Case(
        "aarch64",
        "CPU implementer\t: 0x41\nCPU architecture: 8\nCPU part\t: 0xd03\n",
        "Detected VIPT I-cache on CPU0\n",
        "Cortex-A53",
        COHERENT,
        64,
        "",
        (NOT_EXPECTED,),
    ),
    "arm64 of an old kernel": Case(
        "aarch64",
        "Processor\t: AArch64 Processor rev 3 (aarch64)\nprocessor\t: 0\nCPU implementer\t: 0x53\n"
        "CPU architecture: AArch64\nCPU part\t: 0x999\n",
        "",
        "ARMv8",
        COHERENT,
        64,
        "",
        (NOT_EXPECTED,),
    ),
}
