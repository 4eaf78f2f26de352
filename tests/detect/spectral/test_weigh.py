# SPDX-License-Identifier: MIT
import numpy as np
import pytest

from stress.detect.spectral import weigh
from stress.detect.spectral.weigh import LINE, WINDOW, spectrum_of, toeplitz, weights


def test_spectrum_of_a_tone_is_its_power_in_its_bins():
    # A tone of bin 40 under a Hann window: amplitudes 1/4, 1/2, 1/4 of the window's length.
    tone = np.cos(2 * np.pi * 40 / WINDOW * np.arange(3 * WINDOW + 100))[None, :]
    found = spectrum_of(tone)
    middle = np.zeros(WINDOW // 2 + 1)
    middle[39:42] = (WINDOW / 8) ** 2, (WINDOW / 4) ** 2, (WINDOW / 8) ** 2
    middle /= np.log(2) * 0.375 * WINDOW
    smooth = np.convolve(middle, [0.25, 0.5, 0.25])[1:-1]
    assert len(found) == WINDOW // 2 + 1
    assert found[37:44] == pytest.approx(smooth[37:44], rel=0.02, abs=1e-3)


def test_spectrum_is_mirrored_at_its_ends():
    # A constant is in bins 0 and 1, the fastest alternation in the last two.
    ends = spectrum_of(np.ones((1, 4 * WINDOW)) + (-1.0) ** np.arange(4 * WINDOW))
    unit = (WINDOW / 2) ** 2 / (np.log(2) * 0.375 * WINDOW)
    assert ends[0] == pytest.approx((2 * unit + 2 * unit / 4) / 4, rel=0.02)
    assert ends[-1] == pytest.approx((2 * unit + 2 * unit / 4) / 4, rel=0.02)


def test_spectrum_is_the_median_of_pieces():
    quiet = np.random.default_rng(1).normal(size=(1, 15 * WINDOW))
    spoiled = quiet.copy()
    spoiled[:, : 3 * WINDOW] *= 1000
    assert np.median(spectrum_of(spoiled)) == pytest.approx(np.median(spectrum_of(quiet)), rel=0.4)


def identity_taps(pre=4, size=16, gain=1.0):
    """A channel that changes nothing."""
    taps = np.zeros(size)
    taps[pre] = gain
    return taps


def test_weights_of_a_flat_channel_keep_the_band_and_divide_by_the_noise():
    noise = np.full(WINDOW // 2 + 1, 1e-4)
    found = weights(identity_taps(), 4, noise, (0.1, 0.3), 4096)
    share = np.arange(4096 // 2 + 1) / 4096
    inside = (share >= 0.1) & (share <= 0.3)
    assert found.band.tolist() == inside.astype(float).tolist()
    assert np.abs(found.forward) == pytest.approx(np.ones(2049), abs=1e-6)
    assert found.forward.imag == pytest.approx(np.zeros(2049), abs=1e-6)
    # A triangle of the window smooths the edges alone.
    deep = (share > 0.13) & (share < 0.27)
    assert found.matched.real[deep] == pytest.approx(np.full(int(deep.sum()), 1e4), rel=0.03)
    assert np.abs(found.matched[(share < 0.05) | (share > 0.36)]).max() < 150
    assert found.noise == pytest.approx(
        1e-4 * (np.arange(257) / 512 >= 0.1)[: int(0.3 * 512) + 1].sum() / 256
    )


def test_weights_of_a_channel_delay_nothing_that_is_ahead_of_frame_zero():
    noise = np.full(WINDOW // 2 + 1, 1e-4)
    late = weights(identity_taps(5, 16, 0.5), 4, noise, (0.0, 0.5), 4096)
    turns = np.exp(-2j * np.pi * np.arange(2049) / 4096)
    assert late.forward == pytest.approx(0.5 * turns, abs=1e-6)
    assert late.matched == pytest.approx(np.conj(0.5 * turns) * 1e4, rel=1e-3, abs=1)
    assert len(late.r) == WINDOW
    assert late.r[0] == pytest.approx(0.25e4, rel=0.01)


def test_weights_of_a_silent_band_stay_finite():
    noise = np.full(WINDOW // 2 + 1, 1e-4)
    noise[60:80] = 0
    found = weights(identity_taps(), 4, noise, (0.1, 0.3), 4096)
    # The floor: a part in 1e9 of the loudest, and 1e-16.
    assert np.isfinite(found.matched).all()
    assert float(np.abs(found.matched).max()) < 1 / (1e-9 * 1e-4)
    assert float(np.abs(found.matched).max()) > 0.3 / (1e-9 * 1e-4 + 1e-16)
    assert np.isfinite(weights(identity_taps(), 4, np.zeros(257), (0.1, 0.3), 4096).matched).all()


def test_autocorrelation_is_that_of_response_and_weight():
    noise = np.linspace(1e-4, 3e-4, WINDOW // 2 + 1)
    taps = np.random.default_rng(3).normal(size=16)
    found = weights(taps, 4, noise, (0.05, 0.4), 2048)
    weight = found.matched / np.conj(found.forward)
    assert weight.imag == pytest.approx(np.zeros(1025), abs=1e-1)
    r = np.fft.irfft(np.abs(found.forward) ** 2 * weight.real, 2048)[:WINDOW]
    assert found.r == pytest.approx(r, rel=1e-3, abs=0.2)


@pytest.mark.parametrize("count", [3, 6])
def test_toeplitz_matrix_holds_lags_and_zeros_past_their_end(count):
    r = np.array([5.0, 2, 1, 7])
    expected = [[r[abs(a - b)] if abs(a - b) < 4 else 0 for b in range(count)] for a in range(count)]
    assert toeplitz(r, count).tolist() == expected


@pytest.mark.parametrize("falls", [0.0, 0.6])
def test_line_statistic_of_noise_is_a_sum_of_squares_with_its_quartile(falls):
    r = falls ** np.arange(20.0)
    whiten, quartile = weigh._line_whitener(r * 3)
    matrix = toeplitz(r * 3, LINE)
    loaded = matrix + 1e-3 * matrix[0, 0] * np.eye(LINE)
    assert whiten @ whiten.T == pytest.approx(np.linalg.inv(loaded), rel=1e-4, abs=1e-6)
    drawn = np.random.default_rng(5).normal(size=(60000, LINE)) @ np.linalg.cholesky(matrix).T
    power = ((drawn @ whiten) ** 2).sum(axis=1)
    assert quartile == pytest.approx(float(np.quantile(power, 0.25)), rel=0.02)
    if not falls:
        # Eight independent squares, each less by the ridge: the quartile of chi square with eight degrees.
        assert quartile == pytest.approx(5.0706 / 1.001, rel=4e-3)
