# SPDX-License-Identifier: MIT
"""What kernels print on cores that people own beside those of the two other files: ARM, MIPS, RISC-V, x86.

Written in the formats of the kernel's own sources.
"""

from __future__ import annotations

from tests.board.core_texts import ALIASING, COHERENT, EXPECTED, NOT_EXPECTED, VIVT, Case

_V7_LOG = "CPU: PIPT / VIPT nonaliasing data cache, VIPT aliasing instruction cache\n"
_VIVT_LOG = "CPU: VIVT data cache, VIVT instruction cache\n"


def _arm(model, ids, hardware="Board"):
    implementer, architecture, variant, part, revision = ids.split()
    return (
        f"processor\t: 0\nmodel name\t: {model}\nBogoMIPS\t: 10.00\nFeatures\t: half thumb\n"
        f"CPU implementer\t: {implementer}\nCPU architecture: {architecture}\nCPU variant\t: {variant}\n"
        f"CPU part\t: {part}\nCPU revision\t: {revision}\n\nHardware\t: {hardware}\nRevision\t: 0000\n"
    )


def _v7(ids, core, line, log=_V7_LOG, machine="armv7l"):
    return Case(machine, _arm("ARMv7 Processor (v7l)", ids), log, core, COHERENT, line, "", (NOT_EXPECTED,))


def _vivt(model, ids, core, line, geometry, machine="armv5tel", log=_VIVT_LOG):
    return Case(machine, _arm(model, ids), log, core, VIVT, line, geometry, (EXPECTED,))


def _mips(system, model, cache, indexing, words):
    text = f"system type\t\t: {system}\nprocessor\t\t: 0\ncpu model\t\t: {model}\n"
    log = f"Primary data cache {cache}, linesize 32 bytes\n"
    return Case("mips", text, log, model, indexing, 32, "32 KB, 4-way", words)


def _arm64(ids, core, line):
    implementer, part = ids.split()
    text = f"processor\t: 0\nCPU implementer\t: {implementer}\nCPU architecture: 8\nCPU variant\t: 0x1\n"
    text += f"CPU part\t: {part}\nCPU revision\t: 1\n"
    return Case("aarch64", text, "", core, COHERENT, line, "", (NOT_EXPECTED,))


def _riscv(uarch):
    text = f"processor\t: 0\nhart\t\t: 1\nisa\t\t: rv64imafdc\nmmu\t\t: sv39\nuarch\t\t: {uarch}\n"
    return Case("riscv64", text, "", uarch, COHERENT, 64, "", (NOT_EXPECTED,))


_OPENRISC = "processor\t\t: 0\ncpu\t\t\t: OpenRISC-13\nrevision\t\t: 8\nfrequency\t\t: 20000000\n"
_OR1K = ("openrisc", COHERENT, 32, "8 KB, direct mapped", (NOT_EXPECTED,), 8192)


def _openrisc(text, log):
    machine, indexing, line, geometry, words, page = _OR1K
    return Case(machine, _OPENRISC + text, log, machine, indexing, line, geometry, words, page)


def _pi(model):
    text = _arm("ARMv6-compatible processor rev 7 (v6l)", "0x41 7 0x0 0xb76 7")
    text = text.replace("Hardware\t: Board\n", "") + f"Model\t\t: {model}\n"
    return Case("armv6l", text, "", "ARM1176", COHERENT, 32, "16 KB, 4-way", (NOT_EXPECTED,))


_XSC3 = "XScale-V3 based processor rev 6 (v5l)", "0x69 5TE 0x0 0x683 6", "XScale-V3", 32, "32 KB, 4-way"

CASES_MORE = {
    "openrisc by its fields": _openrisc(
        "dcache size\t\t: 8192 bytes\ndcache block size\t: 32 bytes\ndcache ways\t\t: 1\n", ""
    ),
    "openrisc by its log": _openrisc("", "-- dcache: 8192 bytes total, 32 bytes/line, 1 way(s)\n"),
    "openrisc by the log of 6.16": _openrisc(
        "", "-- dcache: 8192 bytes total, 32 bytes/line, 256 set(s), 1 way(s)\n"
    ),
    "raspberry pi zero of 6.6 without a log": _pi("Raspberry Pi Zero W Rev 1.1"),
    "raspberry pi 1 of 6.6 without a log": _pi("Raspberry Pi Model B Rev 2"),
    "sama5d3": _v7("0x41 7 0x0 0xc05 1", "Cortex-A5", 32),
    "sunxi a20": _v7("0x41 7 0x0 0xc07 5", "Cortex-A7", 64),
    "am335x": _v7("0x41 7 0x3 0xc08 2", "Cortex-A8", 64),
    "am335x without a log": _v7("0x41 7 0x3 0xc08 2", "Cortex-A8", 64, ""),
    "exynos5": _v7("0x41 7 0x2 0xc0f 4", "Cortex-A15", 64),
    "apq8064": _v7("0x51 7 0x1 0x06f 2", "Krait", 64),
    "dove": _v7("0x56 7 0x0 0x581 5", "Marvell PJ4", 32),
    "ox820": _v7("0x41 7 0x0 0xb02 5", "ARM11 MPCore", 32, machine="armv6l"),
    "raspberry pi 3 of 32 bits": _v7("0x41 7 0x0 0xd03 4", "Cortex-A53", 64),
    "pxa320": _vivt(*_XSC3),
    "pxa320 without a log": _vivt(*_XSC3, log=""),
    "ep93xx": _vivt(
        "ARM920T rev 0 (v4l)", "0x41 4T 0x1 0x920 0", "ARM920T", 32, "16 KB, 64-way, read-allocate", "armv4tl"
    ),
    "ipaq h3600": _vivt(
        "StrongARM-1110 rev 8 (v4l)", "0x69 4 0x0 0xb11 8", "StrongARM 1110", 32, "8 KB", "armv4l"
    ),
    "clps711x": _vivt("ARM720T rev 3 (v4l)", "0x41 4T 0x0 0x720 3", "ARM720T", 16, "8 KB unified", "armv4tl"),
    "pxa168": _vivt("Marvell PXA168 rev 4 (v5l)", "0x56 5TE 0x0 0x840 4", "Mohawk 88SV331x", 32, ""),
    "ar9344": _mips(
        "Atheros AR9344", "MIPS 74Kc V4.12", "32kB, 4-way, VIPT, cache aliases", ALIASING, (EXPECTED,)
    ),
    "grx500": _mips(
        "GRX500", "MIPS interAptiv (multi) V2.0", "32kB, 4-way, PIPT, no aliases", COHERENT, (NOT_EXPECTED,)
    ),
    "thunderx": _arm64("0x43 0x0a1", "Cavium ThunderX", 128),
    "a64fx": _arm64("0x46 0x001", "Fujitsu A64FX", 256),
    "arm64 that nobody has named": _arm64("0x61 0x022", "ARMv8", 64),
    "jh7110": _riscv("sifive,u74-mc"),
    "allwinner d1": _riscv("thead,c906"),
    "bamboo": Case(
        "ppc",
        "processor\t: 0\ncpu\t\t: 440EP Rev. C\nrevision\t: 24.212 (pvr 4222 18d4)\nplatform\t: Bamboo\n",
        "",
        "440EP Rev. C",
        COHERENT,
        32,
        "",
        (NOT_EXPECTED,),
    ),
    "geode": Case(
        "i586",
        "processor\t: 0\nvendor_id\t: AuthenticAMD\nmodel name\t: Geode(TM) Processor by AMD PCS\n",
        "",
        "i586",
        COHERENT,
        32,
        "",
        (NOT_EXPECTED,),
    ),
}
