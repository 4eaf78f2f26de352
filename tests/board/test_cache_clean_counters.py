# SPDX-License-Identifier: MIT
"""What may have cleaned the caches is counted between two readings."""

from __future__ import annotations

from stress.board.cache_clean_counters import watched


def _proc(root, ctxt, forks, vmalloc, maps):
    (root / "self").mkdir(exist_ok=True)
    (root / "stat").write_text(f"cpu  1 2 3\nctxt {ctxt}\nbtime 1\nprocesses {forks}\n")
    (root / "meminfo").write_text(f"MemTotal:  1 kB\nVmallocUsed:  {vmalloc} kB\n")
    (root / "self/maps").write_text("a mapping\n" * maps)


def test_watched_gives_the_differences(tmp_path):
    _proc(tmp_path, 1000, 50, 300, 7)
    with watched(tmp_path) as seen:
        _proc(tmp_path, 1234, 52, 292, 8)
    assert seen.to_json() == {"switches": 234, "forks": 2, "vmalloc_kb": -8, "mappings": 1}


def test_watched_without_counters_tells_nothing(tmp_path):
    with watched(tmp_path) as seen:
        pass
    assert seen.to_json() == {"switches": None, "forks": None, "vmalloc_kb": None, "mappings": None}


def test_watched_on_this_kernel_counts_switches():
    with watched() as seen:
        pass
    assert seen.switches >= 0
    assert seen.forks >= 0
