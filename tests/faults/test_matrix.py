# SPDX-License-Identifier: MIT
"""Every kind of fault in every format: class, place, extent, age and ring."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.checker import check
from stress.detect.exact.expected import Expected
from stress.model.formats import FORMATS
from stress.patterns.word import Pattern
from tools.benchkit._faults import FAULTS, fits
from tools.benchkit.accuracy import RINGS, compare, lay, scene_of

CHANNELS = (1, 2, 3, 6, 8)


def seeded(*words):
    return np.random.default_rng([20260101, *words])


@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize("fmt", list(FORMATS))
@pytest.mark.parametrize("name", list(FAULTS))
def test_fault_in_a_format_is_found_exactly(name, fmt, channels):
    if not fits(name, channels, FORMATS[fmt]):
        pytest.skip(f"{name} needs two channels")
    pattern = Pattern("mix1", FORMATS[fmt], channels)
    scene = scene_of(pattern, seeded(list(FAULTS).index(name), list(FORMATS).index(fmt), channels))
    lay(scene, [name], 0)
    analysis = check(scene.raw, Expected(pattern, RINGS, first_position=scene.first))
    assert compare(scene.truths, analysis) == [], (scene.truths, analysis.findings)
    assert all(finding.text.endswith(".") for finding in analysis.findings)
    assert analysis.checked_frames == len(scene.rows) - scene.lead


@pytest.mark.parametrize("channels", range(1, 9))
@pytest.mark.parametrize("fmt", list(FORMATS))
@pytest.mark.parametrize("name", ["mix1", "mix2"])
def test_clean_capture_has_no_finding(name, fmt, channels):
    pattern = Pattern(name, FORMATS[fmt], channels)
    scene = scene_of(pattern, seeded(channels))
    analysis = check(scene.raw, Expected(pattern, RINGS))
    assert (analysis.locked, analysis.found, analysis.notes) == (True, 0, ())
    assert (analysis.first_frame, analysis.first_position) == (scene.lead, scene.first)
    assert analysis.valid_bits == FORMATS[fmt].bits


PAIRS = (
    ("stale_playback", "stale_capture", 0),
    ("stale_playback", "drop", 0),
    ("drop", "stale_playback", 0),
    ("zero", "stale_playback", 0),
    ("repeat", "bitflip", 1),
    ("insert", "swap", 0),
    ("drop", "drop", 40),
    ("misplaced", "repeat", 0),
    ("gain", "zero", 0),
    ("hold", "zero", 0),
    ("drop", "stale_capture", 300),
    ("byteshift", "stale_tail", 8),
    ("drop", "resample", 0),
    ("stale_playback", "resample", 0),
    ("repeat", "resample", 1),
    ("insert", "resample", 0),
    ("swap", "resample", 0),
    ("gain", "resample", 300),
)


@pytest.mark.parametrize(("first", "second", "distance"), PAIRS)
def test_two_faults_are_found_each_in_its_place(first, second, distance):
    for trial in range(4):
        pattern = Pattern("mix2", FORMATS["S16_LE"], 2)
        scene = scene_of(pattern, seeded(trial, distance))
        lay(scene, [first, second], distance)
        analysis = check(scene.raw, Expected(pattern, RINGS, first_position=scene.first))
        assert compare(scene.truths, analysis) == [], (scene.truths, analysis.findings)
