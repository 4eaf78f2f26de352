# SPDX-License-Identifier: MIT
"""Rates as people say them, and never a rate of what was not judged."""

from __future__ import annotations

import math

import pytest

from stress.model.exposure import ZERO_EVENTS_95
from stress.report import rates
from stress.verdict.tally import Tally


def test_arm_that_judged_nothing_has_no_rate():
    assert rates.episodes(None) == rates.episodes(Tally("a")) == "-"
    assert rates.frames(None) == rates.frames(Tally("a")) == "-"


def test_arm_without_episodes_has_the_bound_of_none():
    assert rates.episodes(Tally("a", observed_s=ZERO_EVENTS_95)) == "< 1/s"
    assert rates.episodes(Tally("a", episodes=5, observed_s=2.0)) == "2.5/s"


def test_share_of_wrong_frames_is_of_the_checked_ones():
    assert rates.frames(Tally("a", wrong_frames=1, checked_frames=800)) == "0.125 %"


@pytest.mark.parametrize(
    ("rate", "words"), [(0.1, "0.1/s"), (0.0999, "360/h"), (12.34, "12.3/s"), (1 / 3600, "1/h")]
)
def test_rate_below_one_in_ten_seconds_is_said_by_the_hour(rate, words):
    assert rates.of_rate(rate) == words


def test_factor_of_nothing_and_of_infinity_have_words():
    assert [rates.times(value) for value in (0.0, math.inf, 4.1234)] == ["none", "> any", "4.12 x"]


def test_streaming_beyond_a_month_and_endless_is_one_sentence():
    assert rates.exposure(3599.5) == "1h of streaming"
    assert rates.exposure(rates.LONGEST_S) == rates.exposure(math.nan) == "more than a month of streaming"


@pytest.mark.parametrize(
    ("p", "words"), [(0.0314, "0.031"), (1e-12, "1e-12"), (9e-13, "< 1e-12"), (0.0, "< 1e-12")]
)
def test_p_value_below_its_accuracy_is_not_called_zero(p, words):
    assert rates.p_value(p) == words
