# SPDX-License-Identifier: MIT
"""Boots the boards named by --lab once each and hands out what their scenarios left."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))


def pytest_generate_tests(metafunc):
    if "guest" in metafunc.fixturenames:
        asked = metafunc.config.getoption("--lab").split(",")
        # The board with a modelled cache is meant to fail these: it has tests of its own.
        boards = [name for name in asked if name and name != "armv5-vivt"]
        metafunc.parametrize("guest", boards or ["none"], indirect=True, scope="session")


# Profiles of real devices that are walked by board, without --every-profile: the default plans of all
# of them take half an hour of a slow guest. One of audio class 1 and one of 2 are tried on 32 bits.
PROFILES = {"x86_64": ("every",), "armv7": ("cmedia", "uac2")}


class Guest:
    """What one board's scenarios left behind."""

    def __init__(self, board, loop, card, contract, tapped):
        self.board, self.contract, self.tapped = board, contract, tapped
        self._folders = {}
        self.results = {}
        for folder in (loop, card):
            found = json.loads((folder / "results.json").read_text())
            self.results.update(found)
            self._folders.update(dict.fromkeys(found, folder))

    def code(self, name):
        if name not in self.results and name.startswith(("profile-", "sweep-")):
            pytest.skip(f"{name} is not walked on {self.board} (--every-profile does)")
        return self.results[name]["code"]

    def report(self, name):
        text = self.results[name]["stdout"]
        assert text.count("\n") == 1, f"{name}: more than one line on stdout: {text[-500:]}"
        return json.loads(text)

    def folder(self, name):
        return self._folders[name] / name

    def findings(self, name):
        from stress.record.reader import read_events

        bursts = [event for event in read_events(self.folder(name)) if event["event"] == "burst"]
        return [
            (finding, burst)
            for burst in bursts
            for finding in burst["analysis"]["findings"]
            if not finding["injected"] and "transport" not in finding["details"]
        ]

    def finding(self, name):
        found = self.findings(name)
        told = [
            (each["kind"], each["frame"], each["frames"], each["lag"], each["details"]) for each, _ in found
        ]
        assert len(found) == 1, f"{name}: {told}"
        return found[0]

    def injected(self, name):
        path = self._folders[name] / f"{name}.faults.jsonl"
        events = [json.loads(line) for line in path.read_text().splitlines()]
        return [event for event in events if event["event"] == "fault"]


def _boot(board, argv, folder, virtual_time):
    from tools.labkit import Options, run

    options = Options(timeout_s=2400, out=folder, virtual_time=virtual_time)
    result = run(board, argv, options, live=(sys.stderr.buffer, sys.stderr.buffer))
    assert not result.failure, f"{board}: {result.failure}\n{result.console_tail}"
    return result


@pytest.fixture(scope="session")
def guest(request, tmp_path_factory):
    """Scenarios of one board: snd-aloop in virtual time, the softcard in real time."""
    board = request.param
    if board == "none":
        pytest.skip("boots guests: pytest tests/lab --lab x86_64,armv7")
    base = tmp_path_factory.mktemp(board)
    script = "/project/tests/lab/guest.py"
    # The modelled clock of virtual time cannot stall, so snd-aloop has no xruns in it.
    _boot(board, ["python3", script], base / "loop", virtual_time=True)
    every = request.config.getoption("--every-profile")
    profiles = ("every",) if every else PROFILES.get(board, ("none",))
    card = ["python3", script, "card", *(f"profile={name}" for name in profiles)]
    _boot(board, card, base / "card", virtual_time=False)
    contract = _boot(
        board,
        [
            *("python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", "/project/tests/contract"),
            *("-k", "not virtual", "--card", "hw:Loopback,0,0,hw:Loopback,1,0"),
        ],
        base / "contract",
        virtual_time=False,
    )
    tapped = _boot(
        board,
        [
            *("/project/tools/softcard", "up", "--pace", "0", "--run"),
            *("python3", "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider"),
            *("/project/tests/contract/test_tap.py", "-k", "not virtual"),
            *("--card", "hw:softcard,0,hw:softcard,0"),
        ],
        base / "tapped",
        virtual_time=False,
    )
    return Guest(board, base / "loop", base / "card", contract, tapped)
