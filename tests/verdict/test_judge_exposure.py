# SPDX-License-Identifier: MIT
"""How much a PASS needs to have seen, of which rings, and how that is said."""

from __future__ import annotations

import pytest

from stress.model.exposure import Exposure
from stress.model.verdict import Verdict
from stress.verdict.judge import judge, judge_run
from tests.verdict.test_judge import BOUND, MAPPED, RW, _clean, _plan


@pytest.mark.parametrize(("lines", "digits"), [(1000, ("0.003", "0.0001")), (29_164, ("0.000103", "0.0001"))])
def test_judge_exposure_a_little_too_small_is_said_with_digits_that_tell_it(lines, digits):
    (reason,) = judge(_clean(lines=lines, line_bytes=64), BOUND).reasons
    assert f"95 % bound {digits[0]} per line, a PASS needs {digits[1]} (" in reason


def test_exposure_of_rw_never_vouches_for_the_mmapped_ring():
    parts = [_clean(lines=1000), _clean(arm="rw", lines=1_000_000)]
    judged = judge_run(parts, _plan(MAPPED, RW))
    assert judged.verdict is Verdict.INCONCLUSIVE
    assert "exposure too small" in judged.reasons[0]


def test_exposure_under_cache_maintenance_proves_no_ring():
    cured = {"name": "cured", "lever": "clean+invalidate"}
    parts = [_clean(lines=1000), _clean(arm="cured", lines=1_000_000)]
    assert judge_run(parts, _plan(MAPPED, cured)).verdict is Verdict.INCONCLUSIVE


def test_bound_that_is_just_reached_is_enough():
    bound = Exposure(100_000, 32).rate_bound_95
    assert judge(_clean(), bound).verdict is Verdict.PASS
    assert judge(_clean(), bound * 0.999).verdict is Verdict.INCONCLUSIVE
