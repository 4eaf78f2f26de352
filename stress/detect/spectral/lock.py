# SPDX-License-Identifier: MIT
"""Find the stimulus in a capture: which channel hears which, and how late."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stress.detect.spectral.signal import NoiseStimulus
from stress.model.arrays import Signal

BLOCK = 8192
# Correlation peak over its RMS. Source: the largest of 10^6 noise values is 5 sigma, and a
# stimulus at -10 dB SNR peaks at 20. Higher: noisy cables are refused; lower: noise locks.
LOCKED = 12.0
_PIECE = (1 << 17) - BLOCK


@dataclass(frozen=True)
class Lock:
    """One capture channel against one played channel.

    Parameters
    ----------
    at : captured frame of the block it was found in.
    delay : captured frame minus played frame [frames].
    peak : correlation peak over its RMS.
    """

    at: int
    delay: int
    peak: float

    @property
    def locked(self) -> bool:
        """True when the peak cannot be chance."""
        return self.peak > LOCKED


def active_block(y: Signal) -> int | None:
    """Return the start of the first block with signal, None when all is silence.

    Parameters
    ----------
    y : (n,) float32, one channel.
    """
    count = max(1, y.size // BLOCK)
    blocks = y[: count * BLOCK].reshape(count, -1)
    spread = blocks.std(axis=1)
    loud = np.flatnonzero(spread > 0.25 * spread.max())
    return None if spread.max() < 1e-5 else int(loud[min(1, loud.size - 1)]) * BLOCK


@dataclass(frozen=True)
class PlayedChannel:
    """One channel of the stimulus, its frames counted from position `first`."""

    pattern: NoiseStimulus
    channel: int
    first: int

    def samples(self, start: int, frames: int) -> Signal:
        """Return (frames,) float32 from played frame `start` on, in steps of 24 bits."""
        return self.pattern.samples(self.first + start, frames, self.channel).astype(np.float32)


def search(y: Signal, at: int, played: PlayedChannel, low: int, high: int) -> Lock:
    """Correlate the block of `y` at `at` with played frames `low` .. `high`.

    Parameters
    ----------
    y : (n,) float32, one channel.
    """
    block = y[at : at + BLOCK] - np.mean(y[at : at + BLOCK])
    best = (0.0, 0)
    for start in range(low, high, _PIECE):
        piece = min(_PIECE, high - start)
        peak, where = _peak(block, played.samples(start, piece + BLOCK))
        if peak > best[0]:
            best = (peak, start + where)
    return Lock(at, at - best[1], best[0])


def _peak(block: Signal, x: Signal) -> tuple[float, int]:
    size = 1 << int(np.ceil(np.log2(x.size)))
    spectrum = np.conj(np.fft.rfft(block, size)) * np.fft.rfft(x, size)
    correlation = np.abs(np.fft.irfft(spectrum, size)[: x.size - BLOCK])
    where = int(correlation.argmax())
    rms = float(np.sqrt(np.mean(correlation * correlation)))
    return (float(correlation[where]) / rms if rms > 0 else 0.0), where


def lock_all(
    y: Signal, pattern: NoiseStimulus, first_position: int, late: int, early: int
) -> list[Lock | None]:
    """Lock every captured channel to the played one of its number.

    Parameters
    ----------
    y : (channels, frames) float32, the capture.
    late, early : how much later and earlier than `first_position` says the
        pattern may start [frames]; one second either way is tried first.

    Returns
    -------
    One lock per channel, None for a silent one or too short a capture.
    """
    out: list[Lock | None] = []
    known: int | None = None
    for c in range(pattern.channels):
        at = active_block(y[c]) if y.shape[1] >= 2 * BLOCK else None
        lock = None
        if at is not None:
            spans = [(at - pattern.rate, at + pattern.rate), (at - late, at + early)]
            if known is not None:
                spans = [(at - known - BLOCK, at - known + BLOCK)]
            for low, high in spans:
                lock = search(y[c], at, PlayedChannel(pattern, c, first_position), low, high)
                if lock.locked:
                    known = lock.delay
                    break
        out.append(lock)
    return out
