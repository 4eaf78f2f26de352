# SPDX-License-Identifier: MIT
"""Texts of the kernel for a bundle: those of card and driver, bounded, from a tree made for the test."""

from __future__ import annotations

from stress.board import system_texts
from stress.board.system_texts import MOST_FILES, MOST_IN_ALL, MOST_LETTERS, describe, gather, of_board


def _tree(tmp_path, files):
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_texts_are_those_of_card_driver_and_kernel(tmp_path):
    root = _tree(
        tmp_path,
        {
            "proc/cmdline": "console=ttyS0\n",
            "proc/asound/card1/id": "Device\n",
            "proc/asound/card1/pcm0p/sub0/hw_params": "closed\n",
            "proc/asound/card2/id": "Other\n",
            "proc/self/environ": "SECRET=1",
            "sys/module/snd_usb_audio/parameters/use_vmalloc": "Y\n",
            "sys/module/ext4/parameters/x": "1\n",
        },
    )
    (root / "proc/asound/card1/link").symlink_to("id")
    found = gather({1: "0902"}, root)
    assert set(found) == {
        "proc/cmdline",
        "proc/asound/card1/id",
        "proc/asound/card1/pcm0p/sub0/hw_params",
        "sys/module/snd_usb_audio/parameters/use_vmalloc",
        "card1-descriptors",
    }
    assert found["sys/module/snd_usb_audio/parameters/use_vmalloc"] == "Y\n"


def test_texts_are_bounded(tmp_path):
    files = {f"proc/asound/card0/f{n:03}": "x" * 2 * MOST_LETTERS for n in range(20)}
    found = gather({0: ""}, _tree(tmp_path, files))
    assert sum(map(len, found.values())) <= MOST_IN_ALL
    assert found["proc/asound/card0/f000"].endswith("... cut here\n")
    small = {f"proc/asound/card0/g{n:03}": "y" for n in range(MOST_FILES + 50)}
    assert len(gather({0: ""}, _tree(tmp_path / "many", small))) == MOST_FILES


def test_nothing_to_read_is_no_text(tmp_path):
    assert gather({3: ""}, tmp_path) == {}


def test_descriptors_are_told_one_by_one():
    device = "12010002" + "00" * 14
    lines = describe(device + "0904000000010100" + "00" + "0725010000" + "0000" + "ff")
    assert [line.split("  ")[0] for line in lines] == [
        "device",
        "interface",
        "class-specific endpoint",
        "1 bytes that are no descriptor",
    ]
    assert lines[1].endswith("09 04 00 00 00 01 01 00 00")
    assert describe("zz") == ["not hexadecimal"] and describe("00") == ["1 bytes that are no descriptor"]


def test_cards_of_a_board_from_elsewhere_may_be_anything():
    board = {"cards": [{"card": {"number": 1}, "usb": {"descriptors": "0902"}}, {"card": {"number": "x"}}, 7]}
    assert of_board(board) == {1: "0902"}
    assert of_board({"cards": "none"}) == {} and of_board({}) == {}
    assert system_texts.MOST_LETTERS < MOST_IN_ALL
