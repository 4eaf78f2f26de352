# SPDX-License-Identifier: MIT
"""The JSON of the spectral analysis: which digits are kept of each figure."""

from __future__ import annotations

from stress.detect.spectral.result import Channel, SpectralAnalysis
from stress.model.finding import Analysis

CHANNEL = Channel(
    701.34567, -3.4567, ((1234.5678, -0.4567),), 51.2345, -50.2345, -77.123456, -20.2345, 0.12345678
)


def test_channel_keeps_the_digits_that_mean_something():
    assert CHANNEL.to_json() == {
        "latency_frames": 701.346,
        "gain_db": -3.46,
        "response": [[1234.6, -0.46]],
        "snr_db": 51.23,
        "thd_n_db": -50.23,
        "drift_ppm": -77.1235,
        "hum_db": -20.2,
        "clipped_share": 0.123457,
    }


def test_hum_that_was_not_seen_is_no_number():
    assert Channel(0.0, 0.0, (), 0.0, 0.0, 0.0).to_json()["hum_db"] is None
    assert Channel(0.0, 0.0, (), 0.0, 0.0, 0.0).to_json()["clipped_share"] == 0.0


def test_analysis_holds_channel_advice_and_what_was_quiet():
    analysis = Analysis("spectral", True, 100)
    got = SpectralAnalysis(analysis, CHANNEL, ("one", "two"), 3, 7.12345).to_json()
    assert got == {
        "channel": CHANNEL.to_json(),
        "advice": ["one", "two"],
        "disturbances": 3,
        "quiet_score": 7.12,
    }


def test_analysis_without_a_lock_has_no_channel_and_nothing_to_say():
    assert SpectralAnalysis(Analysis("spectral", False, 100)).to_json() == {
        "channel": None,
        "advice": [],
        "disturbances": 0,
        "quiet_score": 0.0,
    }
