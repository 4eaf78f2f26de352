# SPDX-License-Identifier: MIT
"""docs/how-to/bisect.md: its script finds the commit, past one that cannot be tested."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.docs import pages

PAGE = pages.ROOT / "docs" / "how-to" / "bisect.md"
BOARD = 'base = "arm926"\nkernel.use_vmalloc = {}\n'


def _git(folder, *argv):
    # Nothing of the user's own settings, and no name of a person.
    env = {
        **os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "LC_ALL": "C",
        "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b",
        "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b",
        "PATH": f"{folder.parent}:{os.environ['PATH']}",
    }  # fmt: skip
    done = subprocess.run(["git", *argv], cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _commit(folder, name, vmalloc, builds=True):
    (folder / "board.toml").write_text(BOARD.format(str(vmalloc).lower()))
    (folder / "build-and-boot").write_text(f"#!/bin/sh\n# {name}\n{'exit 0' if builds else 'exit 1'}\n")
    (folder / "build-and-boot").chmod(0o755)
    _git(folder, "add", "-A")
    _git(folder, "commit", "-q", "-m", name)


# A release is tested from an archive as well, on machines without git.
@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_bisect_script_of_the_page_names_the_commit(tmp_path):
    (script,) = re.findall(r"^```bash\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    program = tmp_path / "pcmstress"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={pages.ROOT} exec {sys.executable} -m stress.cli.main "$@"\n')
    program.chmod(0o755)
    folder = tmp_path / "kernel"
    folder.mkdir()
    _git(folder, "init", "-q")
    _commit(folder, "one", False)
    (folder / "bisect-step").write_text(script)
    (folder / "bisect-step").chmod(0o755)
    (folder / ".git" / "info" / "exclude").write_text("bisect-step\nruns\n")
    _commit(folder, "two", False)
    _commit(folder, "three: does not build", False, builds=False)
    _commit(folder, "four", False)
    _commit(folder, "five: breaks it", True)
    _commit(folder, "six", True)
    _git(folder, "bisect", "start", "HEAD", "HEAD~5")
    told = _git(folder, "bisect", "run", "./bisect-step")
    assert "is the first bad commit" in told
    assert "five: breaks it" in told.partition("is the first bad commit")[2]
    assert "skip" in _git(folder, "bisect", "log")
