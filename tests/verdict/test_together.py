# SPDX-License-Identifier: MIT
"""Cards alone and together: what is said of a difference, of none, and of nothing."""

from __future__ import annotations

from stress.verdict.together import CardPair, CardRun, sentences

CLEAN = CardRun(0, 100.0, 0, 100.0)


def test_cards_that_do_the_same_alone_and_together_are_not_called_disturbed():
    told = sentences(
        [CardPair("a", CLEAN, CLEAN), CardPair("b", CardRun(5, 100.0, 2, 100.0), CardRun(7, 100.0, 1, 100.0))]
    )
    assert [line.split(":")[0] for line in told] == ["a", "b"]
    assert all("no influence of the other cards shown" in line for line in told)
    assert "7 and 1 xrun in 1m40s together, 5 and 2 xruns in 1m40s alone" in told[1]


def test_card_with_more_corruption_together_is_named_with_both_figures():
    told = sentences([CardPair("a", CLEAN, CardRun(20, 100.0, 0, 100.0)), CardPair("b", CLEAN, CLEAN)])
    assert told[0].startswith(
        "a: the other cards change it: 20 episodes of corruption in 1m40s together, "
        "0 episodes of corruption in 1m40s alone (p = "
    )
    assert "no influence" in told[1]


def test_card_with_xruns_together_alone_is_named_for_these():
    told = sentences([CardPair("a", CLEAN, CardRun(0, 100.0, 30, 100.0))])
    assert "30 xruns in 1m40s together, 0 xruns in 1m40s alone" in told[0]


def test_card_that_is_better_together_is_named_as_well():
    # On a VIVT core the switches between the processes hide the defect.
    assert "change it" in sentences([CardPair("a", CardRun(40, 100.0, 0, 100.0), CLEAN)])[0]


def test_chance_is_spread_over_all_cards():
    one = CardPair("a", CLEAN, CardRun(8, 100.0, 0, 100.0))
    assert "change it" in sentences([one])[0]
    many = [one, *(CardPair(f"b{number}", CLEAN, CLEAN) for number in range(20))]
    assert "no influence" in sentences(many)[0]


def test_card_that_did_not_stream_is_said():
    assert "nothing to compare" in sentences([CardPair("a", CardRun(0, 0.0, 0, 0.0), CLEAN)])[0]
