# SPDX-License-Identifier: MIT
"""The analog path as the spectral detector measured it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from stress.model import shape


class SecondRecord(NamedTuple):
    """Level of the analog path in one second: first frame, SNR and THD+N [dB]."""

    frame: int
    snr_db: float
    thd_n_db: float


class ResponseRecord(NamedTuple):
    """Response of the analog path at one frequency [Hz, dB]."""

    hz: float
    level_db: float


_SECOND = shape.row(SecondRecord, shape.within(0), shape.read_number, shape.read_number)


_RESPONSE = shape.row(ResponseRecord, shape.read_number, shape.read_number)


@dataclass(frozen=True)
class ChannelRecord:
    """The analog path as the spectral detector measured it in one burst."""

    latency_frames: float = shape.number()
    gain_db: float = shape.number()
    drift_ppm: float = shape.number()
    snr_db: float = shape.number()
    thd_n_db: float = shape.number()
    seconds: tuple[SecondRecord, ...] = shape.field(shape.listed(_SECOND), ())
    alarm_sigmas: float | None = shape.field(shape.or_none(shape.read_number), None)
    quiet_sigmas: float | None = shape.field(shape.or_none(shape.read_number), None)
    hum_db: float | None = shape.field(shape.or_none(shape.read_number), None)
    clipped_share: float = shape.number(0.0)
    disturbances: int = shape.whole(0)
    response: tuple[ResponseRecord, ...] = shape.field(shape.listed(_RESPONSE), ())
