# SPDX-License-Identifier: MIT
"""Every module has a test file of its name, or a line that says where it is tested and why."""

from __future__ import annotations

import fnmatch

import pytest

from tools.mutatekit.mirror import ROOT, listed, modules, own

MODULES = modules("")


@pytest.mark.parametrize("module", MODULES)
def test_module_has_a_test_file_or_a_line(module):
    assert own(module) or any(fnmatch.fnmatch(module, pattern) for pattern, _, _ in listed())


@pytest.mark.parametrize(("pattern", "files", "why"), listed())
def test_line_is_needed_and_names_tests_that_exist(pattern, files, why):
    needy = [module for module in MODULES if not own(module)]
    # The first line that fits a module is its own.
    mine = [
        module
        for module in needy
        if next((line for line, _, _ in listed() if fnmatch.fnmatch(module, line)), "") == pattern
    ]
    assert mine, f"nothing needs the line of {pattern}"
    assert len(why) > 10
    assert [name for name in files if not (ROOT / name).is_file()] == []
