# SPDX-License-Identifier: MIT
"""The pieces of the detector against closed forms and slow loops."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.ring_offset import line_of
from stress.detect.spectral import fit, weigh
from stress.detect.spectral.clock import SegmentClock
from stress.detect.spectral.findings import episodes, ring_of, whole_laps
from stress.detect.spectral.identity import CaptureRing, repeated_lines
from stress.detect.spectral.resample import PAD, Resampler, split
from stress.detect.spectral.signal import Reference, integers
from stress.model.finding import Finding, Kind
from stress.model.formats import FORMATS
from stress.model.ring import Rings

RNG = np.random.default_rng(11)


@pytest.mark.parametrize("hz, limit", [(1000, -95), (8000, -90), (12000, -78), (14000, -72)])
def test_resampler_tone_is_the_tone_at_other_instants(hz, limit):
    resampler = Resampler(4096)
    tone = np.sin(2 * np.pi * hz / 48000 * np.arange(4096) + 0.3).astype(np.float32)
    instants = PAD + 100.37 + np.arange(3200) * (1 + 300e-6)
    exact = np.sin(2 * np.pi * hz / 48000 * instants + 0.3)
    error = (resampler(tone, split(instants)) - exact)[200:3000]
    assert 20 * np.log10(np.std(error) / np.std(exact)) < limit


def test_fit_taps_equal_least_squares_of_the_whole_matrix():
    x = RNG.standard_normal((3, 700 + fit.TAPS - 1)).astype(np.float32)
    y = RNG.standard_normal((3, 700)).astype(np.float32)
    rows = [x[b, n : n + fit.TAPS][::-1] for b in range(3) for n in range(700)]
    exact = np.linalg.lstsq(np.array(rows, dtype=np.float64), y.reshape(-1), rcond=None)[0]
    fitted = fit.Fit(x)
    assert np.allclose(fitted.solve(y), exact, atol=2e-5)
    assert np.allclose(fitted.predict(exact), (np.array(rows) @ exact).reshape(3, 700), atol=1e-4)


def test_fit_ignores_outliers():
    x = RNG.standard_normal((2, 4000 + fit.TAPS - 1)).astype(np.float32)
    true = np.zeros(fit.TAPS)
    true[50] = 0.7
    y = fit.Fit(x).predict(true) + 1e-4 * RNG.standard_normal((2, 4000)).astype(np.float32)
    y[:, 1000:1016] = 3.0
    taps, _, _ = fit.Fit(x).robust(y)
    assert np.abs(taps - true).max() < 2e-5


@pytest.fixture(scope="module")
def weights():
    taps = np.zeros(fit.TAPS)
    taps[46:51] = [0.1, 0.5, 0.9, -0.3, 0.05]
    return weigh.weights(taps, fit.PRE, np.full(257, 1e-6), (0.02, 0.29), 8192)


def test_line_statistic_bounds_every_matched_one(weights):
    linalg = pytest.importorskip("scipy.linalg", reason="needs scipy: pip install .[test]")
    matrix = linalg.toeplitz(weights.r[: weigh.LINE].astype(np.float64))
    loaded = matrix + 1e-3 * matrix[0, 0] * np.eye(weigh.LINE)
    g = RNG.standard_normal((200, weigh.LINE)) * 1e3
    d = RNG.standard_normal((200, weigh.LINE))
    power = np.sum((g @ weights.whiten.astype(np.float64)) ** 2, axis=1)
    matched = np.sum(g * d, axis=1) ** 2 / np.einsum("ij,jk,ik->i", d, loaded, d)
    assert np.all(matched <= power * (1 + 1e-4))
    best = np.linalg.solve(loaded, g.T).T
    reached = np.sum(g * best, axis=1) ** 2 / np.einsum("ij,jk,ik->i", best, loaded, best)
    assert np.allclose(reached, power, rtol=1e-3)


def test_line_statistic_has_the_quartile_it_claims(weights):
    linalg = pytest.importorskip("scipy.linalg", reason="needs scipy: pip install .[test]")
    matrix = linalg.toeplitz(weights.r[: weigh.LINE].astype(np.float64))
    g = RNG.standard_normal((40000, weigh.LINE)) @ np.linalg.cholesky(matrix).T
    power = np.sum((g @ weights.whiten.astype(np.float64)) ** 2, axis=1)
    assert np.quantile(power, 0.25) == pytest.approx(weights.quartile, rel=0.03)


def test_weights_are_the_matched_filter_of_the_taps(weights):
    noise = RNG.standard_normal(8192)
    matched = np.fft.irfft(np.fft.rfft(noise) * 1e-3 * weights.matched, 8192)
    measured = np.array([np.mean(matched * np.roll(matched, k)) for k in range(4)])
    # White noise of power 1e-6 whitens to one, so the covariance is r itself.
    assert np.allclose(measured, weights.r[:4], rtol=0.15, atol=0.03 * float(weights.r[0]))


def test_residual_spectrum_of_white_noise_is_its_power():
    noise = 0.01 * RNG.standard_normal((8, 8192)).astype(np.float32)
    noise[3, 4000:4100] = 5.0
    assert np.median(weigh.spectrum_of(noise)) == pytest.approx(1e-4, rel=0.1)


def test_toeplitz_equals_scipy():
    linalg = pytest.importorskip("scipy.linalg", reason="needs scipy: pip install .[test]")
    r = RNG.standard_normal(9).astype(np.float32)
    assert np.array_equal(weigh.toeplitz(r, 9), linalg.toeplitz(r.astype(np.float64)))


def test_clock_played_inverts_captured():
    clock = SegmentClock(701.25, (9.6, -0.002))
    for played in (0.0, 48000.0, 2.5e6):
        captured = float(clock.captured(np.array([played]))[0])
        assert clock.played(captured) == pytest.approx(played, abs=1e-3)
    assert SegmentClock(700.0).same and not clock.same and not SegmentClock(700.5).same
    assert SegmentClock(0.0, (48000 * (1 / (1 + 150e-6) - 1),)).drift_ppm == pytest.approx(150.0)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_integers_reads_what_python_reads(name):
    fmt = FORMATS[name]
    values = [0, 1, -1, (1 << (fmt.bits - 1)) - 1, -(1 << (fmt.bits - 1)), 12345]
    width = fmt.sample_bytes
    raw = b"".join((v & ((1 << 8 * width) - 1)).to_bytes(width, "little") for v in values)
    got = integers(np.frombuffer(raw + b"\x07", dtype=np.uint8), 2, fmt)
    assert got.tolist() == [values[0::2], values[1::2]]


class _Ramp:
    rate, channels, fmt, frame_bytes, band_hz = 48000, 1, FORMATS["S24_LE"], 4, (800.0, 14000.0)

    def samples(self, position, frames, channel):
        return (position + np.arange(frames)).astype(np.int32)


def test_reference_hands_out_played_frames_and_silence_outside():
    x = Reference(_Ramp(), 0, 1000, 50, 200)
    scale = float(1 << 23)
    assert (x.at(-50, 3) * scale).tolist() == [950, 951, 952]
    assert (x.at(198, 4) * scale).tolist() == [1198, 1199, 0, 0]
    assert (x.at(-52, 3) * scale).tolist() == [0, 0, 950]
    assert (x.sent(-2, 4) * scale).tolist() == [0, 0, 1000, 1001]
    assert (x.at(-2, 4) * scale).tolist() == [998, 999, 1000, 1001]


def test_laps_rings_lines_and_episodes_by_hand():
    rings = Rings(4800, 5280)
    assert whole_laps(rings, 2) == [4800, 5280, 9600, 10560]
    assert ring_of(9600, rings, 8) == ("playback", 2)
    assert ring_of(5280, rings, 8) == ("capture", 1)
    assert ring_of(52800, rings, 11) == ("capture", 10)
    assert ring_of(4801, rings, 8) == (None, None)
    assert [line_of(64, 128), line_of(32, 32), line_of(48, 32), line_of(8, 32)] == [64, 32, 16, None]
    found = [Finding(Kind.STALE, frame, 8, 0) for frame in (0, 100, 5200, 20000)]
    assert episodes(found, 5000) == 3
    assert episodes(found, 5280) == 2
    assert episodes([], 100) == 0


def test_repeated_capture_line_is_found_and_repeated_silence_is_not():
    samples = RNG.integers(-3000, 3000, (2, 20000)).astype(np.int32)
    samples[:, 9000:9004] = samples[:, 9000 - 1200 : 9004 - 1200]
    samples[:, 15000:19000] = 0
    found = repeated_lines(samples, CaptureRing(Rings(None, 1200), 4, 77), 8, (0, 20000))
    assert [(f.frame, f.frames, f.lag, f.ring_offset, f.position) for f in found] == [
        (9000, 4, 1200, 9000 % 1200 * 4, 9077)
    ]


def test_repeat_in_one_channel_only_is_no_capture_line():
    samples = RNG.integers(-3000, 3000, (2, 20000)).astype(np.int32)
    samples[0, 9000:9040] = samples[0, 9000 - 1200 : 9040 - 1200]
    assert repeated_lines(samples, CaptureRing(Rings(None, 1200), 4, 77), 8, (0, 20000)) == []


def test_chance_quantile_of_the_alarm_is_below_a_day_of_lines():
    stats = pytest.importorskip("scipy.stats", reason="needs scipy: pip install .[test]")
    # Two channels of 8 frames; 24 h hold 5.2e8 lines.
    assert stats.chi2(16).sf(100.0) * 5.2e8 < 1e-4
