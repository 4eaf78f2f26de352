# SPDX-License-Identifier: MIT
"""Facts of a board: read from whatever board.json holds, and never more than that."""

from __future__ import annotations

import json

import pytest

from stress.report import facts

BOARD = {
    "cpu": {"core": "ARM926EJ-S", "indexing": "VIVT", "geometry": "16 KB, 4-way"},
    "kernel": {"release": "6.1.0-rpi", "use_vmalloc": True, "driver_loaded": True},
    "cards": [
        {
            "card": {"number": 1, "id": "Device", "driver": "USB-Audio"},
            "usb": {"vendor": "0d8c", "product": "0014", "speed_mbps": 12.0, "host": "musb-hdrc"},
        }
    ],
    "run": {
        "pcmstress": "0.1.0",
        "numpy": "1.24",
        "cmdline": "console=ttyS0",
        "command": "pcmstress run",
        "date": "d",
    },
}


def test_facts_name_kernel_cpu_card_versions_and_command():
    found = facts.of_board(BOARD)
    assert found.of("kernel") == "6.1.0-rpi"
    assert found.of("D-cache") == "VIVT, 16 KB, 4-way"
    assert found.of("card") == "1 Device (USB-Audio), USB 0d8c:0014, full speed, musb-hdrc"
    assert found.of("command line of the kernel") == "console=ttyS0"
    assert found.of("versions") == "pcmstress 0.1.0, numpy 1.24"


def test_facts_that_are_not_known_are_left_out():
    assert facts.of_board({}).values == ()


@pytest.mark.parametrize(
    "board",
    [
        {"cpu": [], "kernel": 3, "cards": {"a": 1}, "run": "x"},
        {"cards": [None, 3, {"card": [], "usb": {"speed_mbps": []}}]},
        {"virtual": True, "spec": None, "facts": [1]},
        {"kernel": {"release": {"a": 1}, "use_vmalloc": "yes"}},
    ],
)
def test_facts_of_a_strange_board_are_no_error(board):
    facts.of_board(board)


def test_facts_are_one_line_of_bounded_length_each():
    found = facts.of_board({"kernel": {"release": "a\nb" + "x" * 100_000}})
    assert found.of("kernel").startswith("a bx")
    assert len(found.of("kernel")) < 500


def test_facts_of_a_run_without_a_board_are_none(tmp_path):
    assert facts.read(tmp_path).values == ()
    (tmp_path / "board.json").write_text(json.dumps(BOARD))
    assert facts.read(tmp_path).of("kernel") == "6.1.0-rpi"
