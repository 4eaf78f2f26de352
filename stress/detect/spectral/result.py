# SPDX-License-Identifier: MIT
"""What the spectral analyzer says: findings, and the channel they came through."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from stress.detect.spectral.view import View
from stress.model.finding import Analysis


@dataclass(frozen=True)
class Channel:
    """The analog path, as measured.

    Parameters
    ----------
    latency_frames : from the first captured frame to the first pattern frame.
    gain_db : captured over played level in the band [dB].
    response : pairs of frequency [Hz] and level relative to `gain_db` [dB].
    snr_db : stimulus over what the channel model leaves unexplained [dB].
    thd_n_db : distortion and noise over stimulus [dB], negative.
    drift_ppm : how much slower the capture clock runs [1e-6].
    hum_db : mains lines below 1 kHz over stimulus [dB], None when not seen.
    clipped_share : samples at full scale, 0..1.
    """

    latency_frames: float
    gain_db: float
    response: tuple[tuple[float, float], ...]
    snr_db: float
    thd_n_db: float
    drift_ppm: float
    hum_db: float | None = None
    clipped_share: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the channel as the `channel` object of the analysis."""
        return {
            "latency_frames": round(self.latency_frames, 3),
            "gain_db": round(self.gain_db, 2),
            "response": [[round(f, 1), round(level, 2)] for f, level in self.response],
            "snr_db": round(self.snr_db, 2),
            "thd_n_db": round(self.thd_n_db, 2),
            "drift_ppm": round(self.drift_ppm, 4),
            "hum_db": None if self.hum_db is None else round(self.hum_db, 1),
            "clipped_share": round(self.clipped_share, 6),
        }


@dataclass(frozen=True)
class Second:
    """Level of one second of the capture, for the report.

    Parameters
    ----------
    frame : first captured frame.
    snr_db, thd_n_db : as in `Channel` [dB].
    """

    frame: int
    snr_db: float
    thd_n_db: float


@dataclass(frozen=True)
class SpectralAnalysis:
    """Analysis of an analog capture, with the channel and what to do about it.

    Parameters
    ----------
    analysis : what every detector gives.
    channel : None without a lock.
    advice : one line each; any advice makes a clean run INCONCLUSIVE.
    disturbances : events in the signal that no ring data explains (clicks).
    quiet_score : largest line statistic where nothing was found [sigmas].
    seconds : levels over time.
    view : spectrograms before and after subtraction, where asked for.
    """

    analysis: Analysis
    channel: Channel | None = None
    advice: tuple[str, ...] = ()
    disturbances: int = 0
    quiet_score: float = 0.0
    seconds: tuple[Second, ...] = field(default=())
    view: View | None = None

    def to_json(self) -> dict[str, Any]:
        """Return what the JSON of an analog analysis has beyond the exact one's."""
        return {
            "channel": None if self.channel is None else self.channel.to_json(),
            "advice": list(self.advice),
            "disturbances": self.disturbances,
            "quiet_score": round(self.quiet_score, 2),
        }
