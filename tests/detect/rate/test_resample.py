# SPDX-License-Identifier: MIT
"""The ratio of a stream at another rate, against straight lines that are drawn here."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.decode import NONE, Decoder
from stress.detect.rate import resample
from stress.detect.rate.resample import (
    SETTLED,
    SHORTEST,
    WINDOW,
    Other,
    Resampling,
    _even_size,
    _Line,
    _Window,
    unsettled,
)
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern
from tests.detect.lag_runs import runs

FIRST = 0x12345678


def sent(fmt="S16_LE", channels=2):
    # Not mix1, which meets itself at lags of the Fibonacci numbers.
    return Pattern("mix2", FORMATS[fmt], channels)


def measuring(fmt="S16_LE", channels=2):
    return Resampling(Decoder(sent(fmt, channels), Rings(384, 480)))


def full_scale(rows, channels=2):
    return np.ascontiguousarray(rows).view("<i2").reshape(-1, channels) / 32768.0


def stretched(ratio, frames, origin=0.0, channels=2):
    """(n, frame_bytes) frames of a stream whose frame k shows place `origin` + k * `ratio`."""
    place = origin + ratio * np.arange(frames)
    low = int(np.floor(place.min())) - 1
    due = full_scale(
        sent(channels=channels).bytes_at((FIRST + low) % 2**32, int(place.max()) - low + 3), channels
    )
    at = place - low
    lines = np.stack([np.interp(at, np.arange(len(due)), due[:, c]) for c in range(channels)], axis=1)
    return np.ascontiguousarray(np.rint(lines * 32768).astype("<i2")).view(np.uint8).reshape(frames, -1)


# Where no lag settles.


@pytest.mark.parametrize(
    ("given", "first", "found"),
    [
        ([(SHORTEST, NONE)], 0, (0, SHORTEST)),
        ([(SHORTEST - 1, NONE)], 0, None),
        ([(SETTLED, 0), (SHORTEST, NONE)], 0, (SETTLED, SETTLED + SHORTEST)),
        ([(SETTLED - 1, 0), (SHORTEST, NONE)], 0, (0, SETTLED - 1 + SHORTEST)),
        ([(SHORTEST, NONE), (SETTLED, 7), (900, NONE)], 0, (0, SHORTEST)),
        (
            [(SHORTEST - 1, NONE), (SETTLED, 7), (900, NONE)],
            0,
            (SHORTEST - 1 + SETTLED, SHORTEST + 899 + SETTLED),
        ),
        ([(300, NONE), (9, 7), (300, NONE)], 0, (0, 609)),
        ([(900, NONE)], 388, (388, 900)),
        ([(900, NONE)], 389, None),
        ([], 0, None),
    ],
)
def test_a_stretch_that_is_long_enough_without_settled_frames_is_unsettled(given, first, found):
    assert unsettled(runs(*given), first) == found


# Small parts.


def test_a_line_is_that_of_least_squares():
    times = [0.0, 128.0, 256.0, 640.0]
    places = [3.0, 130.5, 260.25, 645.0]
    line = _Line(places[0])
    assert (line.points, line.time, line.mean_time, line.mean_place) == (1, 0.0, 0.0, 3.0)
    for time, place in zip(times[1:], places[1:]):
        line.add(time, place)
    assert line.points == 4
    assert line.time == 640.0
    assert line.mean_time == pytest.approx(np.mean(times))
    assert line.mean_place == pytest.approx(np.mean(places))
    assert line.slope == pytest.approx(np.polyfit(times, places, 1)[0])
    assert line.last(700.0, 2.0) == 645.0 + 2.0 * 60.0


def test_sizes_of_transforms_are_the_next_power_of_two_or_three_quarters_of_one():
    quick = sorted({2**k for k in range(16)} | {3 * 2**k for k in range(14)})
    for frames in range(3, 3000):
        assert _even_size(frames) == next(size for size in quick if size >= frames), frames


def correlation(seen, model):
    """Normalised correlation of (n, channels) with each place of (channels, frames)."""
    n = len(seen)
    out = []
    for at in range(model.shape[1] - n + 1):
        part = model[:, at : at + n].T
        out.append(abs((seen * part).sum()) / (np.sqrt((seen**2).sum() * (part**2).sum()) + 1e-12))
    return out


def test_correlation_with_every_place_is_the_plain_one():
    rng = np.random.default_rng(5)
    seen, model = rng.standard_normal((32, 2)), rng.standard_normal((2, 3, 100))
    made = _Window(seen)._correlate(model)
    for part in range(3):
        assert made[part] == pytest.approx(correlation(seen, model[:, part]), abs=1e-9)
    # A model of another length, with what was kept of the first.
    assert _Window(seen)._correlate(model[:, :, :40]).shape == (3, 9)
    kept = _Window(seen)
    kept._correlate(model)
    assert kept._correlate(model[:, :, :90])[1] == pytest.approx(
        correlation(seen, model[:, 1, :90]), abs=1e-9
    )


def test_a_sign_that_changed_correlates_as_well():
    rng = np.random.default_rng(5)
    seen = rng.standard_normal((32, 1))
    model = np.zeros((1, 1, 60))
    model[0, 0, 11:43] = -seen[:, 0]
    found = _Window(seen)._correlate(model)[0]
    assert int(np.argmax(found)) == 11
    assert found[11] == pytest.approx(1.0)


@pytest.mark.parametrize("ratio", [0.25, 0.5, 44100 / 48000, 1.0, 48000 / 44100, 2.0, 3.5])
@pytest.mark.parametrize("steps", [0, 9])
def test_a_window_finds_its_place_to_a_quarter_of_a_frame(ratio, steps):
    model = np.random.default_rng(6).standard_normal((1, 600))
    for part in np.arange(0.0, min(1.0, ratio), 0.25):
        place = part + steps * ratio
        seen = np.interp(place + ratio * np.arange(64), np.arange(600), model[0])[:, None]
        level, found = _Window(seen).peak(model, ratio)
        assert level == pytest.approx(1.0, abs=1e-6)
        assert found == pytest.approx(place, abs=1e-6)


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_samples_are_full_scale_one_of_two_channels_at_most_or_of_every(channels):
    rows = sent(channels=channels).bytes_at(FIRST, 9).reshape(9, -1)
    whole = full_scale(rows, channels)
    assert measuring(channels=channels).samples(rows).tolist() == whole[:, :2].tolist()
    assert measuring(channels=channels).samples(rows, every=True).tolist() == whole.tolist()


def test_straight_lines_between_frames_are_those_of_numpy():
    place = np.array([0.0, 0.25, 3.5, -2.75, 10.0])
    lines, slopes = measuring().between(FIRST, place)
    due = full_scale(sent().bytes_at(FIRST - 3, 20))
    for c in range(2):
        assert lines[:, c] == pytest.approx(np.interp(place + 3, np.arange(20), due[:, c]))
        whole = np.floor(place).astype(int) + 3
        assert slopes[:, c] == pytest.approx(due[whole + 1, c] - due[whole, c])


def test_ratios_are_those_of_common_rates_nearest_to_one_first():
    ratios = measuring()._ratios
    assert ratios[0] == 1.0
    assert min(ratios) == pytest.approx(8000 / 48000)
    assert max(ratios) == pytest.approx(6.0)
    assert measuring()._ratios_end == max(ratios)
    away = [abs(np.log(ratio)) for ratio in ratios]
    assert away == sorted(away)
    assert (
        len(ratios)
        == len(set(ratios))
        == len({a / b for a in resample.RATES for b in resample.RATES if a <= 6.1 * b and b <= 6.1 * a})
    )


# The judgement.


@pytest.mark.parametrize("ratio", [0.5, 44100 / 48000, 48000 / 44100, 2.0])
@pytest.mark.parametrize("origin", [0.0, 40.25, -200.0])
def test_a_stretch_at_another_rate_has_its_ratio_and_the_position_behind_it(ratio, origin):
    frames = 2000
    found = measuring().judge(stretched(ratio, frames, origin), FIRST)
    assert found.end == frames
    assert found.ratio == pytest.approx(ratio, abs=2e-4)
    assert found.origin == pytest.approx(origin, abs=0.3)
    assert abs(found.position - (FIRST + origin + ratio * frames)) <= 1


def test_a_place_farther_off_than_a_converter_delays_is_found_where_it_is_asked_for():
    rows = stretched(0.5, 1000, 500.0)
    assert measuring().judge(rows, FIRST) is None
    assert measuring().judge(rows, FIRST, 300).origin == pytest.approx(500.0, abs=0.3)


def test_right_scaled_and_unrelated_frames_run_at_no_other_rate():
    due = sent().bytes_at(FIRST, 1000).reshape(1000, 4)
    assert measuring().judge(due, FIRST) is None
    half = np.rint(full_scale(due) * 16384).astype("<i2").view(np.uint8).reshape(1000, 4)
    assert measuring().judge(half, FIRST) is None
    assert measuring().judge(np.zeros((1000, 4), np.uint8), FIRST) is None
    assert (
        measuring().judge(np.random.default_rng(1).integers(0, 256, (1000, 4), dtype=np.uint8), FIRST) is None
    )


def test_a_stretch_has_to_be_followed_for_the_shortest_length():
    for frames, found in ((SHORTEST, True), (SHORTEST - 1, False)):
        assert (measuring().judge(stretched(0.5, frames), FIRST) is not None) is found


def test_a_stretch_that_stops_being_pattern_is_followed_to_there_only():
    rows = stretched(0.5, 2000)
    for right, found in ((700, True), (300, False)):
        some = rows.copy()
        some[right:] = np.random.default_rng(2).integers(0, 256, (2000 - right, 4), dtype=np.uint8)
        assert (measuring().judge(some, FIRST) is not None) is found


def test_a_drift_of_less_than_the_least_is_no_other_rate():
    # Over 1024 frames the places move by so many frames.
    for drift, found in ((3.0, True), (0.3, False)):
        ratio = 1 + drift / 1024
        assert (measuring().judge(stretched(ratio, 1024, 0.5), FIRST) is not None) is found, drift


def test_a_ratio_goes_on_where_the_next_frames_lie_on_its_line():
    one = measuring()
    rows = stretched(0.5, 400, 100.0)
    assert one.follows(rows, FIRST + 100, 0.5)
    assert one.follows(rows, FIRST + 103, 0.5)
    assert not one.follows(rows, FIRST + 100, 2.0)
    noise = np.random.default_rng(1).integers(0, 256, (400, 4), dtype=np.uint8)
    assert not one.follows(noise, FIRST, 0.5)
    # Too few frames say nothing against it.
    silent = np.zeros((WINDOW, 4), np.uint8)
    assert one.follows(silent[: WINDOW // 4 - 1], FIRST, 0.5)
    assert not one.follows(silent[: WINDOW // 4], FIRST, 0.5)


def test_an_other_rate_begins_at_the_position_unless_it_says_otherwise():
    assert Other(3, 0.5, 7) == Other(3, 0.5, 7, 0.0)
