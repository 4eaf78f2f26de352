# SPDX-License-Identifier: MIT
"""Mutated and made-up audio files: every one is read or refused in one line, within bounds."""

from __future__ import annotations

import os
import struct

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stress.errors import CaptureFileError
from stress.files.audio import open_audio
from tests.files.test_riff import DATA, chunk, form, riff

SEEDS = (
    riff(form(), chunk(b"LIST", b"abcde"), chunk(b"data", DATA[:400]), chunk(b"LIST", b"ab")),
    riff(form(bits=24), chunk(b"data", DATA[:600])),
    riff(form(3, bits=32), chunk(b"data", DATA[:800])),
    riff(
        chunk(b"ds64", struct.pack("<QQQI", 900, 400, 100, 0)),
        form(),
        chunk(b"data", DATA[:400]),
        magic=b"RF64",
    ),
    riff(form(order=">"), chunk(b"data", DATA[:400], None, ">"), magic=b"RIFX", order=">"),
    struct.pack(">4s5I", b".snd", 24, 400, 5, 48000, 2) + DATA[:400],
)
ODD = (0, 1, 0x7F, 0x80, 0xFF)


def opened(content):
    # In memory: thousands of files on a disk take longer than reading them.
    handle = os.memfd_create("capture")
    try:
        os.write(handle, content)
        with open_audio(f"/proc/self/fd/{handle}") as source:
            # No file gives more frames than it has bytes for.
            held = sum(block.size for block in source.blocks(4096))
            assert held == source.frames * source.frame_bytes <= 2 * len(content)
            return source.notes
    except CaptureFileError as error:
        assert "\n" not in str(error)
        return None
    finally:
        os.close(handle)


def test_bytes_of_a_header_changed_at_random_never_break_the_reader():
    rng, read = np.random.default_rng(20), 0
    for case in range(3000):
        content = bytearray(SEEDS[case % len(SEEDS)])
        for at in rng.integers(0, min(100, len(content)), rng.integers(1, 5)):
            content[at] = ODD[rng.integers(5)] if rng.random() < 0.5 else rng.integers(256)
        if rng.random() < 0.3:
            content = content[: rng.integers(len(content))]
        read += opened(bytes(content)) is not None
    assert 300 < read < 3000  # both ways were taken


@settings(max_examples=150, deadline=None)
@given(
    pieces=st.lists(
        st.tuples(
            st.sampled_from([b"data", b"fmt ", b"LIST", b"ds64", b"JUNK", b"\0\0\0\0"]),
            st.sampled_from([None, 0, 1, 7, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]),
            st.binary(max_size=60),
        ),
        max_size=6,
    ),
    magic=st.sampled_from([b"RIFF", b"RIFX", b"RF64", b"BW64"]),
    good=st.booleans(),
)
def test_chunks_in_any_order_never_break_the_reader(pieces, magic, good):
    order = ">" if magic == b"RIFX" else "<"
    chunks = [chunk(name, body, size, order) for name, size, body in pieces]
    content = riff(*([form(order=order)] if good else []), *chunks, magic=magic, order=order)
    opened(content)


@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=200))
def test_any_bytes_behind_any_magic_never_break_the_reader(content):
    for magic in (b"", b"RIFF\0\0\0\0WAVE", b".snd", b"fLaC", b"caff", b"FORM\0\0\0\0AIFF", b"OggS", b"ID3"):
        opened(magic + content)
