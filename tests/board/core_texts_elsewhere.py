# SPDX-License-Identifier: MIT
"""What kernels print on cores that are not ARM: /proc/cpuinfo, boot log, and what follows."""

from __future__ import annotations

from tests.board.core_texts import ALIASING, COHERENT, EXPECTED, NOT_EXPECTED, OPEN, UNKNOWN, VIVT, Case


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
_BCM43 = _mips("Broadcom4350 V1.0", "16kB, 2-way, linesize 16 bytes.")
_MT7621 = _mips("MIPS 1004Kc V2.15", "32kB, 4-way, PIPT, no aliases, linesize 32 bytes")
_R4K_OLD = _mips("R4400SC V6.0", "16kb, linesize 16 bytes.")
_TX39 = _mips("R3912", "1kB, linesize 4 bytes")
_SB1 = _mips("SiByte SB1 V0.2", "32kB, 4-way, linesize 32 bytes.")
_R10K = _mips("R10000 V2.7", "32kB, 2-way, linesize 32 bytes.")
_XBURST = _mips("Ingenic Xburst V0.0", "16kB, 8-way, VIPT, no aliases, linesize 32 bytes")
_OCTEON = _mips("Cavium Octeon V0.3", "16kB, 64-way, 2 sets, linesize 128 bytes.")
_LOONGSON = _mips("ICT Loongson-3 V0.8", "64kB, 4-way, VIPT, no aliases, linesize 32 bytes")
_R4K = _mips("R4400SC V6.0", "16kB, direct mapped, VIPT, cache aliases, linesize 16 bytes")
_PIPT = _mips("MIPS P5600", "64kB, 4-way, PIPT, no aliases, linesize 32 bytes")
_SH7751R, _SH7785 = _sh("sh4", "SH7751R", 2, 32), _sh("sh4a", "SH7785", 4, 32, 256, aliases=2)
_DREAMCAST = _sh("sh4", "SH7750", 1, 16)
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

CASES_ELSEWHERE = {
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
    "bcm63xx of an old kernel": Case(
        "mips", *_BCM, "BCM6348 V0.7", COHERENT, 16, "8 KB, 2-way", (NOT_EXPECTED, "no larger than a page")
    ),
    "bcm63xx of two colours, of an old kernel": Case(
        "mips", *_BCM43, "Broadcom4350 V1.0", UNKNOWN, 16, "16 KB, 2-way", (OPEN,)
    ),
    "mt7621": Case(
        "mips",
        *_MT7621,
        "MIPS 1004Kc V2.15",
        COHERENT,
        32,
        "32 KB, 4-way",
        (NOT_EXPECTED, "PIPT, no aliases"),
    ),
    "r4400 of 2.4": Case(
        "mips64", *_R4K_OLD, "R4400SC V6.0", ALIASING, 16, "16 KB", (EXPECTED, "direct mapped")
    ),
    "tx39": Case("mips", *_TX39, "R3912", COHERENT, 4, "1 KB", (NOT_EXPECTED,)),
    "sb1": Case("mips64", *_SB1, "SiByte SB1 V0.2", COHERENT, 32, "32 KB, 4-way", (NOT_EXPECTED,)),
    "r10000 of an old kernel": Case(
        "mips64", *_R10K, "R10000 V2.7", COHERENT, 32, "32 KB, 2-way", (NOT_EXPECTED, "no aliases")
    ),
    "xburst": Case(
        "mips", *_XBURST, "Ingenic Xburst V0.0", COHERENT, 32, "16 KB, 8-way", (NOT_EXPECTED, "2 KB")
    ),
    "octeon": Case("mips64", *_OCTEON, "Cavium Octeon V0.3", COHERENT, 128, "16 KB, 64-way", (NOT_EXPECTED,)),
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
    "arc 700 of 3.10": Case(
        "arc",
        "Processor Family: ARC 700 [0x34]\nI-Cache\t\t: (32K) VIPT, 2way set-asc, 64b Line\n"
        "D-Cache\t\t: (32K) VIPT, 2way set-asc, 64b Line\n",
        "",
        "ARC 700 [0x34]",
        ALIASING,
        64,
        "32 KB, 2-way",
        (EXPECTED, "16 KB holds 2 pages of 8 KB"),
        8192,
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
    "xtensa without a data cache": Case(
        "xtensa",
        _XTENSA.format(core="de212f", ways=1, size=0),
        "",
        "de212f",
        COHERENT,
        0,
        "",
        (NOT_EXPECTED, "no data cache"),
    ),
    "dreamcast": Case("sh4", *_DREAMCAST, "SH7750", ALIASING, 32, "16 KB, direct mapped", (EXPECTED,)),
    "sh-4 that lists no sizes": Case(
        "sh4",
        "cpu family\t: sh4\ncpu type\t: SH7751R\n",
        "",
        "SH7751R",
        ALIASING,
        32,
        "",
        (EXPECTED, "16 KB"),
    ),
    "alpha ev6": Case(
        "alpha",
        "cpu\t\t\t: Alpha\ncpu model\t\t: EV6\nL1 Icache\t\t: 64K, 2-way, 64b line\n"
        "L1 Dcache\t\t: 64K, 2-way, 64b line\n",
        "",
        "EV6",
        COHERENT,
        64,
        "64 KB, 2-way",
        (NOT_EXPECTED,),
        8192,
    ),
    "alpha that knows no cache": Case(
        "alpha",
        "cpu model\t\t: LCA4\nL1 Dcache\t\t: n/a\n",
        "",
        "LCA4",
        COHERENT,
        64,
        "",
        (NOT_EXPECTED,),
        8192,
    ),
    "sun4c": Case(
        "sparc",
        "cpu\t\t: Fujitsu or Weitek Power-UP\ntype\t\t: sun4c\n",
        "",
        "Fujitsu or Weitek Power-UP",
        VIVT,
        16,
        "64 KB, write-through",
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
