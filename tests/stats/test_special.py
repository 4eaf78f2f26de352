# SPDX-License-Identifier: MIT
"""Special functions against scipy and closed forms."""

from __future__ import annotations

import pytest

from stress.stats.special import beta_regularised, solve, student_two_sided

hypothesis = pytest.importorskip("hypothesis", reason="needs hypothesis: pip install .[test]")
given, st = hypothesis.given, hypothesis.strategies
special = pytest.importorskip("scipy.special", reason="needs scipy: pip install .[test]")
stats = pytest.importorskip("scipy.stats", reason="needs scipy: pip install .[test]")

POSITIVE = st.floats(0.5, 500.0)


@given(POSITIVE, POSITIVE, st.floats(0.0, 1.0))
def test_beta_regularised_agrees_with_scipy(a, b, x):
    assert beta_regularised(a, b, x) == pytest.approx(special.betainc(a, b, x), rel=1e-8, abs=1e-12)


@given(st.floats(-20.0, 20.0), st.integers(1, 60))
def test_student_agrees_with_scipy(t, freedom):
    assert student_two_sided(t, freedom) == pytest.approx(
        2 * stats.t.sf(abs(t), freedom), rel=1e-8, abs=1e-12
    )


def test_solve_finds_the_root_of_a_square():
    assert solve(lambda x: x * x, 2.0, 0.0, 2.0) == pytest.approx(2.0**0.5, rel=1e-12)
