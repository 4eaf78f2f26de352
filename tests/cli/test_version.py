# SPDX-License-Identifier: MIT
"""--version: the program with its commit, Python, numpy and alsa-lib."""

from __future__ import annotations

import platform

import pytest

from stress.cli import version
from stress.cli.main import main


def test_version_names_everything_that_matters(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    out = capsys.readouterr().out
    assert stop.value.code == 0
    assert platform.python_version() in out and "numpy" in out and "alsa-lib" in out


def test_commit_is_that_of_a_loose_reference(tmp_path):
    git = tmp_path / ".git"
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/x\n")
    (git / "refs" / "heads" / "x").write_text("0123456789abcdef\n")
    assert version._checked_out(tmp_path) == "0123456789ab"


def test_commit_is_that_of_a_packed_reference_of_a_linked_worktree(tmp_path):
    home, linked = tmp_path / "home", tmp_path / "home" / "worktrees" / "w"
    linked.mkdir(parents=True)
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / ".git").write_text(f"gitdir: {linked}\n")
    (linked / "HEAD").write_text("ref: refs/heads/x\n")
    (linked / "commondir").write_text("../..\n")
    (home / "packed-refs").write_text("# pack-refs\nfedcba9876543210 refs/heads/x\n")
    assert version._checked_out(tmp_path / "tree") == "fedcba987654"


def test_commit_of_no_checkout_is_empty(tmp_path):
    assert version._checked_out(tmp_path) == ""
