# SPDX-License-Identifier: MIT
"""The buffers of a burst: silence behind what is played, and what comes back with a gap taken out."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from stress.experiment.burst_buffers import LEAD_S, TAIL_S, BurstBuffers
from stress.experiment.middle import EXTRA_S, Gap
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


@pytest.mark.parametrize("still_s", [0.0, 0.1])
def test_stream_that_stands_still_has_room_for_what_goes_on_behind_it(still_s):
    granted = Granted("test", stream(480), stream(528))
    made = BurstBuffers(granted, PATTERN, FRAMES, still_s=still_s)
    more = round((LEAD_S + still_s + EXTRA_S) * RATE) if still_s else round(LEAD_S * RATE)
    assert made.captured.size == (FRAMES + RINGS + more) * 4
    assert made.longest == FRAMES + RINGS + round(TAIL_S * RATE) + RINGS + more


class Half:
    """A converter that keeps what it is asked."""

    def __init__(self, identity):
        self.identity, self.calls = identity, []

    def spread(self, play, out):
        self.calls.append((play.size, out.size))

    def gather(self, raw):
        return raw[::2]


@pytest.mark.parametrize(("identity", "spread"), [(True, False), (False, True)])
def test_what_is_played_is_laid_as_the_card_takes_it_where_that_differs(identity, spread):
    wide = StreamParams(RATE, 4, S16, Access.MMAP, 48, 480)
    playback = Half(identity)
    shared = SimpleNamespace(playback=playback, capture=Half(False))
    made = BurstBuffers(Granted("test", wide, stream(528)), PATTERN, FRAMES, shared)
    assert (made.out is made.play) is not spread
    made.ready()
    assert playback.calls == ([(made.play.size, 2 * made.play.size)] if spread else [])
    made.captured[:] = np.arange(made.captured.size) % 251
    assert np.array_equal(made.raw(10), np.arange(40) % 251)
    assert np.array_equal(made.returned(10), np.arange(0, 40, 2) % 251)


def test_buffers_of_equal_frames_return_what_the_card_gave(buffers):
    buffers.captured[:] = 7
    buffers.ready()
    assert not buffers.captured.any()
    buffers.captured[:] = np.arange(buffers.captured.size) % 251
    assert np.array_equal(buffers.returned(3), np.arange(12))
