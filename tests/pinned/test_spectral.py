# SPDX-License-Identifier: MIT
import pytest

from tests.pinned.kit import differing, lines_of, read
from tests.pinned.pins_spectral import CASES

PINNED = read("spectral")


@pytest.mark.parametrize("case", CASES)
def test_spectral_gives_what_is_pinned(case):
    assert differing(lines_of(CASES[case]), PINNED[case]) == []


def test_spectral_pins_nothing_else():
    assert list(PINNED) == list(CASES)
