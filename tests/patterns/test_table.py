# SPDX-License-Identifier: MIT
"""One period goes round and round, from any byte of it."""

from __future__ import annotations

import numpy as np
import pytest

from stress.patterns.table import repeat


@pytest.mark.parametrize("at", [0, 3, 6])
@pytest.mark.parametrize("size", [0, 1, 4, 7, 20])
def test_repeat_continues_the_period_from_any_place(at, size):
    table, out = np.arange(7, dtype=np.uint8), np.full(size, 99, np.uint8)
    repeat(table, at, out)
    assert out.tolist() == [(at + n) % 7 for n in range(size)]
