# SPDX-License-Identifier: MIT
"""Where a pattern starts."""

from __future__ import annotations

from stress.model.stimulus import first_position


def test_first_position_follows_the_wall_clock_and_is_never_zero():
    assert first_position(2.5, 48000) == 120000
    assert first_position((1 << 32) / 48000, 48000) == 1
