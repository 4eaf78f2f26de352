# SPDX-License-Identifier: MIT
"""The measured working set: which lines, how often, in which sets, and what a ring keeps beside it."""

from __future__ import annotations

import numpy as np
import pytest

from stress.errors import ConfigError
from stress.model.pcm import Access, Handling
from stress.settings import find
from stress.virtual import footprint
from stress.virtual.accesses import AccessMaker
from stress.virtual.footprint import WorkingSet
from stress.virtual.layout import USER, granule_bytes, place_rings
from stress.virtual.spec import BoardSpec
from stress.virtual.steps import StepKind, StepList
from tests.virtual.board_kit import board, noise, stream

ROWS = ((3, 1000), (7, 1000, 250), (130, 100), (1023, 1000))


def test_no_name_is_no_footprint():
    empty = footprint.load("")
    assert (empty.ms, empty.call, empty.loop) == ((), (), ())
    assert WorkingSet(empty.ms, StepKind.KERNEL_WORK, 32).lines == 0


def test_unknown_footprint_is_refused_with_those_there_are():
    with pytest.raises(ConfigError, match=r"no footprint called 'nothing'") as caught:
        footprint.load("nothing")
    assert all(name in str(caught.value) for name in find.names("footprints"))


@pytest.mark.parametrize("row", ["[1024, 5]", "[3]", "[3, 0]", "[3, 20001]", "[]"])
def test_row_that_cannot_be_is_named(tmp_path, row):
    path = tmp_path / "bad.toml"
    path.write_text(f"ms = [[1, 1]]\nloop = [[1, 1], {row}]\n")
    with pytest.raises(ConfigError, match=r"loop\[1\]"):
        footprint.load(str(path))


@pytest.mark.parametrize("line_bytes", [16, 32, 64])
def test_lines_lie_in_the_sets_of_their_places_and_keep_apart(line_bytes):
    taken = np.unique(WorkingSet(ROWS, StepKind.KERNEL_WORK, line_bytes).take(4000))
    places = taken * line_bytes // 32 % 1024
    assert sorted(places.tolist()) == sorted(
        place - place % 2 if line_bytes == 64 else place for place in (3, 7, 7, 130, 1023)
    )
    others = np.unique(WorkingSet(ROWS, StepKind.LOOP_WORK, line_bytes).take(4000))
    assert not np.intersect1d(taken, others).size


def test_short_lines_lie_in_every_set_and_those_of_one_place_apart():
    rows = tuple((place, 1000) for place in range(100))
    taken = np.unique(WorkingSet(rows, StepKind.KERNEL_WORK, 16).take(4000))
    assert len(taken) == 100 and (taken % 2).sum() == 50
    # A line of 32 bytes of which both halves were loaded from.
    both = np.unique(WorkingSet(((3, 1000, 1000),), StepKind.KERNEL_WORK, 16).take(4000))
    assert sorted((both * 16 % 32768).tolist()) == [96, 112]


@pytest.mark.parametrize("pieces", [(4000,), (1, 2, 3, 994, 3000), (1000,) * 4])
def test_each_line_comes_as_often_as_it_was_measured_however_it_is_cut(pieces):
    work = WorkingSet(ROWS, StepKind.CALL_WORK, 32)
    assert work.lines == 3  # 3.35 lines a round
    taken = np.concatenate([work.take(count) for count in pieces])
    assert len(taken) == 4000
    lines, counts = np.unique(taken, return_counts=True)
    # 4000 loads are 4000 / 3.35 measured rounds.
    wanted = {3: 1000, 7: 1250, 130: 100, 1023: 1000}
    for place, often in wanted.items():
        share = counts[lines % 1024 == place].sum() / 4000
        assert share == pytest.approx(often / 3350, abs=0.003), place


def test_line_loaded_every_time_comes_once_a_round():
    rows = tuple((place, 1000) for place in range(0, 400, 7))
    work = WorkingSet(rows, StepKind.KERNEL_WORK, 32)
    for _ in range(5):
        assert sorted((work.take(work.lines) % 1024).tolist()) == list(range(0, 400, 7))


