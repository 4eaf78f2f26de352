# SPDX-License-Identifier: MIT
"""A recording that was played, in pieces that a test puts together, and its check."""

from __future__ import annotations

import numpy as np

from stress.detect.checksum import Periods
from stress.detect.checksum_lock import Played
from stress.detect.recorded import RecordedCheck
from stress.model.formats import FORMATS
from stress.patterns.layout import Layout

PERIOD = 12000
WALK = np.random.default_rng(3).standard_normal((PERIOD, 2)).cumsum(axis=0)
SONG = (WALK / np.abs(WALK).max() * 30000).astype("<i2")
QUIET = SONG.copy()
QUIET[8000:10000] = 0
LAYOUT = Layout(FORMATS["S16_LE"], 2)


def silence(frames):
    return np.zeros((frames, 2), "<i2")


def noise(frames):
    return np.random.default_rng(frames).integers(-20000, 20000, (frames, 2)).astype("<i2")


def checking(parts, song=SONG):
    raw = np.ascontiguousarray(np.concatenate(parts).astype("<i2")).view(np.uint8).reshape(-1)
    audio = song.view(np.uint8).reshape(-1)

    def read(first, stop):
        for at in range(first, stop, 5000):
            yield raw[4 * at : 4 * min(at + 5000, stop)]

    sent = Played(lambda start, n: audio[4 * start : 4 * (start + n)], len(song), LAYOUT)
    return RecordedCheck(read, len(raw) // 4, sent, Periods(1024, 8))


def check(parts, song=SONG, played=None):
    return checking(parts, song).check(played)
