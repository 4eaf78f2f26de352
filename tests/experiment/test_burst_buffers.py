# SPDX-License-Identifier: MIT
"""The buffers of a burst: silence behind what is played, and what comes back with a gap taken out."""

from __future__ import annotations

import numpy as np
import pytest

from stress.experiment.burst_buffers import LEAD_S, TAIL_S, BurstBuffers
from stress.experiment.middle import Gap
from stress.model.formats import sample_format
from stress.model.pcm import Access, Granted, StreamParams
from stress.patterns.word import Pattern

RATE, FRAMES, RINGS = 48000, 960, 480 + 528
S16 = sample_format("S16_LE")
PATTERN = Pattern("mix1", S16, 2)


def stream(ring):
    return StreamParams(RATE, 2, S16, Access.MMAP, 48, ring)


@pytest.fixture
def buffers():
    return BurstBuffers(Granted("test", stream(480), stream(528)), PATTERN, FRAMES)


def test_both_directions_have_room_for_rings_tail_and_lead(buffers):
    tail, lead = RINGS + round(TAIL_S * RATE), RINGS + round(LEAD_S * RATE)
    assert buffers.longest == FRAMES + tail + lead
    assert buffers.captured.size == (FRAMES + lead) * 4
    assert buffers.out is buffers.play


def test_silence_follows_the_frames_that_are_filled(buffers):
    buffers.play[:] = 255
    buffers.fill(7, FRAMES)
    assert np.array_equal(buffers.play[: FRAMES * 4], PATTERN.bytes_at(7, FRAMES))
    assert not buffers.play[FRAMES * 4 :].any()


def test_ready_forgets_what_came_back_before(buffers):
    buffers.captured[:] = 255
    buffers.ready()
    assert not buffers.captured.any()


def test_cut_joins_what_lies_before_a_gap_and_behind_it(buffers):
    due = PATTERN.bytes_at(1, 100)
    buffers.captured[: 40 * 4] = due[: 40 * 4]
    buffers.captured[70 * 4 : 130 * 4] = due[40 * 4 :]
    buffers.cut(Gap(40, 30, True), 130)
    assert np.array_equal(buffers.returned(100), due)
