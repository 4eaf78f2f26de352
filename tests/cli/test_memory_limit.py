# SPDX-License-Identifier: MIT
"""Too little memory for numpy is one line and the status of it, never that of FAIL."""

from __future__ import annotations

import os
import resource
import subprocess
import sys

import pytest

from stress.cli import memory_limit


@pytest.mark.parametrize("command", ["generate {}/a.wav --frames 4800", "probe --board arm926"])
@pytest.mark.parametrize("megabytes", [40, 60, 80, 100])
def test_command_without_memory_for_numpy_ends_in_one_line(tmp_path, megabytes, command):
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))

    words = [sys.executable, "-m", "stress", *command.format(tmp_path).split()]
    done = subprocess.run(words, capture_output=True, text=True, preexec_fn=limit, check=False)
    # Where numpy is small it fits, and the command is done.
    assert done.returncode in (0, 74)
    assert done.returncode == 0 or done.stderr.startswith("pcmstress: no memory left")
    assert len(done.stderr.splitlines()) <= 1


def test_nothing_is_tried_without_a_limit(monkeypatch):
    monkeypatch.setattr(memory_limit.resource, "getrlimit", lambda _: (resource.RLIM_INFINITY,) * 2)
    monkeypatch.setattr(memory_limit.os, "fork", None)
    assert memory_limit.numpy_fits()


def test_child_that_cannot_load_numpy_tells(monkeypatch):
    monkeypatch.setattr(memory_limit.resource, "getrlimit", lambda _: (1 << 40, 1 << 40))
    # That it is missing is for others to say.
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert memory_limit.numpy_fits()
    monkeypatch.setattr(memory_limit, "_load", lambda: os._exit(1))
    assert not memory_limit.numpy_fits()


@pytest.mark.parametrize("words", [["probe"], ["boards"], ["--version"]])
def test_command_that_needs_no_numpy_works_without_memory_for_it(words):
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (80 << 20, 80 << 20))

    command = [sys.executable, "-m", "stress", *words]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=limit, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout
