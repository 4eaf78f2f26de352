# SPDX-License-Identifier: MIT
"""Noise that is a function of position and channel, for stages that are given a stimulus of their own."""

from __future__ import annotations

import numpy as np

from stress.model.formats import FORMATS


class Noise:
    """A stimulus of white noise, an eighth of full scale at most, that comes again after 2^18 frames."""

    fmt, frame_bytes, band_hz = FORMATS["S24_3LE"], 6, (100.0, 1500.0)

    def __init__(self, channels=2, rate=4000):
        self.channels, self.rate = channels, rate
        draws = np.random.default_rng(1)
        self._all = draws.integers(-(1 << 20), 1 << 20, (channels, 1 << 18)).astype(np.int32)

    def samples(self, position, frames, channel):
        """Return 24-bit samples of one channel."""
        return np.take(self._all[channel], np.arange(position, position + frames) % (1 << 18))

    def played(self, position, frames, channel):
        """Return them with full scale 1."""
        return self.samples(position, frames, channel).astype(np.float32) / (1 << 23)
