# SPDX-License-Identifier: MIT
"""Frames of the pattern, and such frames spoilt, for the tests of what names damage."""

from __future__ import annotations

import numpy as np

from stress.detect.exact.damage_kind import Namer
from stress.detect.exact.decode import Decoder
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern

FIRST = 0x12345678


def namer(fmt="S16_LE", channels=2):
    return Namer(Decoder(Pattern("mix1", FORMATS[fmt], channels), Rings(480, 528)))


def due(fmt="S16_LE", channels=2, frames=64, first=FIRST):
    pattern = Pattern("mix1", FORMATS[fmt], channels)
    return pattern.bytes_at(first, frames).reshape(frames, -1)


def words(rows):
    return np.ascontiguousarray(rows).view("<i2").astype(int)


def rows_of(samples):
    return np.ascontiguousarray(np.asarray(samples).astype("<i2")).view(np.uint8)


def strange(frames, seed=1, size=4):
    return np.random.default_rng(seed).integers(0, 256, (frames, size), dtype=np.uint8)


def told(parts):
    return [(part.start, part.end, part.kind) for part in parts]


def scaled(factor, frames=8):
    return words(due(frames=frames)) * np.asarray(factor, float)
