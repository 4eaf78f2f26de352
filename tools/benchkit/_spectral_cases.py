# SPDX-License-Identifier: MIT
"""Simulated analog loopbacks with known faults, and how a detector is scored on them."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from stress.detect.spectral import Options, SpectralAnalysis, analyze
from stress.model.arrays import Bytes, Floats
from stress.model.finding import Kind
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.noise import NoisePattern
from stress.virtual.card.analog import AnalogChannel, quantize

RATE = 48000
FORMAT = FORMATS["S16_LE"]
_GAIN_DB = -3.0
# Level of the stimulus after the gain [dBFS]; SNR is against white noise over the whole band.
_LEVEL_DBFS = 20 * np.log10(0.18) + _GAIN_DB


@dataclass(frozen=True)
class Case:
    """One channel, one size of fault, one pair of rings.

    Parameters
    ----------
    line_bytes : size of every stale line.
    third, second : distortion coefficients at full scale.
    """

    snr_db: float
    lowpass_hz: float
    drift_ppm: float
    line_bytes: int = 32
    playback: int = 4800
    capture: int = 5280
    second: float = 0.0
    third: float = 0.0
    hum_dbfs: float | None = None
    impulses_per_s: float = 0.0
    wander_ppm: float = 0.0

    @property
    def name(self) -> str:
        """What the tables call it."""
        extra = [f"third {self.third:g}"] if self.third else []
        extra += [f"hum {self.hum_dbfs:g} dBFS"] if self.hum_dbfs is not None else []
        extra += [f"{self.impulses_per_s:g} clicks/s"] if self.impulses_per_s else []
        extra += [f"wander {self.wander_ppm:g}"] if self.wander_ppm else []
        rings = f"{self.playback}/{self.capture}"
        head = f"{self.snr_db:.0f} dB {self.lowpass_hz / 1000:g}k {self.drift_ppm:.0f} ppm"
        return " ".join([head, f"{self.line_bytes} B {rings}", *extra])

    def channel(self, rng: np.random.Generator) -> AnalogChannel:
        """Return the channel, with a random delay."""
        return AnalogChannel(
            gain_db=_GAIN_DB,
            delay_frames=float(rng.uniform(200, 3000)),
            lowpass_hz=self.lowpass_hz,
            highpass_hz=10.0,
            noise_dbfs=float(_LEVEL_DBFS - self.snr_db),
            hum_dbfs=self.hum_dbfs,
            second=self.second,
            third=self.third,
            drift_ppm=self.drift_ppm,
            wander_ppm=self.wander_ppm,
            impulses_per_s=self.impulses_per_s,
        )


@dataclass(frozen=True)
class Score:
    """Sums over trials of one case.

    Parameters
    ----------
    lines : faults put in; `found` of them, `placed` within a frame with the
        right length, `aged` with the right lag.
    extra : findings that are no fault, `clicks` disturbances.
    cpu_s, audio_s : processor time of the analysis and length of the audio [s].
    """

    lines: int = 0
    found: int = 0
    placed: int = 0
    aged: int = 0
    extra: int = 0
    clicks: int = 0
    cpu_s: float = 0.0
    audio_s: float = 0.0

    def __add__(self, other: Score) -> Score:
        pairs = {name: getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__}
        return Score(**pairs)


def played(first: int, frames: int) -> Floats:
    """Return the stimulus, (frames, 2) float64 with full scale 1."""
    out = np.empty(frames * 4, dtype=np.uint8)
    NoisePattern(RATE, 2, FORMAT).fill(first, out)
    return np.asarray(out.view("<i2").reshape(-1, 2) / 32768.0)


def captured(signal: Floats) -> Bytes:
    """Return a signal as S16 stereo bytes."""
    return np.ascontiguousarray(quantize(signal).astype("<i2")).view(np.uint8).reshape(-1)


def stale(clean: Floats, case: Case, gap: int, rng: np.random.Generator) -> tuple[Floats, dict[int, int]]:
    """Return the stimulus with stale lines about every `gap` frames, and their lags by frame."""
    frames = case.line_bytes // 4
    out, truth = clean.copy(), {}
    oldest = 3 * max(case.playback, case.capture)
    for start in range(oldest, clean.shape[0] - 8 * gap, gap):
        at = (start + int(rng.integers(0, gap // 2))) // frames * frames
        lag = int(rng.integers(1, 4)) * (case.playback if rng.random() < 0.5 else case.capture)
        out[at : at + frames] = clean[at - lag : at - lag + frames]
        truth[at] = lag
    return out, truth


def trial(case: Case, seed: int, seconds: float = 10.0, gap: int = 640) -> Score:
    """Return the score of one capture full of stale lines."""
    rng = np.random.default_rng(seed)
    first = int(rng.integers(0, 1 << 32))
    clean = played(first, int(seconds * RATE))
    wrong, truth = stale(clean, case, gap, rng)
    heard = captured(case.channel(rng).transmit(wrong, RATE, clean.shape[0], seed))
    result, spent = timed(heard, case, first)
    return _scored(result, truth, first, case, spent, seconds)


def timed(heard: Bytes, case: Case, first: int) -> tuple[SpectralAnalysis, float]:
    """Return the analysis and the processor time it took [s]."""
    pattern = NoisePattern(RATE, 2, FORMAT)
    rings, options = Rings(case.playback, case.capture), Options(most=100000)
    begin = time.process_time()
    result = analyze(heard, pattern, rings, first_position=first, options=options)
    return result, time.process_time() - begin


def _scored(
    result: SpectralAnalysis, truth: dict[int, int], first: int, case: Case, spent: float, seconds: float
) -> Score:
    frames = case.line_bytes // 4
    findings = {(f.position - first) & 0xFFFFFFFF: f for f in result.analysis.findings}
    score = Score(lines=len(truth), clicks=result.disturbances, cpu_s=spent, audio_s=seconds)
    used = set()
    for at, lag in truth.items():
        near = next((p for p in (at, at - 1, at + 1) if p in findings), None)
        if near is None:
            near = next((p for p in findings if p < at + frames and at < p + findings[p].frames), None)
        if near is None:
            continue
        used.add(near)
        finding = findings[near]
        right_place = abs(near - at) <= 1 and abs(finding.frames - frames) <= 1
        score = score + Score(
            found=1, placed=int(right_place), aged=int(finding.lag == lag and finding.kind is Kind.STALE)
        )
    return replace(score, extra=len(findings) - len(used))
