# SPDX-License-Identifier: MIT
import numpy as np
import pytest

from stress.detect.spectral import fit
from stress.detect.spectral.fit import TAPS, Fit

RNG = np.random.default_rng(5)


def rows_of(x):
    """The matrix whose product with the taps is what is heard, (blocks, length, TAPS)."""
    length = x.shape[1] - TAPS + 1
    return np.stack([[x[b, n : n + TAPS][::-1] for n in range(length)] for b in range(len(x))])


@pytest.mark.parametrize("length", [300, 385, 386])
def test_taps_and_prediction_are_those_of_the_matrix(length):
    x = RNG.normal(size=(2, length + TAPS - 1)).astype(np.float32)
    y = RNG.normal(size=(2, length)).astype(np.float32)
    matrix = rows_of(x.astype(float))
    flat = matrix.reshape(-1, TAPS)
    gram = flat.T @ flat
    gram += 1e-6 * np.trace(gram) / TAPS * np.eye(TAPS)
    exact = np.linalg.solve(gram, flat.T @ y.reshape(-1).astype(float))
    fitted = Fit(x)
    assert fitted.solve(y) == pytest.approx(exact, abs=1e-6)
    made = fitted.predict(exact)
    assert (made.shape, made.dtype) == ((2, length), np.float32)
    assert made == pytest.approx(matrix @ exact, abs=1e-4)


def test_empty_half_of_the_spectrum_is_held_by_the_ridge():
    # A tone has two directions; the others get nothing.
    x = np.cos(0.3 * np.arange(2000 + TAPS - 1))[None, :].astype(np.float32)
    taps = Fit(x).solve(x[:, TAPS - 1 - fit.PRE : 2000 + TAPS - 1 - fit.PRE])
    assert float(np.sum(taps**2)) == pytest.approx(2 / TAPS, rel=0.05)


@pytest.mark.parametrize(("share", "kept"), [(0.02, True), (0.2, True), (0.6, False)])
def test_robust_fit_leaves_out_what_is_far_off(share, kept):
    x = RNG.normal(size=(3, 4000 + TAPS - 1)).astype(np.float32)
    true = np.zeros(TAPS)
    true[[48, 50]] = 0.7, -0.2
    clean = Fit(x).predict(true) + 1e-3 * RNG.normal(size=(3, 4000)).astype(np.float32)
    y = clean.copy()
    count = int(share * 4000)
    y[:, :count] = 2 + RNG.normal(size=(3, count))
    taps, guess, left = Fit(x).robust(y)
    assert bool(np.abs(taps - true).max() < 1e-3) is kept
    assert guess == pytest.approx(Fit(x).predict(taps), abs=1e-6)
    assert left == pytest.approx(y - guess, abs=1e-6)


def test_robust_fit_of_a_clean_capture_is_least_squares():
    x = RNG.normal(size=(2, 3000 + TAPS - 1)).astype(np.float32)
    y = Fit(x).predict(RNG.normal(size=TAPS)) + RNG.uniform(-1, 1, (2, 3000)).astype(np.float32)
    assert Fit(x).robust(y)[0] == pytest.approx(Fit(x).solve(y), abs=1e-9)
