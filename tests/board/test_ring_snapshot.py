# SPDX-License-Identifier: MIT
"""A ring read through /proc/self/mem, from files that stand in for it."""

from __future__ import annotations

import errno
import mmap
import os
import re
from pathlib import Path

from stress.board import ring_snapshot
from stress.board.ring_snapshot import RingMemory
from stress.model.pcm import Direction, Mapping
from tests.board.own_memory import needs_own_memory

NODE = "/dev/snd/pcmC1D0c"
MAPPING = Mapping(Direction.CAPTURE, NODE, 8192, "", True)
# The anonymous line has no path, only blanks; status and control pages lie at high offsets.
MAPS = f"""\
00001000-00002000 rw-s 80000000 00:05 9 {NODE}
00002000-00003000 rw-p 00000000 00:00 0\x20
00000010-00002010 rw-s 00000000 00:05 9                          {NODE}
00004000-00005000 rw-s 00000000 00:05 8 /dev/snd/pcmC1D0p
"""


def _taken(*arguments):
    memory = RingMemory(*arguments)
    memory.take()
    memory.close()
    return memory


def test_ring_is_the_mapping_at_offset_zero(tmp_path):
    (tmp_path / "maps").write_text(MAPS)
    content = bytes(n % 256 for n in range(9000))
    (tmp_path / "mem").write_bytes(content)
    memory = _taken(MAPPING, 600, tmp_path)
    assert (memory.view.tobytes(), memory.refusal) == (content[16:616], "")


def test_ring_that_is_not_mapped_is_said(tmp_path):
    (tmp_path / "maps").write_text(MAPS.replace(NODE, "/dev/snd/pcmC9D0c"))
    memory = _taken(MAPPING, 600, tmp_path)
    assert (memory.view, memory.refusal) == (None, f"{NODE} is not mapped")


def test_short_read_is_no_ring(tmp_path):
    (tmp_path / "maps").write_text(MAPS)
    (tmp_path / "mem").write_bytes(bytes(300))
    memory = _taken(MAPPING, 600, tmp_path)
    assert memory.view is None
    assert "284 of 600 bytes" in memory.refusal


def test_own_memory_is_read_as_it_is(tmp_path):
    needs_own_memory()
    path = tmp_path / "pcmC1D0c"
    path.write_bytes(bytes(8192))
    with open(path, "r+b") as file, mmap.mmap(file.fileno(), 8192) as area:
        area[:6] = b"abcdef"
        assert re.search(str(path), Path("/proc/self/maps").read_text())
        memory = _taken(Mapping(Direction.CAPTURE, str(path), 8192, "", True), 600)
        assert memory.view[:6].tobytes() == b"abcdef"
        assert memory.view.size == 600


def test_memory_is_that_of_the_moment_it_was_taken(tmp_path):
    (tmp_path / "maps").write_text(MAPS)
    (tmp_path / "mem").write_bytes(b"before" * 200)
    memory = RingMemory(MAPPING, 600, tmp_path)
    (tmp_path / "mem").write_bytes(b"after!" * 200)
    memory.take()
    (tmp_path / "mem").write_bytes(b"late.." * 200)
    memory.close()
    memory.close()
    assert memory.view.tobytes() == (b"after!" * 200)[16:616]


def test_mapping_whose_pages_have_no_structs_is_said(tmp_path, monkeypatch):
    (tmp_path / "maps").write_text(MAPS)
    (tmp_path / "mem").write_bytes(bytes(9000))

    def refuse(file, buffers, offset):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    memory = RingMemory(MAPPING, 600, tmp_path)
    monkeypatch.setattr(ring_snapshot.os, "preadv", refuse)
    memory.take()
    memory.close()
    assert memory.view is None
    assert "use_vmalloc=0" in memory.refusal
