# SPDX-License-Identifier: MIT
"""The built emulator in the cache: what a board uses, and what is stale."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.labkit import assemble, boards, emulator, listing

OLD = "qemu-vivt-7.2-00000000"


@pytest.fixture
def entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A cache with today's emulator and an older one; the name of today's."""
    monkeypatch.setenv("PCMSTRESS_CACHE", str(tmp_path))
    # The place is asked of the module, so that the test does not repeat its layout.
    lab = assemble.cache.root()
    name = f"qemu-vivt-7.2-{emulator.mark()}"
    for folder in (name, OLD):
        (lab / folder).mkdir(parents=True)
        (lab / folder / emulator.PROGRAM).touch()
    return name


def test_board_with_a_builder_uses_the_emulator_of_today(entry: str) -> None:
    assert entry in assemble.names(boards.load("armv5-vivt"))
    assert entry not in assemble.names(boards.load("armv5"))


def test_cleaning_the_board_takes_its_emulator(entry: str) -> None:
    assert listing.entries(boards.load("armv5-vivt")) == [entry]


def test_only_the_emulator_of_other_sources_is_stale(entry: str) -> None:
    assert listing.stale() == [OLD]


def test_cache_without_an_emulator_names_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PCMSTRESS_CACHE", str(tmp_path))
    assert not [name for name in assemble.names(boards.load("armv5-vivt")) if name.startswith("qemu")]
