# SPDX-License-Identifier: MIT
"""Board descriptions: what is read, what is refused and with which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from stress.errors import ConfigError
from tools.labkit import boards

_BOARD = """
title = "one"
[emulator]
program = "qemu-system-x"
args = ["-m", "64"]
[kernel]
package = "linux-image-x"
[userland]
release = "bookworm"
arch = "armel"
packages = ["python3"]
[boot]
timeout_s = 5
"""


def _write(folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.toml").write_text(text)


def _refused(folder: Path, name: str = "one") -> str:
    with pytest.raises(ConfigError) as caught:
        boards.load(name, folder)
    return str(caught.value)


@pytest.mark.parametrize("name", boards.names())
def test_board_described_in_the_tree_loads(name: str) -> None:
    board = boards.load(name)
    assert board.name == name
    assert board.title


def test_tree_describes_the_three_boards() -> None:
    assert {"armv5", "armv7", "x86_64"} <= set(boards.names())


def test_board_values_arrive_in_their_fields(tmp_path: Path) -> None:
    _write(tmp_path, "one", _BOARD)
    board = boards.load("one", tmp_path)
    assert board.emulator.args == ("-m", "64")
    assert (board.kernel.package, board.userland.arch, board.boot.timeout_s) == ("linux-image-x", "armel", 5)
    assert board.boot.root == "9p"


def test_base_board_is_inherited_key_by_key(tmp_path: Path) -> None:
    _write(tmp_path, "one", _BOARD)
    _write(tmp_path, "two", 'base = "one"\n[boot]\nroot = "initramfs"\n[emulator.env]\nA = "b"\n')
    board = boards.load("two", tmp_path)
    assert (board.boot.root, board.boot.timeout_s, board.title) == ("initramfs", 5, "one")
    assert (board.emulator.program, board.emulator.env) == ("qemu-system-x", {"A": "b"})


def test_base_circle_is_refused(tmp_path: Path) -> None:
    _write(tmp_path, "one", 'base = "two"')
    _write(tmp_path, "two", 'base = "one"')
    assert "one -> two -> one" in _refused(tmp_path)


def test_unknown_board_names_the_nearest_and_all(tmp_path: Path) -> None:
    _write(tmp_path, "armv7", _BOARD)
    text = _refused(tmp_path, "armv77")
    assert "did you mean 'armv7'" in text
    assert str(tmp_path) in text


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("timeout = 5", ("boot.timeout", "unknown key", "did you mean 'timeout_s'")),
        ("timeout_s = 0", ("boot.timeout_s", "whole number above 0")),
        ("timeout_s = true", ("boot.timeout_s", "whole number above 0")),
        ('timeout_s = "5"', ("boot.timeout_s", "whole number above 0")),
        ('root = "nfs"', ("boot.root", "9p or initramfs")),
        ('bus = "isa"', ("boot.bus", "pci or mmio")),
        ('modules = "snd-aloop"', ("boot.modules", "a list of texts")),
        ("modules = [1]", ("boot.modules", "a list of texts")),
        ("console = 1", ("boot.console", "a text")),
    ],
)
def test_wrong_boot_key_is_refused_by_file_and_key(tmp_path: Path, line: str, words: tuple[str, ...]) -> None:
    _write(tmp_path, "one", _BOARD.replace("timeout_s = 5", line))
    text = _refused(tmp_path)
    assert str(tmp_path / "one.toml") in text
    for word in words:
        assert word in text


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('title = "one"', 'titel = "one"', ("titel", "did you mean 'title'")),
        ("[boot]", "[bot]", ("bot", "did you mean 'boot'")),
        ('release = "bookworm"', "", ("userland.release", "missing")),
        ('package = "linux-image-x"', "", ("kernel", "exactly one of package or source")),
        ('package = "linux-image-x"', 'package = "a"\nsource = "b"', ("kernel", "2 of them")),
        ("[kernel]", "[emulator.env]\nA = 1\n[kernel]", ("emulator.env", "a table of texts")),
        ("[kernel]", "[kernel", ("cannot be parsed",)),
        ("[kernel]", "[kernel]\npackage = 'x'", ("cannot be parsed",)),
    ],
)
def test_wrong_description_is_refused(tmp_path: Path, old: str, new: str, words: tuple[str, ...]) -> None:
    _write(tmp_path, "one", _BOARD.replace(old, new))
    text = _refused(tmp_path)
    for word in words:
        assert word in text
