# SPDX-License-Identifier: MIT
"""Chunks and tags that a wrong size counts among the samples are left out, and nothing else is."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest

from stress.files.riff_tail import TRAILING
from stress.files.trailing import samples_end

SAMPLES = np.random.default_rng(3).integers(0, 256, 6000, np.uint8).tobytes()
LIST = b"LIST" + struct.pack("<I", 26) + b"INFOISFT" + struct.pack("<I", 14) + b"Lavf58.29.100\0"
ODD = b"bext" + struct.pack("<I", 5) + b"hello"
ID3V2 = b"ID3\x03\0\0\0\0\0\x0a" + b"TPE1\0\0\0\0\0\0"
IN_CHUNK = b"id3 " + struct.pack("<I", len(ID3V2)) + ID3V2
ID3V1 = b"TAG" + b"title".ljust(30, b"\0") + b"artist".ljust(30) + bytes(65)
APE = b"APETAGEX" + struct.pack("<4I", 2000, 32 + 12, 1, 0) + bytes(8)
APE = b"\0" * 12 + APE


def end_of(content, order="<"):
    return samples_end(io.BytesIO(content), 0, len(content), TRAILING, order)


@pytest.mark.parametrize(
    ("tail", "name"),
    [
        (LIST, "a chunk LIST"),
        (ODD, "a chunk bext"),
        (ODD + b"\0", "a chunk bext"),
        (IN_CHUNK, "a chunk id3"),
        (LIST + IN_CHUNK, "a chunk LIST and a chunk id3"),
        (ID3V1, "an ID3 tag"),
        (ID3V2, "an ID3 tag"),
        (APE, "an APE tag"),
        (LIST + ID3V1, "a chunk LIST and an ID3 tag"),
    ],
)
def test_tail_that_is_no_samples_is_cut_off_and_named(tail, name):
    end, note = end_of(SAMPLES + tail)
    assert end == len(SAMPLES)
    assert note == f"the last {len(tail)} bytes are {name}, no samples: not judged"


@pytest.mark.parametrize(
    "tail",
    [
        LIST + b"\1",  # one byte more than the chunk says
        LIST[:-1],  # one less
        b"data" + struct.pack("<I", 4) + b"abcd",
        b"TAG" + bytes(range(1, 126)),  # no text
        b"APETAGEX" + struct.pack("<4I", 2000, 1 << 30, 1, 0) + bytes(8),
        ID3V2 + b"\1",
    ],
)
def test_tail_that_only_looks_like_a_chunk_stays_samples(tail):
    assert end_of(SAMPLES + tail) == (len(SAMPLES + tail), "")


def test_chunk_in_the_other_byte_order_is_known_by_the_order_of_the_file():
    tail = b"LIST" + struct.pack(">I", 8) + b"INFOabcd"
    assert end_of(SAMPLES + tail, ">")[0] == len(SAMPLES)
    assert end_of(SAMPLES + tail)[1] == ""


def test_samples_alone_end_where_they_end():
    assert end_of(SAMPLES) == (len(SAMPLES), "") and end_of(b"") == (0, "")
