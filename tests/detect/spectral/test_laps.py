# SPDX-License-Identifier: MIT
import numpy as np
import pytest

from stress.detect.spectral import laps
from stress.detect.spectral.laps import (
    FREE_LAGS,
    HOLD,
    SWAP,
    ZERO,
    Guess,
    Heard,
    difference,
    free_lags,
    hold,
    located,
)
from stress.detect.spectral.weigh import LINE, toeplitz

R = np.array([1.0, 0.5, 0.2, -0.1], np.float32)
RNG = np.random.default_rng(3)


class Played:
    """Samples from frame `first` on."""

    def __init__(self, samples, first):
        self._samples, self._first = np.asarray(samples, np.float32), first

    def at(self, start, frames):
        """Played frames `start` on."""
        return self._samples[start - self._first : start - self._first + frames]


LEFT, RIGHT = (Played(RNG.normal(size=40000), -36000) for _ in range(2))


def window(matched, variance=1.0, x=LEFT, other=RIGHT, r=R):
    """One channel around an alarm."""
    return Heard(x, other, np.asarray(matched, float), r, variance)


def matched(source, start, stop, at, frames, x=LEFT, other=RIGHT):
    """What a fault at played frames `start` to `stop` leaves of a channel without noise."""
    wrong = np.zeros(frames)
    d = difference(window(np.zeros(frames), x=x, other=other), source, start, stop - start, start)
    wrong[start - at : stop - at] = d
    return toeplitz(R, frames) @ wrong


def test_difference_is_wrong_minus_right_data():
    one = window(np.zeros(9))
    right = LEFT.at(100, 4).astype(float)
    assert difference(one, 777, 100, 4).tolist() == (LEFT.at(100 - 777, 4) - right).tolist()
    assert difference(one, ZERO, 100, 4).tolist() == (-right).tolist()
    assert difference(one, SWAP, 100, 4).tolist() == (RIGHT.at(100, 4) - right).tolist()
    assert difference(one, HOLD, 100, 4).tolist() == (float(LEFT.at(99, 1)[0]) - right).tolist()
    assert difference(one, HOLD, 100, 4, 97).tolist() == (float(LEFT.at(96, 1)[0]) - right).tolist()


def test_channels_of_mono_cannot_be_swapped():
    assert difference(window(np.zeros(9), other=None), SWAP, 100, 4).tolist() == (-LEFT.at(100, 4)).tolist()


@pytest.mark.parametrize("variance", [1.0, 4.0])
def test_gain_is_the_log_likelihood_against_no_fault(variance):
    g, d = RNG.normal(size=20), RNG.normal(size=(3, 5))
    found = laps._gains(d, window(g, variance), 7)
    expected = [(row @ g[7:12] - 0.5 * row @ toeplitz(R, 5) @ row) / variance for row in d]
    assert found == pytest.approx(expected)


def gain_of(heard, source, at, start, stop):
    """Log likelihood of a fault at indices `start` to `stop` of the windows."""
    total = 0.0
    for one in heard:
        d = difference(one, source, at + start, stop - start, at + start)
        form = 0.5 * d @ toeplitz(one.r, d.size) @ d
        total += float(d @ one.matched[start:stop] - form) / one.variance
    return total


@pytest.mark.parametrize("source", [1200, ZERO, SWAP])
def test_place_of_a_fault_is_the_likeliest_of_all(source):
    heard = [
        window(matched(source, 210, 219, 200, 24) + RNG.normal(0, 0.5, 24), 2.0),
        window(matched(source, 210, 219, 200, 24, RIGHT, LEFT) + RNG.normal(0, 0.5, 24), 3.0, RIGHT, LEFT),
    ]
    every = [(a, b) for a in range(25) for b in range(a + 1, 25)]
    gains = [gain_of(heard, source, 200, a, b) for a, b in every]
    start, stop = every[int(np.argmax(gains))]
    (found,) = located(heard, [source], 200)
    assert found == Guess(source, 200 + start, 200 + stop, pytest.approx(max(gains)))


