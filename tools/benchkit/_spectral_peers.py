# SPDX-License-Identifier: MIT
"""One stale line per recording: the tone detectors, the real alsabat, and pcmstress."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from stress.model.arrays import Floats
from stress.virtual.card.analog import AnalogChannel
from tools.benchkit import _alsabat, _sine_peers
from tools.benchkit._spectral_cases import RATE, Case, captured, played, timed

# Multiples of 48, of 79 and of both, and powers of two: each hides stale lines from some tone.
RINGS = (960, 3792, 4096, 4800, 5056, 8192, 24000)
FRAMES = 3 * RATE
_SNR_DB = 60.0
_LINE = 8


def _tone(period: float) -> Floats:
    return np.asarray(0.75 * np.sin(2 * np.pi / period * np.arange(FRAMES)))


def _recorded(clean: Floats, ring: int, at: int, seed: int, *, level: float) -> Floats:
    wrong = clean.copy()
    wrong[at : at + _LINE] = clean[at - ring : at - ring + _LINE]
    channel = AnalogChannel(delay_frames=200.0, lowpass_hz=18000, noise_dbfs=level - _SNR_DB)
    return channel.transmit(wrong[:, None] if wrong.ndim == 1 else wrong, RATE, FRAMES, seed)


def row(ring: int, trials: int, seed: int = 1) -> dict[str, float]:
    """Return, per detector, the share of recordings it failed."""
    rng = np.random.default_rng([seed, ring])
    found: dict[str, float] = {}
    have_alsabat = _alsabat.available() is not None
    for _ in range(trials):
        at = int(rng.integers(RATE, 2 * RATE)) // _LINE * _LINE
        noise = int(rng.integers(1 << 30))
        for name, bad in _tones(ring, at, noise, have_alsabat):
            found[name] = found.get(name, 0.0) + bad / trials
        found["pcmstress"] = found.get("pcmstress", 0.0) + _ours(ring, at, noise) / trials
    return found


def _tones(ring: int, at: int, noise: int, have_alsabat: bool) -> list[tuple[str, bool]]:
    odd = _recorded(_tone(RATE / 997), ring, at, noise, level=20 * np.log10(0.75 / np.sqrt(2)))[:, 0]
    locked = [
        _recorded(_tone(period), ring, at, noise, level=20 * np.log10(0.75 / np.sqrt(2)))[:, 0]
        for period in (48, 79)
    ]
    steady = odd[4800:]
    out = [
        ("fft-peak 997 Hz", _sine_peers.fft_peak(steady, RATE, 997.0)),
        ("phase-locked 1000 Hz", _sine_peers.phase_locked(locked[0][4800:], 48) > 0),
        ("phase-locked 607.6 Hz", _sine_peers.phase_locked(locked[1][4800:], 79) > 0),
        ("notch 1000 Hz", _sine_peers.notched(locked[0][4800:], RATE, 1000.0) > 0.04),
        ("notch 997 Hz", _sine_peers.notched(steady, RATE, 997.0) > 0.04),
    ]
    if have_alsabat:
        fft, snr = _alsabat.verdicts(steady, RATE, 997.0)
        fft_even, snr_even = _alsabat.verdicts(locked[0][4800:], RATE, 1000.0)
        out += [("alsabat -k 3 997 Hz", fft != 0), ("alsabat --snr-db 26 997 Hz", snr != 0)]
        out += [("alsabat -k 3 1000 Hz", fft_even != 0), ("alsabat --snr-db 26 1000 Hz", snr_even != 0)]
    return out


def _ours(ring: int, at: int, noise: int) -> bool:
    case = replace(Case(_SNR_DB, 18000, 0.0), playback=ring, capture=ring + ring // 10)
    clean = played(noise, FRAMES)
    heard = captured(_recorded(clean, ring, at, noise, level=20 * np.log10(0.18)))
    result, _ = timed(heard, case, noise)
    return any(
        f.lag == ring and abs(((f.position - noise) & 0xFFFFFFFF) - at) <= 1 for f in result.analysis.findings
    )
