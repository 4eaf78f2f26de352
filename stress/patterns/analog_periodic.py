# SPDX-License-Identifier: MIT
"""The periodic analog stimulus for the on-device tier, and the guard every period needs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stress.errors import ConfigError
from stress.model.arrays import Bytes, Samples
from stress.model.formats import MOST_CHANNELS, SampleFormat, check_channels
from stress.model.ring import Rings
from stress.patterns.noise import TAP_COUNT, TAP_SHIFT, band_taps, store, uniform
from stress.patterns.table import repeat

# Period of the noise [frames]. A prime divides a whole lap only of rings that are its
# multiples. Higher: a larger table competes for the cache under test; lower: more rings hit it.
PERIOD = 1021


def blind_laps(period: int, rings: Rings, laps: int = 8) -> tuple[tuple[str, int, int], ...]:
    """Return (ring, ring size, laps) wherever `period` divides that many laps."""
    sizes: Sequence[tuple[str, int | None]] = (("playback", rings.playback), ("capture", rings.capture))
    return tuple(
        (name, size, lap)
        for name, size in sizes
        if size
        for lap in range(1, laps + 1)
        if lap * size % period == 0
    )


def commensurate(period: int | None, rings: Rings, laps: int = 8) -> None:
    """Refuse a stimulus that looks the same after a whole lap of a ring.

    Parameters
    ----------
    period : of the stimulus [frames]; None is aperiodic and always passes.
    laps : how many laps old stale data may be.

    Raises
    ------
    ConfigError : some lap is a multiple of the period, with the numbers.
    """
    hidden = blind_laps(period, rings, laps) if period else ()
    if hidden:
        name, size, lap = hidden[0]
        raise ConfigError(
            f"the stimulus repeats every {period} frames, and {lap} x {size} = {lap * size} frames "
            f"(laps of the {name} ring) are {lap * size // (period or 1)} periods: stale lines look right",
            key="stimulus",
            allowed=f"a period that divides none of 1..{laps} laps, or the aperiodic noise",
        )


class PeriodicNoise:
    """Band-limited noise that repeats exactly every `PERIOD` frames.

    The same taps as `NoisePattern`, applied round a circle of 1021 positions,
    so a capture can be compared with itself one period ago.

    Parameters
    ----------
    rate : [Hz], only to name the band.
    channels : 1..8, each with its own noise.

    Raises
    ------
    ConfigError : more channels than 8.

    Threads: immutable, any number of readers.
    """

    name = "periodic-noise"
    period: int | None = PERIOD

    def __init__(self, rate: int, channels: int, fmt: SampleFormat) -> None:
        check_channels(channels, MOST_CHANNELS)
        self.rate, self.channels, self.fmt = rate, channels, fmt
        self.frame_bytes = fmt.frame_bytes(channels)
        self._table = np.empty(PERIOD * self.frame_bytes, dtype=np.uint8)
        for channel in range(channels):
            store(_circular(channel), channel, channels, fmt, self._table)

    def fill(self, position: int, out: Bytes) -> None:
        """Write the frames from `position` on; `out` is whole frames, (n,) uint8.

        The phase is `position` mod 1021, so it jumps where positions wrap at 2^32.
        """
        repeat(self._table, position % PERIOD * self.frame_bytes, out)


def _circular(channel: int) -> Samples:
    white = uniform(0, PERIOD, channel).astype(np.int64)
    extended = np.concatenate((white[-(TAP_COUNT - 1) :], white))
    total = np.convolve(extended, band_taps().astype(np.int64), mode="valid")
    return ((total + (1 << (TAP_SHIFT - 9))) >> (TAP_SHIFT - 8)).astype(np.int32)
