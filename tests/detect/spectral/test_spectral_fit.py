# SPDX-License-Identifier: MIT
"""The channel fit against matrices that are written out, and with outliers in the capture."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.spectral import fit
from stress.detect.spectral.fit import TAPS, Fit

LENGTH = 700


def _played(blocks=2, length=LENGTH, seed=1):
    return np.random.default_rng(seed).standard_normal((blocks, length + TAPS - 1)).astype(np.float32)


def _rows(x):
    # Row n of a block: the frames that tap 0, 1, ... of output n meet, newest first.
    length = x.shape[1] - TAPS + 1
    return np.array([row[n : n + TAPS][::-1] for row in x for n in range(length)], dtype=np.float64)


def _channel():
    taps = np.zeros(TAPS)
    taps[[0, 40, 47, 48, 49, 60, TAPS - 1]] = [0.02, 0.1, 0.5, 0.9, -0.3, 0.05, -0.03]
    return taps


def test_prediction_is_the_convolution_at_the_captured_frames():
    x, taps = _played(), _channel()
    wanted = [np.convolve(row, taps, mode="valid") for row in x]
    got = Fit(x).predict(taps)
    assert got.shape == (2, LENGTH) and got.dtype == np.float32
    np.testing.assert_allclose(got, wanted, atol=1e-5)


@pytest.mark.parametrize("length", [TAPS, 385, 386, 700])
def test_taps_solve_the_normal_equations_with_a_millionth_of_the_power_added(length):
    x = _played(length=length)
    y = np.random.default_rng(2).standard_normal((2, length)).astype(np.float32)
    rows = _rows(x)
    gram = rows.T @ rows
    made = Fit(x)
    np.testing.assert_allclose(
        made._gram, gram + 1e-6 * np.trace(gram) / TAPS * np.eye(TAPS), rtol=1e-9, atol=1e-6
    )
    ridge = gram + 1e-6 * np.trace(gram) / TAPS * np.eye(TAPS)
    np.testing.assert_allclose(
        made.solve(y), np.linalg.solve(ridge, rows.T @ y.reshape(-1)), rtol=1e-5, atol=1e-8
    )


def test_known_channel_is_found():
    x = _played()
    y = Fit(x).predict(_channel())
    np.testing.assert_allclose(Fit(x).solve(y), _channel(), atol=1e-5)


def test_transform_is_the_least_power_of_two_that_holds_a_block():
    assert Fit(_played(1, 512 - TAPS + 1))._size == 512
    assert Fit(_played(1, 513 - TAPS + 1))._size == 1024


def test_outliers_do_not_bend_the_response():
    rng = np.random.default_rng(5)
    x = _played(3, 2000)
    made = Fit(x)
    clean = made.predict(_channel()) + 1e-3 * rng.standard_normal((3, 2000)).astype(np.float32)
    y = clean.copy()
    y[1, 500:540] = 3.0
    y[2, ::97] += 1.0
    taps, guess, left = made.robust(y)
    np.testing.assert_allclose(taps, made.solve(clean), atol=3e-4)
    np.testing.assert_array_equal(guess, made.predict(taps))
    np.testing.assert_array_equal(left, y - guess)
    assert np.abs(left[1, 500:540]).min() > 0.1


def _rounds(x, y, factor):
    # The same in words: replace what is further than so many robust sigmas, until that limit settles.
    made, used, last = Fit(x), y, np.inf
    for _ in range(8):
        guess = made.predict(made.solve(used))
        limit = factor * 1.4826 * np.median(np.abs(y - guess)[:, ::4])
        used = np.where(np.abs(y - guess) > limit, guess, y)
        if limit > 0.9 * last:
            break
        last = limit
    return made.solve(used)


def test_outlier_is_what_lies_beyond_five_robust_sigmas():
    rng = np.random.default_rng(6)
    x = _played(2, 1500)
    y = Fit(x).predict(_channel()) + 0.2 * rng.standard_t(2, (2, 1500)).astype(np.float32)
    taps = Fit(x).robust(y)[0]
    np.testing.assert_allclose(taps, _rounds(x, y, 5.0), rtol=1e-6, atol=1e-9)
    for other in (4.9, 5.1):
        assert np.abs(taps - _rounds(x, y, other)).max() > 1e-5


def test_clean_capture_settles_without_a_ninth_round(monkeypatch):
    x = _played()
    calls = []
    solve = Fit.solve
    monkeypatch.setattr(Fit, "solve", lambda self, y: calls.append(1) or solve(self, y))
    noise = 1e-3 * np.random.default_rng(7).standard_normal((2, LENGTH)).astype(np.float32)
    made = Fit(x)
    made.robust(made.predict(_channel()) + noise)
    assert len(calls) == 3  # two rounds with the same limit, and the last fit
    assert fit.PRE == 48
