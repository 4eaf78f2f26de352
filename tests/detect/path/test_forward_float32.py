# SPDX-License-Identifier: MIT
"""Arithmetic behind a float32: samples are rounded before they are multiplied, and after."""

import numpy as np
import pytest

from stress.detect.path import forward
from stress.detect.path.forward import bounds
from tests.detect.path.test_forward import due_of, one


def test_samples_become_a_float32_before_they_are_multiplied():
    wide = np.random.default_rng(8).integers(-(1 << 31), 1 << 31, 4000)
    gain = np.float32(0.43)
    seen = np.rint(wide.astype(np.float32) * gain).astype(np.int64)
    found = one(float(gain), rule="float32", low=-(1 << 31), high=(1 << 31) - 1)
    assert found.values(due_of(wide)).tolist() == seen.tolist()
    least, most = bounds(found, found.exactly(due_of(wide)))
    assert ((seen >= least) & (seen <= most)).all()


def test_candidates_of_a_mantissa_have_the_factor_that_all_samples_allow():
    wide = np.random.default_rng(7).integers(-(1 << 31), 1 << 31, 4000)
    gain = 10 ** (-3 / 20)
    seen = (wide.astype(np.float64) * gain).astype(np.float32).astype(np.int64)
    rails = {"low": -(1 << 31), "high": (1 << 31) - 1}
    found = forward._candidates(one(0.708, rule="float32", **rails), seen, due_of(wide), 0.0)
    assert found[-1][0].gain == pytest.approx(gain, rel=2e-8)
