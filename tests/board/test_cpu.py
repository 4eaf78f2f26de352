# SPDX-License-Identifier: MIT
"""Cores by MIDR fields; the kernel's own word wins over the table."""

from __future__ import annotations

import pytest

from stress.board.cpu import Indexing, find_core, parse_cpuinfo

ARM926 = """processor\t: 0
model name\t: ARM926EJ-S rev 5 (v5l)
BogoMIPS\t: 654.54
Features\t: swp half fastmult edsp java
CPU implementer\t: 0x41
CPU architecture: 5TEJ
CPU variant\t: 0x0
CPU part\t: 0x926
CPU revision\t: 5

Hardware\t: ARM-Versatile (Device Tree Support)
"""


@pytest.mark.parametrize(
    ("architecture", "implementer", "part", "name", "indexing"),
    [
        ("5TEJ", 0x41, 0x926, "ARM926EJ-S", Indexing.VIVT),
        ("5TE", 0x56, 0x131, "Feroceon 88FR131", Indexing.VIVT),
        ("5TE", 0x69, 0x2D0, "XScale", Indexing.VIVT),
        ("5TE", 0x69, 0x688, "XScale-V3", Indexing.VIVT),
        ("5TE", 0x56, 0x840, "Mohawk 88SV331x", Indexing.VIVT),
        ("4T", 0x66, 0x526, "FA526", Indexing.VIVT),
        ("7", 0x41, 0xB76, "ARM1176", Indexing.VIPT_ALIASING),
        ("7", 0x41, 0xC0F, "Cortex-A15", Indexing.COHERENT),
        ("5TE", 0x11, 0x999, "ARMv5TE", Indexing.VIVT),
        ("6TEJ", 0x11, 0x999, "ARMv6TEJ", Indexing.UNKNOWN),
        ("8", 0x41, 0xD03, "Cortex-A53", Indexing.COHERENT),
        ("8", 0x41, 0xDFF, "ARMv8", Indexing.COHERENT),
        ("AArch64", 0x11, 0x999, "ARMv8", Indexing.COHERENT),
        ("x86_64", None, None, "x86_64", Indexing.COHERENT),
        ("riscv64", None, None, "riscv64", Indexing.COHERENT),
        ("e2k", None, None, "e2k", Indexing.UNKNOWN),
    ],
)
def test_find_core_follows_part_then_architecture(architecture, implementer, part, name, indexing):
    core = find_core(architecture, implementer, part)
    assert (core.name, core.indexing) == (name, indexing)


def test_parse_cpuinfo_of_an_arm926_reads_midr_fields():
    facts = parse_cpuinfo(ARM926, "armv5tejl")
    assert (facts.implementer, facts.part, facts.architecture) == (0x41, 0x926, "5TEJ")
    assert facts.indexing is Indexing.VIVT
    assert facts.line_bytes == 32


@pytest.mark.parametrize(
    ("line", "indexing"),
    [
        ("CPU: VIVT data cache, VIVT instruction cache", Indexing.VIVT),
        ("CPU: VIPT aliasing data cache, VIPT aliasing instruction cache", Indexing.VIPT_ALIASING),
        ("CPU: PIPT / VIPT nonaliasing data cache, PIPT instruction cache", Indexing.COHERENT),
        ("CPU: PIPT / VIPT nonaliasing data cache, VIPT aliasing instruction cache", Indexing.COHERENT),
    ],
)
def test_parse_cpuinfo_boot_log_overrules_the_table(line, indexing):
    facts = parse_cpuinfo(
        "CPU architecture: 6TEJ\nCPU implementer\t: 0x41\nCPU part\t: 0xb76\n", "", f"x\n{line}\ny"
    )
    assert facts.indexing is indexing
    assert facts.boot_line == line


def test_parse_cpuinfo_empty_text_is_no_error():
    assert parse_cpuinfo("", "mips").indexing is Indexing.UNKNOWN
