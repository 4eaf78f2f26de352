# SPDX-License-Identifier: MIT
"""The bench of diagnoses counts what was named, and knows what a mitigation takes away."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter

import pytest

from stress.model.transport import SOC, USB, TransportRecord
from stress.verdict.cause import Cause
from stress.verdict.diagnosis import Diagnosis
from tools.benchkit import _causes, diagnose


def _cell(expected, mitigation="none", **named):
    return diagnose.Cell("case", mitigation, expected, Counter(named))


def test_cell_a_wrong_mechanism_is_not_right_but_no_false_cause():
    named = Counter(
        {"cache alias/playback/P1": 3, "cache alias/playback/P2": 2, "USB loss": 1, "cannot tell": 4}
    )
    cell = diagnose.Cell("P1", "none", "cache alias/playback/P1", named)
    assert (cell.right, cell.false) == (3, 1)


def test_cell_of_a_clean_board_any_cause_is_false():
    assert _cell("not reproduced", **{"not reproduced": 5, "USB loss": 2, "cannot tell": 1}).false == 2


@pytest.mark.parametrize("mitigation", list(_causes.MITIGATIONS)[1:])
def test_mitigation_takes_an_alias_away_and_nothing_else(mitigation):
    by_name = {case.name: case for case in _causes.CASES}
    assert _causes.expected(by_name["P1"], mitigation) == "not reproduced"
    assert _causes.expected(by_name["DMA"], mitigation) == "stale DMA"


def test_tables_hold_every_case_and_name():
    cells = [_cell("cache alias/playback/P1", **{"cache alias/playback/P1": 4}), _cell("x", "rw access", x=2)]
    head, columns, _, row = diagnose.confusion(cells)
    assert "planted (rows)" in head
    assert columns.split() == ["planted", "P1"]
    assert row.split() == ["case", "4"]
    assert diagnose.matrix(cells)[-1].split() == ["case", "4/4", "cache", "alias", "2/2", "x"]


@pytest.mark.parametrize("name", ["clock slips", "xrun"])
def test_planted_cause_is_named(name):
    case = next(case for case in _causes.CASES if case.name == name)
    assert _causes.key(_causes.run(case, 5)) == case.expected


def test_pieces_of_several_seeds_are_added_up(tmp_path):
    right, wrong = {"loss on the way": 4}, {"loss on the way": 3, "cache alias/playback/P1": 1}
    files = []
    for number, named in enumerate((right, wrong)):
        cell = diagnose.Cell("I2S gap", "none", "loss on the way", Counter(named), usb_words=number)
        files.append(str(tmp_path / f"{number}.json"))
        (tmp_path / f"{number}.json").write_text(json.dumps({"cells": [cell.to_json()]}))
    (cell,) = diagnose.merged(files)
    assert (cell.right, cell.false, cell.alias_on_clean, cell.usb_words) == (7, 1, 1, 1)
    row = diagnose.listing([cell])[-1]
    assert "7/8" in row and "cache alias playback P1 (1)" in row
    assert diagnose.summary([cell])[2:] == [
        "1 with a cache alias where no cache was at fault",
        "1 that speak of USB where the card is none",
    ]


def test_alias_that_was_planted_is_none_on_a_clean_ring():
    assert _cell("cache alias/playback/P1", **{"cache alias/playback/P2": 3}).alias_on_clean == 0


def test_merge_of_what_is_no_result_is_one_line(tmp_path, capsys):
    (tmp_path / "x").write_text("{}")
    assert diagnose.main(["--merge", str(tmp_path / "x")]) == 64
    assert "--merge" in capsys.readouterr().err


def test_words_of_usb_are_looked_for_in_all_that_is_said():
    carries = TransportRecord(SOC)
    quiet = Diagnosis(Cause.LOSS, (), ("gaps",), (), carries=carries)
    loud = dataclasses.replace(quiet, evidence=("the USB cable",))
    assert [_causes.speaks_of_usb(one) for one in (quiet, loud)] == [False, True]
    assert not _causes.speaks_of_usb(dataclasses.replace(loud, carries=TransportRecord(USB)))
