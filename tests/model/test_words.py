# SPDX-License-Identifier: MIT
"""Numbers and nouns that agree, bounds that promise no more than was shown, and nothing a terminal obeys."""

from __future__ import annotations

import pytest

from stress.model import words


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 runs"), (1, "1 run"), (-1, "-1 run"), (12345, "12 345 runs")]
)
def test_noun_agrees_with_its_number(number, text):
    assert words.counted(number, "run") == text


def test_corrupted_stretches_agree_with_their_number():
    assert words.stretches(1) == "1 corrupted stretch"
    assert words.stretches(1000) == "1 000 corrupted stretches"


@pytest.mark.parametrize(
    ("share", "lines"),
    [(1 / 22_999, "22 000"), (1 / 22_001, "22 000"), (0.5, "2"), (1 / 99.5, "99"), (1e-6, "1 000 000")],
)
def test_bound_is_rounded_to_what_was_shown(share, lines):
    assert words.at_most(share) == f"at most 1 corrupted line in {lines} (95 % confidence)"


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0, 2.0])
def test_share_that_bounds_nothing_is_no_bound(share):
    assert words.at_most(share) == "no bound"


def test_control_characters_are_escaped_and_line_ends_kept():
    assert words.plain("a\x1b[2Jb\x7f\x9bc\n\td\x08") == "a\\x1b[2Jb\\x7f\\x9bc\n\td\\x08"


@pytest.mark.parametrize("text", ["a\u202eb", "a\u2066b", "a\u200fb", "a\u061cb", "a\u2028b"])
def test_what_turns_a_text_round_is_escaped(text):
    assert words.plain(text) == f"a\\u{ord(text[1]):04x}b"


def test_signal_of_a_farm_in_a_name_is_none():
    assert words.plain("<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=x RESULT=pass>").startswith("<LAVA-SIGNAL")


def test_what_no_xml_may_hold_is_a_question_mark():
    assert words.in_xml("a\x00b\x1fc\ud800d\ufffee\n\U0001f600") == "a?b?c?d?e\n\U0001f600"


def test_quoted_value_is_short_whatever_it_is():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    assert words.quoted("a\nb") == "'a\\nb'"
    assert len(words.quoted("x" * 10_000)) < 200
    assert words.quoted(1 << 100_000) == "this int"
    assert words.quoted(deep) == "this list"
