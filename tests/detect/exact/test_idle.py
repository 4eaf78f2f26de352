# SPDX-License-Identifier: MIT
"""Frames beside the pattern: idle, old, or loud."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.idle import RegionReader
from stress.model.formats import FORMATS
from stress.patterns.word import Pattern

S16 = Pattern("mix1", FORMATS["S16_LE"], 2)
P = S16.bytes_at(1, 20000).view("<i2").reshape(-1, 2)
RNG = np.random.default_rng(4)


def region(parts, due=None, start=100):
    raw = np.ascontiguousarray(np.concatenate(parts).astype("<i2")).view(np.uint8).reshape(-1)
    return RegionReader(S16).read((raw[at : at + 32768] for at in range(0, len(raw), 32768)), start, due)


@pytest.mark.parametrize(
    ("frames", "content"),
    [
        (np.zeros((9000, 2)), "silence"),
        (np.full((9000, 2), -1), "a constant"),
        (RNG.integers(-9, 10, (9000, 2)) + 300, "idle input"),
    ],
)
def test_idle_frames_are_named(frames, content):
    found = region([frames])
    assert (found.loud, found.content, found.idle_before, found.frames) == (None, content, 9000, 9000)


def test_loud_frames_have_their_place():
    found = region([np.zeros((1000, 2)), RNG.integers(-20000, 20000, (500, 2)), np.zeros((2000, 2))])
    assert found.loud is not None
    assert abs(found.loud[0] - 1100) <= 1 and abs(found.loud[1] - 1600) <= 1
    assert abs(found.idle_after - 2000) <= 1


def test_old_frames_are_not_loud():
    found = region([np.zeros((600, 2)), P[5000:5200], np.zeros((2000, 2))])
    assert (found.loud, found.old, found.old_at) == (None, 200, 700)


@pytest.mark.parametrize("gain", [0.0004, 0.0002])
def test_faded_pattern_is_loud_where_it_is_due(gain):
    faded = np.rint(P * gain)
    assert region([faded]).loud is None
    found = region([faded], due=1)
    assert found.loud == (100, 20100)
