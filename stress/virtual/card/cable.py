# SPDX-License-Identifier: MIT
"""The path and the analog cable of a board: samples out, samples back in."""

from __future__ import annotations

import numpy as np

from stress.model.arrays import Bytes, Samples
from stress.model.formats import SampleFormat
from stress.virtual.card.analog import AnalogChannel, Wiring, quantize
from stress.virtual.card.digital_path import moved, transformed
from stress.virtual.card.path_spec import PathSpec
from stress.virtual.spec import OFF_DBFS, AnalogSpec


def samples_of(frames: Bytes, fmt: SampleFormat) -> Samples:
    """Return the samples of `frames`, (n, frame_bytes) uint8, as (n, channels) int32."""
    raw = frames.reshape(-1, fmt.sample_bytes)[:, : fmt.bits // 8]
    wide = np.zeros((len(raw), 4), dtype=np.uint8)
    wide[:, 4 - raw.shape[1] :] = raw
    samples: Samples = wide.view("<i4")[:, 0] >> (32 - fmt.bits)
    return samples.reshape(len(frames), -1)


def frames_of(samples: Samples, fmt: SampleFormat) -> Bytes:
    """Return (n, channels) int32 samples as (n, frame_bytes) uint8."""
    raw = np.ascontiguousarray(samples, dtype="<i4").view(np.uint8).reshape(-1, 4)
    return raw[:, : fmt.sample_bytes].reshape(len(samples), -1)


def channel_of(spec: AnalogSpec) -> AnalogChannel:
    """Return the analog path that a board's settings describe."""
    return AnalogChannel(
        gain_db=spec.gain_db,
        delay_frames=spec.delay_frames,
        lowpass_hz=spec.lowpass_hz or None,
        highpass_hz=spec.highpass_hz or None,
        noise_dbfs=spec.noise_dbfs if spec.noise_dbfs > OFF_DBFS else None,
        hum_dbfs=spec.hum_dbfs if spec.hum_dbfs > OFF_DBFS else None,
        drift_ppm=spec.drift_ppm,
        dc=spec.dc,
        clip=spec.clip,
        third=spec.third,
        impulses_per_s=spec.impulses_per_s,
        wiring=Wiring(spec.wiring),
        suppressor=spec.suppressor,
    )


def through_path(incoming: Bytes, spec: PathSpec, fmt: SampleFormat, seed: int) -> Bytes:
    """Return what arrives behind a digital path, (n, frame_bytes) uint8.

    Parameters
    ----------
    incoming : (n, frame_bytes) uint8.
    seed : of the dither.
    """
    if spec == PathSpec():
        return incoming
    samples = samples_of(incoming, fmt).astype(np.int64)
    made = transformed(samples, spec, fmt.bits, seed)
    return moved(frames_of(made.astype(np.int32), fmt), spec, fmt.sample_bytes)


def through_cable(incoming: Bytes, spec: AnalogSpec, fmt: SampleFormat, rate: int, seed: int) -> Bytes:
    """Return what the input converter makes of what the output converter played.

    Parameters
    ----------
    incoming : (n, frame_bytes) uint8, the digital loopback.
    seed : of the noise.

    Returns
    -------
    (n, frame_bytes) uint8.
    """
    full = float(1 << (fmt.bits - 1))
    played = samples_of(incoming, fmt).astype(np.float64) / full
    heard = channel_of(spec).transmit(played, rate, len(incoming), seed)
    return frames_of(quantize(heard, fmt.bits), fmt)
