# SPDX-License-Identifier: MIT
"""The heat map of a ring: drawn from the whole burst, with totals that are those of the tallies."""

from __future__ import annotations

import re

import pytest

from stress.cli import main as command
from stress.detect.exact.findings import CAP
from stress.model.histogram import Plane
from stress.plan.plan import read_plan
from stress.record import rundir
from stress.report import heatmap, html, places
from stress.report.heatmap import Scene
from stress.verdict import run_folder
from tests.record_cases import summary

PLAN = read_plan({"arm": [{"name": "a"}]}, "plan")
PARAMS = {"format": "S16_LE", "channels": 2, "buffer_size": 384, "period_size": 48, "rate": 48000}
OPEN = {"event": "open", "arm": "a", "granted": {"playback": PARAMS, "capture": PARAMS}}
SMALL = """
bound = 1e-3
[[arm]]
name = "player"
playback_buffer = 384
burst_s = "1500ms"
[[arm]]
name = "rw-control"
access = "rw"
burst_s = "100ms"
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    (folder / "p.toml").write_text(SMALL)
    argv = ["run", "--backend", "virtual", "--board", "arm926", "--plan", f"{folder}/p.toml", "--seed", "1"]
    assert command.main([*argv, "--quiet", "--out", str(folder / "r")]) == 1
    plan = read_plan(rundir.read_json(folder / "r", "config.json")["plan"], "config")
    return run_folder.read(folder / "r").result(plan)


def test_totals_of_the_pictures_are_those_of_the_tallies(run):
    assert run.whole.wrong_frames > 1000
    # More than a detector keeps of a burst: the places are counted behind them as well.
    assert run.whole.found > CAP
    for part in run.parts:
        placed = run.places[part.arm]
        assert (placed.histogram.frames, placed.unplaced) == (part.wrong_frames, 0)
    assert sum(one.frames for one in places.maps(run)) == run.whole.wrong_frames


def test_page_says_the_totals_that_it_draws(run):
    page = html.page(run, [])
    said = [int(text.replace(" ", "")) for text in re.findall(r"([0-9 ]+) wrong frames?, every one", page)]
    drawn = [one.frames for one in places.maps(run)]
    assert sorted(said)[-1] == max(drawn)
    assert set(drawn[:1]) <= set(said)


def test_picture_covers_the_burst_to_its_end(run):
    worst = places.maps(run)[0]
    columns = {column for cells in worst.classes.values() for _, column in cells}
    assert max(columns) >= 0.8 * worst.scene.columns
    assert max(columns) < worst.scene.columns


def test_margins_add_up_to_the_cells(run):
    one = places.maps(run)[0]
    titles = re.findall(r"<title>([^<]*): ([0-9 ]+) wrong frames?</title>", one.svg())
    by_time = sum(int(number.replace(" ", "")) for place, number in titles if place.endswith(" s"))
    by_place = sum(int(number.replace(" ", "")) for place, number in titles if "bytes" in place)
    assert by_time == by_place == one.frames


def _burst(**analysis):
    found = [{"frame": 960, "frames": 8, "ring": "playback", "ring_offset": 256, "laps": 2}]
    whole = {"wrong_frames": 8, "counts": {"stale": 1}, "findings": found, **analysis}
    return {"event": "burst", "analysis": whole}


def test_record_of_an_earlier_version_is_drawn_from_its_findings_and_says_so():
    made = summary(OPEN, _burst(wrong_frames=50, counts={"stale": 6}, findings_left_out=5), plan=PLAN)
    assert made.places["a"].unplaced == 42
    section = places.section(made)
    assert "1 burst of an older record drawn from the findings it kept" in section
    assert "42 wrong frames more lie in no picture: the record keeps no place of them." in section


def test_clean_run_has_no_ring_picture():
    assert places.section(summary(OPEN, {"event": "burst"}, plan=PLAN)) == ""


def test_lap_longer_than_a_column_does_not_leave_stripes():
    long = {**PARAMS, "buffer_size": 4128}
    opened = {**OPEN, "granted": {"playback": long, "capture": long}}
    found = {"frame": 0, "frames": 41280, "ring": "playback", "ring_offset": 0, "laps": 1}
    whole = _burst(wrong_frames=41280, findings=[found], frames=41280, checked_frames=41280)
    (one,) = places.maps(summary(opened, whole, plan=PLAN))
    cells = one.classes["stale"]
    # All frames are wrong: every cell of every column but the last is full.
    full = [(row, column) for row in range(one.plane.rows) for column in range(one.scene.columns - 1)]
    assert len(full) > 100 and set(full) <= set(cells)


def test_cell_is_drawn_at_its_row_and_column_and_sets_are_named():
    plane = Plane("playback", 8192, 128)
    scene = Scene("t", 1.0, 16, 32, way_bytes=4096)
    drawn = heatmap.svg(plane, {"stale": {(0, 3): 1, (0, 4): 1, (63, 15): 900}}, scene)
    assert 'class="stale s1" d="M3 63.5h2"' in drawn and 'class="stale s5" d="M15 0.5h1"' in drawn
    assert "bytes 8 064 to 8 191, lines 252 to 255, cache sets 124 to 127: 900 wrong frames" in drawn
    assert drawn.count('class="way"') == 1 and ">set 0<" in drawn


def test_ring_that_begins_inside_a_way_has_its_rules_where_the_way_ends():
    scene = Scene("t", 1.0, 16, 32, way_bytes=4096, address=1024)
    assert heatmap._ways(Plane("playback", 8192, 128), scene) == [3072, 7168]
    assert scene.set_of(3072) == 0
