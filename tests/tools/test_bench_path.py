# SPDX-License-Identifier: MIT
"""The bench of paths: its kinds are named right, and what is wrong is said."""

from __future__ import annotations

import numpy as np
import pytest

from stress.model.path import Path
from tools.benchkit import path
from tools.benchkit._path_cases import CASES
from tools.benchkit._path_truth import Truth

# A wrong name each before the bench was there.
ONCE_WRONG = ("one channel silent", "unsigned", "two bits exchanged", "dither", "resampled 48 to 44.1 kHz")


def test_bench_has_forty_kinds_with_names_of_their_own():
    assert len({case.name for case in CASES}) == len(CASES) >= 40


@pytest.mark.parametrize("name", ONCE_WRONG)
@pytest.mark.parametrize("layout", [("S24_3LE", 2), ("S16_LE", 1)])
def test_path_that_was_once_misnamed_is_named_right(name, layout):
    case = next(case for case in CASES if case.name == name)
    if layout[1] >= case.channels:
        assert path.drawn(case, layout, 1, 0)[0] == ""


def test_shift_left_in_a_file_of_mono_finds_the_bits_that_are_lost():
    case = next(case for case in CASES if case.name == "shift left")
    assert path.drawn(case, ("S16_LE", 1), 1, 0)[0] == ""


def test_mono_file_at_half_of_its_rate_is_no_sum_of_two_channels():
    case = next(case for case in path.CASES if case.name == "resampled by 1/2")
    assert path.drawn(case, ("S16_LE", 1), 1, 0)[0] == ""


# A gain of +6 dB or more for a few hundred frames holds 0.5 % of the samples at a rail.
@pytest.mark.parametrize(("number", "channels"), [(438, 2), (655, 1)])
def test_short_gain_that_clips_is_no_path(number, channels):
    assert path.false_name("S24_3LE", channels, np.random.default_rng([4712, number, 77])) == ""


def test_truth_says_what_is_wrong_with_a_path():
    said = Path.bit_exact(2, 16)
    assert Truth([0, 1], [0.0, 0.0], exact=True, bits=16).misses(said) == []
    assert Truth([1, 0], [0.03, 0.0], bits=15, rate_ratio=1.00001).misses(said) == [
        "channels=[0, 1]",
        "exact=True",
        "gain_db=[0.0, 0.0]",
        "rate_ratio=1.0",
        "bits=[16, 16]",
    ]


def test_local_faults_in_an_untouched_path_name_no_path():
    assert path.false_name("S16_LE", 2, np.random.default_rng(3)) == ""
