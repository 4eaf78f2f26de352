# SPDX-License-Identifier: MIT
"""The tap contract, on the virtual board and on the bus of a card."""

from __future__ import annotations

import numpy as np
import pytest

from stress.errors import BackendUnavailable, DeviceError
from stress.model.pcm import Direction, Handling
from stress.pcm.virtual import VirtualPcm
from stress.pcm.virtual_tap import VirtualTap

RATE = 48000


def _tap(pcm, card):
    if isinstance(pcm, VirtualPcm):
        return VirtualTap(pcm)
    from stress.board.cards import Pair, cards
    from stress.board.usbmon.tap import open_tap

    playback, _, capture = card.partition(",hw:")
    try:
        return open_tap(Pair(playback, f"hw:{capture}"), cards())
    except (BackendUnavailable, DeviceError) as error:
        # A card named by hand may be on no bus that usbmon shows; in the lab, where all would be
        # skipped, the scenario fails.
        pytest.skip(str(error))


def test_tap_sees_what_was_written_and_what_was_read(opened, request):
    tap = _tap(opened.pcm, request.config.getoption("--card", default=None))
    assert tap.start(opened.granted, 2.0) == ""
    burst = opened.burst()
    wire = tap.finish()
    played, taken = burst.exchange.played_limit * 4, burst.exchange.capture.frames * 4
    assert (wire.dropped, wire.truncated) == (0, 0)
    assert wire.out.data.size >= played > 0
    assert wire.into.data.size >= taken > 0
    assert np.array_equal(wire.out.data[:played], burst.play[:played])
    assert np.array_equal(wire.into.data[:taken], burst.captured[:taken])


def test_tap_of_a_second_burst_holds_that_burst_only(opened, request):
    tap = _tap(opened.pcm, request.config.getoption("--card", default=None))
    for frames in (12000, 6000):
        assert tap.start(opened.granted, 2.0) == ""
        burst = opened.burst(frames)
        tap.grab()
        wire = tap.finish()
        played = burst.exchange.played_limit * 4
        assert np.array_equal(wire.out.data[:played], burst.play[:played])


def test_tap_holds_what_memory_held_when_it_was_grabbed(opened, request):
    tap = _tap(opened.pcm, request.config.getoption("--card", default=None))
    assert tap.start(opened.granted, 2.0) == ""
    play, captured = opened.buffers(RATE // 2)
    play.view("<u4")[:] = np.arange(1, play.size // 4 + 1, dtype="<u4")
    exchange = opened.pcm.exchange(play, captured, Handling())
    tap.grab()
    wire = tap.finish()
    # Read and write calls map nothing, so there is no ring to look at.
    assert set(wire.memory) == {mapping.direction for mapping in opened.granted.mappings}, wire.notes
    if Direction.PLAYBACK in wire.memory:
        ring, end = opened.granted.playback.buffer_size, exchange.playback.frames
        at = np.arange(end - ring, end)
        held = wire.memory[Direction.PLAYBACK].view("<u4")[at % ring] - 1
        # A call that was ended has stored more than it returned.
        assert np.all((held == at) | (held == at + ring))
    if Direction.CAPTURE in wire.memory:
        into, ring = wire.into.data.view("<u4"), opened.granted.capture.buffer_size
        at = np.arange(len(into) - ring, exchange.capture.hw_ptr)
        assert len(at) > ring // 2
        assert np.array_equal(wire.memory[Direction.CAPTURE].view("<u4")[at % ring], into[at])
