# SPDX-License-Identifier: MIT
"""tools/fuzz: a short share of the hostile inputs, and what its judge must see."""

from __future__ import annotations

import time
from random import Random

import pytest

from tools.fuzzkit import judge, mutate, seeds
from tools.fuzzkit.families import FAMILIES

SHARE = 12


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    judge.warm()
    return seeds.make(tmp_path_factory.mktemp("seeds"))


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_hostile_input_ends_in_one_line_and_a_known_exit_code(sound, tmp_path, family):
    for number in range(SHARE):
        folder = tmp_path / str(number)
        folder.mkdir()
        outcome = judge.run(FAMILIES[family](sound, Random(f"share/{family}/{number}"), folder))
        assert outcome.wrong == "", (number, outcome.text)


def test_judge_names_an_exception_that_escapes():
    def case():
        raise ZeroDivisionError("by design")

    assert "ZeroDivisionError" in judge.run(case).wrong


def test_judge_names_an_exit_code_outside_the_table():
    assert judge.run(lambda: 70).wrong == "exit code 70"
    assert judge.run(lambda: 5).wrong == ""


def test_judge_ends_a_case_that_does_not_end(monkeypatch):
    monkeypatch.setattr(judge, "MOST_S", 1)

    def case():
        while True:
            time.monotonic()

    assert judge.run(case).wrong == "more than 1 s"


def test_judge_refuses_memory_beyond_its_bound(monkeypatch):
    monkeypatch.setattr(judge, "MOST_BYTES", 64 << 20)
    assert "MemoryError" in judge.run(lambda: len(bytearray(256 << 20))).wrong


def test_mutation_of_one_seed_is_always_the_same_and_changes_something():
    data = bytes(range(200))
    one, two = (mutate.of_bytes(data, Random("a")) for _ in range(2))
    assert one == two
    assert one != data


def test_mutated_json_keeps_the_value_it_was_made_of():
    value = {"a": [1, {"b": 2}], "c": "text"}
    made = [mutate.of_json(value, Random(number)) for number in range(50)]
    assert value == {"a": [1, {"b": 2}], "c": "text"}
    assert any(entry != value for entry in made)
