# SPDX-License-Identifier: MIT
"""Counters and ramps: their first value, steps, width and unit, and the age that a frame shows."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.decode import NONE
from stress.detect.foreign import counter
from stress.detect.foreign.counter import LOCK, Counter, Steps, counter_in
from stress.model.formats import FORMATS


def frames_of(values, fmt="S16_LE"):
    """Whole numbers, (n, channels), as frames of a format: the low bits of each, sign above 24 of 32."""
    bits, size = FORMATS[fmt].bits, FORMATS[fmt].sample_bytes
    values = np.asarray(values, np.int64) % (1 << bits)
    values -= (values >> (bits - 1)) << bits
    cells = values.astype("<i4").view(np.uint8).reshape(*values.shape, 4)[:, :, :size]
    return np.ascontiguousarray(cells).reshape(len(values), -1)


def counted(first, step, n, width, unit=1):
    """(n, channels) values of a counter that wraps at `width` bits."""
    made = np.array(first, np.int64) + np.arange(n)[:, None] * np.array(step, np.int64)
    return made % (1 << width) * unit


def shape(found):
    if found is None:
        return None
    return found._first.tolist(), found._step.tolist(), found._width, found._unit, found.locked_at(None)[0]


@pytest.mark.parametrize(
    ("fmt", "first", "step", "width", "unit"),
    [
        ("S16_LE", [0, 0], [1, 1], 8, 1),
        ("S16_LE", [7, 8], [2, 2], 16, 1),
        ("S16_LE", [3], [1], 16, 1),
        ("S16_LE", [40000, 5], [1, 1], 16, 1),
        ("S16_LE", [9, 200], [1, 1], 8, 256),
        ("S24_3LE", [9, 70000], [1, 1], 24, 1),
        ("S24_3LE", [9, 200], [1, 1], 16, 256),
        ("S24_LE", [9, 200, 5], [3, 3, 3], 24, 1),
        ("S32_LE", [9, 200], [2, 2], 32, 1),
        ("S32_LE", [9, 2000], [1, 1], 24, 256),
    ],
)
def test_a_counter_is_read_with_its_first_value_step_width_and_unit(fmt, first, step, width, unit):
    n = 70000 if width == 16 else 2000
    rows = frames_of(counted(first, step, n, width, unit), fmt)
    found = counter_in(rows, FORMATS[fmt], len(first), ramp=False)
    if width == 24 and fmt == "S24_3LE" or unit == 1 and width > 16:
        # As long as it has not passed a narrower width it may wrap there.
        rows = frames_of(counted([one + (1 << width) - 900 for one in first], step, n, width, unit), fmt)
        found = counter_in(rows, FORMATS[fmt], len(first), ramp=False)
        first = [(one + (1 << width) - 900) % (1 << width) for one in first]
    assert found is not None
    assert found.told == "the counter"
    assert found._step.tolist() == step
    assert (found._unit, found.locked_at(rows)) == (unit, (0, 0))
    assert found.image(np.arange(2000, dtype=np.uint32)).tolist() == rows[:2000].tolist()


def test_a_step_of_its_own_for_each_channel_is_a_ramp_only():
    rows = frames_of(counted([100, 7], [5, 65536 - 3], 3000, 16))
    assert counter_in(rows, FORMATS["S16_LE"], 2, ramp=False) is None
    found = counter_in(rows, FORMATS["S16_LE"], 2, ramp=True)
    assert shape(found) == ([100, 7], [5, 65533], 16, 1, 0)
    assert found.told == "the ramp"
    assert found.blind.startswith("the ramp (steps -3, 5 a frame, 16 bits) repeats every 65536 frames: ")


@pytest.mark.parametrize(
    ("step", "plain"), [([1, 1], True), ([2, 2], True), ([3, 3], False), ([1, 2], False), ([2, 1], False)]
)
def test_a_counter_goes_one_a_frame_or_one_a_sample(step, plain):
    rows = frames_of(counted([100, 900], step, 70000, 16))
    assert (counter_in(rows, FORMATS["S16_LE"], 2, ramp=False) is not None) is plain
    assert counter_in(rows, FORMATS["S16_LE"], 2, ramp=True) is not None


def test_a_channel_that_stands_still_is_no_counter():
    rows = frames_of(counted([100, 900], [1, 0], 3000, 16))
    assert counter_in(rows, FORMATS["S16_LE"], 2, ramp=True) is None


def test_a_counter_needs_more_frames_than_its_lock_and_a_row_of_them():
    rows = frames_of(counted([300], [1], 400, 16))
    assert counter_in(rows[:LOCK], FORMATS["S16_LE"], 1, ramp=False) is None
    assert counter_in(rows[: LOCK + 1], FORMATS["S16_LE"], 1, ramp=False) is not None
    assert counter_in(np.zeros((400, 2), np.uint8), FORMATS["S16_LE"], 1, ramp=False) is None
    # Every sixteenth frame is damaged: steps in a row are fourteen at most.
    damaged = rows.copy()
    damaged[5::16, 1] ^= 0x55
    assert counter_in(damaged, FORMATS["S16_LE"], 1, ramp=False) is None
    damaged = rows.copy()
    damaged[5::18, 1] ^= 0x55
    assert shape(counter_in(damaged, FORMATS["S16_LE"], 1, ramp=False)) == ([300], [1], 16, 1, 6)


def test_half_of_the_steps_have_to_be_right():
    # Two steps are wrong for each damaged frame.
    values = np.array(counted([300], [1], 401, 16))
    for damaged, found in ((100, True), (101, False)):
        some = values.copy()
        some[401 - 2 * damaged :: 2, 0] ^= 0x5A00
        assert (counter_in(frames_of(some), FORMATS["S16_LE"], 1, ramp=False) is not None) is found


def test_low_bits_that_damage_sets_now_and_then_are_no_unit():
    values = np.array(counted([9, 20], [1, 1], 1000, 8, 256))
    values[100:160:2] += 1
    found = counter_in(frames_of(values), FORMATS["S16_LE"], 2, ramp=False)
    assert (found._unit, found._step.tolist()) == (256, [1, 1])


def test_a_few_values_past_a_width_do_not_widen_it():
    values = np.array(counted([9, 20], [1, 1], 3000, 8))
    values[100] += 0x100
    assert counter_in(frames_of(values), FORMATS["S16_LE"], 2, ramp=False)._width == 8
    values[200:260] += 0x100
    assert counter_in(frames_of(values), FORMATS["S16_LE"], 2, ramp=False)._width == 16


def made(first=(7, 8), step=(1, 1), width=16, unit=1, fmt="S16_LE", lock=3):
    steps = Steps(np.array(first, np.int64), np.array(step, np.int64), width, unit)
    return Counter("the counter", FORMATS[fmt], steps, lock)


@pytest.mark.parametrize(
    ("step", "width", "period"),
    [((1, 1), 8, 256), ((2, 2), 8, 128), ((4, 2), 16, 32768), ((12, 8), 16, 16384), ((3, 4), 16, 65536)],
)
def test_a_counter_repeats_after_as_many_frames_as_its_oddest_step_allows(step, width, period):
    one = made(step=step, width=width)
    assert one.period == period
    assert one.locked_at(None) == (3, 3)
    due = np.arange(50, dtype=np.int64) + 90_000
    for lag in (0, 1, -1, 7, period // 2 - 1, -(period // 2)):
        rows = one.image(((due - lag) % (1 << 32)).astype(np.uint32))
        assert one.ages(rows, due).tolist() == [lag] * 50
    rows = one.image(((due - period // 2) % (1 << 32)).astype(np.uint32))
    assert one.ages(rows, due).tolist() == [-(period // 2)] * 50


def test_a_frame_whose_other_channel_is_wrong_has_no_age():
    one = made(step=(2, 1), width=16)
    due = np.arange(20, dtype=np.int64)
    rows = one.image(due.astype(np.uint32)).copy()
    rows[3, 0] ^= 1
    rows[4, 2] ^= 1
    assert [at for at, lag in enumerate(one.ages(rows, due)) if lag == NONE] == [3, 4]


def test_a_counter_in_upper_bits_has_its_ages_too():
    one = made((9, 200), (1, 1), 8, 256)
    due = np.arange(600, dtype=np.int64)
    rows = one.image(due.astype(np.uint32))
    assert rows[:2].tolist() == [[0, 9, 0, 200], [0, 10, 0, 201]]
    assert rows[300].tolist() == [0, (9 + 300) % 256, 0, (200 + 300) % 256]
    assert (one.ages(rows, due + 5) == 5).all()


def test_what_a_counter_cannot_show_is_said_with_its_steps():
    assert made().blind == (
        "the counter (step 1 a frame, 16 bits) repeats every 65536 frames: "
        "an age or a gap is known but for whole multiples of that"
    )
    assert "(step -1 a frame, 8 bits) repeats every 256 frames" in made(step=(255, 255), width=8).blind


# Small parts.


@pytest.mark.parametrize(("value", "zeros"), [(1, 0), (2, 1), (3, 0), (12, 2), (1 << 20, 20)])
def test_zeros_below_the_lowest_bit_that_is_set(value, zeros):
    assert counter._zeros(value) == zeros


@pytest.mark.parametrize("power", [2, 256, 1 << 16, 1 << 24, 1 << 32])
def test_an_odd_number_times_its_inverse_is_one(power):
    for odd in (1, 3, 5, 255, 12345, 0xFFFFFF, 0x9E3779B1):
        assert odd * counter._inverse(odd, power) % power == 1
        assert 0 <= counter._inverse(odd, power) < power


def test_the_commonest_step_is_the_smallest_of_as_many():
    assert counter._commonest(np.array([5, 3, 3, 5, 9])) == 3
    assert counter._commonest(np.array([5, 3, 3, 5, 5])) == 5


def test_the_first_run_is_that_of_so_many_right_ones():
    right = np.array([0, 1, 1, 0, 1, 1, 1, 1], bool)
    assert [counter._first_run(right, n) for n in (1, 2, 3, 4, 5)] == [1, 1, 4, 4, None]
    assert counter._first_run(np.ones(3, bool), 3) == 0


def test_values_above_the_middle_of_a_width_are_negative():
    values = (0, 127, 128, 255)
    assert [counter._signed(value, 8) for value in values] == [0, 127, -128, -1]


@pytest.mark.parametrize("fmt", ["S16_LE", "S24_3LE", "S24_LE", "S32_LE"])
def test_words_are_the_low_bits_of_each_sample_and_packed_again_as_they_were(fmt):
    bits = FORMATS[fmt].bits
    values = [[1, 0x1234], [(1 << bits) - 1, 1 << (bits - 1)], [(1 << (bits - 1)) - 1, 0]]
    rows = frames_of(values, fmt)
    words = counter._words(rows, FORMATS[fmt], 2)
    assert words.tolist() == values
    assert counter._packed(words, FORMATS[fmt]).tolist() == rows.tolist()
