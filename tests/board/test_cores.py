# SPDX-License-Identifier: MIT
"""Cores of many kinds by what their kernels print: type, geometry, line, expectation."""

from __future__ import annotations

import pytest

from stress.board.cpu import Indexing, parse_cpuinfo
from stress.board.facts import expectation
from stress.board.kernel import KernelFacts
from tests.board.core_texts import ARM_CASES
from tests.board.core_texts_elsewhere import CASES_ELSEWHERE
from tests.board.core_texts_more import CASES_MORE

CASES = {**ARM_CASES, **CASES_ELSEWHERE, **CASES_MORE}
KERNEL = KernelFacts("6.1.0", True, True, "", {})


@pytest.mark.parametrize("name", CASES)
def test_core_is_known_by_what_its_kernel_prints(name):
    case = CASES[name]
    facts = parse_cpuinfo(case.cpuinfo, case.machine, case.log, case.page_bytes)
    found = (facts.core, facts.indexing, facts.line_bytes, facts.geometry)
    assert found == (case.core, case.indexing, case.line_bytes, case.geometry)


@pytest.mark.parametrize("name", CASES)
def test_expectation_says_what_and_why(name):
    case = CASES[name]
    text = expectation(parse_cpuinfo(case.cpuinfo, case.machine, case.log, case.page_bytes), KERNEL)
    for words in case.words:
        assert words in text


def test_log_with_dates_and_other_lines_around_it_is_read():
    case = CASES["ath79"]
    log = "\n".join(f"[    0.{n:06}] {line}" for n, line in enumerate(case.log.splitlines()))
    assert parse_cpuinfo(case.cpuinfo, "mips", log).indexing is Indexing.VIPT_ALIASING


def test_page_size_of_the_kernel_decides_where_the_log_is_silent():
    case = CASES["xtensa of 32 KB"]
    assert parse_cpuinfo(case.cpuinfo, "xtensa", "", 8192).indexing is Indexing.COHERENT
