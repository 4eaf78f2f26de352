# SPDX-License-Identifier: MIT
"""One simulated analog loopback for all tests of the spectral detector."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.spectral import Options, analyze
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.noise import NoisePattern
from stress.virtual.card.analog import AnalogChannel, quantize

RATE = 48000
LEVEL_DBFS = 20 * np.log10(0.18) - 3


class Loop:
    """What was played, a way to spoil it, and what the detector says of it.

    The pattern starts 2.3 s short of the 2^32 wrap, so every test crosses it.
    """

    rate, rings = RATE, Rings(4800, 5280)
    first = (1 << 32) - 110000

    def __init__(self, seconds=3.0, channels=2, fmt="S16_LE"):
        self.fmt, self.channels = FORMATS[fmt], channels
        self.frames = int(seconds * RATE)
        self.pattern = NoisePattern(RATE, channels, self.fmt)
        samples = [self.pattern.samples(self.first, self.frames, c) for c in range(channels)]
        self.clean = np.array(samples).T / float(1 << 23)

    def hear(self, played=None, *, snr=55.0, after=None, seed=1, frames=None, **channel):
        """Return the captured bytes; `after` spoils the captured samples."""
        settings = {"gain_db": -3.0, "delay_frames": 701.3, "lowpass_hz": 16000.0, "highpass_hz": 8.0}
        settings["noise_dbfs"] = LEVEL_DBFS - snr
        settings.update(channel)
        played = self.clean if played is None else played
        heard = quantize(
            AnalogChannel(**settings).transmit(played, RATE, frames or self.frames, seed), self.fmt.bits
        )
        heard = heard if after is None else after(heard.copy())
        wide = np.ascontiguousarray(heard.astype("<i4")).view(np.uint8).reshape(-1, 4)
        return np.ascontiguousarray(wide[:, : self.fmt.sample_bytes]).reshape(-1)

    def judge(self, captured, **options):
        """Return the spectral analysis of captured bytes."""
        return analyze(
            captured, self.pattern, self.rings, first_position=self.first, options=Options(**options)
        )

    def played_frame(self, finding):
        """Return the played frame a finding starts at."""
        return (finding.position - self.first) & 0xFFFFFFFF


@pytest.fixture(scope="session")
def loop():
    """Three seconds of S16 stereo."""
    return Loop()


@pytest.fixture(scope="session")
def make_loop():
    """The class, for other formats and lengths."""
    return Loop
