# SPDX-License-Identifier: MIT
"""The cost of the modelled cache: what is compared, and the table of it."""

from __future__ import annotations

import argparse
from types import SimpleNamespace

import pytest

from tools.labkit import boards, speed
from tools.labkit.errors import LabError, LabUsage


def test_compared_are_stock_the_model_off_and_on() -> None:
    found = speed.settings(boards.load("armv5-vivt"))
    assert [(one.board, one.cache, one.virtual_time) for one in found] == [
        ("armv5", "", True),
        ("armv5-vivt", "off", False),
        ("armv5-vivt", "", False),
    ]


def test_board_on_stock_qemu_has_nothing_to_compare() -> None:
    with pytest.raises(LabUsage, match="speed x86_64: it has no emulator of its own"):
        speed.settings(boards.load("x86_64"))


@pytest.fixture
def guest(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A guest that does a piece of work per second, and says so in parts of lines."""
    clock = SimpleNamespace(now=0.0, marks=5, failure="")

    def run(board: object, argv: object, options: object, live: tuple[speed._Stamps, object]) -> object:
        for _ in range(clock.marks):
            clock.now += 1.0
            live[0].write(b"anything\nlab-speed\n")
        return SimpleNamespace(failure=clock.failure, console_tail="last words")

    monkeypatch.setattr(speed, "time", SimpleNamespace(monotonic=lambda: clock.now))
    monkeypatch.setattr(speed.runner, "run", run)
    program = SimpleNamespace(name="qemu")
    monkeypatch.setattr(speed.assemble, "build", lambda board: SimpleNamespace(program=program))
    return clock


def test_table_has_the_seconds_of_each_work_and_the_slowdown(
    guest: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert speed.run(argparse.Namespace(board="armv5-vivt", build=False, write=False)) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[0].split()[-1] == "slowdown"
    assert rows[2].split()[-8:] == ["1.00", "s", "1.00", "s", "1.00", "s", "1.0", "x"]
    assert rows[-1].split()[-8:] == ["5.00", "s", "5.00", "s", "5.00", "s", "1.0", "x"]


def test_table_goes_into_the_results_page_on_request(
    guest: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[object] = []
    monkeypatch.setattr(speed.sections, "check", lambda name: name)
    monkeypatch.setattr(speed.sections, "write", lambda *args: written.extend(args))
    assert speed.run(argparse.Namespace(board="armv5-vivt", build=False, write=True)) == 0
    assert written[:2] == ["speed", "tools/lab speed armv5-vivt"]
    assert len(written[2]) == 8  # type: ignore[arg-type]


def test_guest_that_stops_half_way_is_an_error(guest: SimpleNamespace) -> None:
    guest.marks = 3
    with pytest.raises(LabError, match="stock QEMU: not everything ran\nlast words"):
        speed.run(argparse.Namespace(board="armv5-vivt", build=False, write=False))
