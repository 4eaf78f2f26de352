# SPDX-License-Identifier: MIT
"""What the virtual driver grants: as asked, moved to the nearest size, or refused in its own words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stress.errors import ParamsRefused
from stress.model.formats import FORMATS
from stress.model.pcm import Access, Handling, StreamParams
from stress.virtual.grant import grant, reason_against
from stress.virtual.spec import BoardSpec, KernelSpec, LimitsSpec

ASKED = StreamParams(48000, 2, FORMATS["S16_LE"], Access.MMAP, 480, 4800)


def _grant(limits=None, **asked):
    return grant(BoardSpec(limits=limits or LimitsSpec()), replace(ASKED, **asked), "virtual")


def test_grant_of_what_the_driver_has_is_what_was_asked_and_the_fifo_of_the_board():
    assert _grant() == ASKED
    assert _grant(LimitsSpec(fifo_frames=96)).fifo_frames == 96


@pytest.mark.parametrize(
    ("asked", "limits", "words"),
    [
        ({"rate": 7999}, {}, "rate 7999 Hz (allowed: 8000 to 192000)"),
        ({"rate": 192001}, {}, "rate 192001 Hz (allowed: 8000 to 192000)"),
        ({"channels": 3}, {"channels_max": 2}, "3 channels (allowed: 1 to 2)"),
        ({}, {"mmap": False}, "access mmap (allowed: rw)"),
        ({"access": Access.RW}, {"rw": False}, "access rw (allowed: mmap)"),
        ({"period_size": 0}, {}, "period 0, buffer 4800 frames (allowed: 1 and more)"),
    ],
)
def test_grant_of_what_the_driver_lacks_is_refused_with_what_it_has(asked, limits, words):
    with pytest.raises(ParamsRefused) as caught:
        _grant(LimitsSpec(**limits), **asked)
    assert words in str(caught.value)


def test_sizes_at_the_limits_are_granted():
    assert _grant(rate=8000, period_size=80, buffer_size=800).rate == 8000
    assert _grant(rate=192000).rate == 192000
    assert _grant(LimitsSpec(channels_max=2)).channels == 2


def test_period_is_no_shorter_than_a_packet_nor_than_the_least_bytes():
    # A packet of 1 ms is 48 frames; 64 bytes of stereo S16 are 16 frames, 256 bytes are 64.
    assert _grant(period_size=1).period_size == 48
    assert _grant(LimitsSpec(period_min_bytes=256), period_size=1).period_size == 64
    assert _grant(period_size=48).period_size == 48


def test_buffer_holds_two_periods_at_least_and_the_longest_time_at_most():
    assert _grant(buffer_size=1).buffer_size == 96
    assert _grant(buffer_size=10**6).buffer_size == 96000
    assert _grant(LimitsSpec(periods_max=2), buffer_size=9600).period_size == 4800
    assert _grant(period_size=4800).period_size == 2400


def test_ring_of_odd_bytes_rounds_up_to_words():
    mono = replace(ASKED, channels=1, buffer_size=4801)
    assert grant(BoardSpec(), mono, "virtual").buffer_size == 4802


def test_queue_that_never_starts_is_refused_and_one_period_more_is_not():
    kept = KernelSpec(lowlatency=True, keeps_last_packet=True)
    params = replace(ASKED, period_size=48)

    def reason(kernel, periods):
        board = BoardSpec(kernel=kernel)
        return reason_against(board, Handling(queue_periods=periods), params, params)

    assert "48 frames queued never start" in reason(kept, 1)
    assert reason(kept, 2) is None
    assert reason(replace(kept, keeps_last_packet=False), 1) is None
    assert reason(replace(kept, lowlatency=False), 1) is None
    assert reason(kept, 0) is None
