# SPDX-License-Identifier: MIT
"""Captures behind a path, made from the definition of each path."""

from __future__ import annotations

import numpy as np

from stress.detect.path.sources import numbers
from stress.model.formats import FORMATS
from stress.patterns.word import Pattern


def packed(samples, name):
    """Integer samples (frames, channels) as bytes of a format."""
    raw = np.ascontiguousarray(samples, "<i8").astype("<i4").view(np.uint8)
    return np.ascontiguousarray(raw.reshape(-1, 4)[:, : FORMATS[name].sample_bytes]).reshape(-1)


def sent(name, channels, position=1, frames=24000):
    """What was played as integers, (frames, channels) float64."""
    pattern = Pattern("mix1", FORMATS[name], channels)
    return numbers(pattern.bytes_at(position, frames), pattern.fmt, channels).astype(float)


def captured(way, name="S16_LE", channels=2, position=1, frames=24000):
    """Bytes of a capture behind `way`, a function of the samples sent; rails as the format has them."""
    top = 1 << (FORMATS[name].bits - 1)
    samples = np.clip(np.rint(way(sent(name, channels, position, frames))), -top, top - 1)
    return packed(samples, name)


def bits(way, name="S16_LE", channels=2, position=1, frames=24000):
    """The same where `way` is a function of unsigned words."""
    width = FORMATS[name].bits
    words = sent(name, channels, position, frames).astype(np.int64) & ((1 << width) - 1)
    words = way(words) & ((1 << width) - 1)
    return packed(np.where(words >> (width - 1), words - (1 << width), words), name)
