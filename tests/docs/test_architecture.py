# SPDX-License-Identifier: MIT
"""docs/architecture.md names every room with its floor, and no file that does not exist."""

from __future__ import annotations

import re

import pytest

from tests.docs.pages import ROOT
from tests.test_floors import FLOOR

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
STRESS = ROOT / "stress"
ROOMS = sorted({str(path.parent.relative_to(STRESS)) for path in STRESS.glob("*/**/*.py")})
# Rows of the table of rooms: names in the first cell, the floor in the second.
ROWS = re.findall(r"^\| (`[a-z`, ]+`) \| (\d) \|", PAGE, re.MULTILINE)


@pytest.mark.parametrize("room", ROOMS)
def test_room_is_named(room):
    assert f"`{room}`" in PAGE


def test_floors_are_those_that_are_held():
    told = {name: int(floor) for names, floor in ROWS for name in re.findall(r"`([a-z]+)`", names)}
    assert told == {name: floor for name, floor in FLOOR.items() if not name.startswith("__")}


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`([a-z_]+(?:/[a-z_]+)+\.py)`", PAGE))))
def test_file_that_is_named_exists(path):
    assert (STRESS / path).is_file() or (ROOT / path).is_file()
