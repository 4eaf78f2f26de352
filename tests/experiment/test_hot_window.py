# SPDX-License-Identifier: MIT
"""The window of a burst: the garbage collector stays out of it."""

from __future__ import annotations

import gc

from stress.experiment.hot_window import hot_window


def test_hot_window_keeps_the_collector_out_and_puts_it_back():
    assert gc.isenabled()
    with hot_window():
        assert not gc.isenabled()
    assert gc.isenabled()
    gc.disable()
    try:
        with hot_window():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_collection_before_a_later_window_looks_at_what_is_new_only():
    with hot_window():
        frozen = gc.get_freeze_count()
    new = [[] for _ in range(100)]
    with hot_window():
        assert gc.get_freeze_count() <= frozen
    assert frozen > 0 and any(one is new for one in gc.get_objects())
