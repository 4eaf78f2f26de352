"""The defect itself: a stock kernel on a modelled VIVT cache, held against the emulator's log."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

BOARD = "armv5-vivt"
PLAN = Path(__file__).with_name("vivt.toml")
SIDES = {"player": "playback", "recorder": "capture"}
SETTINGS = ("full", "off")


class Boot:
    """One boot: exit status, findings and agreement with the log, by arm."""

    def __init__(self, folder, setting):
        from stress.plan.plan import load_plan
        from stress.record.reader import read_run
        from tools.labkit import boards, experiments

        command = ["run", "--card", "Loopback", "--plan", "/project/tests/lab/vivt.toml", "--seed", "1"]
        result = experiments.boot(
            boards.load(BOARD), [*command, "--out", "run", "--json"], folder / setting,
            "" if setting == "full" else setting,
        )  # fmt: skip
        self.code, self.report = result.code, json.loads(result.stdout)
        found = experiments.outcome(folder / setting, load_plan(str(PLAN)))
        self.arms = {name: result.seen for name, result in found.items()}
        bursts = [event for event in read_run(folder / setting / "run").events if event["event"] == "burst"]
        self.findings = {event["arm"]: event["analysis"]["findings"] for event in bursts}
        self.counts = {event["arm"]: event["analysis"]["counts"] for event in bursts}


@pytest.fixture(scope="session")
def boots(request, tmp_path_factory):
    """The short plan with the cache and without it."""
    if BOARD not in request.config.getoption("--lab").split(","):
        pytest.skip(f"boots a guest: pytest tests/lab --lab {BOARD}")
    folder = tmp_path_factory.mktemp("vivt")
    return {setting: Boot(folder, setting) for setting in SETTINGS}


def test_cache_with_two_aliases_fails(boots):
    assert boots["full"].code == 1, boots["full"].report["reasons"]
    assert boots["full"].report["verdict"] == "FAIL"


@pytest.mark.parametrize("arm", sorted(SIDES))
def test_mmap_is_stale_by_whole_laps_in_whole_lines_of_its_ring(boots, arm):
    findings = boots["full"].findings[arm]
    stale = [finding for finding in findings if finding["kind"] == "stale"]
    # Zeros are the lines of the lap before the first.
    assert {finding["kind"] for finding in findings} <= {"stale", "zero"}
    assert len(stale) > 20
    for finding in stale:
        assert (finding["ring"], finding["lag"]) == (SIDES[arm], 1024 * finding["laps"])
        assert (finding["ring_offset"] % 32, finding["frames"] % 8) == (0, 0)


def test_rw_access_is_clean(boots):
    assert boots["full"].counts["rw"] == {}
    assert boots["full"].arms["rw"].wrong == 0 < boots["full"].arms["rw"].checked


@pytest.mark.parametrize("arm", sorted(SIDES))
def test_every_stale_frame_is_found_placed_and_dated_and_nothing_else(boots, arm):
    seen = boots["full"].arms[arm]
    assert seen.served == seen.found > 0.05 * seen.checked
    assert (seen.misplaced, seen.missed, seen.false, seen.unexplained) == (0, 0, 0, 0)


def test_cache_off_finds_nothing(boots):
    assert boots["off"].counts == {"player": {}, "recorder": {}, "rw": {}}
    assert all(seen.wrong == 0 < seen.checked for seen in boots["off"].arms.values())
    assert boots["off"].code != 1
