# SPDX-License-Identifier: MIT
"""The size of a ring is guessed from the ages of findings, and only where they agree."""

from __future__ import annotations

import pytest

from stress.cli.ring_hint import UNKNOWN_RINGS, ring_hint
from stress.model.finding import Analysis, Finding, Kind


def _analysis(*lags, kind=Kind.MISPLACED):
    found = tuple(Finding(kind, 100 * n, 8, 100 * n, lag=lag) for n, lag in enumerate(lags))
    return Analysis("exact", True, 10000, counts={kind: len(found)} if found else {}, findings=found)


def test_findings_of_one_age_name_the_ring():
    assert ring_hint(_analysis(4800, 4800, 4800)).startswith(
        "all 3 are exactly 4800 frames old: a ring of 4800 frames? repeat with --rings 4800,N"
    )


def test_findings_of_several_laps_name_the_ring():
    assert "all 3 are whole multiples of 4800 frames old" in ring_hint(_analysis(4800, 9600, 14400))


@pytest.mark.parametrize("lags", [(4800, 4800), (15, 15, 15), (4801, 4800, 4800)])
def test_too_few_too_small_or_too_different_ages_name_none(lags):
    assert ring_hint(_analysis(*lags)) == UNKNOWN_RINGS


def test_smallest_ring_is_named():
    assert "exactly 16 frames old" in ring_hint(_analysis(16, 16, 16))


def test_other_findings_get_no_hint():
    assert ring_hint(_analysis()) == ""
    assert ring_hint(_analysis(4800, 4800, 4800, kind=Kind.STALE)) == ""


@pytest.mark.parametrize("lags", [(None,), (-4800, -4800, -4800), (None, -1)])
def test_late_channels_and_newer_data_are_no_laps_of_a_ring(lags):
    assert ring_hint(_analysis(*lags)) == ""