def test_place_of_each_source_is_found():
    heard = [window(matched(1200, 205, 215, 200, 24))]
    found = located(heard, [1200, ZERO], 200)
    assert [one.source for one in found] == [1200, ZERO]
    assert (found[0].start, found[0].stop) == (205, 215)
    assert found[0].gain > found[1].gain
    # A window that is wrong from end to end.
    whole = [window(matched(1200, 200, 224, 200, 24))]
    assert [(one.start, one.stop) for one in located(whole, [1200], 200)] == [(200, 224)]


def test_held_frame_is_the_likeliest_of_all():
    heard = [
        window(matched(HOLD, 207, 216, 200, 20) + RNG.normal(0, 0.3, 20), 2.0),
        window(matched(HOLD, 207, 216, 200, 20, RIGHT, LEFT) + RNG.normal(0, 0.3, 20), 1.0, RIGHT, LEFT),
    ]
    every = [(a, b) for a in range(19) for b in range(a + 1, 21)]
    gains = [gain_of(heard, HOLD, 200, a, b) for a, b in every]
    start, stop = every[int(np.argmax(gains))]
    assert hold(heard, 200) == Guess(HOLD, 200 + start, 200 + stop, pytest.approx(max(gains)))


def test_held_frame_is_looked_for_in_64_frames():
    found = hold([window(matched(HOLD, 203, 280, 200, 90))], 200)
    assert (found.start, found.stop) == (203, 267)


@pytest.mark.parametrize("half", [slice(0, LINE), slice(0, LINE // 2), slice(LINE // 2, LINE)])
def test_sources_of_a_line_are_ranked_by_its_better_half(half):
    at, offset = 500, 24
    start, stop = at + half.start, at + half.stop
    heard = [
        window(matched(2400, start, stop, at - offset, 60) * 40, 1.0, r=R * 40),
        window(matched(2400, start, stop, at - offset, 60, RIGHT, LEFT) * 40, 1.0, RIGHT, LEFT, R * 40),
    ]
    sources = [1200, ZERO, 2400, SWAP, 3600]
    ranked = laps.rank(heard, sources, at, offset)
    assert ranked[0] == 2400
    assert sorted(map(str, ranked)) == sorted(map(str, sources))
    parts = (slice(0, 8), slice(0, 4), slice(4, 8))
    best = {
        source: max(gain_of(heard, source, at - offset, offset + p.start, offset + p.stop) for p in parts)
        for source in sources
    }
    assert ranked == sorted(sources, key=lambda source: -best[source])


@pytest.mark.parametrize("lag", [1, 777, FREE_LAGS])
@pytest.mark.parametrize("half", [slice(0, LINE), slice(LINE // 2, LINE)])
def test_lag_of_a_line_is_found_among_all(lag, half):
    at, offset = 500, 24
    start, stop = at + half.start, at + half.stop
    heard = [
        window(matched(lag, start, stop, at - offset, 60) * 9, 1.0, r=R * 9),
        window(matched(lag, start, stop, at - offset, 60, RIGHT, LEFT) * 9, 1.0, RIGHT, LEFT, R * 9),
    ]
    found = free_lags(heard, at, offset)
    assert (found[0], len(found)) == (lag, 4)
    assert len(free_lags(heard, at, offset, most=2)) == 2


@pytest.mark.parametrize("source", [1200, HOLD])
def test_response_of_a_guess_is_its_difference_spread_by_the_channel(source):
    found = laps.response(window(np.zeros(9)), Guess(source, 100, 106, 1.0))
    d = difference(window(np.zeros(9)), source, 100, 6, 100)
    whole = np.zeros(6 + 2 * len(R) - 2)
    for n in range(whole.size):
        for k in range(6):
            away = abs(n - (len(R) - 1) - k)
            whole[n] += d[k] * R[away] if away < len(R) else 0.0
    assert found == pytest.approx(whole)
