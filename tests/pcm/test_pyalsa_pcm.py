# SPDX-License-Identifier: MIT
"""The two ends of a burst through pyalsaaudio: what its reads and writes say."""

from __future__ import annotations

import errno
from types import SimpleNamespace

import numpy as np
import pytest

from stress.model.formats import FORMATS
from stress.model.pcm import Access, StreamParams
from stress.pcm.pyalsa_pcm import _Player, _Recorder

PARAMS = StreamParams(48000, 2, FORMATS["S16_LE"], Access.RW, 256, 1024)


@pytest.mark.parametrize(
    ("written", "xrun"),
    [(1000, False), (0, False), (-errno.EPIPE, True), (errno.EPIPE, False), (-errno.EIO, False)],
)
def test_write_tells_an_underrun_from_frames_and_other_errors(written, xrun):
    player = _Player(SimpleNamespace(write=lambda data: written), np.zeros(4, dtype=np.uint8))
    assert not player.xrun
    assert (player.run(), player.xrun) == (written, xrun)


@pytest.mark.parametrize(
    ("reads", "returned", "xrun"),
    [
        ([1, 1, 1], 3, False),
        ([1, 0], 1, False),
        ([0], 0, False),
        ([1, -errno.EPIPE], 1, True),
        ([-errno.EPIPE], -errno.EPIPE, True),
        ([-errno.EIO], -errno.EIO, False),
    ],
)
def test_reads_go_on_to_the_end_of_the_buffer_or_to_the_first_without_a_frame(reads, returned, xrun):
    left = iter(reads)

    def read():
        frames = next(left)
        return frames, b"abcd" * max(frames, 0)

    buffer = np.zeros(12, dtype=np.uint8)
    recorder = _Recorder(SimpleNamespace(read=read), buffer, PARAMS)
    assert not recorder.xrun
    assert (recorder.run(), recorder.xrun) == (returned, xrun)
    done = max(returned, 0)
    assert bytes(buffer) == b"abcd" * done + bytes(4 * (3 - done))
    assert next(left, None) is None, "a read was left out"
