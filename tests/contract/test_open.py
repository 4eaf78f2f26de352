# SPDX-License-Identifier: MIT
"""Opening: what is granted, what is refused, and in which state."""

from __future__ import annotations

import re

import numpy as np
import pytest

from stress.errors import ParamsRefused
from stress.model.pcm import Access, Direction

PAGE_BYTES = 4096


def test_open_with_usual_request_grants_it_exactly(backend):
    request = backend.request()
    with backend.make() as pcm:
        granted = pcm.open(request)
    assert (granted.playback, granted.capture) == (request.playback, request.capture)
    assert granted.refused == ()


def test_open_with_impossible_rate_names_request_and_limits(backend):
    with backend.make() as pcm, pytest.raises(ParamsRefused) as caught:
        pcm.open(backend.request(rate=7_654_321))
    assert "7654321" in str(caught.value)
    # What is allowed is on the message too; the highest rate depends on the card.
    assert re.search(r"\b(48000|96000|192000)\b", str(caught.value))


def test_open_after_refusal_still_works(backend):
    with backend.make() as pcm:
        with pytest.raises(ParamsRefused):
            pcm.open(backend.request(rate=7_654_321))
        assert pcm.open(backend.request()).playback.rate == 48000


def test_open_again_grants_the_new_request(opened, backend):
    request = backend.request(ring=8192)
    opened.granted = opened.pcm.open(request)
    assert opened.granted.playback == request.playback
    expected, observed = opened.burst().compared()
    assert len(expected) == len(observed) > 4800
    np.testing.assert_array_equal(observed, expected)


def test_close_twice_then_open_grants_again(backend):
    pcm = backend.make()
    first = pcm.open(backend.request())
    pcm.close()
    pcm.close()
    with pcm:
        assert pcm.open(backend.request()) == first


def test_close_before_open_does_nothing(backend):
    backend.make().close()


def test_mappings_are_the_rings_in_mmap_and_none_in_rw(opened):
    granted = opened.granted
    if granted.playback.access is Access.RW:
        assert granted.mappings == ()
        return
    assert [mapping.direction for mapping in granted.mappings] == [Direction.PLAYBACK, Direction.CAPTURE]
    for mapping, params in zip(granted.mappings, (granted.playback, granted.capture)):
        assert mapping.is_ring
        assert mapping.path.startswith("/dev/snd/pcmC")
        assert mapping.size_bytes == -(-params.buffer_bytes // PAGE_BYTES) * PAGE_BYTES
        assert "wr" in mapping.vm_flags.split()


def test_backend_name_says_what_it_is(opened):
    assert opened.pcm.backend.split()[0] in ("virtual", "alsa", "pyalsaaudio")
    assert opened.pcm.is_virtual == opened.pcm.backend.startswith("virtual")
