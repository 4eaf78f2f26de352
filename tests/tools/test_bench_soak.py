# SPDX-License-Identifier: MIT
"""What `tools/bench soak` makes of its samples: growth, duty cycle, and pieces that go on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools.benchkit import soak
from tools.benchkit.soak import LEAST_WARM, WARM, Sample

ROOT = Path(__file__).parents[2]


def piece(number, sizes, begin=0.0):
    return [
        Sample(number, at, begin + 60.0 * at, round(size * 1e6), 0.6 * at, 61.0 * at)
        for at, size in enumerate(sizes, 1)
    ]


def test_growth_is_not_known_before_a_piece_is_long_enough():
    assert soak.growth(piece(1, [100] * (3 * LEAST_WARM - 1))) is None
    assert soak.growth(piece(1, [100] * 3 * LEAST_WARM)) == 0


def test_growth_leaves_out_how_a_piece_starts():
    assert soak.growth(piece(1, [50] * WARM + [100] * 2 * WARM)) == 0
    assert soak.growth(piece(1, [50] * 40 + [100] * 80)) == 0
    assert soak.growth(piece(1, [50] * 39 + [100] * 41 + [101] * 40)) == pytest.approx(0.01)


def test_growth_from_one_piece_to_the_next_counts():
    samples = piece(1, [100] * 200) + piece(2, [103] * 200, 12000.0)
    assert soak.growth(samples) == pytest.approx(0.03)
    assert not soak.good(samples, virtual=True)


def test_growth_within_a_piece_is_that_of_its_peaks():
    rising = [100 + number * 0.05 for number in range(3 * WARM)]
    assert soak.growth(piece(1, rising)) == pytest.approx(3 / 105.95, rel=0.01)


def test_duty_cycle_in_virtual_time_is_of_what_the_tester_takes():
    assert soak.duty(piece(1, [100] * 40), virtual=True) == pytest.approx(60 / 60.6)


def test_duty_cycle_of_a_card_is_of_wall_time_and_of_all_pieces():
    samples = piece(1, [100] * 10) + piece(2, [100] * 10, 600.0)
    assert soak.duty(samples, virtual=False) == pytest.approx(60 / 61)
    assert soak.duty([], virtual=False) is None


def test_duty_cycle_below_what_is_wanted_is_not_good():
    idle = [Sample(1, 1, 60.0, 1, 0.0, 70.0)]
    assert not soak.good(idle, virtual=False)
    assert soak.good(idle, virtual=True)


def test_soak_ended_by_its_time_goes_on_behind_its_last_burst(tmp_path):
    words = [sys.executable, "-m", "tools.benchkit", "soak", "--keep", str(tmp_path), "--burst", "1s"]
    words += ["--hours", "0.001"]
    first = subprocess.run([*words, "--for", "1ms"], capture_output=True, text=True, cwd=ROOT, check=False)
    assert "to be gone on with; exit status of the last piece: 143" in first.stdout, first.stderr
    again = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=False)
    # Too short for a PASS: what matters is that all of it was streamed, each burst once.
    assert "streamed: 4s in 4 bursts and 2 pieces" in again.stdout, again.stdout
    assert [one.burst for one in soak.read(tmp_path / "samples.jsonl")] == [1, 2, 3, 4]
