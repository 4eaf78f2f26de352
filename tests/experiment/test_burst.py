# SPDX-License-Identifier: MIT
"""Which frames of a burst may be judged: none that a ring was rewritten under, however it ended."""

from __future__ import annotations

import pytest

from stress.board.conditions import RequestedConditions
from stress.experiment.burst import BurstRunner
from stress.experiment.method.exact import ByPattern
from stress.model.formats import sample_format
from stress.model.pcm import Access, Exchange, Granted, StreamParams, StreamResult
from stress.patterns.word import Pattern

FRAMES, PLAYBACK_RING, CAPTURE_RING = 9600, 480, 528
S16 = sample_format("S16_LE")


def stream(ring):
    return StreamParams(48000, 2, S16, Access.MMAP, 48, ring)


@pytest.fixture(scope="module")
def runner():
    granted = Granted("test", stream(PLAYBACK_RING), stream(CAPTURE_RING))
    return BurstRunner(granted, ByPattern(Pattern("mix1", S16, 2), 32), FRAMES, 32, RequestedConditions())


def exchange(played=FRAMES, taken=FRAMES, limit=FRAMES, underruns=0, overruns=0):
    return Exchange(
        StreamResult(played, "RUNNING", underruns), StreamResult(taken, "RUNNING", overruns), limit
    )


@pytest.mark.parametrize(
    ("given", "due", "taken"),
    [
        # Nothing lost: all that left the ring, all that was read.
        ({}, FRAMES, FRAMES),
        ({"limit": 9000}, 9000, FRAMES),
        ({"limit": FRAMES + 700, "taken": 10000}, FRAMES, 10000),
        # An underrun ends the stream: the last ring-full may have been played while it was rewritten.
        ({"played": 5000, "limit": 5000, "underruns": 1}, 5000 - PLAYBACK_RING, FRAMES),
        # Behind the whole pattern there is nothing that it could have spoilt.
        ({"played": FRAMES, "underruns": 1}, FRAMES, FRAMES),
        ({"played": FRAMES + 1, "underruns": 1}, FRAMES, FRAMES),
        ({"played": FRAMES - 1, "underruns": 1}, FRAMES - PLAYBACK_RING, FRAMES),
        # A short stream without one was stopped: what is known to have left the ring is due.
        ({"played": 5000, "limit": 4700}, 4700, FRAMES),
        # An overrun: the last ring-full was read while the card wrote it.
        ({"taken": 6000, "overruns": 1}, FRAMES, 6000 - CAPTURE_RING),
        ({"taken": 6000, "overruns": 0}, FRAMES, 6000),
        ({"underruns": 1, "overruns": 1, "played": 5000, "limit": 5000, "taken": 6000}, 4520, 5472),
        # Never less than nothing.
        ({"played": 100, "limit": 100, "underruns": 1, "taken": 200, "overruns": 2}, 0, 0),
    ],
)
def test_frames_near_an_xrun_are_not_judged(runner, given, due, taken):
    assert runner._judged(exchange(**given)) == (due, taken)
