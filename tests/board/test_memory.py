# SPDX-License-Identifier: MIT
"""The memory that can be had, from texts of /proc and from the limit of the process."""

from __future__ import annotations

import resource

import pytest

from stress.board.memory import available


def _proc(tmp_path, meminfo, status="VmSize:\t 1000 kB\n"):
    (tmp_path / "self").mkdir()
    (tmp_path / "meminfo").write_text(meminfo)
    (tmp_path / "self/status").write_text(status)
    return tmp_path


@pytest.fixture
def limit(monkeypatch):
    def set_to(soft):
        monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, resource.RLIM_INFINITY))

    set_to(resource.RLIM_INFINITY)
    return set_to


def test_memory_is_what_the_kernel_calls_available(tmp_path, limit):
    proc = _proc(tmp_path, "MemTotal: 64000 kB\nMemFree: 100 kB\nMemAvailable:   40000 kB\n")
    assert available(proc) == 40000 * 1024


@pytest.mark.parametrize(
    "text", ["", "MemFree: 5 kB\n", "MemAvailable: x kB\n", f"MemAvailable: {'9' * 4300} kB\n"]
)
def test_memory_is_not_known_where_the_text_is_another(tmp_path, limit, text):
    assert available(_proc(tmp_path, text)) is None


def test_memory_is_what_the_limit_of_the_process_leaves(tmp_path, limit):
    proc = _proc(tmp_path, "MemAvailable:   40000 kB\n")
    limit(1500 * 1024)
    assert available(proc) == 500 * 1024
    limit(900 * 1024)
    assert available(proc) == 0
