# SPDX-License-Identifier: MIT
"""A stretch of a file reads as a file of its own."""

from __future__ import annotations

import os

import pytest

from stress.files.stretch import FileStretch


@pytest.fixture
def stretch(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(bytes(range(100)))
    with path.open("rb") as file:
        yield FileStretch(file, 10, 20)


def test_stretch_read_to_its_end_gives_only_its_own_bytes(stretch):
    assert stretch.read() == bytes(range(10, 30)) and stretch.read(4) == b""


@pytest.mark.parametrize(
    ("place", "whence", "at"), [(5, os.SEEK_SET, 5), (-3, os.SEEK_END, 17), (2, os.SEEK_CUR, 6)]
)
def test_stretch_seek_counts_from_its_own_beginning(stretch, place, whence, at):
    stretch.read(4)
    assert stretch.seek(place, whence) == at == stretch.tell()
    assert stretch.read(1) == bytes([10 + at])


def test_stretch_readinto_at_its_end_fills_what_is_left(stretch):
    stretch.seek(18)
    out = bytearray(b"\xff" * 4)
    assert stretch.readinto(out) == 2 and out == bytes([28, 29, 255, 255])


def test_stretch_sought_before_its_beginning_stays_inside(stretch):
    assert stretch.seek(-5) == 0 and stretch.read(1) == bytes([10])
