# SPDX-License-Identifier: MIT
"""Samples between samples, against the tone itself; polynomials against scipy's."""

from __future__ import annotations

import math

import numpy as np
import pytest

from stress.detect.spectral import resample
from stress.detect.spectral.resample import PAD, Resampler, split

SIZE = 2048


def test_split_gives_the_nearest_frames_as_runs_and_twice_the_distance():
    got = split(np.array([10.0, 11.25, 12.4, 13.6, 15.0, 16.25, 17.0]))
    assert got.runs == ((10, 0, 3), (14, 3, 7))
    assert got.fraction == pytest.approx([0.0, 0.5, 0.8, -0.8, 0.0, 0.5, 0.0], abs=1e-6)
    assert got.fraction.dtype == np.float32


def test_split_begins_a_run_where_a_frame_comes_twice_or_is_left_out():
    assert split(np.array([5.0, 6.0, 6.4, 7.4, 9.0])).runs == ((5, 0, 2), (6, 2, 4), (9, 4, 5))
    assert split(np.array([7.1])).runs == ((7, 0, 1),)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.2, 0.29])
@pytest.mark.parametrize("late", [-0.5, -0.3, 0.0, 0.25, 0.49])
def test_tone_in_the_pass_band_is_given_between_its_samples(share, late):
    tone = np.sin(2 * np.pi * np.round(share * SIZE) / SIZE * np.arange(SIZE) + 0.4).astype(np.float32)
    instants = PAD + np.arange(500) + late
    got = Resampler(SIZE)(tone, split(instants))
    wanted = np.sin(2 * np.pi * np.round(share * SIZE) / SIZE * instants + 0.4)
    # The first term left out, at the worst distance: -63 dB at 0.29 of the rate, less below.
    assert np.abs(got - wanted).max() < {0.29: 7e-4, 0.2: 1.5e-4}.get(share, 3e-5)
    assert got.dtype == np.float32 and got.shape == (500,)


def test_run_over_a_changed_frame_number_reads_on_from_there():
    tone = np.sin(2 * np.pi * 100 / SIZE * np.arange(SIZE)).astype(np.float32)
    instants = PAD + 0.3 + np.arange(600) * 1.002
    wanted = np.sin(2 * np.pi * 100 / SIZE * instants)
    assert len(split(instants).runs) == 2
    np.testing.assert_allclose(Resampler(SIZE)(tone, split(instants)), wanted, atol=3e-5)


@pytest.mark.parametrize(
    ("share", "gain"),
    [
        (0.1, 1.0),
        (0.32, 1.0),
        (0.3525, math.sin(0.375 * math.pi) ** 2),
        (0.385, 0.5),
        (0.45, 0.0),
        (0.5, 0.0),
    ],
)
def test_response_falls_by_a_squared_sine_between_pass_and_stop(share, gain):
    bin_ = round(share * 2000)
    tone = np.cos(2 * np.pi * bin_ / 2000 * np.arange(2000)).astype(np.float32)
    got = Resampler(2000)(tone, split(PAD + np.arange(800.0)))
    assert np.abs(got).max() == pytest.approx(gain, abs=2e-3)


def test_spherical_bessel_functions_are_those_of_scipy():
    special = pytest.importorskip("scipy.special", reason="needs scipy: pip install .[test]")
    x = np.linspace(0, np.pi / 2, 50)
    got = resample._spherical_bessel(x)
    assert len(got) == 5
    for order, part in enumerate(got):
        np.testing.assert_allclose(part, special.spherical_jn(order, x), rtol=1e-12, atol=1e-15)


def test_monomials_are_the_legendre_polynomials_by_power():
    assert resample._monomials().tolist() == [
        [1, 0, -0.5, 0, 0.375],
        [0, 1, 0, -1.5, 0],
        [0, 0, 1.5, 0, -3.75],
        [0, 0, 0, 2.5, 0],
        [0, 0, 0, 0, 4.375],
    ]


def test_combine_is_the_polynomial_of_the_fraction():
    rng = np.random.default_rng(1)
    parts, u = rng.standard_normal((5, 40)).astype(np.float32), np.linspace(-1, 1, 40).astype(np.float32)
    out = np.empty(40, dtype=np.float32)
    resample._combine(parts, u, out)
    wanted = sum(parts[k].astype(float) * u.astype(float) ** k for k in range(5))
    np.testing.assert_allclose(out, wanted, atol=1e-5)
