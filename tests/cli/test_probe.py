# SPDX-License-Identifier: MIT
"""probe: this machine, one of its cards, or a virtual board."""

from __future__ import annotations

import json

import pytest

from stress.cli import main
from stress.settings import find


@pytest.mark.parametrize(
    ("argv", "indexing", "expected"),
    [
        (("arm926",), "VIVT", "the defect is expected"),
        (("arm926", "--set", "kernel.use_vmalloc=false"), "VIVT", "use_vmalloc=0 gives coherent memory"),
        (("arm1176-32k",), "VIPT aliasing", "differ in colour"),
        (("arm1176",), "PIPT or VIPT non-aliasing", "no corruption is expected"),
        (("cortex-a",), "PIPT or VIPT non-aliasing", "no corruption is expected"),
    ],
)
def test_probe_virtual_board_tells_cache_and_expectation(capsys, argv, indexing, expected):
    assert main.main(["probe", "--board", *argv, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["cpu"]["indexing"] == indexing
    assert expected in found["expectation"]
    assert "virtual board" in found["notes"][0]


@pytest.mark.parametrize("name", find.names("boards"))
def test_probe_every_shipped_board_as_text(capsys, name):
    assert main.main(["probe", "--board", name]) == 0
    out = capsys.readouterr().out
    assert "D-cache" in out
    assert "card" in out


def test_probe_card_that_is_not_there_is_a_skip(capsys):
    assert main.main(["probe", "--card", "nothing"]) == 4
    assert "no such card" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["hw:nosuch", "hw:nosuch,0", "hw:nosuch/hw:nosuch,1"])
def test_probe_hardware_pcm_of_no_card_is_a_skip(capsys, name):
    assert main.main(["probe", "--card", name]) == 4
    assert "no such card (cards here:" in capsys.readouterr().err


def test_probe_virtual_board_has_no_cards_to_choose(capsys):
    assert main.main(["probe", "--board", "arm926", "--card", "1"]) == 64
    assert "--card" in capsys.readouterr().err


def test_probe_ends_with_the_command_to_go_on_with(capsys):
    assert main.main(["probe", "--board", "xscale", "--set", "kernel.use_vmalloc=false"]) == 0
    told = capsys.readouterr().out.splitlines()
    again = "--board xscale --set kernel.use_vmalloc=false"
    assert told[-1] == f"next: `pcmstress run --backend virtual {again}`, or `pcmstress predict {again}`"
    assert not any(line.endswith((" none", "not in the boot log")) for line in told)
