# SPDX-License-Identifier: MIT
import numpy as np
import pytest

from stress.detect.path.lines import (
    LEAST_SHARE,
    SHIFTS,
    PathLines,
    SeenLine,
    frequency,
    high_lines,
    low_lines,
)
from stress.detect.path.locate import step_of
from tests.detect.path.path_kit import sent

FRAMES = 4096


@pytest.mark.parametrize("bit", [0, 15, 31])
def test_bit_of_x_is_a_square_wave_of_its_frequency(bit):
    turn = 2 ** (bit + 1)
    assert frequency(bit) == (0x9E3779B1 % turn) / turn


def test_lines_of_each_shift_are_those_of_its_top_bit():
    assert high_lines().tolist() == [frequency(31 - shift) for shift in range(SHIFTS)]
    two = low_lines()
    assert two.shape == (SHIFTS, 2)
    for k in (0, 7, 15):
        assert two[k] == pytest.approx(
            [(frequency(30 - k) - frequency(15 - k)) % 1, (frequency(30 - k) + frequency(15 - k)) % 1]
        )


def halves(position=500, shift=0):
    """Left and right, without their `shift` top bits."""
    x = sent("S16_LE", 2, position, FRAMES).astype(np.int64) << shift
    return (x & 0xFFFF).astype(np.uint16).view(np.int16).astype(float)


@pytest.mark.parametrize("shift", [0, 2, 5])
def test_high_half_has_most_of_its_power_in_its_line_and_x_for_a_phase(shift):
    first = PathLines(FRAMES).kinds(0.3 * halves(shift=shift)[:, 1:] + 100)[0][0]
    assert (first.high, first.shift) == (True, shift)
    assert first.share == pytest.approx(0.61, abs=0.02)
    turn = (step_of(500) << shift) % (1 << 32) / (1 << 32)
    away = (first.phases[0] - turn) % 1
    assert min(away, 1 - away) < 5e-4


@pytest.mark.parametrize("shift", [0, 2])
def test_low_half_has_two_lines_of_a_quarter_each(shift):
    first = PathLines(FRAMES).kinds(halves(shift=shift)[:, :1])[0][0]
    assert (first.high, first.shift) == (False, shift)
    assert first.share == pytest.approx(0.5, abs=0.03)
    slow, fast = (sum(first.phases) / 2) % 0.5, ((first.phases[1] - first.phases[0]) / 2) % 0.5
    x = step_of(500)
    due = x % (1 << (31 - shift)) / (1 << (31 - shift)), x % (1 << (16 - shift)) / (1 << (16 - shift))
    for seen, place in zip((slow, fast), due):
        away = (seen - place) % 0.5
        assert min(away, 0.5 - away) < 5e-3


def test_kinds_of_a_stream_are_the_strongest_first():
    sides = halves()
    (mixed,) = PathLines(FRAMES).kinds((sides[:, 1] + 0.7 * sides[:, 0])[:, None])
    assert [one.high for one in mixed[:2]] == [True, False]
    assert [one.share for one in mixed] == sorted((one.share for one in mixed), reverse=True)


def test_noise_and_silence_have_no_kind():
    noise = np.random.default_rng(1).normal(size=(FRAMES, 1))
    assert PathLines(FRAMES).kinds(np.concatenate([noise, np.zeros((FRAMES, 1))], 1)) == [[], []]
    assert len(PathLines(FRAMES).kinds(noise, -1.0)[0]) == 2 * SHIFTS


@pytest.mark.parametrize(
    ("shares", "found"),
    [((0.05, 0.0, 0.0), 1), ((LEAST_SHARE, 0.0, 0.0), 0), ((0, 0.021, 0.021), 1), ((0, 0.02, 0.3), 0)],
)
def test_kind_needs_its_share_in_each_line(shares, found):
    every = np.zeros(3 * SHIFTS)
    every[3] = shares[0]
    every[SHIFTS + 10], every[SHIFTS + 11] = shares[1:]
    seen = PathLines(8)._kinds(np.full(3 * SHIFTS, 1 + 1j), every, LEAST_SHARE)
    assert len(seen) == found
    if found and shares[0]:
        assert seen == [SeenLine(True, 3, 0.05, (pytest.approx(0.375),))]
    elif found:
        assert seen == [
            SeenLine(False, 5, pytest.approx(0.042), (pytest.approx(0.125), pytest.approx(-0.375)))
        ]
