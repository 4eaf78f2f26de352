# SPDX-License-Identifier: MIT
"""The words that tools/bench alsabat prints for what two programs returned."""

from __future__ import annotations

import subprocess

import pytest

from tools.benchkit import _alsabat_card, alsabat


@pytest.mark.parametrize(
    ("program", "code", "clean", "told"),
    [
        ("alsabat", 0, True, "PASS"),
        ("alsabat", 0, False, "PASS: missed"),
        ("alsabat", 21, False, "FAIL (21)"),
        ("alsabat", 21, True, "FAIL (21): false"),
        ("pcmstress run", 0, False, "PASS: missed"),
        ("pcmstress run", 1, False, "FAIL"),
        ("pcmstress run", 5, False, "INCONCLUSIVE"),
        ("pcmstress run", None, False, "no verdict"),
    ],
)
def test_word_says_what_was_missed_or_made_up(program, code, clean, told):
    assert alsabat.word(program, code, clean) == told


def test_rows_take_the_objects_and_leave_the_rest():
    printed = ["ready card=1", '{"row": "a", "codes": {"alsabat": 0}}', ""]
    assert alsabat.rows(printed) == [{"row": "a", "codes": {"alsabat": 0}}]


@pytest.mark.parametrize("channels", [1, 2])
def test_every_row_runs_the_same_programs_with_its_fault(tmp_path, monkeypatch, channels):
    monkeypatch.chdir(tmp_path)
    rows = _alsabat_card.rows(channels)
    names = {tuple(name for name, _ in commands) for commands in rows.values()}
    assert names == {(*alsabat.ALSABAT, alsabat.OURS)}
    wrong = _alsabat_card.faults(channels)
    assert len(wrong) == (8 if channels == 2 else 7)
    assert set(rows) == {*alsabat.CLEAN, *wrong}
    for fault, spec in wrong.items():
        assert all(spec in argv for _, argv in rows[fault])
    assert all("--fault" not in argv for name in alsabat.CLEAN for _, argv in rows[name])


def test_alsabat_that_captured_nothing_has_no_verdict(monkeypatch, capsys):
    rows = {"softcard, clean": [("alsabat", ["alsabat"]), ("pcmstress run", ["pcmstress"])]}
    monkeypatch.setattr(_alsabat_card, "rows", lambda channels: rows)
    said = {"alsabat": (254, "Capture canceled.\n"), "pcmstress": (0, "PASS\n")}

    def run(command, **_):
        status, text = said[command[0]]
        return subprocess.CompletedProcess(command, status, text, "")

    monkeypatch.setattr(subprocess, "run", run)
    assert _alsabat_card.main(["2"]) == 0
    (row,) = alsabat.rows(capsys.readouterr().out.splitlines())
    assert row["codes"] == {"alsabat": None, "pcmstress run": 0}
