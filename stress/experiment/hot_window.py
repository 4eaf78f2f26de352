# SPDX-License-Identifier: MIT
"""The window in which a burst streams: no Python of ours runs in it unasked."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def hot_window() -> Iterator[None]:
    """Keep the garbage collector out of a burst.

    A collection inside the burst would be Python work in the window, and the
    memory it frees can end in munmap, which cleans and invalidates the whole
    D-cache on VIVT cores (flush_cache_range, arch/arm/mm/flush.c) and so hides
    the defect. What is there before the first window of a process lives as
    long as the process: it is moved out of the collector's sight once, so that
    the collection before each later window looks at what is new only.
    """
    was_enabled = gc.isenabled()
    gc.collect()
    if not gc.get_freeze_count():
        gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
