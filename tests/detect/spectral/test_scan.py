# SPDX-License-Identifier: MIT
import numpy as np
import pytest

from stress.detect.spectral.clock import CaptureWindow, SegmentClock, window
from stress.detect.spectral.distort import Distortion, terms
from stress.detect.spectral.scan import FIRST, HOP, MARGIN, SCORED, SIZE, SPILL, Scanner
from stress.detect.spectral.weigh import LINE, WINDOW, Weights

LINES = SCORED // LINE
QUARTILE = 5.07
RNG = np.random.default_rng(2)
SENT = RNG.normal(0, 0.1, SIZE + 8000).astype(np.float32)
NOISE = RNG.normal(0, 1e-3, SIZE).astype(np.float32)
MIDDLE = 5000
START = MIDDLE - MARGIN


class Played:
    """What was played, from frame 0 on."""

    def sent(self, start, frames):
        """Played frames `start` on."""
        return SENT[start : start + frames]


def weights(band=None, gain=0.5, matched=2.0):
    """A channel that is a factor, under white noise."""
    bins = SIZE // 2 + 1
    kept = np.ones(bins, np.float32) if band is None else band
    flat = np.full(bins, gain, np.complex64)
    whiten = np.eye(LINE, dtype=np.float32)
    r = np.zeros(WINDOW, np.float32)
    return Weights(flat, kept, np.full(bins, matched, np.complex64), r, whiten, QUARTILE, 1e-6)


def scored(left, low=0, high=1 << 30, distortion=None, known=None):
    """The scan of a block of which so much is left."""
    y = np.zeros(SIZE + 40, np.float32)
    y[20 : 20 + SIZE] = 0.5 * SENT[START : START + SIZE] + left
    scanner = Scanner(y, Played(), known or weights(), distortion)
    return scanner, scanner.score(MIDDLE, CaptureWindow(20, SIZE, None), low, high)


def test_statistic_of_a_line_is_its_matched_power_over_that_of_the_block():
    _, found = scored(NOISE)
    assert found.matched == pytest.approx(2 * NOISE, abs=1e-6)
    power = ((2 * NOISE[FIRST : FIRST + SCORED].astype(float)).reshape(LINES, LINE) ** 2).sum(axis=1)
    variance = np.sort(power)[LINES // 4] / QUARTILE
    assert found.variance == pytest.approx(variance, rel=1e-3)
    assert found.line_power == pytest.approx(power / variance, rel=1e-2)
    assert found.residual == pytest.approx(variance * 1e-6, rel=1e-3)
    assert found.distortion == 0.0


def test_signal_is_the_power_of_the_image_of_the_stimulus_in_the_band():
    _, found = scored(NOISE)
    image = 0.5 * SENT[START : START + SIZE].astype(float)
    assert found.signal == pytest.approx(float((image**2).mean()), rel=2e-3)
    band = (np.arange(SIZE // 2 + 1) < 2000).astype(np.float32)
    _, part = scored(NOISE, known=weights(band))
    spectrum = np.abs(np.fft.rfft(image)) ** 2
    assert part.signal == pytest.approx(float(2 * spectrum[:2000].sum() / SIZE**2), rel=1e-3)


@pytest.mark.parametrize(
    ("low", "high"), [(0, MIDDLE + 400), (MIDDLE + 800, 1 << 30), (MIDDLE - SPILL, MIDDLE)]
)
def test_lines_outside_what_is_judged_score_nothing(low, high):
    _, whole = scored(NOISE)
    _, found = scored(NOISE, low, high)
    first = max(0, low - (MIDDLE - SPILL)) // LINE
    last = min(LINES, (high - (MIDDLE - SPILL)) // LINE)
    assert not found.line_power[:first].any() and not found.line_power[last:].any()
    assert found.line_power[first:last].all()
    power = whole.line_power[first:last] * whole.variance
    assert found.variance == pytest.approx(np.sort(power)[(last - first) // 4] / QUARTILE, rel=1e-4)


def test_noise_of_a_block_is_told_by_its_quiet_lines():
    left = NOISE.copy()
    left[FIRST : FIRST + SCORED * 7 // 10] *= 50
    _, whole = scored(NOISE)
    _, found = scored(left)
    assert found.variance < 4 * whole.variance
    _, silent = scored(np.zeros(SIZE, np.float32))
    assert silent.variance > 0
    assert np.isfinite(silent.line_power).all()


def test_remainder_is_what_the_stimulus_leaves_of_the_middle():
    scanner, _ = scored(NOISE)
    left = scanner.remainder(MIDDLE, CaptureWindow(20, SIZE, None))
    assert left == pytest.approx(NOISE[MARGIN : MARGIN + HOP], abs=1e-6)


@pytest.mark.parametrize("source", ["played", "heard"])
def test_distortion_that_is_known_is_taken_out(source):
    factor = 1.0 if source == "played" else 0.5
    sound, scale = SENT[START : START + SIZE] * np.float32(factor), 0.1 * factor
    taps = np.array([[0.0, 0.01], [0.002, 0.0]])
    square, cube = terms(sound, scale).astype(float)
    bent = np.roll(0.01 * square, 1) + 0.002 * cube
    scanner, found = scored(NOISE + bent.astype(np.float32), distortion=Distortion(source, scale, 0, taps))
    assert found.matched == pytest.approx(2 * NOISE, abs=2e-5)
    assert found.distortion == pytest.approx(float((bent**2).mean()), rel=2e-2)
    left = scanner.remainder(MIDDLE, CaptureWindow(20, SIZE, None))
    assert left == pytest.approx(NOISE[MARGIN : MARGIN + HOP], abs=1e-5)


def test_noise_of_a_block_with_nothing_to_judge_is_that_of_its_first_line():
    _, whole = scored(NOISE)
    _, found = scored(NOISE, MIDDLE + 400, MIDDLE + 100)
    line = (MIDDLE + 400 - (MIDDLE - SPILL)) // LINE
    assert found.variance == pytest.approx(whole.line_power[line] * whole.variance / QUARTILE, rel=1e-4)
    assert not found.line_power.any()


def test_distortion_is_told_by_what_of_it_lies_in_the_band():
    band = (np.arange(SIZE // 2 + 1) < 2000).astype(np.float32)
    taps = np.array([[0.01], [0.0]])
    _, found = scored(NOISE, distortion=Distortion("played", 0.1, 0, taps), known=weights(band))
    spectrum = np.fft.rfft(0.01 * terms(SENT[START : START + SIZE], 0.1)[0].astype(float))
    assert found.distortion == pytest.approx(2 * (np.abs(spectrum[:2000]) ** 2).sum() / SIZE**2, rel=1e-3)


@pytest.mark.parametrize("offset", [20.25, -7.5])
def test_block_on_a_clock_of_its_own_is_moved_onto_that_of_playback(offset):
    n = np.arange(SIZE + 9000)
    tone = np.cos(0.5 * (n - 1000.0)).astype(np.float32)

    class Tone:
        """A tone, frame 0 of which is the thousandth."""

        def sent(self, start, frames):
            """Played frames `start` on."""
            return tone[1000 + start : 1000 + start + frames]

    y = (0.5 * np.cos(0.5 * (n - offset))).astype(np.float32)
    left = Scanner(y, Tone(), weights(), None).remainder(4000, window(SegmentClock(offset), 2976, SIZE))
    assert np.abs(left).max() < 1e-3
