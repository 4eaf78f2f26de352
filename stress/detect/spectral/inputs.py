# SPDX-License-Identifier: MIT
"""Captures no verdict may rest on, each with its number and what to do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stress.detect.spectral.lock import BLOCK, LOCKED, Lock, PlayedChannel, active_block, search
from stress.detect.spectral.signal import NoiseStimulus
from stress.model.arrays import Signal

# RMS below which a channel is silent [dBFS]. Higher: a low but usable level is refused; lower:
# the noise of an open input passes for a signal.
SILENT_DB = -75.0
# Samples stuck at the largest level, as a share. Source: noise peaks there once in 10^6. Higher:
# clipping hides lines that differ at the peaks; lower: chance peaks are called clipping.
CLIPPED = 1e-4
# Level that is full scale for any signal [of full scale]. Source: converters saturate some hundred
# steps below it. Higher: a clipped input is not told; lower: a loud tone is called clipped.
FULL = 0.98
# Correlation with the other played channel over that with its own [ratio]. Source: crosstalk of
# cheap cables is below -30 dB. Higher: a fold-down passes; lower: crosstalk is called one.
_FOLDED = 0.2
# Spread of the level of blocks [dB]. Source: noise of 4096 frames varies by 0.3 dB. Higher: a
# gain control passes; lower: a drop-out is called one.
_STEADY_DB = 3.0
# SNR below which a 32-byte line may be missed: at 20 dB the weakest of 735 scored 10.6.
LOW_SNR_DB = 20.0

_NAMES = ("left", "right")


def name(channel: int, channels: int) -> str:
    """Return what people call a channel."""
    return _NAMES[channel] if channels == 2 else f"channel {channel + 1}"


def level_db(y: Signal) -> float:
    """Return the RMS of a channel, (n,) float32, without its mean [dBFS]."""
    return 20 * float(np.log10(max(float(np.std(y)), 1e-7))) if y.size else -140.0


def unheard(
    y: Signal, locks: Sequence[Lock | None], pattern: NoiseStimulus, first_position: int
) -> tuple[list[str], list[int]]:
    """Return advice on channels without lock, and which of them are silent.

    Parameters
    ----------
    y : (channels, n) float32, the capture.
    locks : one per channel.
    """
    advice, silent = [], []
    channels = y.shape[0]
    for c, lock in enumerate(locks):
        if lock is not None and lock.locked:
            continue
        who = name(c, channels)
        if level_db(y[c]) < SILENT_DB:
            silent.append(c)
            continue
        other = _hears(y[c], pattern, [o for o in range(channels) if o != c], first_position)
        if other is not None:
            advice.append(
                f"captured {who} carries played {name(other, channels)}: exchange the plugs or the routing"
            )
        else:
            peak = lock.peak if lock else 0.0
            advice.append(
                f"captured {who} has {level_db(y[c]):.1f} dBFS but not the stimulus (correlation {peak:.1f} "
                f"sigmas, {LOCKED:.0f} needed): check the input, its source and what was played"
            )
    return advice, silent


def silence(y: Signal, silent: Sequence[int]) -> list[str]:
    """Return advice on `silent` channels of the capture `y`, (channels, n) float32."""
    channels = y.shape[0]
    if len(silent) == channels:
        top = max(level_db(one) for one in y)
        return [f"the capture is silent ({top:.1f} dBFS): plug the cable, unmute, raise playback and capture"]
    return [
        f"captured {name(c, channels)} is silent ({level_db(y[c]):.1f} dBFS): the cable has one side only"
        for c in silent
    ]


def _hears(y: Signal, pattern: NoiseStimulus, others: Sequence[int], first: int) -> int | None:
    at = active_block(y)
    if at is None or y.size < 2 * BLOCK:
        return None
    for other in others:
        if search(y, at, PlayedChannel(pattern, other, first), at - pattern.rate, at + pattern.rate).locked:
            return other
    return None


def folded(
    y: Signal, used: Sequence[int], locks: Sequence[Lock | None], pattern: NoiseStimulus, first: int
) -> list[str]:
    """Return advice where a channel also hears another played one.

    Parameters
    ----------
    y : (channels, n) float32, the capture.
    used : channels looked at.
    locks : one per channel.
    first : pattern position of the first played frame.
    """
    out = []
    for c in used:
        lock = locks[c]
        if lock is None:
            continue
        at = lock.at
        block = y[c, at : at + BLOCK] - np.mean(y[c, at : at + BLOCK])
        low = first + at - lock.delay - 64
        shares = {}
        for o in range(y.shape[0]):
            x = pattern.samples(low, block.size + 128, o).astype(np.float32)
            norm = float(np.linalg.norm(x[64:-64])) * float(np.linalg.norm(block))
            shares[o] = float(np.abs(np.correlate(x, block, mode="valid")).max()) / max(norm, 1e-12)
        other = max((o for o in shares if o != c), key=lambda o: shares[o], default=None)
        if other is not None and shares[other] > _FOLDED * shares[c]:
            far = 20 * np.log10(shares[other] / shares[c])
            out.append(
                f"captured {name(c, y.shape[0])} hears played {name(other, y.shape[0])} at {far:+.1f} dB of "
                "its own: a mono fold-down or a monitor mix is on; use a stereo cable and mute monitoring"
            )
    return out


def unsteady(y: Signal) -> list[str]:
    """Return advice where the level moves: a noise suppressor or gain control.

    Parameters
    ----------
    y : (n,) float32, one channel while the stimulus was on.
    """
    count = y.size // 4096
    if count < 8:
        return []
    levels = np.sort(y[: count * 4096].reshape(count, 4096).std(axis=1))
    low, high = float(levels[count // 10]), float(levels[count - 1 - count // 10])
    spread = 20 * float(np.log10(max(high, 1e-7) / max(low, 1e-7)))
    if spread < _STEADY_DB:
        return []
    return [
        f"the level moves by {spread:.1f} dB while the stimulus is steady: switch off noise suppression, "
        "echo cancelling and automatic gain, or use a line input"
    ]


def clipping(shares: Sequence[float], y: Signal, known: bool) -> list[str]:
    """Return advice on clipped samples.

    Parameters
    ----------
    shares : of samples at the largest level of each channel.
    y : (channels, n), the capture.
    known : the stimulus is in it; of any other signal only full scale itself is clipping, because a
        tone rests at its own largest level.
    """
    loud = [share for share, one in zip(shares, y) if known or np.abs(one).max(initial=0) >= FULL]
    worst = max(loud, default=0.0)
    if worst <= CLIPPED:
        return []
    return [f"lower the capture level: {100 * worst:.2g} % of samples at full scale"]


def weak(snr_db: float) -> list[str]:
    """Return advice on too little signal over noise."""
    if snr_db >= LOW_SNR_DB:
        return []
    return [
        f"SNR is {snr_db:.1f} dB and a 32-byte line needs {LOW_SNR_DB:.0f} dB: raise the playback level, "
        "remove hum and noise"
    ]


def disturbed(frames: Sequence[int]) -> list[str]:
    """Return advice on events that no ring data explains, from their frames."""
    if not frames:
        return []
    count = len(frames)
    return [
        f"{count} disturbance{'s' if count > 1 else ''} no ring data explains, first at frame {frames[0]}: "
        "mains switching, a loose plug, or distortion; repeat with a better cable or lower level"
    ]
