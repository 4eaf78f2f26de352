"""A right burst costs one search and one memcmp; any other is checked frame by frame."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact import whole
from stress.detect.exact.whole import KeptBurst
from stress.model.finding import Analysis
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern

STEREO, RINGS = Pattern("mix1", FORMATS["S16_LE"], 2), Rings(480, 528)


def kept(played=50, lead=3, limit=None):
    captured = np.concatenate([np.zeros(4 * lead, np.uint8), STEREO.bytes_at(5, played)])
    return KeptBurst(STEREO, 5, STEREO.bytes_at(5, played), captured, limit), captured


def refuse(*_, **__):
    raise RuntimeError("the slow path was taken")


@pytest.mark.parametrize("limit", [None, 40])
def test_right_burst_gives_what_the_constructor_gives_without_the_slow_path(limit, monkeypatch):
    monkeypatch.setattr(whole, "check", refuse)
    burst, _ = kept(limit=limit)
    found = burst.check(53, RINGS)
    due = Analysis("exact", True, 53, limit or 50, 3, 5, valid_bits=16)
    assert found == due
    assert repr(found) == repr(due)


def test_two_checks_of_one_burst_are_two_analyses():
    burst, _ = kept()
    assert [burst.check(frames, RINGS).checked_frames for frames in (53, 33)] == [50, 30]
    first, second = burst.check(53, RINGS), burst.check(33, RINGS)
    assert (first.frames, second.frames) == (53, 33)


@pytest.mark.parametrize("at", [0, 11, 12, 100, 211])
def test_one_wrong_byte_anywhere_in_the_burst_takes_the_slow_path(at, monkeypatch):
    monkeypatch.setattr(whole, "check", refuse)
    burst, captured = kept()
    captured[at] ^= 1
    if at < 12:
        assert burst.check(53, RINGS).first_frame == 3
    else:
        with pytest.raises(RuntimeError, match="slow path"):
            burst.check(53, RINGS)


def test_burst_that_begins_inside_a_frame_takes_the_slow_path(monkeypatch):
    monkeypatch.setattr(whole, "check", refuse)
    captured = np.concatenate([np.zeros(6, np.uint8), STEREO.bytes_at(5, 50), np.zeros(2, np.uint8)])
    with pytest.raises(RuntimeError, match="slow path"):
        KeptBurst(STEREO, 5, STEREO.bytes_at(5, 50), captured).check(52, RINGS)


def test_more_frames_than_were_captured_are_refused():
    burst, _ = kept()
    with pytest.raises(ValueError, match="the buffer holds 53"):
        burst.check(54, RINGS)


def test_buffer_in_pieces_is_refused():
    with pytest.raises(ValueError, match="in one piece"):
        KeptBurst(STEREO, 5, STEREO.bytes_at(5, 50), np.zeros(200, np.uint8)[::2])
