# SPDX-License-Identifier: MIT
"""Single frames missing or doubled evenly are a converter's; whatever else is wrong is none."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact import checker
from stress.detect.exact.expected import Expected
from stress.detect.path import even_steps as path_room
from stress.detect.path.even_steps import even_steps
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern

FIRST, FRAMES = 5000, 12_000
RINGS = Rings(480, 528)


def _played(fmt="S16_LE", channels=2, frames=FRAMES):
    pattern = Pattern("mix1", FORMATS[fmt], channels)
    return pattern, pattern.bytes_at(FIRST, frames).reshape(-1, pattern.frame_bytes)


def _told(pattern, rows):
    data = np.ascontiguousarray(rows).reshape(-1)
    analysis = checker.check(data, Expected(pattern, RINGS, FIRST, len(rows)))
    step = pattern.frame_bytes
    return even_steps(analysis, pattern, lambda first, end: data[first * step : end * step])


def _missing(rows, every):
    return np.delete(rows, np.arange(every - 1, len(rows), every), axis=0)


def _twice(rows, every):
    at = np.arange(every, len(rows), every)
    return np.insert(rows, at, rows[at], axis=0)


@pytest.mark.parametrize(("fmt", "channels"), [("S16_LE", 2), ("S24_3LE", 2), ("S32_LE", 3), ("S16_LE", 8)])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: _missing(rows, 17), "one frame in 17 is missing at a constant step"),
        (lambda rows: _twice(rows, 17), "one frame in 17 comes twice at a constant step"),
    ],
)
def test_frames_lost_or_doubled_evenly_are_a_converter(fmt, channels, change, words):
    pattern, rows = _played(fmt, channels)
    assert _told(pattern, change(rows)) == f"{words}: a converter without interpolation"


@pytest.mark.parametrize(
    ("come", "gone", "words"),
    [
        (48000, 44100, "one frame in 12.31 is missing"),
        (44100, 48000, "one frame in 11.31 comes twice"),
        (48000, 45000, "one frame in 16 is missing"),
        (22050, 24000, "one frame in 11.31 comes twice"),
    ],
)
def test_nearest_frame_of_another_rate_is_a_converter(come, gone, words):
    pattern, rows = _played()
    for phase in (0, gone // 2, gone - 1):
        at = (np.arange(FRAMES * gone // come) * come + phase) // gone
        assert _told(pattern, rows[at[at < FRAMES]]).startswith(words)


def test_silence_before_and_behind_is_no_other_damage():
    pattern, rows = _played()
    quiet = np.zeros((700, 4), np.uint8)
    assert _told(pattern, np.concatenate([_missing(rows, 17), quiet])).startswith("one frame in 17")


def _stale(rows, frames, lag):
    rows = rows.copy()
    rows[6000 : 6000 + frames] = rows[6000 - lag : 6000 - lag + frames]
    return rows


def _flipped(rows):
    rows = rows.copy()
    rows[6000, 1] ^= 4
    return rows


def _zeros(rows):
    rows = rows.copy()
    rows[6000:6008] = 0
    return rows


@pytest.mark.parametrize(
    "damage",
    [
        lambda rows: _stale(_missing(rows, 17), 8, RINGS.playback),
        lambda rows: _stale(_missing(rows, 17), 1, RINGS.playback),
        lambda rows: _stale(_missing(rows, 17), 120, RINGS.capture),
        lambda rows: _stale(_twice(rows, 17), 8, 480),
        lambda rows: _missing(_stale(rows, 8, RINGS.playback), 17),
        lambda rows: _flipped(_missing(rows, 17)),
        lambda rows: _zeros(_missing(rows, 17)),
        lambda rows: np.concatenate([_missing(rows[:6000], 17), rows[6000:]]),
        lambda rows: np.concatenate([rows[:6000], _missing(rows[6000:], 17)]),
        lambda rows: np.concatenate([_missing(rows[:6000], 17), _missing(rows[6000:], 19)]),
        lambda rows: np.delete(_missing(rows, 17), 6003, axis=0),
        lambda rows: np.insert(_missing(rows, 17), 6003, rows[9], axis=0),
        lambda rows: _missing(rows, 48),
        lambda rows: _missing(rows, 480),
        lambda rows: np.delete(rows, np.arange(20, len(rows), 64)[:, None] + np.arange(2), axis=0),
        lambda rows: np.delete(rows, np.sort(np.random.default_rng(3).choice(len(rows), 700, False)), axis=0),
        lambda rows: rows,
    ],
)
def test_anything_else_is_none(damage):
    pattern, rows = _played()
    assert _told(pattern, damage(rows)) == ""


@pytest.mark.parametrize("block", [256, 1000, 1024, 11_294])
def test_steps_are_the_same_however_the_capture_is_read(monkeypatch, block):
    monkeypatch.setattr(path_room, "BLOCK", block)
    pattern, rows = _played()
    quiet = np.zeros((1500, 4), np.uint8)
    whole = "one frame in 17 is missing at a constant step: a converter without interpolation"
    assert _told(pattern, _missing(rows, 17)) == whole
    assert _told(pattern, np.concatenate([_missing(rows, 17), quiet])) == whole
    for damage in (_flipped, _zeros, lambda rows: _stale(rows, 8, 480)):
        assert _told(pattern, damage(_missing(rows, 17))) == ""
    again = np.concatenate([_missing(rows[:6000], 17), quiet, _missing(rows[6000:], 17)])
    assert _told(pattern, again) == ""


def test_few_steps_and_mono_are_none():
    pattern, rows = _played(frames=1500)
    assert _told(pattern, _missing(rows, 17)) == ""
    pattern, rows = _played(channels=1)
    assert _told(pattern, _missing(rows, 17)) == ""
