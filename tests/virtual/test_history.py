# SPDX-License-Identifier: MIT
"""What was stored into a ring comes back by its number, for as long as it is kept."""

from __future__ import annotations

import numpy as np

from stress.virtual import history
from stress.virtual.history import RingHistory


def _get(ring, *numbers):
    return ring.get(np.array(numbers, np.int64)).tolist()


def test_granules_come_back_by_number_and_zero_is_no_data():
    ring = RingHistory(8, 2)
    ring.put(np.array([1, 0, 2, 0, 3, 1], np.uint8))
    assert _get(ring, 1, 2, 3) == [1, 2, 0x103]
    assert _get(ring, 0, 4, -5) == [0, 0, 0]


def test_stream_that_ends_inside_a_granule_is_filled_up_with_zeros():
    ring = RingHistory(8, 4)
    ring.put(np.array([1, 2, 3, 4, 5], np.uint8))
    assert _get(ring, 1, 2) == [0x04030201, 5]


def test_next_burst_begins_at_a_lap_of_its_own_and_the_old_one_is_still_there():
    ring = RingHistory(4, 1)
    ring.put(np.arange(10, 16, dtype=np.uint8))
    ring.advance()
    assert ring.base == 8
    ring.put(np.array([50, 51], np.uint8))
    assert _get(ring, 9, 10, 1, 6) == [50, 51, 10, 15]
    assert _get(ring, 7, 8, 11) == [0, 0, 0]


def test_burst_of_whole_laps_is_followed_by_one_more_lap():
    ring = RingHistory(4, 1)
    ring.put(np.ones(4, np.uint8))
    ring.advance()
    assert ring.base == 8
    ring.advance()
    assert ring.base == 16


def test_bursts_beyond_what_is_kept_are_zeros(monkeypatch):
    monkeypatch.setattr(history, "KEPT_BYTES", 8)
    ring = RingHistory(4, 1)
    for value in (1, 2, 3):
        ring.put(np.full(4, value, np.uint8))
        ring.advance()
    # Eight bytes are two bursts of four.
    assert _get(ring, 1, 9, 17) == [1, 2, 3]
    ring.put(np.full(4, 4, np.uint8))
    ring.advance()
    assert _get(ring, 1, 9, 17, 25) == [0, 2, 3, 4]
