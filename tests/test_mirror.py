# SPDX-License-Identifier: MIT
"""Every module has a test file of its name, or a line that says where it is tested and why."""

from __future__ import annotations

from collections import Counter

import pytest

from tools.mutatekit.mirror import ROOT, listed, modules, own

MODULES = modules("")


@pytest.mark.parametrize("module", MODULES)
def test_module_has_a_test_file_or_a_line(module):
    assert own(module) or module in {one for one, _, _ in listed()}


@pytest.mark.parametrize(("module", "files", "why"), listed(), ids=[module for module, _, _ in listed()])
def test_line_names_a_module_and_tests_that_exist(module, files, why):
    assert module in MODULES
    assert len(why) > 10
    assert files
    assert [name for name in files if not (ROOT / name).is_file()] == []


def test_module_is_named_once():
    assert [name for name, times in Counter(one for one, _, _ in listed()).items() if times > 1] == []
