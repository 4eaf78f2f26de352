# SPDX-License-Identifier: MIT
"""The fast engine against the one-at-a-time cache on random traces."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from stress.virtual.cache.engine import CacheEngine
from stress.virtual.cache.geometry import CacheGeometry
from stress.virtual.cache.trace import DELIVER, FLUSH, LOAD, PRETOUCH, STORE, UNCACHED, ZEROS, Trace
from tools.refkit.cache import Cache
from tools.refkit.replay import CacheReplay

PLINES = 24
# Small caches, so that everything is evicted often.
SHAPES = [
    {"size_bytes": 1024, "ways": 4},
    {"size_bytes": 512, "ways": 2, "line_bytes": 16},
    {"size_bytes": 2048, "ways": 4, "line_bytes": 64},
    {"size_bytes": 1024, "ways": 8},
    {"size_bytes": 256, "ways": 1},
    {"size_bytes": 1024, "ways": 4, "dirty_bytes": 32},
    # Two page colours of one way, and none.
    {"size_bytes": 16384, "ways": 2, "line_bytes": 64, "tagging": "vipt"},
    {"size_bytes": 1024, "ways": 4, "tagging": "vipt"},
    {"size_bytes": 1024, "ways": 4, "tagging": "pipt"},
]
POLICIES = [
    {},
    {"write_allocate": True},
    {"write_through": True},
    {"write_allocate": True, "write_through": True},
]
REPLACEMENTS = [
    {"replacement": "rr"},
    {"replacement": "random"},
    {"replacement": "rrg"},
    {"replacement": "rr", "prefer_invalid": True},
    {"replacement": "random", "prefer_invalid": True},
]


def random_trace(random, shape, length, whole_lines, maintenance=True):
    """Draw accesses to a few shared and private lines, all crowded into few sets."""
    words = shape.line_words
    weights = [8, 6, 1, 0.5, 0.5, 0.3] if maintenance else [8, 6, 0, 0, 0, 0.3]
    op = random.choice(6, size=length, p=np.array(weights) / sum(weights))
    pline = np.where(random.rand(length) < 0.6, random.randint(0, PLINES, length), -1)
    alias = random.randint(0, 2, length)
    base = np.where(alias == 1, 0x40000000, 0xD0000000 + 4096) // shape.line_bytes
    private = 0x70000000 // shape.line_bytes + random.randint(0, 4 * shape.sets * shape.ways, length)
    lo = np.zeros(length, int) if whole_lines else random.randint(0, words, length)
    hi = np.full(length, words) if whole_lines else lo + 1 + (random.rand(length) * (words - lo)).astype(int)
    loads = DELIVER * (random.rand(length) < 0.7) + PRETOUCH * (random.rand(length) < 0.3)
    flags = np.where(op == LOAD, loads, 0)
    flags = flags + np.where(op == STORE, ZEROS * (random.rand(length) < 0.1), 0)
    flags = flags + UNCACHED * ((op <= STORE) & (random.rand(length) < 0.05))
    value = random.randint(100, 10**6, length) * 100
    return op, np.where(pline >= 0, base + pline, private), pline, alias, lo, hi, value, flags


def cut(columns, first, end):
    """Return accesses `first` to `end` as a trace; those of a negative line are private."""
    op, vline, *shared = (column[first:end] for column in columns)
    at = np.flatnonzero((shared[0] >= 0) & (op != FLUSH)).astype(np.int64)
    *rest, flags = (column[at] for column in shared)
    wide = (column.astype(np.int64) for column in rest)
    return Trace(op.astype(np.uint8), vline.astype(np.int64), at, *wide, flags.astype(np.uint8))


def compare(engine, replay, trace):
    """Run one trace through both and compare everything they tell."""
    got, expected = engine.run(trace), replay.run(trace)
    assert len(got.row) == len(expected.row)
    assert np.array_equal(got.row, expected.row)
    assert np.array_equal(got.values, expected.values)
    assert np.array_equal(got.hit, expected.hit)
    assert np.array_equal(got.fill_flags, expected.fill_flags)
    assert np.array_equal(got.fill_value, expected.fill_value)
    count, words = got.values.shape
    delivery, word = np.repeat(np.arange(count), words), np.tile(np.arange(words), count)
    assert np.array_equal(
        got.witness.memory_word(delivery, word), expected.witness.memory_word(delivery, word)
    )
    assert engine.fills == replay.fills
    memory = [replay.cache.peek_memory(pline) for pline in range(len(engine.memory))]
    assert engine.memory.tolist() == memory
    for alias in (0, 1):
        known = [(alias, p) in replay.vlines for p in trace.pline[got.row[delivery]]]
        delivered, at = delivery[known], word[known]
        assert np.array_equal(
            got.witness.alias_word(delivered, at, alias), expected.witness.alias_word(delivered, at, alias)
        )


@pytest.mark.parametrize("replacement", REPLACEMENTS, ids=str)
@pytest.mark.parametrize("policy", POLICIES, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_engine_on_random_traces_equals_the_cache(shape, policy, replacement):
    geometry = CacheGeometry(**{**shape, **policy, **replacement})
    random = np.random.RandomState(zlib.crc32(f"{shape}{policy}".encode()) % 2**31)
    columns = random_trace(random, geometry, 900, whole_lines=len(policy) == 1, maintenance=True)
    engine, replay = CacheEngine(geometry, PLINES, seed=5), CacheReplay(Cache(geometry, seed=5))
    for first, end in ((0, 400), (400, 401), (401, 401), (401, 900)):
        compare(engine, replay, cut(columns, first, end))
