# SPDX-License-Identifier: MIT
"""Captures of the pattern for tests to edit, and what the checker finds in them."""

from __future__ import annotations

import numpy as np

from stress.detect.exact.checker import check
from stress.detect.exact.expected import Expected
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern

STEREO = Pattern("mix1", FORMATS["S16_LE"], 2)
RINGS = Rings(480, 528)
FIRST = 0x12345678


def capture(frames=12000, lead=100, first=FIRST, pattern=STEREO):
    rows = np.zeros((lead + frames, pattern.frame_bytes), np.uint8)
    rows[lead:] = pattern.bytes_at(first, frames).reshape(-1, pattern.frame_bytes)
    return rows


def judge(rows, rings=RINGS, **more):
    return check(np.ascontiguousarray(rows).reshape(-1), Expected(STEREO, rings, **more))


def places(analysis):
    return [(f.kind, f.frame, f.frames) for f in analysis.findings]
