# SPDX-License-Identifier: MIT
"""What kernels print on cores of many kinds: /proc/cpuinfo, boot log, and what follows.

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


def _mips(model, cache="", options=None):
    text = (
        f"system type\t\t: SoC\nmachine\t\t\t: Board\nprocessor\t\t: 0\ncpu model\t\t: {model}\n"
        f"isa\t\t\t: mips1 mips2\n"
    )
    text += "" if options is None else f"Options implemented\t: tlb 4kex 4k_cache {options}\n"
    first = "Primary instruction cache 64kB, VIPT, 4-way, linesize 32 bytes.\n"
    return text, first + f"Primary data cache {cache}\n" if cache else ""


def _sh(family, kind, ways, kilobytes, sets=0, line=32, aliases=None):
    text = (
        f"machine\t\t: Board\nprocessor\t: 0\ncpu family\t: {family}\ncpu type\t: {kind}\n"
        f"cache type\t: split (harvard)\n"
    )
    text += f"icache size\t: 16KiB (2-way)\ndcache size\t: {kilobytes}KiB ({ways}-way)\n"
    if aliases is None:
        return text, ""
    incr = sets * line
    log = "I-cache : n_ways=2 n_sets=256 way_incr=8192\n"
    log += f"D-cache : n_ways={ways} n_sets={sets} way_incr={incr}\n"
    log += f"D-cache : entry_mask=0x{incr - line:08x} alias_mask=0x00003000 n_aliases={aliases}\n"
    return text, log


_KB32 = "32kB, 4-way, VIPT, cache aliases, linesize 32 bytes"
_KB16 = "16kB, 4-way, VIPT, no aliases, linesize 32 bytes"
_AR71 = _mips("MIPS 24Kc V7.4", _KB32)
_QCA = _mips("MIPS 74Kc V5.0", options="dc_aliases")
_RT5350 = _mips("MIPS 24KEc V4.12", _KB16)
_PLAIN = _mips("MIPS 24Kc V7.4")
_BCM = _mips("BCM6348 V0.7", "8kB 2-way, linesize 16 bytes.")
_LOONGSON = _mips("ICT Loongson-3 V0.8", "64kB, 4-way, VIPT, no aliases, linesize 32 bytes")
_R4K = _mips("R4400SC V6.0", "16kB, direct mapped, VIPT, cache aliases, linesize 16 bytes")
_PIPT = _mips("MIPS P5600", "64kB, 4-way, PIPT, no aliases, linesize 32 bytes")
_SH7751R, _SH7785 = _sh("sh4", "SH7751R", 2, 32), _sh("sh4a", "SH7785", 4, 32, 256, aliases=2)
_STB, _SH7720 = _sh("sh4", "STb7109", 2, 32, 512, aliases=4), _sh("sh3", "SH7720", 4, 16)
_XTENSA = (
    "CPU count\t: 1\nvendor_id\t: Tensilica\nmodel\t\t: Xtensa LX2\ncore ID\t\t: {core}\n"
    "dcache line size: 32\n"
    "dcache ways\t: {ways}\ndcache size\t: {size}\ndcache flags\t: writeback lock \n"
)
_NIOS = (
    "CPU:\t\tNios II/f\nREV:\t\t0\nMMU:\t\tpresent\nIcache:\t\t32kB, line length: 32\n"
    "Dcache:\t\t{kb}kB, line length: 32\n"
)
_PARISC = (
    "processor\t: 0\ncpu family\t: PA-RISC 2.0\ncpu\t\t: PA8700 (PCX-W2)\nI-cache\t\t: 768 KB\n"
    "D-cache\t\t: 1536 KB (WB, direct mapped, alias=0)\n"
)

CASES = {
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
    "ath79": Case(
        "mips",
        *_AR71,
        "MIPS 24Kc V7.4",
        ALIASING,
        32,
        "32 KB, 4-way",
        (EXPECTED, "8 KB holds 2 pages of 4 KB"),
    ),
    "qca956x by its options": Case(
        "mips", *_QCA, "MIPS 74Kc V5.0", ALIASING, 32, "", (EXPECTED, "dc_aliases")
    ),
    "ath79 with pages of 16 KB": Case(
        "mips",
        _AR71[0],
        _AR71[1].replace("cache aliases", "no aliases"),
        "MIPS 24Kc V7.4",
        COHERENT,
        32,
        "32 KB, 4-way",
        (NOT_EXPECTED, "no larger than a page of 16 KB"),
        16384,
    ),
    "rt5350": Case("mips", *_RT5350, "MIPS 24KEc V4.12", COHERENT, 32, "16 KB, 4-way", (NOT_EXPECTED,)),
    "mips of unknown size": Case("mips", *_PLAIN, "MIPS 24Kc V7.4", UNKNOWN, 32, "", (OPEN, "cache aliases")),
    "bcm63xx of an old kernel": Case("mips", *_BCM, "BCM6348 V0.7", UNKNOWN, 16, "8 KB, 2-way", (OPEN,)),
    "loongson 3": Case(
        "mips64", *_LOONGSON, "ICT Loongson-3 V0.8", COHERENT, 32, "64 KB, 4-way", (NOT_EXPECTED,), 16384
    ),
    "r4400": Case(
        "mips64",
        *_R4K,
        "R4400SC V6.0",
        ALIASING,
        16,
        "16 KB, direct mapped",
        (EXPECTED, "16 KB holds 4 pages"),
    ),
    "p5600": Case("mips", *_PIPT, "MIPS P5600", COHERENT, 32, "64 KB, 4-way", (NOT_EXPECTED,)),
    "sh7751r": Case(
        "sh4", *_SH7751R, "SH7751R", ALIASING, 32, "32 KB, 2-way", (EXPECTED, "16 KB holds 4 pages")
    ),
    "stb7109": Case("sh4", *_STB, "STb7109", ALIASING, 32, "32 KB, 2-way", (EXPECTED,)),
    "sh7785": Case("sh4a", *_SH7785, "SH7785", ALIASING, 32, "32 KB, 4-way", (EXPECTED,)),
    "sh7720": Case("sh3", *_SH7720, "SH7720", COHERENT, 16, "16 KB, 4-way", (NOT_EXPECTED,)),
    "arc 700": Case(
        "arc",
        "Processor Family: ARC 700 [0x33]\nD-Cache\t\t: 32K, 4way/set, 32B Line, VIPT aliasing\n",
        "",
        "ARC 700 [0x33]",
        ALIASING,
        32,
        "32 KB, 4-way",
        (EXPECTED,),
    ),
    "arc hs": Case(
        "arc",
        "processor [0]\t: HS38 R2.1 (ARCv2 ISA)\nI-Cache\t\t: 32K, 4way/set, 64B Line, VIPT aliasing\n"
        "D-Cache\t\t: 64K, 2way/set, 64B Line, PIPT\n",
        "",
        "HS38 R2.1 (ARCv2 ISA)",
        COHERENT,
        64,
        "64 KB, 2-way",
        (NOT_EXPECTED,),
    ),
    "xtensa of 32 KB": Case(
        "xtensa",
        _XTENSA.format(core="dc233c", ways=4, size=32768),
        "",
        "dc233c",
        ALIASING,
        32,
        "32 KB, 4-way, write-back",
        (EXPECTED,),
    ),
    "xtensa of 16 KB": Case(
        "xtensa",
        _XTENSA.format(core="dc232b", ways=4, size=16384),
        "",
        "dc232b",
        COHERENT,
        32,
        "16 KB, 4-way, write-back",
        (NOT_EXPECTED,),
    ),
    "ultrasparc": Case(
        "sparc64",
        "cpu\t\t: TI UltraSparc IIi (Sabre)\nfpu\t\t: UltraSparc IIi integrated FPU\ntype\t\t: sun4u\n",
        "",
        "TI UltraSparc IIi (Sabre)",
        ALIASING,
        32,
        "",
        (EXPECTED,),
        8192,
    ),
    "niagara": Case(
        "sparc64",
        "cpu\t\t: UltraSparc T1 (Niagara)\ntype\t\t: sun4v\n",
        "",
        "UltraSparc T1 (Niagara)",
        COHERENT,
        32,
        "",
        (NOT_EXPECTED,),
        8192,
    ),
    "hypersparc": Case(
        "sparc",
        "cpu\t\t: ROSS HyperSparc RT625 or RT626\ntype\t\t: sun4m\n",
        "",
        "ROSS HyperSparc RT625 or RT626",
        UNKNOWN,
        32,
        "",
        (OPEN,),
    ),
    "68030": Case(
        "m68k",
        "CPU:\t\t68030\nMMU:\t\t68030\nFPU:\t\t68882\n",
        "",
        "68030",
        VIVT,
        16,
        "256 bytes, direct mapped, write-through",
        (EXPECTED,),
    ),
    "68040": Case(
        "m68k", "CPU:\t\t68040\nMMU:\t\t68040\n", "", "68040", COHERENT, 16, "4 KB, 4-way", (NOT_EXPECTED,)
    ),
    "riscv": Case(
        "riscv64",
        "processor\t: 0\nhart\t\t: 1\nisa\t\t: rv64imafdc\nmmu\t\t: sv39\nuarch\t\t: sifive,u74-mc\n",
        "",
        "sifive,u74-mc",
        COHERENT,
        64,
        "",
        (NOT_EXPECTED, "no aliases"),
    ),
    "powerpc": Case(
        "ppc",
        "processor\t: 0\ncpu\t\t: 7447A, altivec supported\nrevision\t: 1.2 (pvr 8003 0102)\n",
        "",
        "7447A, altivec supported",
        COHERENT,
        32,
        "",
        (NOT_EXPECTED,),
    ),
    "nios2 of 32 KB": Case(
        "nios2",
        _NIOS.format(kb=32),
        "",
        "Nios II/f",
        ALIASING,
        32,
        "32 KB, direct mapped",
        (EXPECTED, "8 pages"),
    ),
    "nios2 of 4 KB": Case(
        "nios2", _NIOS.format(kb=4), "", "Nios II/f", COHERENT, 32, "4 KB, direct mapped", (NOT_EXPECTED,)
    ),
    "csky abiv1": Case(
        "csky", "processor       : 0\nC-SKY CPU model : ck610\n", "", "ck610", ALIASING, 32, "", (EXPECTED,)
    ),
    "csky abiv2": Case(
        "csky",
        "processor       : 0\nC-SKY CPU model : ck860f\n",
        "",
        "ck860f",
        COHERENT,
        32,
        "",
        (NOT_EXPECTED,),
    ),
    "parisc": Case(
        "parisc64",
        _PARISC,
        "",
        "PA8700 (PCX-W2)",
        ALIASING,
        64,
        "1536 KB, direct mapped, write-back",
        (EXPECTED,),
    ),
    "loongarch": Case(
        "loongarch64",
        "system type\t\t: generic-loongson-machine\n\nprocessor\t\t: 0\nCPU Family\t\t: Loongson-64bit\n"
        "Model Name\t\t: Loongson-3A5000\n",
        "",
        "Loongson-3A5000",
        COHERENT,
        64,
        "",
        (NOT_EXPECTED,),
        16384,
    ),
    "x86": Case(
        "x86_64",
        "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R) Core(TM) i5\n",
        "",
        "x86_64",
        COHERENT,
        64,
        "",
        (NOT_EXPECTED,),
    ),
    "nobody knows": Case("e2k", "", "", "e2k", UNKNOWN, 0, "", (OPEN,)),
}
