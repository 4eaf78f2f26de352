# SPDX-License-Identifier: MIT
"""A load beside a burst costs switches of address space where there is one CPU."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stress.model.formats import FORMATS
from stress.model.pcm import Access, Handling, Load, StreamParams
from stress.virtual.loads import disturbed, shares_the_cpu
from stress.virtual.spec import BoardSpec

PLAYED = StreamParams(48000, 2, FORMATS["S16_LE"], Access.MMAP, 480, 4800)
LOADED = Handling(load=Load.MEMORY, switches_per_s=5.0)


@pytest.mark.parametrize(
    ("architecture", "one"), [("armv4", True), ("armv5", True), ("armv7", False), ("x86", False)]
)
def test_load_shares_the_cpu_only_where_kernels_run_on_one(architecture, one):
    board = BoardSpec(architecture=architecture)
    assert shares_the_cpu(board) is one
    # Away and back at each of 100 playback and 50 capture periods a second.
    wanted = 305.0 if one else 5.0
    assert disturbed(board, LOADED, PLAYED, replace(PLAYED, period_size=960)).switches_per_s == wanted


def test_without_a_load_nothing_is_added():
    quiet = replace(LOADED, load=Load.NONE)
    assert disturbed(BoardSpec(architecture="armv5"), quiet, PLAYED, PLAYED) == quiet
