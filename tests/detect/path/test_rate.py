# SPDX-License-Identifier: MIT
import numpy as np
import pytest

from stress.detect.path import rate
from stress.detect.path.lines import frequency
from stress.detect.path.rate import TAPS, at_old_rate, ratio_of
from stress.detect.path.sources import ODD, Sources
from stress.model.formats import FORMATS
from tests.detect.path.path_kit import sent

KNOWN = Sources("mix1", FORMATS["S16_LE"])


def tone(freq, frames, first=0, phase=0.0):
    """A tone of one amplitude whose frame 0 is `first`."""
    return np.cos(2 * np.pi * (freq * (np.arange(frames) + first)) + phase)


@pytest.mark.parametrize("place", [40.0, 40.3, 57.75])
def test_peaks_of_a_spectrum_are_told_between_its_bins(place):
    # A parabola of logarithms has its top there, to the last digit.
    spectrum = np.exp(-0.5 * (np.arange(100) - place) ** 2 + 3) + 1e-25
    assert rate._peaks(spectrum, 1) == pytest.approx([place], abs=1e-6)


def test_peaks_are_the_largest_first_and_never_at_the_ends():
    spectrum = np.ones(50)
    spectrum[[0, 10, 20, 30, 49]] = 90, 5, 9, 7, 99
    assert rate._peaks(spectrum, 2) == [20.0, 30.0]
    assert rate._peaks(spectrum, 9) == [20.0, 30.0, 10.0]


def test_peak_of_two_equal_bins_is_between_them():
    assert rate._peaks(np.array([1.0, 1, 8, 8, 1, 1]), 3) == pytest.approx([2.5])


def test_share_is_the_power_about_the_lines_less_what_noise_puts_there():
    spectrum = np.zeros(513)
    spectrum[98:103] = 0.1, 0.05, 0.2, 0.05, 0.1
    spectrum[200] = 0.3
    lines = np.array([100 / 1024, 200 / 1024])
    assert rate._share(spectrum, lines, 1.0, 1024) == pytest.approx(0.8 - 2 * 10 / 1024)
    # At twice the rate the lines lie at half the place; the second one is the first.
    assert rate._share(spectrum, lines, 2.0, 1024) == pytest.approx(0.5 - 2 * 10 / 1024)
    # A line above half the rate is none.
    assert rate._share(spectrum, lines, 0.25, 1024) == pytest.approx(0.0 - 2 * 5 / 1024)
    assert rate._share(spectrum, np.array([0.4, 0.5]), 1.0, 1024) == pytest.approx(-2 * 5 / 1024)


def test_share_counts_bins_at_the_ends_once():
    spectrum = np.full(9, 0.1)
    assert rate._share(spectrum, np.array([0.0, 1 / 16, 0.49]), 1.0, 16) == pytest.approx(0.7 - 2 * 7 / 16)


def test_lines_of_a_channel_hold_those_of_its_kind():
    high = rate._lines_of(KNOWN, 1)
    assert len(high) == rate.KNOWN_LINES
    assert high[0] == pytest.approx(1 - frequency(31), abs=1e-6)
    low = rate._lines_of(KNOWN, 0)
    less, more = (frequency(30) - frequency(15)) % 1, (frequency(30) + frequency(15)) % 1
    for line in (min(one, 1 - one) for one in (less, more)):
        assert np.abs(low[:4] - line).min() < 1e-6


def test_power_of_both_channels_counts_the_first_two_kinds():
    spectrum = np.zeros(513)
    spectrum[[100, 200, 300]] = 0.5, 0.25, 0.125
    lines = [np.array([n / 1024]) for n in (100, 200, 300)]
    assert rate._both(spectrum, lines, 1024) == pytest.approx(0.75 - 2 * 10 / 1024)


@pytest.mark.parametrize("first", [0, 777])
def test_phasor_of_a_tone_is_half_its_level_and_its_phase(first):
    found = rate._at(6 * tone(0.123, 2000, first, 0.7), 0.123, first)
    assert found == pytest.approx(3 * np.exp(0.7j), rel=1e-4)


