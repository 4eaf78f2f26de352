# SPDX-License-Identifier: MIT
"""Noise weighting, each stage against sums written out and against draws of the noise it is for."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.spectral import weigh
from stress.detect.spectral.weigh import LINE, WINDOW

SIZE, BAND = 2048, (0.05, 0.3)
SHARE = np.arange(WINDOW // 2 + 1) / WINDOW


def test_spectrum_is_the_smoothed_median_of_whole_windows():
    rows = np.random.default_rng(1).standard_normal((2, 3 * WINDOW + 100)).astype(np.float32)
    window = np.hanning(WINDOW)
    pieces = [row[i * WINDOW : (i + 1) * WINDOW] for row in rows for i in range(3)]
    median = np.median([np.abs(np.fft.rfft(piece * window)) ** 2 for piece in pieces], axis=0)
    scaled = median / np.log(2) / (0.375 * WINDOW)
    # Both ends are mirrored, so a neighbour beyond an end is the one inside it.
    places = np.arange(scaled.size)
    before, after = np.abs(places - 1), scaled.size - 1 - np.abs(scaled.size - 2 - places)
    wanted = 0.25 * scaled[before] + 0.5 * scaled + 0.25 * scaled[after]
    np.testing.assert_allclose(weigh.spectrum_of(rows), wanted, rtol=1e-6)


def test_spectrum_of_white_noise_is_its_power():
    rows = 3.0 * np.random.default_rng(2).standard_normal((4, 100 * WINDOW)).astype(np.float32)
    assert weigh.spectrum_of(rows).mean() == pytest.approx(9.0, rel=0.02)


def _weight_by_sums(noise, size):
    # The inverse of the noise inside the band, under a triangle in time, at every frequency.
    low, high = BAND
    inside = (low <= SHARE) & (high >= SHARE)
    inverse = np.where(inside, 1 / np.maximum(noise, 1e-9 * noise.max() + 1e-16), 0)
    lags = np.arange(-WINDOW // 2, WINDOW // 2)
    both = np.concatenate((inverse, inverse[-2:0:-1]))
    kernel = np.cos(2 * np.pi * np.outer(lags, np.arange(WINDOW)) / WINDOW) @ both / WINDOW
    kernel *= 1 - np.abs(lags) / (WINDOW / 2)
    return np.maximum(np.cos(2 * np.pi * np.outer(np.arange(size // 2 + 1), lags) / size) @ kernel, 0)


@pytest.mark.parametrize("noise", [1e-4 * (1 + SHARE), np.where(SHARE < 0.2, 1e-3, 0.0), 0 * SHARE])
def test_matched_filter_is_the_response_over_the_noise_in_the_band(noise):
    taps = np.array([0.25, 1.0, -0.5, 0.125])
    got = weigh.weights(taps, 1, noise, BAND, SIZE)
    frequency = 2 * np.pi * np.arange(SIZE // 2 + 1) / SIZE
    heard = sum(tap * np.exp(-1j * frequency * (k - 1)) for k, tap in enumerate(taps))
    weight = _weight_by_sums(noise, SIZE)
    np.testing.assert_allclose(got.forward, heard, atol=1e-5)
    np.testing.assert_allclose(got.matched, np.conj(heard) * weight, atol=1e-5 * weight.max())
    both = np.abs(heard) ** 2 * weight
    double = np.where((np.arange(both.size) == 0) | (np.arange(both.size) == SIZE // 2), 1, 2)
    r = [np.sum(double * both * np.cos(frequency * lag)) / SIZE for lag in range(WINDOW)]
    assert got.r.shape == (WINDOW,)
    np.testing.assert_allclose(got.r, r, atol=2e-6 * r[0])
    assert (got.forward.dtype, got.matched.dtype, got.r.dtype) == (np.complex64, np.complex64, np.float32)


def test_band_and_noise_are_of_the_judged_band_its_edges_taken_in():
    low, high = 32 / WINDOW, 128 / WINDOW
    noise = 1.0 + np.arange(WINDOW // 2 + 1)
    got = weigh.weights(np.array([0.0, 1.0]), 1, noise, (low, high), SIZE)
    step = SIZE // WINDOW
    assert np.flatnonzero(got.band).tolist() == list(range(32 * step, 128 * step + 1))
    assert got.band.size == SIZE // 2 + 1 and set(got.band.tolist()) == {0.0, 1.0}
    assert got.noise == pytest.approx(sum(range(33, 130)) / (WINDOW / 2))


def test_toeplitz_holds_the_lag_between_row_and_column_and_zero_past_the_end():
    r = np.array([5.0, 4.0, 3.0], dtype=np.float32)
    assert weigh.toeplitz(r, 2).tolist() == [[5, 4], [4, 5]]
    assert weigh.toeplitz(r, 3).tolist() == [[5, 4, 3], [4, 5, 4], [3, 4, 5]]
    assert weigh.toeplitz(r, 5)[0].tolist() == [5, 4, 3, 0, 0]
    assert weigh.toeplitz(r, 5)[4].tolist() == [0, 0, 3, 4, 5]


@pytest.mark.parametrize("width", [0.01, 1.0, 2.0, 3.0])
def test_statistic_of_noise_has_its_quartile_where_it_is_said(width):
    r = 7.0 * np.exp(-((np.arange(WINDOW) / width) ** 2))
    whiten, quartile = weigh._line_whitener(r)
    assert whiten.shape == (LINE, LINE)
    matrix = np.array([[r[abs(i - j)] for j in range(LINE)] for i in range(LINE)])
    # A thousandth of the power on the diagonal, so that directions that nobody hears weigh little.
    loaded = matrix + 1e-3 * r[0] * np.eye(LINE)
    np.testing.assert_allclose(whiten @ whiten.T, np.linalg.inv(loaded), rtol=1e-3, atol=1e-3)
    values, vectors = np.linalg.eigh(matrix)
    draws = np.random.default_rng(3).standard_normal((60000, LINE)) * np.sqrt(np.maximum(values, 0))
    power = np.sum((draws @ vectors.T @ whiten) ** 2, axis=1)
    assert quartile == pytest.approx(np.quantile(power, 0.25), rel=0.015)


def test_quartile_of_white_noise_is_that_of_chi_square_with_eight_degrees():
    quartile = weigh._line_whitener(np.array([2.0, *[0.0] * (WINDOW - 1)]))[1]
    assert quartile == pytest.approx(5.0706 / 1.001, rel=0.003)  # scipy.stats.chi2.ppf(0.25, 8)


def test_quartile_counts_a_half_heard_direction_by_half():
    # One loud direction, and seven of a thousandth of the power: half of those is the ridge.
    r = np.ones(WINDOW)
    r[0] = 1 + 1 / 999
    draws = np.random.default_rng(4).standard_normal((100000, 8)) ** 2
    power = draws[:, 0] + 0.5 * draws[:, 1:].sum(axis=1)
    assert weigh._line_whitener(r)[1] == pytest.approx(np.quantile(power, 0.25), rel=0.02)
