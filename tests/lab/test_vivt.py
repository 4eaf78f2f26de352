# SPDX-License-Identifier: MIT
"""The defect itself: a stock kernel on a modelled VIVT cache, its remedies, and the emulator's log."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

BOARD = "armv5-vivt"
FOLDER = Path(__file__).parent
SIDES = {"player": "playback", "recorder": "capture"}
USB = ("--card", "hw:Audio,0", "--loopback", "none")


@dataclasses.dataclass(frozen=True)
class Case:
    """A boot: kernel arguments, card and plan, the cache's options, and the verdict expected."""

    append: tuple[str, ...] = ()
    card: tuple[str, ...] = ("--card", "Loopback")
    plan: str = "vivt.toml"
    setting: str = ""
    patched: bool = False


CASES = {
    "stock": Case(),
    "off": Case(setting="off"),
    "both-uncached": Case(("snd_remedy=both-uncached",), patched=True),
    "usb": Case(card=USB, plan="vivt-usb.toml"),
    "use_vmalloc=0": Case(("snd_usb_audio.use_vmalloc=0",), USB, "vivt-usb.toml"),
}


class Boot:
    """One boot: exit status, findings and agreement with the log, by arm."""

    def __init__(self, folder, case):
        from stress.plan.plan import load_plan
        from stress.record.reader import read_events
        from tools.labkit import boards, experiments, remedies

        board = boards.load(BOARD)
        if case.patched:
            board = remedies.patched(board, [remedies.patch_for(board)])
        command = ["run", *case.card, "--plan", f"/project/tests/lab/{case.plan}", "--seed", "1"]
        how = experiments.Booted(case.setting, case.append)
        result = experiments.boot(board, [*command, "--out", "run", "--json"], folder, how)
        self.code, self.report = result.code, json.loads(result.stdout)
        found = experiments.outcome(folder, load_plan(str(FOLDER / case.plan)))
        self.arms = {name: result.seen for name, result in found.items()}
        bursts = [event for event in read_events(folder / "run") if event["event"] == "burst"]
        self.findings = {
            event["arm"]: [found for found in event["analysis"]["findings"] if not found["injected"]]
            for event in bursts
        }


@pytest.fixture(scope="session")
def boots(request, tmp_path_factory):
    """Each case once, when a test first asks for it."""
    if BOARD not in request.config.getoption("--lab").split(","):
        pytest.skip(f"boots a guest: pytest tests/lab --lab {BOARD}")
    folder = tmp_path_factory.mktemp("vivt")
    made = {}

    def boot(name):
        if name not in made:
            made[name] = Boot(folder / name, CASES[name])
        return made[name]

    return boot


@pytest.mark.parametrize("name", ["stock", "usb"])
def test_cache_with_two_aliases_fails(boots, name):
    assert boots(name).code == 1, boots(name).report["reasons"]
    assert boots(name).report["verdict"] == "FAIL"


@pytest.mark.parametrize("name", ["off", "both-uncached", "use_vmalloc=0"])
def test_no_cache_or_a_remedy_passes_with_its_control_whole(boots, name):
    report = boots(name).report
    assert (boots(name).code, report["verdict"]) == (0, "PASS"), report["reasons"]
    assert report["total"]["planted"] == report["total"]["control_found"] > 0


@pytest.mark.parametrize("name", ["off", "both-uncached", "use_vmalloc=0"])
def test_no_cache_or_a_remedy_serves_nothing_stale(boots, name):
    for arm, seen in boots(name).arms.items():
        assert (seen.served, seen.scratch, seen.wrong, seen.unexplained) == (0, 0, 0, 0), arm
        assert seen.checked > 0, arm


@pytest.mark.parametrize("arm", sorted(SIDES))
def test_mmap_is_stale_by_whole_laps_in_whole_lines_of_its_ring(boots, arm):
    findings = boots("stock").findings[arm]
    stale = [finding for finding in findings if finding["kind"] == "stale"]
    # Zeros are the lines of the lap before the first.
    assert {finding["kind"] for finding in findings} <= {"stale", "zero"}
    assert len(stale) > 20
    for finding in stale:
        assert (finding["ring"], finding["lag"]) == (SIDES[arm], 1024 * finding["laps"])
        # A read that ended at hw_ptr in the middle of a line leaves one part of it stale.
        ends = finding["ring_offset"] + 4 * finding["frames"]
        assert finding["ring_offset"] % 32 == 0 or ends % 32 == 0
    whole = [one for one in stale if (one["ring_offset"] % 32, one["frames"] % 8) == (0, 0)]
    assert len(whole) >= 0.9 * len(stale)


@pytest.mark.parametrize("name", ["stock", "usb"])
def test_rw_access_is_clean(boots, name):
    assert boots(name).findings["rw"] == []
    assert boots(name).arms["rw"].wrong == 0 < boots(name).arms["rw"].checked


@pytest.mark.parametrize(("name", "arm"), [("stock", "player"), ("stock", "recorder"), ("usb", "player")])
def test_every_stale_frame_is_found_placed_and_dated_and_nothing_else(boots, name, arm):
    seen = boots(name).arms[arm]
    assert seen.served == seen.found > 0.05 * seen.checked
    assert (seen.misplaced, seen.missed, seen.false, seen.unexplained) == (0, 0, 0, 0)
