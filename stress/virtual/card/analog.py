# SPDX-License-Identifier: MIT
"""A modelled analog loopback: what a DAC, a cable and an ADC do to samples.

Modelled: cable faults, memoryless distortion, gain, low-pass and AC coupling
(Butterworth responses), delay, clock drift and wander, additive noise, hum,
impulses, DC, clipping, quantisation. Not modelled: converter idle tones, USB
jitter, AGC other than `suppressor`, crosstalk between neighbouring cables.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

import numpy as np

from stress.model.arrays import Floats, Samples, Spectrum

_HALF = 24  # one side of the interpolator [frames]: error below -90 dB up to 0.4 of the rate
# Phases of the interpolator between two frames: the nearest one is within -90 dB at 14 kHz.
_PHASES = 16384
_PIECE = 4096


class Wiring(str, Enum):
    """How the channels of the cable are connected."""

    STRAIGHT = "straight"
    SWAPPED = "swapped"  #: left and right exchanged
    MONO = "mono"  #: every input hears the mean of all outputs
    ONE_SIDED = "one-sided"  #: only the first channel is connected
    OPEN = "open"  #: nothing is connected


@dataclass(frozen=True)
class AnalogChannel:
    """One analog path from playback to capture.

    Parameters
    ----------
    gain_db : level change [dB].
    delay_frames : latency [capture frames], may be fractional.
    lowpass_hz, highpass_hz : edges (-3 dB) of order 6 and 1 [Hz], None for none.
    noise_dbfs : RMS of white noise relative to full scale [dB], None for none.
    hum_hz, hum_dbfs : fundamental of the hum [Hz] and its peak level [dB].
    second, third : coefficients of x^2 and x^3 at full scale.
    drift_ppm : how much slower the capture clock runs [1e-6].
    wander_ppm : peak of a slow (20 s) sinusoidal change of the drift [1e-6].
    impulses_per_s : rate of isolated clicks of a third of full scale [1/s].
    dc : offset [full scale].
    clip : level at which the input saturates [full scale].
    wiring : see `Wiring`.
    suppressor : True for a gate that pulls a steady signal down after 1 s.
    """

    gain_db: float = 0.0
    delay_frames: float = 40.0
    lowpass_hz: float | None = None
    highpass_hz: float | None = None
    noise_dbfs: float | None = None
    hum_hz: float = 50.0
    hum_dbfs: float | None = None
    second: float = 0.0
    third: float = 0.0
    drift_ppm: float = 0.0
    wander_ppm: float = 0.0
    impulses_per_s: float = 0.0
    dc: float = 0.0
    clip: float = 1.0
    wiring: Wiring = Wiring.STRAIGHT
    suppressor: bool = False

    def transmit(self, played: Floats, rate: int, frames: int, seed: int = 0) -> Floats:
        """Return what is captured while `played` sounds.

        Parameters
        ----------
        played : (n, channels) float64, full scale 1.
        rate : [Hz].
        frames : captured frames; both streams start together.
        seed : of noise and impulses.

        Returns
        -------
        (frames, channels) float64, within +-`clip`, not yet quantised.
        """
        rng = np.random.default_rng(seed)
        wired = _wire(played, self.wiring)
        out = np.empty((frames, wired.shape[1]), dtype=np.float64)
        for channel in range(wired.shape[1]):
            x = wired[:, channel]
            shaped = self._respond(x + self.second * x * x + self.third * x**3, rate)
            out[:, channel] = _resample(shaped, self._instants(frames, rate))
        self._disturb(out, rate, rng)
        if self.suppressor:
            out *= np.where(np.arange(frames) % (4 * rate) < rate, 1.0, 0.02)[:, None]
        return np.clip(out, -self.clip, self.clip, out=out)

    def _instants(self, frames: int, rate: int) -> Floats:
        # Source time of every captured frame.
        n = np.arange(frames, dtype=np.float64)
        period = 20.0 * rate
        wander = self.wander_ppm * 1e-6 * period / (2 * np.pi) * (1 - np.cos(2 * np.pi * n / period))
        return np.asarray(n * (1 + self.drift_ppm * 1e-6) + wander - self.delay_frames)

    def _respond(self, x: Floats, rate: int) -> Floats:
        size = 1 << int(np.ceil(np.log2(x.size + 8192)))
        f: Floats = np.arange(size // 2 + 1, dtype=np.float64) * (rate / size)
        response = np.full(f.size, 10 ** (self.gain_db / 20), dtype=np.complex128)
        if self.lowpass_hz:
            response *= _butterworth(f / self.lowpass_hz, 6)
        if self.highpass_hz:
            response *= 1j * f / (1j * f + self.highpass_hz)
        if not self.lowpass_hz and not self.highpass_hz:
            return np.asarray(x * 10 ** (self.gain_db / 20))
        return np.asarray(np.fft.irfft(np.fft.rfft(x, size) * response, size)[: x.size])

    def _disturb(self, out: Floats, rate: int, rng: np.random.Generator) -> None:
        frames = out.shape[0]
        if self.noise_dbfs is not None:
            out += rng.standard_normal(out.shape) * 10 ** (self.noise_dbfs / 20)
        if self.hum_dbfs is not None:
            phase = 2 * np.pi * self.hum_hz / rate * np.arange(frames)
            wave = np.sin(phase) + 0.5 * np.sin(3 * phase + 1) + 0.25 * np.sin(5 * phase + 2)
            out += (10 ** (self.hum_dbfs / 20) * wave)[:, None]
        clicks = rng.poisson(self.impulses_per_s * frames / rate)
        for at in rng.integers(0, max(1, frames - 64), clicks):
            ring = np.exp(-np.arange(64) / rng.uniform(2, 12)) * np.cos(np.arange(64) * rng.uniform(0.2, 2.5))
            out[at : at + 64] += (rng.choice([-1.0, 1.0]) * rng.uniform(0.02, 0.33) * ring)[:, None]
        out += self.dc


def _wire(played: Floats, wiring: Wiring) -> Floats:
    if wiring is Wiring.SWAPPED:
        return played[:, ::-1]
    if wiring is Wiring.MONO:
        return np.repeat(played.mean(axis=1, keepdims=True), played.shape[1], axis=1)
    connected = 1 if wiring is Wiring.ONE_SIDED else 0 if wiring is Wiring.OPEN else played.shape[1]
    return np.where(np.arange(played.shape[1], dtype=np.int64) < connected, played, 0.0)


def _butterworth(f: Floats, order: int) -> Spectrum:
    # Source: the analog prototype's poles on the unit circle.
    s = 1j * f
    response = np.ones(f.size, dtype=np.complex128)
    for k in range(order):
        pole = np.exp(1j * np.pi * (2 * k + order + 1) / (2 * order))
        response *= -pole / (s - pole)
    return response


def _resample(x: Floats, instants: Floats) -> Floats:
    """Interpolate `x` at fractional frame numbers; silence outside it."""
    padded = np.concatenate((np.zeros(_HALF), x, np.zeros(_HALF + 1)))
    whole = np.floor(instants).astype(np.int64)
    if np.all(instants == whole):
        inside = (whole >= 0) & (whole < x.size)
        return np.where(inside, x[np.clip(whole, 0, x.size - 1)], 0.0)
    out = np.zeros(instants.size, dtype=np.float64)
    reach = np.arange(-_HALF + 1, _HALF + 1)
    kernels = _kernels()
    for start in range(0, instants.size, _PIECE):
        base, t = whole[start : start + _PIECE], instants[start : start + _PIECE]
        phase = np.rint((t - base) * _PHASES).astype(np.int64)
        at = np.clip(base[:, None] + reach + _HALF, 0, padded.size - 1)
        out[start : start + _PIECE] = np.einsum("ij,ij->i", padded[at], kernels[phase])
    return out


@lru_cache(maxsize=1)
def _kernels() -> Floats:
    # Kaiser-windowed sinc at every phase, (_PHASES + 1, 2 * _HALF).
    away = np.arange(_PHASES + 1)[:, None] / _PHASES - np.arange(-_HALF + 1, _HALF + 1)
    window = np.i0(9.0 * np.sqrt(np.maximum(0.0, 1 - (away / _HALF) ** 2))) / np.i0(9.0)
    return (np.sinc(away) * window).astype(np.float32)


def quantize(signal: Floats, bits: int = 16) -> Samples:
    """Return (frames, channels) int32 samples of `bits` bits, saturated.

    Parameters
    ----------
    signal : (frames, channels) float64, full scale 1.
    """
    full = 1 << (bits - 1)
    return np.clip(np.rint(signal * full), -full, full - 1).astype(np.int32)
