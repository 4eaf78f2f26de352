# SPDX-License-Identifier: MIT
"""The digital path of a board, on samples: volume, routes, widths, words, rates.

Modelled: what PathSpec names, sample by sample and without a state before the first frame.
Not modelled: a delay of the resampler or filter, clocks that wander, and a volume that ramps.
"""

from __future__ import annotations

from typing import Callable

import numpy as np

from stress.model.arrays import Bytes, Floats, Ints
from stress.virtual.card import lossy
from stress.virtual.card.path_spec import PathSpec

_ROUNDED: dict[str, Callable[[Floats], Floats]] = {
    "nearest": np.rint,
    "floor": np.floor,
    "truncate": np.trunc,
    "half-up": lambda samples: np.floor(samples + 0.5),
}


def transformed(samples: Ints, spec: PathSpec, bits: int, seed: int, frames: int | None = None) -> Ints:
    """Return what arrives of played samples, (frames, channels) int64 within the rails.

    Parameters
    ----------
    samples : (n, channels), signed integers of `bits` bits.
    seed : of the dither.
    frames : that are captured, None for as many as were played.
    """
    top = 1 << (bits - 1)
    routed = _late(_routed(samples, spec.order), spec)
    made = _scaled(_lost(routed, spec, top, len(samples) if frames is None else frames), spec)
    out = np.clip(_rounded(made, spec, bits, seed) + spec.offset, -top, top - 1).astype(np.int64)
    if spec.words:
        out = _signed(_words(out & (2 * top - 1), spec, bits) & (2 * top - 1), bits)
    if 0 <= spec.silent_channel < out.shape[1]:
        out[:, spec.silent_channel] = 0
    return out


def moved(frames: Bytes, spec: PathSpec, sample_bytes: int) -> Bytes:
    """Return the bytes of captured frames, (n, frame_bytes) uint8, moved by bytes and bits."""
    stream = frames.reshape(-1)
    if spec.bytes_late:
        stream = np.concatenate([np.zeros(spec.bytes_late, np.uint8), stream])[: stream.size]
    if spec.bits_late:
        serial = np.unpackbits(np.ascontiguousarray(stream.reshape(-1, sample_bytes)[:, ::-1]).reshape(-1))
        serial = np.concatenate([np.zeros(spec.bits_late, np.uint8), serial])[: serial.size]
        stream = np.packbits(serial).reshape(-1, sample_bytes)[:, ::-1]
    return np.ascontiguousarray(stream).reshape(frames.shape)


def _routed(samples: Ints, order: str) -> Floats:
    n = samples.shape[1]
    wide = samples.astype(np.float64)
    pair = wide[:, :2].sum(axis=1, keepdims=True)
    if order == "exchanged":
        return wide[:, [c ^ 1 if c ^ 1 < n else c for c in range(n)]]
    if order in ("first", "second"):
        return wide[:, [min(n - 1, int(order == "second"))] * n]
    if order == "rotated":
        return np.roll(wide, 1, axis=1)
    mean = np.floor(pair / min(2, n))
    if order == "mono-first":
        return np.concatenate([mean, wide[:, 1:]], axis=1)
    if order in ("mono", "sum"):
        return np.repeat(pair if order == "sum" else mean, n, axis=1)
    return wide


def _late(samples: Floats, spec: PathSpec) -> Floats:
    c, by = spec.delay_channel, spec.delay_frames
    if not by or c >= samples.shape[1]:
        return samples
    out = samples.copy()
    out[:by, c] = 0
    out[by:, c] = samples[: max(0, len(samples) - by), c]
    return out


def _lost(samples: Floats, spec: PathSpec, top: int, frames: int) -> Floats:
    if spec.rate_ratio != 1:
        samples = lossy.resampled(samples, spec.rate_ratio, frames)
    if spec.filter_pole:
        samples = lossy.filtered(samples, spec.filter_pole)
    if spec.shape:
        samples = lossy.shaped(samples / top, spec.shape) * top
    return samples[:frames]


def _scaled(samples: Floats, spec: PathSpec) -> Floats:
    gains = np.full(samples.shape[1], 10 ** (spec.gain_db / 20) * (-1 if spec.inverted else 1))
    for c, level in enumerate(spec.gains_db[: len(gains)]):
        gains[c] *= 10 ** (level / 20)
    for c in spec.inverted_channels:
        if c < len(gains):
            gains[c] *= -1
    made: Floats = samples * gains
    return made


def _rounded(samples: Floats, spec: PathSpec, bits: int, seed: int) -> Floats:
    narrow = 0 < spec.bits < bits
    step = 1 << (bits - spec.bits if narrow else 0)
    if spec.dither == "shaped":
        return np.asarray(lossy.error_feedback(samples / step) * step, np.float64)
    if spec.dither:
        rng = np.random.RandomState(seed & 0xFFFFFFFF)
        noise = rng.random_sample(samples.shape)
        noise = noise - (rng.random_sample(samples.shape) if spec.dither == "triangular" else 0.5)
        return np.rint(samples / step + noise) * step
    whole = _ROUNDED[spec.rounding](samples)
    return _ROUNDED[spec.bits_rounding](whole / step) * step if narrow else whole


def _signed(words: Ints, bits: int) -> Ints:
    return np.asarray(np.where(words >> (bits - 1), words - (1 << bits), words))


def _words(words: Ints, spec: PathSpec, bits: int) -> Ints:
    by = min(spec.words_by, bits - 1)
    if spec.words == "shift-left":
        return words << by
    if spec.words == "shift-right":
        return words >> by
    if spec.words == "arithmetic-shift":
        return np.asarray(_signed(words, bits) >> by)
    if spec.words == "bit-always-1":
        return words | 1 << by
    if spec.words == "bit-always-0":
        return words & ~(1 << by)
    if spec.words == "bit-inverted":
        return words ^ 1 << by
    if spec.words == "unsigned":
        return words ^ 1 << (bits - 1)
    if spec.words == "ones-complement":
        return ~words
    return _reordered(words, _sources(spec.words, by, bits))


def _sources(name: str, by: int, bits: int) -> list[int]:
    # Which bit arrives in each.
    if name == "bytes-exchanged":
        return [bits - 8 - 8 * (bit // 8) + bit % 8 for bit in range(bits)]
    if name == "halves-exchanged":
        return [(bit + bits // 2) % bits for bit in range(bits)]
    if name == "bits-mirrored":
        return [bits - 1 - bit for bit in range(bits)]
    pair = {by: min(by + 1, bits - 1), by + 1: by}
    return [pair.get(bit, bit) for bit in range(bits)]


def _reordered(words: Ints, sources: list[int]) -> Ints:
    out = np.zeros_like(words)
    for bit, source in enumerate(sources):
        out |= (words >> source & 1) << bit
    return out
