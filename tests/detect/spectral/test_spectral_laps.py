# SPDX-License-Identifier: MIT
"""What an alarmed line holds, by likelihoods that are written out frame by frame."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.spectral import laps
from stress.detect.spectral.laps import FREE_LAGS, HOLD, SWAP, ZERO, Guess, Heard

LAG, FRAMES = 40, 64
R = np.array([2.0, 0.8, -0.3, 0.1], dtype=np.float32)


class Played:
    """A channel of noise around frame 0, kept 60 000 frames back."""

    def __init__(self, seed):
        self.x = np.random.default_rng(seed).standard_normal(70000).astype(np.float32)

    def at(self, start, frames):
        return self.x[start + 60000 : start + 60000 + frames]


X, OTHER = Played(1), Played(2)


def _older(source, frame, since, x=X, other=OTHER):
    if source == ZERO:
        return 0.0
    if source == SWAP:
        return float(other.at(frame, 1)[0])
    if source == HOLD:
        return float(x.at(since - 1, 1)[0])
    return float(x.at(frame - source, 1)[0])


def _wrong(source, start, stop, x=X, other=OTHER):
    return np.array([_older(source, n, start, x, other) - float(x.at(n, 1)[0]) for n in range(start, stop)])


def _matrix(count):
    return np.array([[R[abs(i - j)] if abs(i - j) < 4 else 0.0 for j in range(count)] for i in range(count)])


def _heard(source, start, stop, at=0, frames=FRAMES, variance=0.5, noise=0.0, both=(X, OTHER)):
    # The matched residual of one wrong run: the autocorrelation around each wrong frame.
    x, other = both
    matched = noise * np.random.default_rng(3).standard_normal(frames)
    for n, value in zip(range(start, stop), _wrong(source, start, stop, x, other)):
        for k in range(-3, 4):
            if 0 <= n + k - at < frames:
                matched[n + k - at] += value * R[abs(k)]
    return Heard(x, other, matched, R, variance)


def _gain(heard, source, start, stop, at, x=X, other=OTHER):
    # Log likelihood ratio of a run against no fault: <d, g> - <d, R d> / 2, over the variance.
    d = _wrong(source, start, stop, x, other)
    g = heard.matched[start - at : stop - at]
    return (d @ g - 0.5 * d @ _matrix(d.size) @ d) / heard.variance


@pytest.mark.parametrize("source", [LAG, 1, ZERO, SWAP, HOLD])
def test_difference_is_wrong_minus_right(source):
    heard = _heard(source, 20, 28)
    np.testing.assert_allclose(laps.difference(heard, source, 20, 8), _wrong(source, 20, 28))


def test_difference_of_a_hold_repeats_the_frame_before_its_first_one():
    heard = _heard(HOLD, 20, 28)
    wanted = float(X.at(17, 1)[0]) - X.at(20, 8)
    np.testing.assert_allclose(laps.difference(heard, HOLD, 20, 8, 18), wanted, rtol=1e-6)


def test_swap_without_a_neighbour_is_silence():
    heard = Heard(X, None, np.zeros(8), R, 1.0)
    np.testing.assert_allclose(laps.difference(heard, SWAP, 20, 8), -X.at(20, 8))


@pytest.mark.parametrize(
    ("first", "last"), [(0, 8), (0, 4), (4, 8)], ids=["line", "first half", "second half"]
)
def test_rank_puts_the_source_of_a_whole_or_half_line_first(first, last):
    both = [(X, OTHER), (OTHER, X)]
    heard = [_heard(LAG, 20 + first, 20 + last, 5, both=one) for one in both]
    sources = [ZERO, 100, LAG, SWAP]
    got = laps.rank(heard, sources, 20, 15)
    parts = [(20, 28), (20, 24), (24, 28)]
    best = [
        max(sum(_gain(h, s, *part, 5, *one) for h, one in zip(heard, both)) for part in parts)
        for s in sources
    ]
    assert got[0] == LAG
    assert got == [sources[i] for i in np.argsort([-gain for gain in best])]


def test_gains_are_log_likelihood_ratios():
    heard = _heard(LAG, 20, 28, 0, noise=0.3)
    rows = np.array([_wrong(s, 20, 28) for s in (LAG, ZERO, 7)])
    wanted = [_gain(heard, s, 20, 28, 0) for s in (LAG, ZERO, 7)]
    np.testing.assert_allclose(laps._gains(rows, heard, 20), wanted, rtol=1e-5)


@pytest.mark.parametrize("lag", [1, 2, 4321, FREE_LAGS - 1, FREE_LAGS])
@pytest.mark.parametrize(("first", "last"), [(0, 8), (0, 4), (4, 8)])
def test_free_lags_find_any_lag_from_one_on(lag, first, last):
    heard = [_heard(lag, 300 + first, 300 + last, 290, both=one) for one in ((X, OTHER), (OTHER, X))]
    got = laps.free_lags(heard, 300, 10)
    assert got[0] == lag
    assert len(got) == 4 and len(set(got)) == 4
    assert laps.free_lags(heard, 300, 10, 2) == got[:2]


@pytest.mark.parametrize("source", [LAG, ZERO, SWAP])
@pytest.mark.parametrize(("start", "stop"), [(100, 108), (110, 131), (140, 164), (100, 164)])
def test_located_is_the_likeliest_start_and_stop_with_its_gain(source, start, stop):
    both = [(X, OTHER), (OTHER, X)]
    heard = [_heard(source, start, stop, 100, both=one) for one in both]
    (got,) = laps.located(heard, [source], 100)
    gain = sum(_gain(h, source, start, stop, 100, *one) for h, one in zip(heard, both))
    assert got == Guess(source, start, stop, pytest.approx(gain, rel=1e-4))


def test_located_tries_every_start_and_stop():
    heard = _heard(LAG, 105, 109, 100, frames=12, noise=1.5)
    every = {(a, b): _gain(heard, LAG, a, b, 100) for a in range(100, 112) for b in range(a + 1, 113)}
    start, stop = max(every, key=lambda place: every[place])
    (one, two) = laps.located([heard], [LAG, ZERO], 100)
    assert one == Guess(LAG, start, stop, pytest.approx(every[start, stop], rel=1e-4))
    assert two.source == ZERO


@pytest.mark.parametrize(("start", "stop"), [(100, 116), (120, 121), (130, 162), (160, 163)])
def test_hold_is_placed_at_its_first_and_last_frame(start, stop):
    both = [(X, OTHER), (OTHER, X)]
    heard = [_heard(HOLD, start, stop, 100, both=one) for one in both]
    gain = sum(_gain(h, HOLD, start, stop, 100, *one) for h, one in zip(heard, both))
    assert laps.hold(heard, 100) == Guess(HOLD, start, stop, pytest.approx(gain, rel=1e-4))


def test_hold_tries_64_frames_at_most_and_any_start_but_the_last():
    long = _heard(HOLD, 100, 180, 100, frames=90)
    got = laps.hold([long], 100)
    assert (got.start, got.stop) == (100, 164)
    noise = _heard(HOLD, 103, 106, 100, frames=10, noise=1.0)
    every = {(a, b): _gain(noise, HOLD, a, b, 100) for a in range(100, 109) for b in range(a + 1, 111)}
    place = max(every, key=lambda one: every[one])
    assert laps.hold([noise], 100) == Guess(HOLD, *place, pytest.approx(every[place], rel=1e-4))


def test_hold_of_a_window_without_room_is_worth_nothing():
    assert laps.hold([Heard(X, OTHER, np.zeros(1), R, 1.0)], 100) == Guess(HOLD, 100, 101, -np.inf)


@pytest.mark.parametrize("source", [LAG, ZERO, SWAP, HOLD])
def test_response_is_the_wrong_data_through_the_autocorrelation(source):
    got = laps.response(_heard(source, 20, 28), Guess(source, 20, 28, 1.0))
    wanted = _heard(source, 20, 28, 17, 14)
    assert got.size == 8 + 2 * 4 - 2
    np.testing.assert_allclose(got, wanted.matched, rtol=1e-6, atol=1e-6)


def test_windows_reach_24_frames_beyond_the_alarm():
    assert (laps.SIDE, FREE_LAGS) == (24, 32768)


def test_free_lags_reach_no_further_than_they_say():
    assert FREE_LAGS + 1 not in laps.free_lags([_heard(FREE_LAGS + 1, 300, 308, 290)], 300, 10)


def test_hold_begins_anywhere_but_in_the_last_frame():
    # Two frames before the end of the window is the last place where a frame can be repeated.
    heard = _heard(HOLD, 107, 108, 100, frames=9, noise=0.0)
    assert laps.hold([heard], 100) == Guess(HOLD, 107, 108, pytest.approx(_gain(heard, HOLD, 107, 108, 100)))
