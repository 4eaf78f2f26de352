# SPDX-License-Identifier: MIT
"""The fit of second and third order terms, against a matrix that is written out."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.spectral import distort

BLOCKS, LENGTH = 4, 900


def _source(seed=1):
    return np.random.default_rng(seed).normal(0, 0.3, (BLOCKS, LENGTH)).astype(np.float32)


def _terms(x):
    return (x**2 - 1).astype(np.float32), ((x**2 - 3) * x).astype(np.float32)


def _taps_by_hand(source, residual, side, first):
    # Every second block, every third frame of its inside; one column for each lag of each term.
    scale = source.std()
    places = range(64, LENGTH - 64, 3)
    lags = range(first, first + 2 * side + 1)
    rows = [_terms(row / np.float32(scale)) for row in source[::2]]
    design = np.array(
        [
            [float(row[term][min(max(n - lag, 0), LENGTH - 1)]) for term in (0, 1) for lag in lags]
            for row in rows
            for n in places
        ]
    )
    wanted = np.array([float(row[n]) for row in residual[::2] for n in places])
    limit = 5 * 1.4826 * np.median(np.abs(wanted))
    gram = design.T @ design
    gram += 1e-6 * np.trace(gram) / len(gram) * np.eye(len(gram))
    taps = np.linalg.solve(gram, design.T @ np.clip(wanted, -limit, limit))
    # Twice, what is not explained either is taken for what is.
    for _ in range(2):
        guess = design @ taps
        taps = np.linalg.solve(gram, design.T @ np.where(np.abs(wanted - guess) > limit, guess, wanted))
    return scale, taps.reshape(2, -1)


@pytest.mark.parametrize(
    ("name", "side", "first"), [("heard", 4, -4), ("played", 16, -16), ("played", 16, 40)]
)
def test_taps_solve_their_normal_equations_without_what_they_cannot_explain(name, side, first):
    source = _source()
    square, cube = _terms(source / np.float32(source.std()))
    noise = 2e-3 * np.random.default_rng(2).standard_t(2, source.shape)
    residual = (0.01 * square + 0.004 * np.roll(cube, 2, axis=1) + noise).astype(np.float32)
    got = distort._solve(name, source, first, residual)
    scale, taps = _taps_by_hand(source, residual, side, first)
    assert (got.source, got.first) == (name, first)
    assert got.scale == pytest.approx(scale, rel=1e-6)
    np.testing.assert_allclose(got.taps, taps, rtol=1e-5, atol=2e-8)


def test_silent_source_has_a_scale():
    got = distort._solve("heard", np.zeros((BLOCKS, LENGTH), np.float32), -4, _source() * np.float32(1e-3))
    assert got.scale == pytest.approx(1e-9)
