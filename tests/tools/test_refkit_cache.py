# SPDX-License-Identifier: MIT
"""The one-at-a-time cache, against what the ARM manuals say by hand."""

from __future__ import annotations

import pytest

from stress.virtual.cache.geometry import CacheGeometry
from stress.virtual.cache.victim import random_way, random_ways, victim_starts
from tools.refkit.cache import Cache

KERNEL, USER, SETS = 1 << 20, 1 << 21, 8
ZEROS = [0] * 8


def small(**changes):
    return Cache(CacheGeometry(**{"size_bytes": 1024, "ways": 4, **changes}))


def test_store_miss_without_write_allocate_goes_to_memory_only():
    cache = small()
    assert not cache.store(USER, 3, 2, (7, 8))
    assert cache.memory[3] == [0, 0, 7, 8, 0, 0, 0, 0]
    assert cache.counters.fills == 0 and cache.find(USER, 3) is None


def test_store_hit_stays_in_the_line_until_it_is_cleaned():
    cache = small()
    cache.load(USER, 3)
    assert cache.store(USER, 3, 1, (7,))
    assert cache.peek_memory(3) == ZEROS
    cache.clean(USER, 3)
    assert cache.peek_memory(3) == [0, 7, 0, 0, 0, 0, 0, 0]
    assert cache.find(USER, 3) is not None


def test_clean_writes_the_dirty_half_and_not_the_other():
    cache = small()
    cache.load(USER, 3)
    cache.store(USER, 3, 1, (7,))
    cache.memory[3] = [1] * 8
    cache.clean(USER, 3)
    assert cache.peek_memory(3) == [0, 7, 0, 0, 1, 1, 1, 1]
    assert cache.counters.writebacks == 1


def test_write_through_store_hit_reaches_line_and_memory():
    cache = small(write_through=True)
    cache.load(USER, 3)
    cache.store(USER, 3, 0, (7,))
    assert cache.peek_memory(3)[0] == 7 and cache.load(USER, 3)[0][0] == 7
    assert cache.find(USER, 3).dirty == [False, False]


def test_write_allocate_store_miss_fills_and_leaves_memory():
    cache = small(write_allocate=True)
    cache.memory[3] = [9] * 8
    assert not cache.store(USER, 3, 0, (7,))
    assert cache.load(USER, 3) == ([7] + [9] * 7, True)
    assert cache.peek_memory(3) == [9] * 8


def test_vivt_aliases_do_not_see_each_other():
    cache = small()
    cache.load(KERNEL, 3)
    cache.store(USER, 3, 0, (7,))
    assert cache.load(KERNEL, 3) == (ZEROS, True)
    cache.invalidate(KERNEL, 3)
    assert cache.load(KERNEL, 3)[0][0] == 7


@pytest.mark.parametrize(("apart", "shared"), [(0, True), (128, False), (256, True)])
def test_vipt_aliases_share_a_line_where_the_colours_agree(apart, shared):
    # 16 KB in two ways: two page colours of 128 lines each.
    cache = Cache(CacheGeometry(size_bytes=16384, ways=2, tagging="vipt"))
    cache.load(KERNEL, 3)
    cache.store(KERNEL, 3, 0, (7,))
    words, hit = cache.load(KERNEL + apart, 3)
    assert hit is shared and words[0] == (7 if shared else 0)


def test_pipt_aliases_always_share():
    cache = small(tagging="pipt")
    cache.load(KERNEL, 3)
    cache.store(USER + 5, 3, 0, (7,))
    assert cache.load(KERNEL, 3) == ([7] + [0] * 7, True)


def test_round_robin_evicts_the_oldest_fill_of_the_set():
    cache = small()
    for number in range(5):
        cache.load(USER + number * SETS)
    resident = [cache.find(USER + number * SETS) is not None for number in range(5)]
    assert resident == [False, True, True, True, True]
    assert (cache.counters.fills, cache.counters.evictions) == (5, 1)


