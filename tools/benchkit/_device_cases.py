# SPDX-License-Identifier: MIT
"""The on-device tier on simulated captures: stale lines and clean audio."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from stress.detect.spectral import analyze_on_device
from stress.model.arrays import Floats
from stress.model.ring import Rings
from stress.patterns.analog_periodic import PERIOD, PeriodicNoise
from tools.benchkit._spectral_cases import FORMAT, RATE, Case, captured

SECONDS = 20
# Stale lines lie so far apart that the echo of one is over before the next [frames].
_GAP = 2 * PERIOD + 600
# An alarm peaks this near its line: latency of the low-pass and half a response [frames].
_NEAR = 40
CASES = tuple(
    Case(snr, lowpass, 0, size)
    for snr, lowpass, size in (
        (60, 14000, 32),
        (40, 14000, 32),
        (30, 14000, 32),
        (20, 14000, 32),
        (60, 8000, 32),
        (30, 8000, 32),
        (60, 14000, 16),
        (30, 14000, 16),
        (60, 14000, 4),
    )
) + (Case(60, 14000, 10, 32),)


@dataclass(frozen=True)
class DeviceScore:
    """Sums over trials of one case.

    Parameters
    ----------
    lines : stale lines put in; `found` of them; `extra` alarms at none.
    clean_alarms : alarms in the same channel without a stale line.
    clean_frames : frames compared there.
    """

    lines: int = 0
    found: int = 0
    extra: int = 0
    clean_alarms: int = 0
    clean_frames: int = 0

    def __add__(self, other: DeviceScore) -> DeviceScore:
        pairs = {name: getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__}
        return DeviceScore(**pairs)


def device_trial(case: Case, seed: int) -> DeviceScore:
    """Return the score of one capture with stale lines and of one without."""
    rng = np.random.default_rng([5, seed])
    pattern = PeriodicNoise(RATE, 2, FORMAT)
    out = np.empty(SECONDS * RATE * 4, dtype=np.uint8)
    pattern.fill(int(rng.integers(0, 1 << 31)), out)
    clean = np.asarray(out.view("<i2").reshape(-1, 2) / 32768.0)
    channel = replace(case.channel(rng), delay_frames=300.4)
    rings = Rings(case.playback, case.capture)
    wrong, places = _stale(clean, case, rng)
    result = analyze_on_device(captured(channel.transmit(wrong, RATE, len(clean), seed)), pattern, rings)
    found, extra = _match([alarm.frame - 300 for alarm in result.alarms], places)
    quiet = analyze_on_device(captured(channel.transmit(clean, RATE, len(clean), seed + 1)), pattern, rings)
    return DeviceScore(len(places), found, extra, quiet.count, quiet.analysis.checked_frames)


def _stale(clean: Floats, case: Case, rng: np.random.Generator) -> tuple[Floats, list[int]]:
    frames = case.line_bytes // 4
    out, places = clean.copy(), []
    for start in range(3 * max(case.playback, case.capture), len(clean) - 3 * _GAP, _GAP):
        at = (start + int(rng.integers(0, 500))) // frames * frames
        lag = int(rng.integers(1, 4)) * (case.playback if rng.random() < 0.5 else case.capture)
        out[at : at + frames] = clean[at - lag : at - lag + frames]
        places.append(at)
    return out, places


def _match(alarms: list[int], places: list[int]) -> tuple[int, int]:
    near = [min((abs(alarm - at) for alarm in alarms), default=_NEAR + 1) <= _NEAR for at in places]
    extra = [min(abs(alarm - at) for at in places) > _NEAR for alarm in alarms]
    return sum(near), sum(extra)
