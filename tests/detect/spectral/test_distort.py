# SPDX-License-Identifier: MIT
import numpy as np
import pytest

from stress.detect.spectral import distort, fit
from stress.detect.spectral.clock import Fitted
from stress.detect.spectral.distort import Distortion, explain, terms

BLOCKS, LENGTH = 6, 2000
RNG = np.random.default_rng(7)
PLAYED = RNG.normal(0, 0.1, (BLOCKS, LENGTH + fit.TAPS - 1)).astype(np.float32)
TAPS = np.zeros(fit.TAPS)
TAPS[[fit.PRE, fit.PRE + 1]] = 0.5, 0.3
HEARD = fit.Fit(PLAYED).predict(TAPS)


def fitted(residual):
    """A fit that leaves so much."""
    return Fitted((), TAPS, PLAYED, HEARD, residual.astype(np.float32))


def noise(level=1e-4):
    """Noise of a converter."""
    return RNG.normal(0, level, (BLOCKS, LENGTH))


def test_terms_are_the_hermite_polynomials_of_the_source():
    found = terms(np.array([[0.0, 0.5, -1.0]], np.float32), 0.5)
    assert found.tolist() == [[[-1, 0, 3]], [[0, -2, -2]]]
    assert Distortion("played", 0.5, 0, np.zeros((2, 3))).terms(np.float32([0.5])).tolist() == [[0], [-2]]


def test_spectrum_is_that_of_the_taps_from_the_first_on():
    found = Distortion("played", 1.0, -2, np.array([[1.0, 2, 3], [4, 5, 6]])).spectrum(16)
    kernel = np.zeros((2, 16))
    kernel[:, [14, 15, 0]] = [[1, 2, 3], [4, 5, 6]]
    assert found == pytest.approx(np.fft.rfft(kernel, axis=1), abs=1e-5)
    assert found.shape == (2, 9)


@pytest.mark.parametrize("lag", [0, 5, -70, 64, 65, 90])
def test_late_rows_are_so_many_frames_earlier(lag):
    inner = np.arange(64, 236, 3)
    term = np.arange(600).reshape(2, 300)
    expected = term[:, np.clip(inner - lag, 0, 299)]
    assert distort._late(term, inner, lag).tolist() == expected.tolist()


def test_applied_terms_are_their_convolutions():
    source = RNG.normal(size=(2, 300)).astype(np.float32)
    found = Distortion("played", 0.7, -1, RNG.normal(size=(2, 4)))
    both = terms(source, 0.7).astype(float)
    expected = np.zeros((2, 250))
    for n in range(250):
        for k in range(4):
            at = n - (k - 1)
            if at >= 0:
                expected[:, n] += found.taps[0, k] * both[0, :, at] + found.taps[1, k] * both[1, :, at]
    assert distort._apply(found, source, 250) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(("name", "first", "delay"), [("heard", -4, 0), ("heard", -4, 3), ("played", -16, 2)])
def test_distortion_is_found_on_its_side_of_the_channel(name, first, delay):
    source = HEARD if name == "heard" else PLAYED[:, fit.TAPS - 1 - fit.PRE :][:, :LENGTH]
    scale = float(np.std(source))
    square, cube = terms(source, scale).astype(float)
    bent = np.roll(2e-3 * square + 1e-3 * cube, delay, axis=1)
    found, left = explain(fitted(bent + noise()))
    assert (found.source, found.first) == (name, first)
    assert found.scale == pytest.approx(scale, rel=0.05)
    second, third = found.taps
    assert second.shape == ((9,) if name == "heard" else (33,))
    assert second[delay - first] == pytest.approx(2e-3, rel=0.1)
    assert third[delay - first] == pytest.approx(1e-3, rel=0.1)
    others = np.delete(found.taps, delay - first, axis=1)
    assert np.abs(others).max() < 1e-4
    assert float(np.std(left[:, 70:-70])) == pytest.approx(1e-4, rel=0.2)


def test_distortion_before_a_late_channel_is_looked_for_around_its_peak():
    late = np.roll(TAPS, 20)
    heard = fit.Fit(PLAYED).predict(late)
    source = PLAYED[:, fit.TAPS - 1 - fit.PRE :][:, :LENGTH]
    square, _ = terms(source, float(np.std(source))).astype(float)
    residual = np.roll(2e-3 * square, 20, axis=1) + noise()
    found, _ = explain(Fitted((), late, PLAYED, heard, residual.astype(np.float32)))
    assert (found.source, found.first) == ("played", 4)
    assert found.taps[0, 16] == pytest.approx(2e-3, rel=0.1)


def test_noise_is_no_distortion():
    residual = noise().astype(np.float32)
    found, left = explain(fitted(residual))
    assert found is None
    assert left.tolist() == residual.tolist()


@pytest.mark.parametrize(("level", "worth"), [(3e-5, True), (3e-6, False)])
def test_distortion_is_worth_it_from_a_share_of_the_noise_on(level, worth):
    square, _ = terms(HEARD, float(np.std(HEARD))).astype(float)
    found, _ = explain(fitted(level * square + noise()))
    assert (found is not None) is worth


def test_stale_lines_are_no_distortion():
    square, _ = terms(HEARD, float(np.std(HEARD))).astype(float)
    residual = 2e-3 * square + noise()
    residual[:, 500:600] = 0.3
    found, left = explain(fitted(residual))
    assert found.taps[0, 4] == pytest.approx(2e-3, rel=0.05)
    assert float(np.median(left[:, 510:590])) == pytest.approx(0.3, rel=0.05)


def test_one_block_is_fitted_though_none_is_left_to_prove_it():
    one = Fitted((), TAPS, PLAYED[:1], HEARD[:1], noise()[:1].astype(np.float32))
    assert explain(one)[0] is None
