# SPDX-License-Identifier: MIT
"""All pairs: every pair that can be met is met, with few combinations; and what a fault is tied to."""

from __future__ import annotations

from itertools import combinations

import pytest

from stress.plan.pairs import all_pairs, crossed, tied

AXES = {
    "rate": ["44100", "48000", "96000"],
    "format": ["S16_LE", "S24_3LE", "S32_LE"],
    "channels": ["1", "2"],
    "access": ["mmap", "rw"],
}


def _there(one):
    return not (one["rate"] == "96000" and one["format"] == "S32_LE")


def _pairs(found):
    return {pair for one in found for pair in combinations(one.items(), 2)}


def test_all_pairs_meets_every_pair_that_exists_with_few_combinations():
    every = crossed(AXES, _there)
    few = all_pairs(AXES, _there)
    assert _pairs(few) == _pairs(every)
    assert len(few) <= 12 < len(every) == 32
    assert all(_there(one) for one in few)


@pytest.mark.parametrize("axes", [{"rate": ["44100", "48000"]}, {"rate": ["44100"]}, {"rate": []}])
def test_all_pairs_of_one_axis_are_its_values(axes):
    assert [one["rate"] for one in all_pairs(axes, lambda one: True)] == axes["rate"]


def _results(bad):
    return [(one, bad(one)) for one in all_pairs(AXES, _there)]


def test_tied_names_the_one_setting_that_every_fault_shares():
    sentence = tied(_results(lambda one: one["rate"] == "44100"))
    assert sentence.startswith("only at rate 44100: in ")
    assert "in none of" in sentence


def test_tied_names_two_settings_where_one_does_not_explain_it():
    results = [(one, one["rate"] == "44100" and one["format"] == "S24_3LE") for one in crossed(AXES, _there)]
    assert tied(results).startswith("only at rate 44100 and format S24_3LE: in 4 of 4")


@pytest.mark.parametrize("bad", [lambda one: False, lambda one: True])
def test_tied_says_nothing_where_nothing_or_all_is_wrong(bad):
    assert tied(_results(bad)) == ""


def test_tied_says_nothing_where_a_fault_is_everywhere_now_and_then():
    results = [(one, index % 5 == 0) for index, one in enumerate(crossed(AXES, _there))]
    assert tied(results) == ""
