# SPDX-License-Identifier: MIT
import pytest

from tests.pinned.kit import differing, lines_of, read
from tests.pinned.pins_record import CASES

PINNED = read("record")


@pytest.mark.parametrize("case", CASES)
def test_record_gives_what_is_pinned(case):
    assert differing(lines_of(CASES[case]), PINNED[case]) == []


def test_record_pins_nothing_else():
    assert list(PINNED) == list(CASES)
