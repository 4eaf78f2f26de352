# SPDX-License-Identifier: MIT
"""A capture that holds an auxiliary stimulus: its name, its frames, and those that differ."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.auxiliary_known import PROBE, _sounding, known_auxiliary
from stress.model.formats import FORMATS
from stress.model.stimulus import AUXILIARY
from stress.patterns.auxiliary import AuxiliaryPattern
from stress.patterns.word import Pattern


def source(name, fmt="S16_LE", channels=2):
    return AuxiliaryPattern(name, channels, FORMATS[fmt])


def frames_of(name, frames, phase=0, fmt="S16_LE", channels=2):
    one = source(name, fmt, channels)
    out = np.empty(frames * one.frame_bytes, np.uint8)
    one.fill(phase, out)
    return out.reshape(frames, -1)


def known(rows, fmt="S16_LE", channels=2, block=1000):
    raw = np.ascontiguousarray(rows).reshape(-1)
    size = rows.shape[1]

    def read(first, stop):
        for at in range(first, stop, block):
            yield raw[at * size : min(at + block, stop) * size]

    return known_auxiliary(read, len(rows), Pattern("mix1", FORMATS[fmt], channels))


def silent(frames, size=4):
    return np.zeros((frames, size), np.uint8)


@pytest.mark.parametrize("name", [name for name in AUXILIARY if name != "silence"])
@pytest.mark.parametrize(("fmt", "channels"), [("S16_LE", 2), ("S24_3LE", 1), ("S32_LE", 3)])
def test_each_stimulus_is_known_by_its_frames_from_any_phase_on(name, fmt, channels):
    period = source(name, fmt, channels).period
    for phase in (0, 1, period - 1):
        rows = frames_of(name, 9000, phase, fmt, channels)
        sounding = int(np.argmax(rows.any(axis=1)))
        assert known(rows, fmt, channels) == (name, 9000 - sounding, 0)


def test_silence_before_it_is_left_out():
    for lead in (1, 999, 1000, 1001, 4321):
        rows = np.concatenate([silent(lead), frames_of("checker", 5000)])
        assert known(rows) == ("checker", 5000, 0)


def test_frames_that_differ_are_counted_to_the_end():
    rows = frames_of("byte-order", 9000).copy()
    for at in (5, 999, 1000, 8999):
        rows[at, 3] ^= 1
    assert known(rows) == ("byte-order", 9000, 4)


def test_frames_lost_in_the_middle_make_what_follows_differ():
    rows = frames_of("checker", 9001)
    assert known(np.delete(rows, 6000, axis=0)) == ("checker", 9000, 3000)


def test_nine_of_ten_frames_of_the_probe_have_to_be_right():
    for wrong, found in ((400, ("checker", 4000, 400)), (401, None)):
        rows = frames_of("checker", 4000).copy()
        rows[100 : 100 + wrong, 0] ^= 1
        assert known(rows) == found
    # What lies behind the probe does not matter.
    rows = frames_of("checker", 20000).copy()
    rows[PROBE:, 0] ^= 1
    assert known(rows) == ("checker", 20000, 20000 - PROBE)


@pytest.mark.parametrize(("frames", "found"), [(32, True), (31, False)])
def test_two_periods_are_the_least(frames, found):
    rows = frames_of("walking-ones", frames)
    assert (known(rows) is not None) is found


def test_silence_noise_and_nothing_are_no_stimulus():
    noise = np.random.default_rng(1).integers(1, 256, (9000, 4), dtype=np.uint8)
    assert known(silent(9000)) is None
    assert known(noise) is None
    assert known(silent(0)) is None


def test_the_first_frame_that_sounds_is_that_of_its_first_byte():
    rows = silent(3000)
    rows[1234, 3] = 1

    def read(first, stop):
        for at in range(first, stop, 500):
            yield rows[at : min(at + 500, stop)].reshape(-1)

    assert _sounding(read, 3000, 4) == 1234
    assert _sounding(read, 1000, 4) == 1000