@pytest.mark.parametrize(
    "line",
    [
        frequency(31),
        3 * frequency(31) % 1,
        89 * frequency(31) % 1,
        (2 * frequency(30) - 23 * frequency(15)) % 1,
        (23 * frequency(30) + frequency(15)) % 1,
        (5 * frequency(31)) / 2 % 1,
        (7 * frequency(31) + 1) / 2 % 1,
    ],
)
def test_line_near_a_multiple_of_the_steps_of_x_is_that(line):
    line = min(line, 1 - line)
    assert rate._exact(line + 1e-8) == pytest.approx(line, abs=3e-9)


def test_line_of_nothing_known_is_left_as_it_is():
    known = [abs((k * frequency(31) + 0.5) % 1 - 0.5) for k in range(1, 90)]
    far = next(x for x in np.linspace(0.01, 0.02, 999) if rate._exact(float(x)) == x)
    assert min(abs(far - one) for one in known) >= 1e-5


@pytest.mark.parametrize("frames", [9001, 20000])
@pytest.mark.parametrize("ratio", [0.93, 1.000012, 1.7])
def test_refined_ratio_follows_the_phase_of_the_strongest_line_to_the_end(ratio, frames):
    line = min(frequency(31), 1 - frequency(31))
    seen = np.stack([0.1 * tone(0.3, frames), tone(line / ratio, frames, 5, 0.4)], 1)
    known = [np.array([0.0005, 0.31]), np.array([line + 1e-7])]
    assert rate._refined(seen, ratio * (1 + 2e-5), known) == pytest.approx(ratio, rel=3e-8)


def test_capture_at_the_old_rate_is_the_band_that_was_played():
    seen = np.stack([tone(0.05, 3000), tone(0.11, 3000, 0, 1.0)], 1)
    for ratio in (1.3, 0.8, 1.0):
        found = at_old_rate(seen, ratio, 2000)
        place = TAPS + np.arange(2000) * ratio
        assert found == pytest.approx(
            np.stack([np.cos(2 * np.pi * 0.05 * place), np.cos(2 * np.pi * 0.11 * place + 1.0)], 1), abs=2e-3
        )


def test_capture_at_the_old_rate_at_whole_frames_is_itself():
    seen = np.random.default_rng(1).normal(size=(200, 2))
    assert at_old_rate(seen, 1.0, 100) == pytest.approx(seen[TAPS : TAPS + 100])


def test_capture_at_the_old_rate_ends_where_taps_end():
    # The last frame needs TAPS frames behind it, and one more.
    assert len(at_old_rate(np.zeros((200, 1)), 1.0, 999)) == 200 - 2 * TAPS - 1


def resampled(x, ratio):
    """Samples at `ratio` times their rate."""
    return at_old_rate(x, 1 / ratio, int(len(x) * ratio) - 100)


@pytest.mark.parametrize("ratio", [0.7, 44100 / 48000, 1.0001, 48000 / 44100, 2.0])
def test_ratio_of_another_rate_is_found_by_the_lines(ratio):
    heard = resampled(sent("S16_LE", 2, frames=12000), ratio)
    assert ratio_of(heard, KNOWN) == pytest.approx(ratio, rel=2e-6)


def test_ratio_is_one_for_the_rate_that_was_played():
    assert ratio_of(sent("S16_LE", 2, frames=8000), KNOWN) == pytest.approx(1, rel=1e-6)


def test_ratio_of_words_that_take_two_frames_is_found():
    heard = resampled(sent("S16_LE", 1, frames=12000), 48000 / 44100)
    assert ratio_of(heard, Sources("mix1", FORMATS["S16_LE"])) == pytest.approx(48000 / 44100, rel=5e-6)
    assert KNOWN.block(1, 4, [ODD]).shape == (4, 1)


@pytest.mark.parametrize("seen", [np.zeros((8000, 2)), np.random.default_rng(3).normal(size=(8000, 2))])
def test_ratio_of_silence_and_of_noise_is_none(seen):
    assert ratio_of(seen, KNOWN) is None


def test_sum_of_both_channels_is_no_other_rate():
    x = sent("S16_LE", 2, frames=8000)
    found = ratio_of(x.sum(axis=1, keepdims=True), KNOWN)
    assert found is None or found == pytest.approx(1, rel=1e-5)
