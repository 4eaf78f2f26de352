# SPDX-License-Identifier: MIT
"""Suspects are told where a core with aliases showed nothing, and the page shows the table of events."""

from __future__ import annotations

import dataclasses

import pytest

from stress.cli import main
from stress.model.record.beside import ProcessRecord
from stress.plan.plan import load_plan
from stress.record.reader import read_run
from stress.report.html import page
from stress.report.suspects import hiding
from stress.verdict.summary import summarise


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A clean run of two restarts on a virtual board, whose bursts somebody ran beside."""
    folder = tmp_path_factory.mktemp("run")
    plan = folder / "plan.toml"
    plan.write_text(
        'bound = 1.0\n[control]\nleast = 4\n[[arm]]\nname = "a"\nevent = "restart"\nperiod_size = 48\n'
        'playback_buffer = 480\ncapture_buffer = 528\nburst_s = "60ms"\nbursts = 3\n'
    )
    argv = ["run", "--backend", "virtual", "--board", "x86_64", "--plan", str(plan), "--seed", "3"]
    assert main.main([*argv, "--out", str(folder / "out"), "--quiet"]) == 0
    found = summarise(read_run(folder / "out").events, load_plan(str(plan)))
    found.beside.add((ProcessRecord("blinker", 7, 1, 30),), 1.0)
    return found


def _on(run, indexing):
    transport = dataclasses.replace(run.start.transport, indexing=indexing)
    return dataclasses.replace(run, start=dataclasses.replace(run.start, transport=transport))


def test_core_with_aliases_that_showed_nothing_has_suspects(run):
    (line,) = hiding(_on(run, "VIVT"))
    assert "blinker (30 switches/s)" in line


@pytest.mark.parametrize("indexing", ["", "PIPT or VIPT non-aliasing"])
def test_other_cores_have_none(run, indexing):
    assert hiding(_on(run, indexing)) == []


def test_page_shows_suspects_and_the_table_of_events(run):
    shown = page(_on(run, "VIVT"), [])
    assert "blinker" in shown
    assert "Behind events" in shown
    assert "restart" in shown