def test_round_robin_is_not_refreshed_by_a_hit():
    cache = small()
    for number in (0, 1, 2, 3, 0, 4):
        cache.load(USER + number * SETS)
    assert cache.find(USER) is None


def test_invalid_way_is_taken_first_only_when_preferred():
    for preferred, way in ((False, 0), (True, 2)):
        cache = small(prefer_invalid=preferred)
        for number in range(4):
            cache.load(USER + number * SETS)
        cache.invalidate(USER + 2 * SETS)
        cache.load(USER + 9 * SETS)
        assert cache.ways[0][way].key == (0, USER + 9 * SETS)


def test_global_pointer_is_moved_by_fills_of_other_sets():
    cache = small(replacement="rrg")
    for number in range(3):
        cache.load(USER + number)
    cache.load(USER + SETS)
    assert cache.ways[0][3].key == (0, USER + SETS)


def test_eviction_writes_the_victim_before_the_fill_reads():
    cache = small(size_bytes=64, ways=1)
    cache.load(USER, 3)
    cache.store(USER, 3, 0, (7,))
    assert cache.load(KERNEL, 3)[0][0] == 7


def test_flush_of_two_dirty_aliases_leaves_the_higher_way():
    cache = small()
    for line, value in ((KERNEL, 5), (USER, 7)):
        cache.load(line, 3)
        cache.store(line, 3, 0, (value,))
    cache.flush()
    assert cache.peek_memory(3)[0] == 7
    assert cache.find(KERNEL, 3) is None and cache.find(USER, 3) is None


def test_invalidate_loses_what_was_dirty_and_clean_invalidate_does_not():
    for name, kept in (("invalidate", 0), ("clean_invalidate", 7)):
        cache = small()
        cache.load(USER, 3)
        cache.store(USER, 3, 0, (7,))
        getattr(cache, name)(USER, 3)
        assert cache.load(USER, 3) == ([kept] + [0] * 7, False)


def test_range_operations_take_every_line_of_the_range():
    cache = small()
    for number in range(3):
        cache.load(USER + number, number)
        cache.store(USER + number, number, 0, (7,))
    cache.clean_invalidate(USER, 0, lines=2)
    assert [cache.peek_memory(number)[0] for number in range(3)] == [7, 7, 0]
    assert (cache.counters.cleans, cache.counters.invalidates) == (2, 2)


def test_uncached_store_misses_the_line_which_later_overwrites_it():
    cache = small()
    cache.load(KERNEL, 3)
    cache.store(KERNEL, 3, 0, (5,))
    cache.store(USER, 3, 0, (7,), uncached=True)
    assert cache.load(KERNEL, 3)[0][0] == 5
    assert cache.load(USER, 3, uncached=True)[0][0] == 7
    cache.flush()
    assert cache.peek_memory(3)[0] == 5


def test_counters_count_loads_stores_and_hits():
    cache = small()
    cache.load(USER, 1)
    cache.load(USER, 1)
    cache.store(USER, 1, 0, (1,))
    cache.store(KERNEL, 1, 0, (1,))
    cache.flush()
    counted = cache.counters
    assert (counted.loads, counted.load_hits, counted.stores, counted.store_hits) == (2, 1, 2, 1)
    assert (counted.fills, counted.flushes, counted.writebacks) == (1, 1, 1)


@pytest.mark.parametrize("ways", [2, 4, 32, 64])
def test_random_ways_are_uniform_and_equal_one_by_one(ways):
    starts = victim_starts(9, 16)
    drawn = random_ways(starts, starts.astype("int64") * 0 + 100, 4000, ways)
    assert [drawn[s, n] for s in (0, 15) for n in (0, 3999)] == [
        random_way(9, s, 100 + n, ways) for s in (0, 15) for n in (0, 3999)
    ]
    expected = drawn.size / ways
    counts = [int((drawn == way).sum()) for way in range(ways)]
    # Chi-squared with ways - 1 degrees of freedom, five standard deviations above its mean.
    assert sum((count - expected) ** 2 / expected for count in counts) < ways - 1 + 5 * (2 * ways) ** 0.5
