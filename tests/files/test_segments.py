# SPDX-License-Identifier: MIT
"""Frames are read across the pieces of a file as if they were one."""

from __future__ import annotations

import pytest

from stress.errors import CaptureFileError
from stress.files.segments import SegmentReader


@pytest.fixture
def reader(tmp_path):
    path = tmp_path / "pieces"
    path.write_bytes(bytes(range(40)))
    # Five bytes at 3, seven at 20: three whole frames of four.
    with open(path, "rb") as file:
        yield SegmentReader(file, str(path), ((3, 5), (20, 7)), 4)


def test_whole_frames_of_all_pieces_are_counted(reader):
    assert reader.frames == 3


@pytest.mark.parametrize("first", [0, 1, 2])
def test_any_frames_are_those_of_the_pieces_joined(reader, first):
    joined = [3, 4, 5, 6, 7, *range(20, 27)]
    for frames in range(4 - first):
        assert reader.read(first, frames).tolist() == joined[4 * first : 4 * (first + frames)]


def test_the_same_pieces_are_frames_of_another_size(reader):
    other = reader.of_frames(5)
    assert other.frames == 2
    assert other.read(1, 1).tolist() == [20, 21, 22, 23, 24]


def test_frames_read_twice_and_backwards_are_the_same(reader):
    assert reader.read(2, 1).tolist() == reader.read(2, 1).tolist() == [23, 24, 25, 26]
    assert reader.read(0, 1).tolist() == [3, 4, 5, 6]


def test_file_that_became_shorter_is_an_error_with_the_bytes_that_lack(tmp_path):
    path = tmp_path / "short"
    path.write_bytes(bytes(10))
    with open(path, "rb") as file:
        short = SegmentReader(file, str(path), ((4, 8),), 4)
        with pytest.raises(CaptureFileError, match="ended 2 bytes early while it was read"):
            short.read(0, 2)
