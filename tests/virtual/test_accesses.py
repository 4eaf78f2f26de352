# SPDX-License-Identifier: MIT
"""Steps become accesses of one line each: checked against a slow loop over bytes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stress.model.pcm import Access
from stress.virtual.accesses import AccessMaker
from stress.virtual.cache import trace as ops
from stress.virtual.cache.geometry import named_geometry
from stress.virtual.layout import KERNEL, USER, granule_bytes, place_rings
from stress.virtual.spec import BoardSpec
from stress.virtual.steps import StepKind, StepList
from tests.virtual.board_kit import stream

STEPS = (
    (StepKind.ZERO_PLAYBACK, 0, 195),
    (StepKind.NOISE, 0, 3),
    (StepKind.USER_LOAD, 0, 100),
    (StepKind.USER_STORE, 0, 100),
    (StepKind.FLUSH, 0, 1),
    (StepKind.USER_STORE, 100, 195),
    (StepKind.NOISE, 0, 2),
    (StepKind.USER_STORE, 195, 197),
    (StepKind.KERNEL_LOAD, 0, 150),
    (StepKind.USER_CLEAN, 190, 197),
    (StepKind.KERNEL_STORE, 0, 230),
    (StepKind.USER_READ, 0, 47),
    (StepKind.USER_READ, 230, 260),
    (StepKind.USER_AHEAD, 48, 96),
    (StepKind.NOISE, 0, 4),
)
MAPPED = dict.fromkeys(
    (
        StepKind.USER_LOAD,
        StepKind.USER_STORE,
        StepKind.USER_CLEAN,
        StepKind.USER_READ,
        StepKind.USER_AHEAD,
    ),
    "user",
)


def make(fmt, channels, ring, access=Access.MMAP, fills=False, core="arm926", **changes):
    spec = BoardSpec.load(core, {key.replace("__", "."): value for key, value in changes.items()})
    width = stream(ring, fmt=fmt, channels=channels).frame_bytes
    granule = granule_bytes(width)
    alias = USER if access is Access.MMAP else KERNEL
    places = place_rings(spec, (ring * width, (ring + 48) * width), granule, (alias, alias))
    maker = AccessMaker(places, (width, width), np.random.RandomState(0), fills)
    return maker, places, width


def trace_of(maker, bases=(0, 0)):
    steps = StepList()
    for step in STEPS:
        steps.add(*step)
    return maker.trace(steps.table(), bases)


def bytewise(places, width):
    """Return (kind, ring, line of the ring, first and end byte of the stream) one byte after the other."""
    rows = []
    for kind, first, end in STEPS:
        ring = 1 if kind in (StepKind.KERNEL_STORE, StepKind.USER_READ, StepKind.USER_AHEAD) else 0
        if kind in (StepKind.NOISE, StepKind.FLUSH):
            continue
        place, last = places[ring], None
        for byte in range(first * width, end * width):
            offset = byte % place.ring_bytes
            where = (byte // place.ring_bytes, offset // place.line_bytes)
            if where != last:
                rows.append([kind, ring, where[1], byte, byte])
            last = where
            rows[-1][4] = byte + 1
        last = None
    return rows


@pytest.mark.parametrize(
    ("fmt", "channels", "ring"),
    [("S16_LE", 2, 192), ("S16_LE", 2, 195), ("S24_3LE", 2, 194), ("S32_LE", 4, 195)],
)
def test_ring_accesses_equal_a_loop_over_bytes(fmt, channels, ring):
    maker, places, width = make(fmt, channels, ring)
    made = trace_of(maker, (1000, 5000))
    wanted = []
    for kind, which, line, first, end in bytewise(places, width):
        place = places[which]
        alias = USER if kind in MAPPED else KERNEL
        lo = first % place.ring_bytes % place.line_bytes // place.granule_bytes
        row = (
            place.pline + line,
            alias,
            place.vlines[alias] + line,
            lo,
            lo + (end - first) // place.granule_bytes,
            first // place.granule_bytes + 1 + (1000, 5000)[which],
        )
        wanted.append(row)
    columns = (made.pline, made.alias, made.vline[made.at], made.lo, made.hi, made.value)
    got = list(zip(*(column.tolist() for column in columns)))
    assert len(got) == len(wanted)
    assert got == wanted


def test_order_of_accesses_keeps_background_and_maintenance_in_place():
    maker, places, _ = make("S16_LE", 2, 192)
    made = trace_of(maker)
    shared = np.zeros(len(made), dtype=bool)
    shared[made.at] = True
    flush = np.flatnonzero(made.op == ops.FLUSH)
    assert len(flush) == 1
    zeroed = 192 * 4 // 32 + 1  # 195 frames: the ring and three frames of the next lap
    lines = -(-100 * 4 // 32)
    # 3 background lines, then the ring's loads, then per unit: play buffer, ring store.
    assert not shared[zeroed : zeroed + 3].any()
    assert flush[0] == zeroed + 3 + 3 * lines
    assert not shared[-4:].any() and shared[-5]


def test_stored_unit_comes_behind_its_part_of_the_play_buffer():
    maker, _, _ = make("S16_LE", 2, 192)
    made = trace_of(maker)
    first = made.at[np.flatnonzero((made.op[made.at] == ops.STORE) & (made.alias == USER))[0]]
    assert made.op[first - 1] == ops.LOAD
    assert made.vline[first - 1] * 32 == 0x50000000


def test_captured_buffer_is_stored_where_stores_allocate():
    without, _, _ = make("S16_LE", 2, 192)
    maker, _, _ = make("S16_LE", 2, 192, fills=True)
    made, plain = trace_of(maker), trace_of(without)
    reads = [row for row in bytewise(maker_places(), 4) if row[0] == StepKind.USER_READ]
    assert len(made) - len(plain) == len(reads)
    private = np.ones(len(made), dtype=bool)
    private[made.at] = False
    assert (made.op[private] == ops.STORE).sum() == len(reads)


def maker_places():
    return make("S16_LE", 2, 192)[1]


def test_flags_follow_the_mappings_and_the_kind():
    for core, changes, kernel, user in (
        ("arm926", {}, 0, 0),
        ("arm926", {"kernel__mapping": "user-noncached"}, 0, 1),
        ("arm926", {"kernel__mapping": "kernel-noncached"}, 1, 0),
        ("arm926", {"kernel__mapping": "writecombine"}, 1, 1),
        ("arm926", {"kernel__use_vmalloc": False}, 1, 1),
        ("x86_64", {"kernel__use_vmalloc": False}, 0, 0),
    ):
        maker, _, _ = make("S16_LE", 2, 192, core=core, **changes)
        made = trace_of(maker)
        uncached = (made.flags & ops.UNCACHED) // ops.UNCACHED
        assert (uncached[made.alias == KERNEL] == kernel).all()
        assert (uncached[made.alias == USER] == user).all()
    assert (made.flags & ops.ZEROS).any() and (made.flags & ops.PRETOUCH).any()
    delivered = made.op[made.at][(made.flags & ops.DELIVER) != 0]
    assert len(delivered) and (delivered == ops.LOAD).all()


def test_rw_access_uses_the_kernel_mapping_only():
    maker, _, _ = make("S16_LE", 2, 192, access=Access.RW)
    assert (trace_of(maker).alias == KERNEL).all()


@pytest.mark.parametrize(
    ("frame", "granule"), [(1, 1), (2, 2), (3, 1), (4, 4), (6, 2), (9, 1), (12, 4), (32, 4)]
)
def test_granule_is_the_largest_that_divides_a_frame(frame, granule):
    assert granule_bytes(frame) == granule


@pytest.mark.parametrize(("word", "line", "dirty"), [(4, 8, 4), (2, 16, 8), (1, 32, 16)])
def test_word_of_a_geometry_changes_its_units_and_nothing_else(word, line, dirty):
    shape = replace(named_geometry("arm926"), word_bytes=word)
    assert (shape.sets, shape.ways, shape.line_words, shape.dirty_words) == (128, 4, line, dirty)
    assert (shape.colours, shape.line_bytes) == (1, 32)


def test_rings_do_not_overlap_and_keep_their_colours():
    spec = BoardSpec.load("arm1176-32k")
    playback, capture = place_rings(spec, (5000, 3000), 4, (USER, USER))
    page = 4096 // 32
    assert playback.pline + -(-5000 // 32) <= capture.pline
    for place in (playback, capture):
        assert (place.vlines[USER] - place.vlines[KERNEL]) % (2 * page) == page
    same = BoardSpec.load("arm1176-32k", {"cache.colour": 0})
    for place in place_rings(same, (5000, 3000), 4, (USER, USER)):
        assert (place.vlines[USER] - place.vlines[KERNEL]) % (2 * page) == 0