def test_loop_that_loads_a_line_in_three_milliseconds_of_each_wake_takes_three_rounds():
    work = WorkingSet(((3, 3000), (4, 3000), (9, 1000)), StepKind.LOOP_WORK, 32)
    assert work.lines == 6  # 2.33 lines a round
    taken = (work.take(6 * 700) % 1024).tolist()
    assert taken.count(9) == pytest.approx(700 * 6 / 7, rel=0.02)
    assert taken[:4] in ([3, 4, 3, 4], [3, 4, 3, 9]) and taken.count(3) == pytest.approx(
        700 * 18 / 7, rel=0.02
    )


def test_background_keeps_its_kinds_and_its_places_between_the_streams():
    spec = BoardSpec.load("arm926")
    sizes = stream(192).buffer_bytes, stream(240).buffer_bytes
    places = place_rings(spec, sizes, granule_bytes(4), (USER, USER))
    steps = StepList()
    order = [
        *(
            (StepKind.KERNEL_WORK, 2),
            (StepKind.USER_STORE, 20),
            (StepKind.NOISE, 3),
            (StepKind.LOOP_WORK, 1),
            (StepKind.FLUSH, 1),
        ),
        *((StepKind.KERNEL_LOAD, 9), (StepKind.KERNEL_WORK, 4), (StepKind.NOISE, 2), (StepKind.LOOP_WORK, 2)),
    ]
    for kind, count in order:
        steps.add(kind, 0, count)
    sets = {kind: WorkingSet(((5, 1000),), kind, 32) for kind in (StepKind.KERNEL_WORK, StepKind.LOOP_WORK)}
    made = AccessMaker(places, (4, 4), np.random.RandomState(0), False, sets).trace(steps.table(), (0, 0))
    own = {kind: WorkingSet(((5, 1000),), kind, 32).take(1)[0] for kind in sets}
    # A unit that is stored is two accesses, one of the kernel's copy is one; FLUSH is one.
    wanted = ["K", "K", *".." * 3, "N", "N", "N", "L", ".", ".", ".", *"KKKK", "N", "N", "L", "L"]
    names = {own[StepKind.KERNEL_WORK]: "K", own[StepKind.LOOP_WORK]: "L"}
    span = range(0x70000000 // 32, (0x70000000 + (1 << 22)) // 32)
    shared = np.zeros(len(made), dtype=bool)
    shared[made.at] = True
    got = [
        "." if shared[at] or made.op[at] else names.get(line, "N" if line in span else ".")
        for at, line in enumerate(made.vline.tolist())
    ]
    assert len(got) == len(wanted)
    # FLUSH has an address nobody looks at.
    assert got == wanted


def test_lines_of_calls_are_spread_over_time_beside_the_clock_s():
    read = footprint.Footprint(ms=((3, 1000), (9, 100)), call=((3, 510, 20), (4, 2)), loop=((8, 7),))
    found = footprint.spread(read, 0.1)
    assert found.ms == ((3, 1000, 51, 2), (4, 1), (9, 100))
    assert (found.call, found.loop) == ((), ((8, 7),))


def test_sets_that_nobody_works_in_keep_every_line_of_a_ring(tmp_path):
    # Sixteen busy lines in each of the upper 64 sets: four ways hold nothing of a ring there for a lap.
    path = tmp_path / "half.toml"
    path.write_text(f"ms = {[[place, *[1000] * 16] for place in range(64, 128)]}\n")
    quiet = {"kernel__noise_lines_per_ms": 0, "usb__captures": False}
    made = board("arm926", stream(1024), stream(1280, access=Access.RW), kernel__footprint=str(path), **quiet)
    play = noise(24000, 4)
    outcome = made.burst(play, 24000, Handling())
    wrong = (outcome.wire != play[: len(outcome.wire)]).any(axis=1)[2048:]
    line = np.arange(2048, 2048 + len(wrong)) // 8 % 128
    # Below, only the play buffer passes: a line a lap and set, so 3 of 4 laps find the old line.
    assert wrong[line < 64].mean() == pytest.approx(0.75, abs=0.03)
    assert not wrong[line >= 64].any()
    assert not outcome.captured.any()
