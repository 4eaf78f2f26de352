# SPDX-License-Identifier: MIT
"""Stretches of frames, and the findings that a builder makes of them, for its tests."""

from __future__ import annotations

import numpy as np

from stress.detect.exact.decode import Decoder, runs_of
from stress.detect.exact.finding_builder import Builder
from stress.detect.exact.ring_offset import RingGeometry
from stress.detect.exact.track import Tracker, slipped_to
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern

RINGS = Rings(480, 528)
# The stretch begins at frame 16 of the playback ring and 40 frames later in the capture ring's count.
BURST = 0x12345678
DUE = BURST + 480 * 528 + 16
FRAME = 480 * 528 + 56
SENT = Pattern("mix1", FORMATS["S16_LE"], 2)


def frames(position, count, pattern=SENT):
    return pattern.bytes_at(position % 2**32, count).reshape(count, -1)


def strange(count, size=4, seed=3):
    return np.random.default_rng([count, seed]).integers(0, 256, (count, size), dtype=np.uint8)


def geometry(rings=RINGS, first=BURST, line=32, size=4):
    return RingGeometry(rings, size, first, line)


def a_builder(pattern=SENT, rings=RINGS, first=BURST, line=32):
    return Builder(Decoder(pattern, rings), geometry(rings, first, line, pattern.frame_bytes))


def stretch(*spoilt, n=400, pattern=SENT):
    """Right frames but for (frame, rows)."""
    rows = frames(DUE, n, pattern).copy()
    for at, some in spoilt:
        rows[at : at + len(some)] = some
    return rows


def built(rows, builder=None, pattern=SENT, rings=RINGS, first=BURST, before=None, frame=FRAME, due=DUE):
    """The findings of a stretch, by the decoder and the tracker of the checker."""
    made = builder or a_builder(pattern, rings, first)
    raw = np.ascontiguousarray(rows).reshape(-1)
    decoder, where = Decoder(pattern, rings), geometry(rings, first, 32, pattern.frame_bytes)
    runs = runs_of(decoder.lags(raw, due, before))
    slipped = slipped_to(runs)
    if slipped:
        runs = runs_of(decoder.lags(raw, due, before, slipped=slipped))
    events, _ = Tracker(runs, where, due).walk(len(rows))
    return made.findings(raw, frame, due, events, before)
