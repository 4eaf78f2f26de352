# SPDX-License-Identifier: MIT
"""A counter, a ramp or a known file judged as the pattern is, and what it can not show said."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.foreign.counter import counter_in
from stress.detect.foreign.judge import judge_by
from stress.detect.foreign.recording import FileSource
from stress.model.finding import Kind
from stress.model.formats import FORMATS
from stress.model.ring import Rings

FRAMES, RINGS = 60000, Rings(4096, 4800)


def packed(words, fmt):
    top = 1 << (fmt.bits - 1)
    signed = (words & (2 * top - 1) ^ top) - top
    cells = np.ascontiguousarray(signed.astype("<i4")).view(np.uint8).reshape(*words.shape, 4)
    return np.ascontiguousarray(cells[:, :, : fmt.sample_bytes]).reshape(len(words), -1)


def counting(fmt, channels, *, first=777, each_sample=True, up=0):
    """What TinyUSB sends: one counter over all samples; `up` bits into wider words."""
    frames = np.arange(FRAMES)[:, None]
    words = first + (
        frames * channels + np.arange(channels) if each_sample else frames + 0 * np.arange(channels)
    )
    return packed((words & 0xFFFF) << up, fmt)


def song(fmt, channels, frames=20000):
    steps = np.random.default_rng(3).normal(0, 300, (frames, channels))
    walk = np.cumsum(steps, axis=0)
    level = (1 << (fmt.bits - 1)) * 0.6
    return packed(np.rint(walk / np.abs(walk).max() * level).astype(np.int64), fmt)


def damaged(rows):
    """Every kind that a source can show, one of each, in order; and what is to be found."""
    size = rows.shape[1]
    rows = np.delete(rows, slice(6000, 6048), axis=0)
    rows = np.insert(rows, 12000, rows[11952:12000], axis=0)
    rows[16000:16008] = rows[16000 - 4800 : 16008 - 4800]
    rows[20000:20016] = 0
    rows[24000:24010] = rows[23999]
    rows[28000, size - 1] ^= 0x10
    rows[32000:32004] = np.random.default_rng(9).integers(0, 256, (4, size))
    flat = rows.reshape(-1)
    flat[36000 * size : 36100 * size] = flat[36000 * size + 1 : 36100 * size + 1].copy()
    return rows, [
        (Kind.DROP, 6000, 48),
        (Kind.REPEAT, 12000, 48),
        (Kind.STALE, 16000, 8),
        (Kind.ZERO, 20000, 16),
        (Kind.HOLD, 24000, 10),
        (Kind.BITFLIP, 28000, 1),
        (Kind.UNKNOWN, 32000, 4),
        (Kind.BYTESHIFT, 36000, 100),
    ]


def seen(analysis):
    return [(one.kind, one.frame, one.frames) for one in analysis.findings]


@pytest.mark.parametrize("name", ["S16_LE", "S24_3LE", "S24_LE", "S32_LE"])
@pytest.mark.parametrize("channels", [1, 2, 3, 8])
@pytest.mark.parametrize("each_sample", [True, False])
def test_clean_counter_is_right_to_the_last_frame(name, channels, each_sample):
    fmt = FORMATS[name]
    for up in {0, fmt.bits - 16}:
        rows = counting(fmt, channels, each_sample=each_sample, up=up)
        source = counter_in(rows, fmt, channels, ramp=False)
        found = judge_by(source, rows, RINGS)
        assert (found.analysis.found, found.analysis.checked_frames) == (0, FRAMES)
        assert not found.advice
        step = channels if each_sample else 1
        assert f"step {step} a frame, 16 bits" in source.blind


@pytest.mark.parametrize(("name", "channels"), [("S16_LE", 1), ("S16_LE", 2), ("S24_3LE", 2)])
def test_damage_of_a_counter_is_named_as_that_of_the_pattern(name, channels):
    fmt = FORMATS[name]
    rows, due = damaged(counting(fmt, channels))
    found = judge_by(counter_in(rows, fmt, channels, ramp=False), rows, RINGS).analysis
    assert seen(found) == due


def test_ramp_takes_any_step_and_a_counter_does_not():
    fmt = FORMATS["S24_3LE"]
    rows = packed(np.arange(FRAMES)[:, None] * np.array([7, -5]) & 0xFFFFFF, fmt)
    rows[30000:30006] = rows[30000 - 4800 : 30006 - 4800]
    assert counter_in(rows, fmt, 2, ramp=False) is None
    found = judge_by(counter_in(rows, fmt, 2, ramp=True), rows, RINGS).analysis
    assert [(one.kind, one.ring, one.laps, one.frames) for one in found.findings] == [
        (Kind.STALE, "capture", 1, 6)
    ]


@pytest.mark.parametrize(("name", "channels"), [("S16_LE", 2), ("S24_3LE", 1), ("S32_LE", 2)])
def test_damage_of_a_known_file_played_in_a_loop_is_named(name, channels):
    fmt = FORMATS[name]
    file = song(fmt, channels)
    rows, due = damaged(np.concatenate([file] * 3))
    found = judge_by(FileSource("song", fmt, channels, file), rows, RINGS).analysis
    assert seen(found) == due
    stale = found.findings[2]
    assert (stale.ring, stale.laps) == ("capture", 1)


def test_silence_around_a_file_played_to_its_end_is_no_damage():
    fmt = FORMATS["S16_LE"]
    file = song(fmt, 2)
    idle = np.zeros((3000, 4), np.uint8)
    found = judge_by(FileSource("song", fmt, 2, file), np.concatenate([idle, file, idle]), RINGS)
    assert (found.analysis.found, found.analysis.checked_frames, found.advice) == (0, 20000, ())


@pytest.mark.parametrize("cut", ["head", "tail"])
def test_file_that_begins_late_or_ends_early_is_no_pass(cut):
    fmt = FORMATS["S16_LE"]
    file = song(fmt, 2)
    idle = np.zeros((3000, 4), np.uint8)
    part = file[500:] if cut == "head" else file[:-500]
    found = judge_by(FileSource("song", fmt, 2, file), np.concatenate([idle, part, idle]), RINGS)
    assert found.analysis.found == 0
    assert len(found.advice) == 1


@pytest.mark.parametrize("ramp", [False, True])
def test_noise_silence_and_music_are_no_counter(ramp):
    fmt = FORMATS["S16_LE"]
    rng = np.random.default_rng(1)
    for rows in (
        rng.integers(0, 256, (5000, 4), dtype=np.uint8),
        np.zeros((5000, 4), np.uint8),
        song(fmt, 2),
    ):
        assert counter_in(rows, fmt, 2, ramp) is None


def test_another_file_is_not_recognised():
    fmt = FORMATS["S16_LE"]
    other = np.random.default_rng(8).integers(0, 256, (9000, 4), dtype=np.uint8)
    assert not judge_by(FileSource("song", fmt, 2, song(fmt, 2)), other, RINGS).analysis.locked


def test_recording_that_repeats_itself_says_that_ages_are_guessed():
    fmt = FORMATS["S16_LE"]
    wave = packed(np.rint(9000 * np.sin(np.arange(480) * 2 * np.pi / 48))[:, None].astype(np.int64), fmt)
    assert "repeats itself" in FileSource("sine", fmt, 1, wave).blind
    assert FileSource("song", fmt, 2, song(fmt, 2)).blind == ""
