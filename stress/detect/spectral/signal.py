# SPDX-License-Identifier: MIT
"""Captured bytes as numbers, and the stimulus as it was sent."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from stress.model.arrays import Bytes, Samples, Signal
from stress.model.formats import SampleFormat

_FULL = float(1 << 23)


class NoiseStimulus(Protocol):
    """What the analyzer needs of a pattern."""

    rate: int
    channels: int
    fmt: SampleFormat
    frame_bytes: int

    def samples(self, position: int, frames: int, channel: int) -> Samples:
        """Return 24-bit samples of one channel from `position` on, (frames,) int32."""

    @property
    def band_hz(self) -> tuple[float, float]:
        """Edges of the band [Hz]."""


def integers(captured: Bytes, channels: int, fmt: SampleFormat) -> Samples:
    """Return whole frames as signed samples, (channels, frames) int32.

    Parameters
    ----------
    captured : (n,) uint8, interleaved; a frame cut short at the end is left out.
    """
    width = fmt.sample_bytes
    frames = captured.size // (width * channels)
    raw = captured[: frames * width * channels]
    if width == 2:
        flat = np.frombuffer(raw.tobytes(), dtype="<i2").astype(np.int32)
    elif width == 4:
        flat = np.frombuffer(raw.tobytes(), dtype="<i4")
        flat = flat << 8 >> 8 if fmt.bits == 24 else flat
    else:
        wide = np.zeros((frames * channels, 4), dtype=np.uint8)
        wide[:, 1:] = raw.reshape(frames * channels, 3)
        flat = wide.ravel().view("<i4") >> 8
    return np.ascontiguousarray(flat.reshape(frames, channels).T)


def scaled(samples: Samples, fmt: SampleFormat) -> Signal:
    """Return int32 samples of any shape as float32 with full scale 1."""
    return samples.astype(np.float32) * np.float32(1.0 / (1 << (fmt.bits - 1)))


def padded(signal: Signal, start: int, frames: int) -> Signal:
    """Return `frames` of a signal from `start` on, not copied; with zeros, copied, outside it.

    Parameters
    ----------
    signal : (n,) float32.
    start : may be negative.

    Returns
    -------
    (frames,) float32.
    """
    if start >= 0 and start + frames <= signal.size:
        return signal[start : start + frames]
    out = np.zeros(frames, dtype=np.float32)
    inside = signal[max(start, 0) : max(start + frames, 0)]
    out[max(-start, 0) : max(-start, 0) + inside.size] = inside
    return out


class Reference:
    """The stimulus of one channel around a capture, in memory.

    Parameters
    ----------
    pattern : what was played.
    first_position : pattern position of the first played frame.
    before : frames kept before it, for data of earlier laps and bursts.
    frames : frames kept from it on; later ones were not played.
    """

    def __init__(
        self, pattern: NoiseStimulus, channel: int, first_position: int, before: int, frames: int
    ) -> None:
        self.before, self.frames = before, frames
        whole = pattern.samples(first_position - before, before + frames, channel)
        if pattern.fmt.bits == 16:
            whole &= np.int32(-256)
        self._x = whole.astype(np.float32)
        self._x *= np.float32(1.0 / _FULL)

    def sent(self, start: int, frames: int) -> Signal:
        """Return what sounded at played frames `start` on, (frames,) float32: nothing before frame 0."""
        if start >= 0:
            return self.at(start, frames)
        out = self.at(start, frames).copy()
        out[:-start] = 0
        return out

    def at(self, start: int, frames: int) -> Signal:
        """Return played frames `start` .. `start + frames`; zeros outside what is kept.

        Returns
        -------
        (frames,) float32, full scale 1.
        """
        return padded(self._x, start + self.before, frames)
