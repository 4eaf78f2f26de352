# SPDX-License-Identifier: MIT
"""The cache line of the board is the one that every command names."""

from __future__ import annotations

import json
import re

import pytest

from stress.files.wav import write_wav
from stress.model.formats import FORMATS
from stress.patterns.word import Pattern
from tests.cli.command import printed as _main

PLAN = """
[control]
least = 2

[[arm]]
name = "recorder"
period_size = 48
playback_buffer = 4848
capture_buffer = 192
capture = "whole"
side = "capture"
burst_s = "250ms"
"""
BOARDS = [("fa526", (), 16), ("arm926", (), 32), ("arm926", ("--set", "cache.line_bytes=64"), 64)]
LAP = 480


def _named(text):
    return {int(size) for size in re.findall(r"(\d+)-byte lines?\b", text)}


@pytest.mark.parametrize(("board", "more", "line"), BOARDS)
def test_run_and_replay_and_report_name_the_line_of_the_board(capsys, tmp_path, board, more, line):
    plan, folder = tmp_path / "plan.toml", tmp_path / "run"
    plan.write_text(PLAN)
    run = ("run", "--backend", "virtual", "--board", board, *more, "--plan", plan, "--seed", 5)
    status, _ = _main(capsys, *run, "--out", folder)
    events = [json.loads(text) for text in (folder / "run.jsonl").read_text().splitlines()]
    (burst,) = (event for event in events if event["event"] == "burst")
    found = burst["analysis"]["findings"]
    assert (status, burst["exposure"]["line_bytes"]) == (1, line)
    assert line in {finding["line_bytes"] for finding in found}
    assert {finding["line_bytes"] for finding in found} <= {None, *(line >> n for n in range(3))}
    assert _named(" ".join(finding["text"] for finding in found)) == {line}
    _, replayed = _main(capsys, "replay", folder, "--json")
    told = [one["now"] for one in json.loads(replayed)["evidence"] if one["now"]]
    assert _named(" ".join(finding["text"] for finding in told)) == {line}
    for form in ((), ("--json",), ("--html", tmp_path / "page.html")):
        assert _named(_main(capsys, "report", folder, *form)[1]) <= {line}
    assert _named((tmp_path / "page.html").read_text()) <= {line}


@pytest.mark.parametrize(
    ("line", "start", "frames", "words"),
    [
        (16, 0, 16, "exactly 4 16-byte lines"),
        (32, 0, 16, "exactly 2 32-byte lines"),
        (64, 0, 16, "exactly one 64-byte line"),
        (16, 4, 4, "exactly one 16-byte line"),
        (32, 4, 4, "exactly one 16-byte half line"),
        (32, 4, 12, "exactly 3 16-byte half lines"),
        (64, 8, 8, "exactly one 32-byte half line"),
        (64, 4, 4, "exactly one 16-byte quarter line"),
    ],
)
def test_analyze_with_a_line_counts_in_lines_of_that_size(capsys, tmp_path, line, start, frames, words):
    path, at = _wav(tmp_path, 4800 + start, frames), 4800 + start
    status, out = _main(capsys, "analyze", path, "--rings", f"{LAP},528", "--line", line, "--json")
    found = json.loads(out)
    (finding,) = found["findings"]
    assert (status, finding["frame"], finding["frames"]) == (1, at, frames)
    assert words + " of the playback ring" in finding["text"]
    assert found["exposure"]["line_bytes"] == line


def test_analyze_with_the_first_position_places_lines_where_the_ring_had_them(capsys, tmp_path):
    # The recorder came 3 frames late: offsets from its own first frame are off by 12 bytes.
    path = _wav(tmp_path, 4800, 8, late=3)
    status, out = _main(capsys, "analyze", path, "--rings", f"{LAP},528", "--json")
    (guessed,) = json.loads(out)["findings"]
    assert (status, guessed["ring_offset"], guessed["line_bytes"]) == (1, (LAP - 3) * 4, None)
    assert "--position" in json.loads(out)["notes"][-1]
    status, out = _main(capsys, "analyze", path, "--rings", f"{LAP},528", "--position", 7, "--json")
    (placed,) = json.loads(out)["findings"]
    assert (status, placed["ring_offset"], placed["line_bytes"]) == (1, 0, 32)
    assert json.loads(out)["notes"] == []


def _wav(tmp_path, at, frames, late=0):
    # The pattern from position 7 on, with frames one playback lap old.
    rows = Pattern("mix1", FORMATS["S16_LE"], 2).bytes_at(7, 12000).reshape(-1, 4)
    rows[at : at + frames] = rows[at - LAP : at - LAP + frames].copy()
    path = tmp_path / "a.wav"
    write_wav(path, FORMATS["S16_LE"], 2, 48000, [rows[late:].reshape(-1)])
    return path
