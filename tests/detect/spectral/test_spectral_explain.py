# SPDX-License-Identifier: MIT
"""Alarmed lines into runs of wrong frames, on blocks whose faults are put in by their response."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from stress.detect.spectral import explain, laps
from stress.detect.spectral.explain import ALARM, Event, Explainer
from stress.detect.spectral.laps import HOLD, SWAP, ZERO, Guess
from stress.detect.spectral.scan import FIRST, HOP, MARGIN, SCORED, SIZE, SPILL, BlockScan
from stress.detect.spectral.weigh import LINE, WINDOW

MIDDLE, LAG = 100000, 4800
LINES = SCORED // LINE
R = np.zeros(WINDOW, dtype=np.float32)
R[:4] = 2.0, 0.6, 0.1, 0.05
LONG = R + np.where(np.arange(WINDOW) > 3, 0.02 * np.random.default_rng(7).standard_normal(WINDOW), 0)
COVARIANCE = np.array([[R[abs(i - j)] for j in range(LINE)] for i in range(LINE)], dtype=float)
WHITEN = np.linalg.inv(np.linalg.cholesky(COVARIANCE)).T.astype(np.float32)


class Played:
    """A channel of loud noise, its frames counted from 60 000 before frame 0."""

    def __init__(self, seed):
        self.x = 20 * np.random.default_rng(seed).standard_normal(190000).astype(np.float32)

    def at(self, start, frames):
        return self.x[start + 60000 : start + 60000 + frames]


CHANNELS = [Played(seed) for seed in range(4)]
WEIGHTS = SimpleNamespace(r=R, whiten=WHITEN)


def _wrong(source, start, stop, channel):
    x, right = CHANNELS[channel], CHANNELS[channel].at(start, stop - start).astype(float)
    if source == SWAP:
        return CHANNELS[channel ^ 1].at(start, stop - start) - right
    if source == HOLD:
        return float(x.at(start - 1, 1)[0]) - right
    return -right if source == ZERO else x.at(start - source, stop - start) - right


def _response(source, start, stop, channel, r=R):
    # The matched residual of a whole block with one wrong run.
    out = np.zeros(SIZE)
    spread = np.concatenate((r[:0:-1], r)).astype(float)
    for n, value in zip(range(start, stop), _wrong(source, start, stop, channel)):
        first = n - (MIDDLE - MARGIN) - WINDOW + 1
        low, high = max(0, first), min(SIZE, first + spread.size)
        out[low:high] += value * spread[low - first : high - first]
    return out


def _powers(matched, variance=1.0):
    rows = matched[FIRST : FIRST + SCORED].reshape(LINES, LINE) @ WHITEN.astype(float)
    return (np.sum(rows**2, axis=1) / variance).astype(np.float32)


def _scan(matched, variance=1.0):
    return BlockScan(matched.astype(np.float32), variance, _powers(matched, variance), 1.0, 1.0, 0.0)


def _explainer(channels=2, sources=(LAG, 5280, ZERO, SWAP), weights=WEIGHTS):
    return Explainer(CHANNELS[:channels], [weights] * channels, list(sources))


def _explained(*runs, channels=2, sources=(LAG, 5280, ZERO, SWAP), most=100, spent=0):
    scans = [_scan(sum(_response(*run, c) for run in runs)) for c in range(channels)]
    made = _explainer(channels, sources)
    made._unexplained = spent
    power = made.power(MIDDLE, scans)
    top = float(power.max())
    events = made.explain(MIDDLE, scans, power.copy(), most)
    return events, top, int(power.argmax())


def _named(events):
    return [(e.guess.source, e.guess.start, e.guess.stop) if e.guess else None for e in events]


@pytest.mark.parametrize("source", [LAG, 5280, ZERO, SWAP])
@pytest.mark.parametrize(("start", "frames"), [(1000, 8), (1003, 5), (0, 16), (HOP - 8, 8), (1000, 100)])
def test_run_is_explained_by_its_source_start_and_stop(source, start, frames):
    run = (source, MIDDLE + start, MIDDLE + start + frames)
    events, top, line = _explained(run)
    assert _named(events) == [run]
    assert events[0].score == pytest.approx(np.sqrt(top))
    assert events[0].at == MIDDLE - SPILL + line * LINE
    heard = [_response(*run, c)[MARGIN + start : MARGIN + start + frames] for c in (0, 1)]
    gain = sum(0.5 * _wrong(*run, c) @ one for c, one in enumerate(heard))
    assert events[0].guess.gain == pytest.approx(gain, rel=1e-3)


@pytest.mark.parametrize(("channels", "source"), [(1, LAG), (1, ZERO), (3, LAG), (4, SWAP), (4, LAG)])
def test_any_number_of_channels_is_explained_together(channels, source):
    run = (source, MIDDLE + 2000, MIDDLE + 2008)
    sources = [LAG, 5280, ZERO, *([SWAP] if channels == 4 else [])]
    assert _named(_explained(run, channels=channels, sources=sources)[0]) == [run]


def test_runs_are_given_strongest_first_and_at_most_as_many_as_asked():
    runs = [(LAG, MIDDLE + 3000, MIDDLE + 3004), (5280, MIDDLE + 9000, MIDDLE + 9032)]
    runs.append((ZERO, MIDDLE + 5000, MIDDLE + 5016))
    events, _, _ = _explained(*runs)
    assert sorted(_named(events), key=str) == sorted(runs, key=str)
    assert [e.score for e in events] == sorted([e.score for e in events], reverse=True)
    assert _named(_explained(*runs, most=2)[0]) == _named(events)[:2]


@pytest.mark.parametrize(
    ("start", "stop", "owned"),
    [
        (-8, 8, (0, 8)),
        (HOP - 8, HOP + 8, (HOP - 8, HOP)),
        (-16, -8, None),
        (-8, 0, None),
        (HOP, HOP + 8, None),
    ],
)
def test_neighbours_report_what_lies_beyond_the_middle(start, stop, owned):
    events, _, _ = _explained((LAG, MIDDLE + start, MIDDLE + stop))
    assert _named(events) == ([] if owned is None else [(LAG, MIDDLE + owned[0], MIDDLE + owned[1])])


@pytest.mark.parametrize(("frames", "found"), [(3, False), (4, True), (8, True)])
def test_any_lag_explains_a_run_from_four_frames_on(frames, found):
    run = (12345, MIDDLE + 2000, MIDDLE + 2000 + frames)
    assert _named(_explained(run)[0]) == ([run] if found else [None])


@pytest.mark.parametrize(("spent", "found"), [(31, True), (32, False)])
def test_after_32_unexplained_alarms_only_whole_laps_are_tried(spent, found):
    run = (12345, MIDDLE + 2000, MIDDLE + 2008)
    named = _named(_explained(run, spent=spent)[0])
    assert named == [run] if found else not any(named)
    lap = (LAG, MIDDLE + 2000, MIDDLE + 2008)
    assert _named(_explained(lap, spent=spent)[0]) == [lap]


def test_repeated_frame_is_a_hold_and_so_it_is_without_a_ring():
    run = (HOLD, MIDDLE + 2000, MIDDLE + 2016)
    assert _named(_explained(run)[0]) == [run]
    assert _named(_explained(run, sources=())[0]) == [run]


def _scans(power, channels=2):
    return [BlockScan(np.zeros(SIZE, np.float32), 1.0, power, 1.0, 1.0, 0.0)] * channels


@pytest.mark.parametrize(("value", "count"), [(ALARM**2, 0), (ALARM**2 + 0.01, 1)])
def test_line_alarms_above_ten_sigmas_and_without_data_is_a_disturbance(value, count):
    power = np.zeros(LINES, np.float32)
    power[100] = value
    made = _explainer()
    events = made.explain(MIDDLE, _scans(power), power, 10)
    assert events == [Event(None, MIDDLE - SPILL + 800, pytest.approx(np.sqrt(value)))][:count]
    assert made._unexplained == count


def test_disturbance_takes_its_lines_with_it():
    power = np.zeros(LINES, np.float32)
    power[[100, 101, 103]] = 500.0, 400.0, 300.0
    power[[700, 903]] = 200.0, 210.0
    events = _explainer().explain(MIDDLE, _scans(power), power, 10)
    assert [(e.at - MIDDLE + SPILL) // LINE for e in events] == [100, 903, 700]


def test_lines_of_a_disturbance_are_taken_out_of_what_is_left(monkeypatch):
    rng, power = np.random.default_rng(1), np.zeros(LINES, np.float32)
    power[[100, 101, 103]] = 500.0, 400.0, 300.0
    scans = [_scan(rng.standard_normal(SIZE)) for _ in (0, 1)]
    seen = []
    monkeypatch.setattr(Explainer, "_best", lambda self, block, *_: seen.append(block))
    _explainer().explain(MIDDLE, scans, power, 10)
    for scan, left in zip(scans, seen[0].matched):
        wanted = scan.matched.astype(float)
        wanted[FIRST + 800 : FIRST + 832] = 0
        np.testing.assert_array_equal(left, wanted)
        assert scan.matched.all()  # the scan itself stays as it was


def test_line_that_does_not_alarm_is_no_event_beside_one_that_does():
    power = np.zeros(LINES, np.float32)
    power[[100, 900]] = 500.0, ALARM**2
    assert len(_explainer().explain(MIDDLE, _scans(power), power, 10)) == 1


@pytest.mark.parametrize(("middle", "first"), [(0, 96), (HOP, 0), (384, 48), (392, 0)])
def test_lines_of_the_start_are_left_out_of_the_power(middle, first):
    power = np.ones(LINES, np.float32)
    got = _explainer().power(middle, _scans(power))
    assert np.flatnonzero(got).tolist() == list(range(first, LINES))


def test_power_is_the_sum_of_all_channels():
    rng = np.random.default_rng(2)
    scans = [_scan(rng.standard_normal(SIZE)) for _ in range(3)]
    wanted = scans[0].line_power + scans[1].line_power + scans[2].line_power
    np.testing.assert_allclose(_explainer(3).power(MIDDLE, scans), wanted, rtol=1e-6)


def _start(channels, variance):
    total = 0.0
    for c in range(channels):
        x = CHANNELS[c].at(0, 16).astype(float)
        total += sum(x[i] * x[j] * R[abs(i - j)] for i in range(16) for j in range(16)) / variance
    return total


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(
    ("line", "low", "high"), [(0, 0, 48), (10, 0, 58), (48, 0, 96), (49, 1, 97), (199, 151, 200)]
)
def test_lines_around_the_start_score_only_above_a_thousandth_of_it(channels, line, low, high):
    limit = 1e-3 * _start(channels, 0.5)
    scans = [SimpleNamespace(variance=0.5)] * channels
    for share, kept in ((0.99, 0), (1.01, high - low)):
        power = np.full(200, share * limit, dtype=np.float32)
        got = _explainer(channels)._after_onset(power, -line * LINE, scans)
        assert np.flatnonzero(got).size == 200 - (high - low) + kept
        assert not got[low:high].any() or kept


@pytest.mark.parametrize("begin", [1, LINE, -200 * LINE])
def test_block_without_the_start_scores_all_its_lines(begin):
    power = np.ones(200, np.float32)
    assert _explainer()._after_onset(power, begin, _scans(power)).all()


def _extent(loud, line=100, top=1000.0, level=101.0, size=300):
    power = np.zeros(size, np.float32)
    power[list(loud)] = level
    power[line] = top
    return explain._extent(power, line)


@pytest.mark.parametrize(
    ("loud", "extent"),
    [
        ((), (100, 101)),
        ((99,), (99, 101)),
        ((101,), (100, 102)),
        ((98,), (98, 101)),
        ((102,), (100, 103)),
        ((97,), (100, 101)),
        ((103,), (100, 101)),
        ((98, 96, 94), (94, 101)),
        ((102, 104, 106), (100, 107)),
        (range(300), (36, 165)),
    ],
)
def test_extent_goes_on_over_gaps_of_one_line_64_lines_at_most(loud, extent):
    assert _extent(loud) == extent


def test_extent_ends_with_the_block():
    assert _extent((0, 2, 3), line=1) == (0, 4)
    assert _extent((1,), line=0) == (0, 2)
    assert _extent((297,), line=299) == (297, 300)
    assert _extent((299,), line=298) == (298, 300)
    assert _extent((299,), line=297) == (297, 300)


@pytest.mark.parametrize(
    ("top", "level", "wide"),
    [(200.0, 100.0, False), (200.0, 100.5, True), (1e6, 2e4, False), (1e6, 20001.0, True)],
)
def test_extent_is_of_lines_that_alarm_and_have_two_per_cent_of_the_strongest(top, level, wide):
    assert _extent((99, 101), top=top, level=level) == ((99, 102) if wide else (100, 101))


def test_silence_is_of_the_lines_given_in_a_copy():
    power = np.ones(10, np.float32)
    assert explain._silence(power, 3, 5).tolist() == [1, 1, 1, 0, 0, 1, 1, 1, 1, 1]
    assert power.all()


@pytest.mark.parametrize(("at", "kept"), [(-1, False), (0, True), (HOP - 1, True), (HOP, False)])
def test_disturbance_belongs_to_the_block_of_its_line(at, kept):
    event = Event(None, MIDDLE + at, 12.0)
    assert explain._owned(event, MIDDLE) == (event if kept else None)


@pytest.mark.parametrize(
    ("start", "stop", "owned"),
    [
        (-5, 5, (0, 5)),
        (-5, 0, None),
        (-5, 1, (0, 1)),
        (HOP - 1, HOP + 9, (HOP - 1, HOP)),
        (HOP, HOP + 9, None),
        (-9, HOP + 9, (0, HOP)),
    ],
)
def test_run_is_cut_to_its_block(start, stop, owned):
    got = explain._owned(Event(Guess(LAG, MIDDLE + start, MIDDLE + stop, 5.0), MIDDLE + 77, 12.0), MIDDLE)
    wanted = owned and Event(Guess(LAG, MIDDLE + owned[0], MIDDLE + owned[1], 5.0), MIDDLE + 77, 12.0)
    assert got == wanted


@pytest.mark.parametrize(("line", "low", "high"), [(100, 52, 148), (10, 0, 58), (48, 0, 96), (190, 142, 200)])
def test_lines_near_a_stronger_event_are_forgotten_below_a_hundredth_of_it(line, low, high):
    begin = 4000
    event = Event(None, begin + line * LINE + 5, 100.0)
    power = np.full(200, 99.0, np.float32)
    assert np.flatnonzero(explain._forget(power, [event], begin) == 0).tolist() == list(range(low, high))
    power = np.full(200, 100.0, np.float32)
    assert explain._forget(power, [event], begin).all()


def _block(runs, channels=2, noise=0.5, r=R, variance=1.0):
    rng = np.random.default_rng(5)
    rows = [
        sum(_response(*run, c, r) for run in runs) + noise * rng.standard_normal(SIZE)
        for c in range(channels)
    ]
    return explain._Block(MIDDLE, [_scan(row, variance) for row in rows], rows)


@pytest.mark.parametrize("start", [-SPILL, 3, 5001, HOP + SPILL - 8])
def test_subtracting_leaves_the_power_of_the_rest_in_the_lines_that_scored(start):
    guess = Guess(LAG, MIDDLE + start, MIDDLE + start + 8, 1.0)
    weights = SimpleNamespace(r=LONG.astype(np.float32), whiten=WHITEN)
    block = _block([(LAG, guess.start, guess.stop)], r=LONG, variance=2.0)
    power = sum(scan.line_power for scan in block.stretches)
    power[::5] = 0
    rest = [row - _response(LAG, guess.start, guess.stop, c, LONG) for c, row in enumerate(block.matched)]
    before = power.copy()
    got = _explainer(weights=weights)._subtract(block, guess, power)
    np.testing.assert_array_equal(power, before)
    for row, wanted in zip(block.matched, rest):
        np.testing.assert_allclose(row, wanted, atol=1e-3)
    wanted = sum(_powers(row, 2.0) for row in rest) * (before > 0)
    np.testing.assert_allclose(got, wanted, rtol=2e-3, atol=1e-2)


@pytest.mark.parametrize("index", [0, 100, MARGIN + 500, MARGIN + 505, MARGIN + 1020])
@pytest.mark.parametrize("source", [LAG, SWAP])
def test_part_of_a_block_loses_what_the_guess_puts_there(index, source):
    run = (source, MIDDLE + 500, MIDDLE + 508)
    part = np.zeros(40)
    _explainer()._take_out(1, Guess(*run, 1.0), MIDDLE - MARGIN, index, part)
    np.testing.assert_allclose(part, -_response(*run, 1)[index : index + 40], atol=1e-4)


def test_part_that_the_guess_does_not_reach_is_left_alone():
    for index in (0, MARGIN + 508 + WINDOW):
        part = np.ones(8)
        _explainer()._take_out(0, Guess(LAG, MIDDLE + 500, MIDDLE + 508, 1.0), MIDDLE - MARGIN, index, part)
        assert part.tolist() == [1] * 8


def test_single_channel_has_no_neighbour_to_be_swapped_with():
    part = np.zeros(SIZE)
    _explainer(1)._take_out(0, Guess(SWAP, MIDDLE + 500, MIDDLE + 508, 1.0), MIDDLE - MARGIN, 0, part)
    np.testing.assert_allclose(part, -_response(ZERO, MIDDLE + 500, MIDDLE + 508, 0), atol=1e-4)


def test_windows_around_an_alarm_hold_channel_neighbour_and_noise():
    block = _block([], channels=3, variance=2.0)
    got = _explainer(3)._around(block, 700, 740)
    assert [(one.x, one.other) for one in got] == [
        (CHANNELS[0], CHANNELS[1]),
        (CHANNELS[1], CHANNELS[0]),
        (CHANNELS[2], None),
    ]
    for one, row in zip(got, block.matched):
        np.testing.assert_array_equal(one.matched, row[700:740])
        assert (one.variance, one.r is R) == (2.0, True)


@pytest.mark.parametrize(("gain", "fits"), [(0.5 * ALARM**2 - 0.1, False), (0.5 * ALARM**2, True)])
def test_guess_needs_the_gain_of_an_alarm(gain, fits):
    run = (LAG, MIDDLE + 1000, MIDDLE + 1008)
    block = _block([run], noise=0.0)
    best = Guess(*run, gain)
    worse = Guess(ZERO, MIDDLE + 1000, MIDDLE + 1008, gain - 1)
    got = _explainer()._fitting([worse, best, worse], block, (170, 176), 1e6)
    assert got == (best if fits else None)
    assert _explainer()._fitting([], block, (170, 176), 1e6) is None


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("share", "fits"), [(0.999, True), (1.001, False)])
def test_guess_may_leave_a_hundredth_of_the_power_and_three_times_the_noise(channels, share, fits):
    run, low, high = (LAG, MIDDLE + 1000, MIDDLE + 1008), 170, 176
    block = _block([run], channels, noise=20.0, variance=0.7)
    rest = [row - _response(*run, c) for c, row in enumerate(block.matched)]
    after = sum(float(_powers(row, 0.7)[low:high].sum()) for row in rest)
    before = (share * after - 3 * LINE * channels * (high - low)) / 0.01
    assert before > 0
    assert (_explainer(channels)._fitting([Guess(*run, 99.0)], block, (low, high), before) is None) == fits
    assert laps.SIDE == 24
