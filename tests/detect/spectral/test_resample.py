# SPDX-License-Identifier: MIT
import numpy as np
import pytest

from stress.detect.spectral import resample
from stress.detect.spectral.resample import PAD, Instants, Resampler, split


def test_instants_are_split_where_whole_frames_do_not_follow():
    found = split(np.array([10.2, 11.4, 12.6, 14.1, 15.0]))
    assert found.runs == ((10, 0, 2), (13, 2, 5))
    assert found.fraction == pytest.approx([0.4, 0.8, -0.8, 0.2, 0.0], abs=1e-6)
    assert found.fraction.dtype == np.float32


def test_instants_that_follow_are_one_run():
    assert split(np.array([7.0, 8.0, 9.0])).runs == ((7, 0, 3),)
    assert split(np.array([7.3])).runs == ((7, 0, 1),)
    assert split(np.array([3.0, 3.4, 9.0])).runs == ((3, 0, 1), (3, 1, 2), (9, 2, 3))


@pytest.mark.parametrize("x", [0.0, 0.3, 1.2, np.pi / 2])
def test_bessel_functions_are_those_of_closed_form(x):
    found = [float(one[0]) for one in resample._spherical_bessel(np.array([x]))]
    if not x:
        assert found == [1, 0, 0, 0, 0]
        return
    s, c = np.sin(x), np.cos(x)
    exact = [s / x, s / x**2 - c / x, (3 / x**3 - 1 / x) * s - 3 / x**2 * c]
    # j_n+1 = (2 n + 1) / x j_n - j_n-1.
    exact.append(5 / x * exact[2] - exact[1])
    exact.append(7 / x * exact[3] - exact[2])
    assert found == pytest.approx(exact, abs=2e-12)


def test_monomials_are_the_legendre_polynomials():
    assert resample._monomials() == pytest.approx(
        np.array(
            [
                [1, 0, -0.5, 0, 3 / 8],
                [0, 1, 0, -1.5, 0],
                [0, 0, 1.5, 0, -30 / 8],
                [0, 0, 0, 2.5, 0],
                [0, 0, 0, 0, 35 / 8],
            ]
        )
    )


def test_parts_are_combined_as_a_polynomial_of_the_fraction():
    parts = np.array([[1], [2], [3], [4], [5]], np.float32)
    out = np.empty(1, np.float32)
    resample._combine(parts, np.array([0.5], np.float32), out)
    assert out[0] == pytest.approx(1 + 2 / 2 + 3 / 4 + 4 / 8 + 5 / 16)


@pytest.mark.parametrize(
    ("share", "kept"), [(0.05, 1.0), (0.32, 1.0), (0.385, 0.5), (0.45, 0.0), (0.49, 0.0)]
)
def test_resampler_falls_off_between_its_edges(share, kept):
    size = 4000
    resampler = Resampler(size)
    share = round(share * size) / size
    tone = np.cos(2 * np.pi * share * np.arange(size)).astype(np.float32)
    found = resampler(tone, Instants(((PAD, 0, 3000),), np.zeros(3000, np.float32)))
    assert found == pytest.approx(kept * tone[PAD : PAD + 3000], abs=1e-3)


def test_resampler_reads_each_run_from_its_frame():
    size = 2000
    tone = np.sin(2 * np.pi * 0.01 * np.arange(size) + 0.2).astype(np.float32)
    places = np.concatenate([300.25 + np.arange(50), 700.9 + np.arange(70)])
    found = Resampler(size)(tone, split(places))
    assert found == pytest.approx(np.sin(2 * np.pi * 0.01 * places + 0.2), abs=1e-4)
