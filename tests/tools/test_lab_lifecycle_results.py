# SPDX-License-Identifier: MIT
"""Pieces of a long series of life-cycle events: kept, added up, and what is missing."""

from __future__ import annotations

import pytest

from tools.labkit import command, lifecycle, lifecycle_events, lifecycle_results
from tools.labkit.errors import LabError
from tools.labkit.lifecycle_results import Piece, missing, read, rows, wrong

DONE = Piece("restart", "restart", 50, {"right": 50}, 50, 0, 40.0)
BAD = Piece("lost", "reopen", 2, {"lost": 1, "right": 1}, 0, 2, 20.0, ("burst 2 is right",))


def test_piece_survives_its_file(tmp_path):
    path = tmp_path / "results.jsonl"
    DONE.add_to(path)
    BAD.add_to(path)
    with open(path, "a") as file:
        file.write('{"part": "torn')
    assert [(piece.part, piece.times, dict(piece.outcomes)) for piece in read(path)] == [
        ("restart", 50, {"right": 50}),
        ("lost", 2, {"lost": 1, "right": 1}),
    ]


def test_file_that_is_not_there_holds_nothing(tmp_path):
    assert read(tmp_path / "none") == []


def test_missing_is_what_the_pieces_do_not_reach():
    assert missing([DONE, DONE, BAD], {"restart": 100, "lost": 5, "xrun": 7}) == {"lost": 3, "xrun": 7}


def test_part_of_two_events_is_as_far_as_the_one_that_was_done_less():
    pieces = [Piece("no-data", "xrun", 10), Piece("no-data", "usb-reset", 4)]
    assert missing(pieces, {"no-data": 10}) == {"no-data": 6}


def test_rows_add_the_pieces_up_and_one_that_disagrees_spoils_its_part():
    (first, second) = rows([DONE, BAD, DONE])
    assert first == ("restart", "restart", 100, "100 right", "100 clean, 0 spoiled", "80", "yes")
    assert second[-1] == "no"
    assert wrong([DONE, BAD]) == ["lost: burst 2 is right"]


class Clock:
    """Seconds that pass as pieces are made."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def _series(monkeypatch, tmp_path, until, event_s, most=50):
    clock, made = Clock(), []

    def run(name, times):
        made.append((name, times))
        clock.now += 30 + event_s * times
        return tmp_path / name

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(lifecycle_events, "run", run)
    monkeypatch.setattr(
        lifecycle_events, "pieces", lambda name, folder, seconds: [Piece(name, name, made[-1][1])]
    )
    return lifecycle_events.Series(most, until, clock), made


def test_series_does_parts_in_pieces_in_turn(monkeypatch, tmp_path):
    series, made = _series(monkeypatch, tmp_path, 1e9, 1.0)
    series.run({"restart": 120, "reopen": 60})
    assert made == [("restart", 50), ("reopen", 50), ("restart", 50), ("reopen", 10), ("restart", 20)]
    assert missing(read(tmp_path / "results.jsonl"), {"restart": 120, "reopen": 60}) == {}


def test_series_begins_no_piece_that_would_not_end_in_time(monkeypatch, tmp_path, capsys):
    series, made = _series(monkeypatch, tmp_path, 150.0, 1.0)
    series.run({"restart": 100})
    # 80 s for the first one; 40 + 50 * 1.6 more would be past 150.
    assert made == [("restart", 50)]
    assert "no time for 50 more events" in capsys.readouterr().err


def test_run_that_ends_without_a_report_is_told_and_the_series_goes_on(monkeypatch, tmp_path):
    series, _ = _series(monkeypatch, tmp_path, 1e9, 1.0)

    def broken(name, times):
        raise LabError("exit 70: no card appeared")

    monkeypatch.setattr(lifecycle_events, "run", broken)
    series.run({"no-data": 5})
    assert series.bad == 2
    kept = read(tmp_path / "results.jsonl")
    assert wrong(kept) == ["no-data: exit 70: no card appeared"]
    assert missing(kept, {"no-data": 5}) == {"no-data": 5}


@pytest.fixture
def guest(monkeypatch, tmp_path):
    """A guest that does what it is asked, but `stops` says where it ends."""
    asked = []

    class Result:
        code, failure, out = 0, "", tmp_path

    def run(board, argv, options, live):
        parts = dict(text.split("=") for text in argv if "=" in text and "PYTHONPATH" not in text)
        asked.append(parts)
        for name, times in list(parts.items())[:1]:
            Piece(name, name, int(times), {"right": int(times)}, int(times)).add_to(
                tmp_path / "results.jsonl"
            )
        return Result

    monkeypatch.setattr(lifecycle.runner, "run", run)
    return asked


def test_series_that_was_cut_goes_on_with_what_is_missing(guest, tmp_path, capsys):
    words = ["lifecycle", "x86_64", "restart", "reopen", "--times", "4", "--out", str(tmp_path)]
    assert command.main(words) == lifecycle.UNFINISHED
    assert "reopen: 4 of 4 still to be done" in capsys.readouterr().out
    assert command.main([*words, "--go-on"]) == 0
    assert guest == [{"restart": "4", "reopen": "4"}, {"reopen": "4"}]
    assert command.main([*words, "--go-on"]) == 0
    assert len(guest) == 2


def test_series_begun_anew_forgets_what_the_folder_has(guest, tmp_path):
    words = ["lifecycle", "x86_64", "restart", "--times", "4", "--out", str(tmp_path)]
    assert command.main(words) == command.main(words) == 0
    assert [piece.times for piece in read(tmp_path / lifecycle_results.NAME)] == [4]


def test_part_may_have_a_number_of_its_own(guest, tmp_path):
    words = ["lifecycle", "x86_64", "restart", "planted=2", "asked=9", "--times", "7"]
    command.main([*words, "--out", str(tmp_path)])
    (asked,) = guest
    assert (asked["restart"], asked["lost"], asked["rotated"], asked["asked"]) == ("7", "2", "2", "1")


def test_series_without_parts_is_of_what_a_device_can_tell_apart(guest, tmp_path):
    command.main(["lifecycle", "x86_64", "--times", "7", "--out", str(tmp_path)])
    (asked,) = guest
    assert set(asked) == {*lifecycle_events.CLEAN, *lifecycle_events.PLANTED, "asked", "killed"}
    assert len(lifecycle_events.PLANTED) == 6


@pytest.mark.parametrize("part", ["restart=0", "restart=", "restart=many"])
def test_number_of_a_part_that_is_none_is_refused(guest, capsys, part):
    assert command.main(["lifecycle", "x86_64", part]) == 64
    assert "PART=N: 1 or more" in capsys.readouterr().err
    assert not guest


@pytest.mark.parametrize("more", [["--go-on"], ["--for", "10s"], ["--for", "soon"], ["--piece", "0"]])
def test_options_that_make_no_series_are_refused(guest, capsys, more):
    assert command.main(["lifecycle", "x86_64", "restart", *more]) == 64
    assert more[0] in capsys.readouterr().err
    assert not guest
