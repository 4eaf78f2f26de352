# SPDX-License-Identifier: MIT
"""tools/bench: each subcommand that it lists can be run."""

from __future__ import annotations

import importlib
import inspect

from tools.benchkit.__main__ import _subcommands, main


def test_each_subcommand_listed_has_a_main_of_its_own():
    lacking = [
        name
        for name, module in _subcommands().items()
        if not inspect.isfunction(getattr(importlib.import_module(module), "main", None))
    ]
    assert len(_subcommands()) > 20
    assert lacking == []


def test_unknown_subcommand_lists_the_known_ones(capsys):
    assert main(["nothing"]) == 64
    told = capsys.readouterr().err
    assert all(f"\n  {name}" in told for name in _subcommands())
