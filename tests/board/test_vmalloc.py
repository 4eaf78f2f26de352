# SPDX-License-Identifier: MIT
"""Rings of sound drivers in /proc/vmallocinfo."""

from __future__ import annotations

import pytest

from stress.board.vmalloc import ring_addresses

TEXT = """0xf0a00000-0xf0a05000   20480 snd_dma_vmalloc_alloc+0x14/0x1c pages=4 vmalloc
0xf0a08000-0xf0a0d000   20480 _snd_pcm_lib_alloc_vmalloc_buffer+0x58/0xa8 pages=4 vmalloc
0xf0a10000-0xf0a12000    8192 snd_dma_vmalloc_alloc+0x14/0x1c pages=1 vmalloc
0xf0b00000-0xf0b05000   20480 load_module+0x8f0/0x1a00 pages=4 vmalloc
0xf0c00000-0xf0c05000   20480 snd_something+0x10/0x20 phys=0x10000000 ioremap
"""


def _read(tmp_path, text, size):
    (tmp_path / "info").write_text(text)
    return ring_addresses(size, tmp_path / "info")


@pytest.mark.parametrize(
    ("size", "expected"), [(16384, (0xF0A00000, 0xF0A08000)), (4096, (0xF0A10000,)), (1 << 20, ())]
)
def test_rings_are_found_by_their_size_and_driver(tmp_path, size, expected):
    assert _read(tmp_path, TEXT, size) == expected


@pytest.mark.parametrize("start", ["0x9d3f1c47-0x11e0aa01", "0x00000000-0x00000000"])
def test_hashed_and_hidden_addresses_are_none(tmp_path, start):
    assert _read(tmp_path, TEXT.replace("0xf0a00000-0xf0a05000", start), 16384) == (0xF0A08000,)


def test_file_that_may_not_be_read_gives_none(tmp_path):
    assert ring_addresses(16384, tmp_path / "none") == ()
