# SPDX-License-Identifier: MIT
"""tools/fuzz: a short share of the hostile inputs, and what its judge must see."""

from __future__ import annotations

import mmap
import os
import signal
import sys
import time
from random import Random

import pytest

from tools.fuzzkit import judge, mutate, seeds
from tools.fuzzkit.counts import Counts, Series
from tools.fuzzkit.families import FAMILIES
from tools.fuzzkit.judge import Outcome

SHARE = 12


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    judge.warm()
    return seeds.make(tmp_path_factory.mktemp("seeds"))


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_hostile_input_ends_in_one_line_and_a_known_exit_code(sound, tmp_path, family):
    def made(number):
        return lambda folder: FAMILIES[family](sound, Random(f"share/{family}/{number}"), folder)

    outcomes = list(judge.batch([made(number) for number in range(SHARE)], tmp_path))
    assert [(number, one.wrong, one.text) for number, one in enumerate(outcomes) if one.wrong] == []
    assert len(outcomes) == SHARE


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


def _touched():
    # Pages of its own: the allocator may hold as many, freed by the tests before.
    with mmap.mmap(-1, 30 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as pages:
        for page in range(0, len(pages), mmap.PAGESIZE):
            pages[page] = 1
    return 0


def test_judge_names_a_case_that_takes_memory_beyond_the_bound(monkeypatch):
    monkeypatch.setattr(judge, "MOST_BYTES", 20 << 20)
    assert judge.run(_touched).wrong == "more than 20 MB"
    assert judge.run(lambda: 0).wrong == ""


def test_judge_takes_an_answer_of_no_memory_for_too_much_of_it(monkeypatch):
    def case():
        sys.stderr.write("pcmstress: no memory left: shorter bursts\n")
        return 74

    assert judge.run(case).wrong == "more than 300 MB"


def test_batch_goes_on_behind_a_case_that_ends_its_process(tmp_path):
    cases = [
        lambda: 0,
        lambda: os._exit(0),
        lambda: 1,
        lambda: os.kill(os.getpid(), signal.SIGUSR1),
        lambda: 70,
    ]
    wrong = [one.wrong for one in judge.batch([lambda _, case=case: case for case in cases], tmp_path)]
    assert wrong == [
        "",
        "ended its process with 0",
        "",
        f"killed by signal {signal.SIGUSR1:d}",
        "exit code 70",
    ]


def test_batch_gives_each_case_an_empty_folder_and_leaves_none(tmp_path):
    def made(folder):
        assert list(folder.iterdir()) == []
        (folder / "a").write_text("")
        return lambda: 0

    assert [one.wrong for one in judge.batch([made] * 3, tmp_path / "cases")] == ["", "", ""]
    assert list((tmp_path / "cases").iterdir()) == []


def test_series_goes_on_behind_the_cases_of_the_piece_before(tmp_path):
    path = str(tmp_path / "counts")
    outcomes = [Outcome("", "", 50 << 20, 0.5), Outcome("more than 30 s", "", 0, 0.0)]
    piece = Counts()
    piece.add(outcomes)
    Series(path).add(1, "pdus", piece)
    again = Series(path)
    assert (again.behind(1, "pdus"), again.behind(2, "pdus"), again.behind(1, "texts")) == (2, 0, 0)
    again.add(2, "pdus", piece)
    counts = Series(path).families["pdus"]
    assert (counts.cases, counts.peak_bytes, counts.most_s) == (4, 50 << 20, 0.5)
    assert counts.wrong == {"more than 30 s": 2}
    assert again.lines(["pdus"])[-1].split()[:6] == ["all", "4", "0", "2", "0", "0"]


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
