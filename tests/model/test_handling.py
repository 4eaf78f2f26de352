# SPDX-License-Identifier: MIT
"""The rules of a handling hold for every backend, and for one direction alone."""

from __future__ import annotations

import pytest

from stress.model.formats import sample_format
from stress.model.handling import reason_against, whole_frames
from stress.model.pcm import Access, CaptureTouch, Handling, Lever, PlaybackTouch, StreamParams


def stream(access=Access.MMAP, period=48, ring=192, channels=2, name="S16_LE"):
    return StreamParams(48000, channels, sample_format(name), access, period, ring)


RW = stream(Access.RW)
RMW = Handling(playback=PlaybackTouch.RMW)
AHEAD = Handling(capture=CaptureTouch.AHEAD)
WHOLE = Handling(capture=CaptureTouch.WHOLE)
CLEAN = Handling(lever=Lever.CLEAN_INVALIDATE)


@pytest.mark.parametrize(
    ("handling", "playback", "capture", "words"),
    [
        (Handling(start_burst=True, queue_periods=1), stream(), stream(), "start burst"),
        (Handling(start_burst=True, playback=PlaybackTouch.RMW), stream(), stream(), "start burst"),
        (Handling(start_burst=True, lever=Lever.CACHEFLUSH), stream(), stream(), "only one"),
        (RMW, RW, stream(), "read before it is written"),
        (Handling(queue_periods=1), RW, stream(), "read before it is written"),
        (Handling(start_burst=True), RW, stream(), "read before it is written"),
        (Handling(queue_periods=5), stream(), stream(), "5 periods cannot be queued in a ring of 4"),
        (AHEAD, stream(), RW, "capture ahead needs mmap"),
        (WHOLE, stream(), RW, "capture whole needs mmap"),
        (WHOLE, stream(), stream(period=7), "a period of 7 frames holds no whole 32-byte line"),
        (CLEAN, RW, RW, "nothing for a lever"),
        (CLEAN, RW, None, "nothing for a lever"),
    ],
)
def test_what_cannot_be_done_has_its_reason(handling, playback, capture, words):
    assert words in reason_against(handling, playback, capture, 32)


@pytest.mark.parametrize(
    ("handling", "playback", "capture"),
    [
        (Handling(), RW, RW),
        (Handling(), None, None),
        (RMW, stream(), RW),
        (RMW, None, RW),
        (AHEAD, RW, stream()),
        (AHEAD, RW, None),
        (WHOLE, stream(), stream(period=8)),
        (Handling(queue_periods=4), stream(), stream()),
        (Handling(start_burst=True), stream(), stream()),
        (CLEAN, RW, stream()),
        (CLEAN, stream(), RW),
        (CLEAN, None, None),
    ],
)
def test_what_can_be_done_has_none(handling, playback, capture):
    assert reason_against(handling, playback, capture, 32) is None


@pytest.mark.parametrize(("line", "frame", "frames"), [(32, 4, 8), (32, 6, 16), (16, 4, 4), (1, 4, 1)])
def test_whole_frames_end_on_a_line(line, frame, frames):
    assert whole_frames(line, frame) == frames
    assert frames * frame % line == 0
