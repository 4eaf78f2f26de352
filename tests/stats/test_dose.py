# SPDX-License-Identifier: MIT
"""The fitted exposure time on exact data, noisy data and no effect."""

from __future__ import annotations

import math
import random

import pytest

from stress.stats.dose import fit

DOSES = (0.0, 3.0, 10.0, 30.0, 100.0, 300.0)


def _poisson(chance, mean):
    # Knuth's product method, in parts: exp(-mean) underflows above 700.
    count = 0
    while mean > 0:
        part = min(mean, 300.0)
        limit, product = math.exp(-part), chance.random()
        while product > limit:
            count, product = count + 1, product * chance.random()
        mean -= part
    return count


def _points(doses, counts):
    assert len(doses) == len(counts)
    return [(dose, count, 1.0) for dose, count in zip(doses, counts)]


@pytest.mark.parametrize("exposure_s", [0.001, 0.004, 0.0213])
def test_fit_exact_rates_give_back_the_exposure_time(exposure_s):
    counts = [round(1e6 * math.exp(-dose * exposure_s)) for dose in DOSES]
    found = fit(_points(DOSES, counts))
    assert found.exposure_s == pytest.approx(exposure_s, rel=1e-3)
    assert found.p < 1e-6


def test_fit_poisson_counts_cover_the_truth():
    chance = random.Random(3)
    inside = 0
    for _ in range(200):
        counts = [_poisson(chance, 400 * math.exp(-dose * 0.004)) for dose in DOSES]
        found = fit(_points(DOSES, counts))
        # 97.5 % point of Student's t with 4 degrees of freedom.
        inside += abs(found.exposure_s - 0.004) < 2.776 * found.error_s
    assert inside >= 184


def test_fit_without_effect_rejects_about_as_often_as_said():
    chance = random.Random(4)
    fits = [fit([(rate, _poisson(chance, 30), 1.0) for rate in DOSES]) for _ in range(500)]
    assert sum(found.p < 0.05 for found in fits) / 500 <= 0.07


@pytest.mark.parametrize(
    ("doses", "counts"),
    [((0.0, 1.0), (3, 2)), ((1.0, 1.0, 1.0), (3, 2, 1)), ((0.0, 1.0, 2.0), (0, 0, 0))],
)
def test_fit_of_too_little_is_none(doses, counts):
    assert fit(_points(doses, counts)) is None


def test_fit_takes_two_doses_of_several_bursts_each():
    counts = [10**6, 10**6, round(1e6 * math.exp(-0.5)), round(1e6 * math.exp(-0.5))]
    found = fit(_points([0.0, 0.0, 100.0, 100.0], counts))
    assert found.exposure_s == pytest.approx(0.005, rel=1e-3)
