# SPDX-License-Identifier: MIT
"""The on-device tier on streams of silence with single samples in them: what alarms, and when."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.spectral.periodic import ALARM, BLOCK, Alarm, PeriodicDifference
from stress.errors import ConfigError

PERIOD, FRAMES = 500, 4 * 4096


def _alarms(marks, frames=FRAMES, channels=2, most=1000, base=None):
    # Marks are values by (frame, channel), on silence.
    samples = np.zeros((frames, channels), dtype=np.int16) if base is None else base.copy()
    for (frame, channel), value in marks.items():
        samples[frame, channel] = value
    checker = PeriodicDifference(channels, PERIOD, most)
    checker.feed(samples)
    return checker, checker.finish()


@pytest.mark.parametrize(("channels", "period"), [(0, 5), (2, 0), (-1, 5), (2, -1)])
def test_no_channel_and_no_period_are_refused(channels, period):
    with pytest.raises(ConfigError, match=f"period {period}, channels {channels}"):
        PeriodicDifference(channels, period)


def test_one_channel_and_a_period_of_one_are_accepted():
    checker = PeriodicDifference(1, 1)
    checker.feed(np.array([[5], [5], [5]], dtype=np.int16))
    assert (checker.finish(), checker.checked, checker.count) == ((), 2, 0)


@pytest.mark.parametrize(("value", "count"), [(ALARM, 0), (ALARM + 1, 1), (-ALARM, 0), (-ALARM - 1, 1)])
def test_more_than_ten_means_alarm_and_a_mean_of_nothing_is_one(value, count):
    checker, found = _alarms({(3000, 1): value})
    assert checker.count == count
    assert found == (Alarm(3000, 1, value, 0, True),)[:count]


@pytest.mark.parametrize("frames", [3000, PERIOD + BLOCK, PERIOD + BLOCK + 1, PERIOD + 2 * BLOCK, 9999])
def test_all_frames_behind_the_first_period_are_checked(frames):
    checker, _ = _alarms({}, frames)
    assert checker.checked == frames - PERIOD


def test_alarm_names_the_largest_sample_of_its_event():
    checker, found = _alarms({(3000, 0): 50, (3003, 1): -90, (3004, 0): 60})
    assert [(one.frame, one.channel, one.difference) for one in found] == [(3003, 1, -90)]
    assert checker.count == 1


@pytest.mark.parametrize(("apart", "count"), [(63, 1), (64, 1), (65, 2)])
def test_loud_frames_within_64_are_one_event(apart, count):
    checker, found = _alarms({(3000, 0): 50, (3000 + apart, 0): 60})
    assert (checker.count, len(found)) == (count, count)
    assert found[-1].frame == 3000 + apart


def _echoed(frame, value, echo, late=0):
    # A sample, and one a period later that leaves so much of the opposite sign.
    return {(frame, 0): value, (frame + PERIOD + late, 0): value + echo}


@pytest.mark.parametrize(("echo", "confirmed"), [(-100, True), (-50, True), (-49, False), (-51, True)])
def test_echo_of_half_the_size_and_opposite_sign_confirms(echo, confirmed):
    _, found = _alarms(_echoed(3000, 100, echo))
    assert [one.confirmed for one in found if one.frame == 3000] == [confirmed]


def test_echo_of_the_same_sign_confirms_nothing():
    _, found = _alarms({(3000, 0): 100, (3000 + PERIOD, 0): 300, (3000 + 2 * PERIOD, 0): 300})
    assert [one.confirmed for one in found if one.frame == 3000] == [False]


def test_echo_is_looked_for_in_the_channel_of_the_alarm():
    # The other channel is louder a period later; the echo is in the first one.
    _, found = _alarms({(3000, 0): 100, (3000 + PERIOD, 1): 900})
    assert found[0] == Alarm(3000, 0, 100, 0, True)


@pytest.mark.parametrize(("late", "confirmed"), [(-24, True), (24, True), (25, False), (-25, False)])
def test_echo_may_peak_24_frames_beside_its_place(late, confirmed):
    # At its place the echo has 60 of 100; beside it something louder peaks.
    marks = {(3000, 0): 100, (3000 + PERIOD, 0): 40, (3000 + PERIOD + late, 0): -90}
    _, found = _alarms(marks)
    assert [one.confirmed for one in found if one.frame == 3000] == [confirmed]


@pytest.mark.parametrize(
    "frame", [PERIOD, PERIOD + 1, BLOCK - 1, BLOCK, BLOCK + 1, PERIOD + BLOCK - 1, PERIOD + BLOCK]
)
def test_event_at_the_borders_of_blocks_is_confirmed_once(frame):
    checker, found = _alarms({(frame, 0): 100})
    assert [(one.frame, one.difference, one.confirmed) for one in found] == [(frame, 100, True)]
    assert checker.count == 1


@pytest.mark.parametrize(("frames", "confirmed"), [(3000 + PERIOD, None), (3000 + PERIOD + 1, True)])
def test_alarm_whose_echo_is_not_due_when_the_capture_ends_is_open(frames, confirmed):
    _, found = _alarms({(3000, 0): 100}, frames)
    assert [one.confirmed for one in found] == [confirmed]


def test_event_cut_by_a_block_keeps_its_larger_half():
    border = PERIOD + BLOCK
    for first, second in ((100, 60), (60, 100), (60, -100), (-100, 60)):
        checker, found = _alarms({(border - 1, 0): first, (border, 1): second})
        larger = first if abs(first) > abs(second) else second
        place = (border - 1, 0) if larger == first else (border, 1)
        assert [(one.frame, one.channel, one.difference) for one in found] == [(*place, larger)]
        assert checker.count == 1


def test_tail_of_a_strong_event_within_a_period_is_left_out():
    for tail, count in ((19, 1), (20, 2), (21, 2)):
        checker, _ = _alarms({(3000, 0): 1000, (3200, 0): tail})
        assert checker.count == count


@pytest.mark.parametrize(("apart", "count"), [(PERIOD - 25, 1), (PERIOD - 24, 2)])
def test_tail_ends_where_the_echo_may_begin(apart, count):
    checker, _ = _alarms({(3000, 0): 1000, (3000 + apart, 0): 15})
    assert checker.count == count


@pytest.mark.parametrize(("after", "count"), [(PERIOD + 100, 1), (2 * PERIOD + 100, 2)])
def test_tail_of_the_echo_is_left_out_as_well(after, count):
    base = np.zeros((FRAMES, 2), dtype=np.int16)
    base[2000 + after :, 0] = 15
    base[2000, 0] = 1000
    checker, found = _alarms({}, base=base)
    assert (checker.count, found[0].confirmed) == (count, True)


def test_alarms_are_in_order_of_frames_and_those_above_the_most_are_counted():
    marks = {(frame, 0): 100 for frame in (2000, 4000, 6000, 8000)}
    checker, found = _alarms(marks)
    assert [one.frame for one in found] == [2000, 4000, 6000, 8000]
    checker, found = _alarms(marks, most=3)
    assert [one.frame for one in found] == [2000, 4000, 6000]
    assert checker.count == 4
    assert _alarms(marks, most=0)[1] == ()


@pytest.mark.parametrize(("frames", "confirmed"), [(3524, None), (3525, False), (FRAMES, False)])
def test_alarm_without_an_echo_is_not_confirmed_once_that_is_overdue(frames, confirmed):
    # The sample is there in all later periods too: nothing comes back.
    marks = {(frame, 0): 100 for frame in range(3000, frames, PERIOD)}
    checker, found = _alarms(marks, frames)
    assert [(one.frame, one.confirmed) for one in found] == [(3000, confirmed)]
    assert checker.count == 1


def _noisy(levels):
    # Blocks whose differences have a known mean: a frame has the sum of the steps before it.
    samples = np.zeros((PERIOD + BLOCK * len(levels), 2), dtype=np.int16)
    for n, level in enumerate(levels):
        for start in range(PERIOD + n * BLOCK, PERIOD + (n + 1) * BLOCK, PERIOD):
            stop = min(start + PERIOD, PERIOD + (n + 1) * BLOCK)
            samples[start:stop] = samples[start - PERIOD : stop - PERIOD] + level * (-1) ** (start // PERIOD)
    return samples


@pytest.mark.parametrize(
    ("levels", "mean"),
    [
        ([5], 5),
        ([5, 5], 5),
        ([8, 16], 9),
        ([8, 9], 9),
        ([16, 8], 15),
        ([0, 8], 1),
        ([1, 900], 5),
        ([0, 900], 1),
    ],
)
def test_mean_runs_over_eight_blocks_rounded_up_and_grows_fourfold_at_most(levels, mean):
    checker = PeriodicDifference(2, PERIOD)
    checker.feed(_noisy(levels))
    assert checker._mean == mean


@pytest.mark.parametrize(("value", "count"), [(50, 0), (51, 1)])
def test_limit_is_ten_times_the_mean_of_the_block(value, count):
    samples = _noisy([5, 5])
    frame = PERIOD + BLOCK + 700
    step = int(samples[frame, 0] - samples[frame - PERIOD, 0])
    samples[frame, 0] += value - step if step > 0 else -value - step
    checker = PeriodicDifference(2, PERIOD)
    checker.feed(samples)
    assert checker.count == count
    assert [one.mean for one in checker.finish()] == [5] * count


def test_block_quieter_than_the_mean_is_judged_by_its_own_and_one():
    # After a block of 50 the running mean is 44, but this one has none: the limit is ten.
    samples = _noisy([50, 0])
    samples[PERIOD + BLOCK + 700, 0] += 11
    checker = PeriodicDifference(2, PERIOD)
    checker.feed(samples)
    assert checker.count == 1


def test_json_of_an_alarm_is_its_fields():
    assert Alarm(5, 1, -90, 3, None).to_json() == {
        "frame": 5,
        "channel": 1,
        "difference": -90,
        "mean": 3,
        "confirmed": None,
    }


BORDER = PERIOD + BLOCK


def _lasting(*marks):
    # Values that come again in all later periods, so that they have no echo.
    return {(n, 0): value for frame, value in marks for n in range(frame, FRAMES, PERIOD)}


@pytest.mark.parametrize(("apart", "count"), [(64, 1), (65, 2)])
def test_event_within_64_frames_behind_the_border_belongs_to_the_one_before_it(apart, count):
    checker, _ = _alarms(_lasting((BORDER - 1, 90), (BORDER - 1 + apart, 60)))
    assert checker.count == count


@pytest.mark.parametrize(("apart", "count"), [(64, 1), (65, 2)])
def test_event_within_64_frames_of_an_echo_is_left_out(apart, count):
    echo = BORDER - 1
    checker, _ = _alarms({(echo - PERIOD, 0): 100, **_lasting((echo + apart, 60))})
    assert checker.count == count


def test_first_of_two_equal_halves_of_an_event_is_named():
    _, found = _alarms(_lasting((BORDER - 1, 60), (BORDER, -60)))
    assert [(one.frame, one.difference) for one in found] == [(BORDER - 1, 60)]


def test_event_shortly_before_an_echo_that_the_next_block_has_is_part_of_it():
    checker, found = _alarms({(BORDER - PERIOD, 0): 100, **_lasting((BORDER - 6, 50))})
    assert checker.count == 1
    assert [(one.frame, one.confirmed) for one in found] == [(BORDER - PERIOD, True)]


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize(("between", "count"), [(ALARM, 2), (ALARM + 1, 1)])
def test_frame_at_the_limit_joins_nothing(sign, between, count):
    marks = ((3000, 90), (3060, between), (3120, 90))
    checker, _ = _alarms(_lasting(*((frame, sign * value) for frame, value in marks)))
    assert checker.count == count
