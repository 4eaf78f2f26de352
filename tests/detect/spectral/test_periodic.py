# SPDX-License-Identifier: MIT
"""The on-device tier: integers only, streaming, whatever the pieces."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.spectral import PeriodicDifference
from stress.detect.spectral.periodic import BLOCK, Alarm
from stress.errors import ConfigError
from stress.model.formats import FORMATS
from stress.patterns.analog_periodic import PERIOD, PeriodicNoise
from stress.virtual.card.analog import AnalogChannel, quantize

RATE, FRAMES = 48000, 48000
LINES = (9600, 20008, 33336)


@pytest.fixture(scope="module")
def clean():
    out = np.empty(FRAMES * 4, dtype=np.uint8)
    PeriodicNoise(RATE, 2, FORMATS["S16_LE"]).fill(12345, out)
    return out.view("<i2").reshape(-1, 2) / 32768.0


def heard(played, snr=50.0, **channel):
    path = AnalogChannel(
        gain_db=-3, delay_frames=300.4, lowpass_hz=14000, noise_dbfs=20 * np.log10(0.18) - 3 - snr, **channel
    )
    return quantize(path.transmit(played, RATE, FRAMES, 1)).astype(np.int16)


def alarms(samples, pieces=1024, **settings):
    checker = PeriodicDifference(2, PERIOD, **settings)
    for start in range(0, len(samples), pieces):
        checker.feed(samples[start : start + pieces])
    return checker, checker.finish()


def stale(clean, frames=8, lag=4800):
    played = clean.copy()
    for at in LINES:
        played[at : at + frames] = clean[at - lag : at - lag + frames]
    return played


@pytest.mark.parametrize("snr", [60.0, 40.0, 30.0])
@pytest.mark.parametrize("frames", [4, 8])
def test_stale_lines_alarm_once_and_are_confirmed_by_their_echo(clean, snr, frames):
    checker, found = alarms(heard(stale(clean, frames), snr)[400:])
    assert [round((a.frame + 400 - 301 - at) / 16) for a, at in zip(found, LINES)] == [0, 0, 0]
    assert [a.confirmed for a in found] == [True, True, True]
    assert checker.count == 3


@pytest.mark.parametrize("snr", [60.0, 30.0])
@pytest.mark.parametrize("channel", [{}, {"second": 0.2, "third": 0.3, "dc": 0.1}])
def test_clean_capture_never_alarms_not_even_distorted(clean, snr, channel):
    checker, found = alarms(heard(clean, snr, **channel)[400:])
    assert found == () and checker.count == 0
    assert checker.checked == FRAMES - 400 - PERIOD


@pytest.mark.parametrize("pieces", [37, 1021, 5000, 60000])
def test_pieces_do_not_change_what_is_found(clean, pieces):
    samples = heard(stale(clean))[400:]
    one, found = alarms(samples)
    other, again = alarms(samples, pieces)
    assert (other.checked, other.count) == (one.checked, one.count) == (len(samples) - PERIOD, 3)
    assert again == found


def test_lag_of_whole_periods_is_invisible_as_the_guard_says(clean):
    checker, found = alarms(heard(stale(clean, 8, 4 * PERIOD))[400:])
    assert found == () and checker.count == 0


def test_single_click_is_not_confirmed_at_the_end_and_cap_keeps_the_count(clean):
    samples = heard(clean)[400:]
    samples[-200] = 20000
    _, found = alarms(samples)
    assert [a.confirmed for a in found] == [None]
    checker, found = alarms(heard(stale(clean))[400:], most=1)
    assert len(found) == 1 and checker.count == 3


def test_capture_shorter_than_a_period_compares_nothing():
    checker, found = alarms(np.ones((1000, 2), dtype=np.int16))
    assert checker.checked == 0 and found == ()


def test_period_below_one_is_refused():
    with pytest.raises(ConfigError, match="period 0"):
        PeriodicDifference(2, 0)


@pytest.mark.parametrize("what", ["event", "echo"])
def test_event_or_echo_cut_by_the_end_of_a_block_counts_once(clean, what):
    at = LINES[1]
    played = clean.copy()
    played[at : at + 8] = clean[at - 4800 : at - 4800 + 8]
    samples, peak = heard(played, 60.0), at + 304
    loud = peak + (PERIOD if what == "echo" else 0)
    for shift in range(-14, 15, 2):
        # The third block ends right where it is loud.
        start = loud + shift - PERIOD - 3 * BLOCK
        checker, found = alarms(samples[start:])
        assert checker.count == 1
        assert [alarm.confirmed for alarm in found] == [True]
        assert abs(found[0].frame + start - peak) <= 16


def test_what_a_strong_event_leaves_within_a_period_is_no_event_of_its_own():
    samples = np.random.default_rng(3).integers(-3, 4, (40000, 2)).astype(np.int16)
    samples[10000, 0] = 10000
    samples[10300:10305, 0] = 80
    samples[30000:30005, 1] = 80
    checker, found = alarms(samples)
    assert checker.count == 2
    assert [(alarm.frame // 10, alarm.confirmed) for alarm in found] == [(1000, True), (3000, True)]
    samples[10300:10305, 0] = 800
    assert alarms(samples)[0].count == 3


def _checker(*opened, echoes=(), period=100):
    checker = PeriodicDifference(2, period)
    checker._open = [Alarm(frame, channel, value, 3, None) for frame, channel, value in opened]
    checker._echoes = list(echoes)
    return checker


def _event(checker, start, *loud, n=400):
    """Judge one event: samples (frame, channel, value) of a block that begins at frame `start`."""
    difference = np.zeros((n, 2), np.int16)
    for frame, channel, value in loud:
        difference[frame - start, channel] = value
    group = np.array(sorted({frame - start for frame, _, _ in loud}))
    checker._event(difference, group, start)
    return checker


def _places(checker):
    return [(one.frame, one.channel, one.difference, one.confirmed) for one in checker._open]


def test_event_is_told_by_its_largest_difference():
    one = _event(_checker(), 1000, (1010, 0, 50), (1011, 1, -70), (1013, 0, 60))
    assert (_places(one), one.count) == ([(1011, 1, -70, None)], 1)
    assert one._open[0].mean == 0
    one._mean = 9
    assert _event(one, 2000, (2010, 0, 50))._open[1].mean == 9


@pytest.mark.parametrize(
    ("value", "frame", "confirmed"),
    [
        (-50, 1110, True),
        (-49, 1110, False),
        (50, 1110, False),
        (-99, 1134, True),
        (-99, 1135, False),
        (-99, 1086, True),
        (-99, 1085, False),
    ],
)
def test_echo_is_half_as_strong_of_the_other_sign_one_period_later(value, frame, confirmed):
    # The peak may be on another sample near; what counts is the one a period later.
    loud = [(1110, 1, value)] if frame == 1110 else [(1110, 1, -60), (frame, 0, value)]
    one = _event(_checker((1010, 1, 100)), 1000, *loud)
    kept = [(alarm.frame, alarm.confirmed) for alarm in one._alarms]
    assert kept == ([(1010, True)] if confirmed else [])
    assert one.count == (0 if confirmed else 1)
    assert one._echoes == ([(1110, 100)] if confirmed else [])


def test_echo_that_the_next_block_shows_whole_is_left_to_it():
    one = _event(_checker((1010, 1, 100)), 1000, (1105, 0, -90), n=110)
    assert (one.count, _places(one), one._alarms) == (0, [(1010, 1, 100, None)], [])
    # One that was due before the block is none.
    late = _event(_checker((1010, 1, 100)), 1111, (1115, 1, -90))
    assert late.count == 1


@pytest.mark.parametrize(("frame", "joined"), [(1074, True), (1075, False), (946, True), (945, False)])
def test_event_near_an_open_one_is_the_same(frame, joined):
    one = _event(_checker((1010, 0, 50), period=500), 900, (frame, 1, -70))
    assert one.count == (0 if joined else 1)
    assert _places(one)[0] == ((frame, 1, -70, None) if joined else (1010, 0, 50, None))
    softer = _event(_checker((1010, 0, 50), period=500), 900, (frame, 1, -50))
    assert _places(softer)[0] == (1010, 0, 50, None)


@pytest.mark.parametrize(("frame", "heard"), [(1064, False), (1065, True), (936, False), (935, True)])
def test_event_near_an_echo_is_the_echo(frame, heard):
    one = _event(_checker(echoes=[(1000, 50)], period=5000), 900, (frame, 0, 60))
    assert one.count == heard


@pytest.mark.parametrize(
    ("frame", "value", "tail"),
    [
        (1001, 1, True),
        (1000, 1, False),
        (1475, 1, True),
        (1476, 1, False),
        (1200, 2, False),
        (1200, -1, True),
    ],
)
def test_tail_is_a_fiftieth_of_a_strong_event_within_a_period(frame, value, tail):
    assert _checker((1000, 0, -100), period=500)._tail(frame, value) is tail
    assert _checker(echoes=[(1000, 100)], period=500)._tail(frame, value) is tail
    assert _checker()._tail(frame, value) is False


@pytest.mark.parametrize(("now", "open_still"), [(1134, 1), (1135, 0)])
def test_event_without_an_echo_is_not_confirmed_once_that_was_due(now, open_still):
    one = _checker((1010, 0, 50))
    one._expire(now)
    assert len(one._open) == open_still
    assert [alarm.confirmed for alarm in one._alarms] == [False] * (1 - open_still)


@pytest.mark.parametrize(("now", "known"), [(1100, True), (1101, False)])
def test_echo_is_known_for_a_period(now, known):
    one = _checker(echoes=[(1000, 50)])
    one._expire(now)
    assert bool(one._echoes) is known


def test_alarms_are_kept_up_to_a_number():
    one = PeriodicDifference(2, 100, most=2)
    some = [Alarm(n, 0, 1, 1, True) for n in range(3)]
    one._keep(some[:1])
    one._keep(some[1:])
    assert one._alarms == some[:2]
    one._keep(some)
    assert one._alarms == some[:2]


def test_alarm_is_a_json_object():
    assert Alarm(5, 1, -70, 3, None).to_json() == {
        "frame": 5, "channel": 1, "difference": -70, "mean": 3, "confirmed": None,
    }  # fmt: skip


@pytest.mark.parametrize(("channels", "period"), [(0, 10), (2, 0)])
def test_period_and_channels_are_one_at_least(channels, period):
    with pytest.raises(ConfigError, match="1 or more"):
        PeriodicDifference(channels, period)
    assert PeriodicDifference(1, 1).checked == 0


def _means(*levels):
    """The running mean after blocks whose differences have these mean magnitudes."""
    checker, seen = PeriodicDifference(1, 10), []

    class _Block:
        count, room = 8, 8

        def __init__(self, level):
            self._level = level

        def mean(self):
            return self._level

        def within(self, limit):
            seen.append((checker._mean, limit))
            return True

        def drop(self):
            pass

    for level in levels:
        checker._lagged = _Block(level)
        checker._judge()
    assert checker.checked == 8 * len(levels)
    return seen


def test_limit_is_ten_running_means_and_no_more_than_the_block_itself_has():
    # The mean runs over about eight blocks, rounded up, and grows fourfold and one at most.
    assert _means(8, 16, 0) == [(8, 80), (9, 90), (8, 10)]
    assert _means(0, 100) == [(0, 10), (1, 10)]
    assert _means(1, 100, 100) == [(1, 10), (5, 50), (17, 170)]
    assert _means(3, 4) == [(3, 30), (4, 40)]


@pytest.mark.parametrize(("value", "loud"), [(10, False), (11, True), (-10, False), (-11, True)])
@pytest.mark.parametrize("channel", [0, 1])
def test_difference_beyond_the_limit_alarms_either_way(value, channel, loud):
    frames = np.zeros((600, 2), np.int16)
    frames[300, channel] = value
    checker = PeriodicDifference(2, 100)
    checker.feed(frames)
    assert checker.finish() == () or loud
    assert checker.count == loud


@pytest.mark.parametrize(("apart", "count"), [(64, 1), (65, 2)])
def test_loud_frames_near_each_other_are_one_event(apart, count):
    frames = np.zeros((3000, 2), np.int16)
    frames[1000] = 300
    frames[1000 + apart] = 300
    checker = PeriodicDifference(2, 800)
    checker.feed(frames)
    found = checker.finish()
    assert (checker.count, len(found)) == (count, count)
    assert found[0].frame == 1000
    assert [one.confirmed for one in found] == [True] * count
