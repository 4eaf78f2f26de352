# SPDX-License-Identifier: MIT
"""Spectrograms of known tones, against one transform a window, and what a view cuts out."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.spectral.view import Spectrogram, spectrogram, view

RATE, WINDOW = 48000, 1024


def _noise(frames, seed=1):
    return np.random.default_rng(seed).standard_normal(frames).astype(np.float32)


def test_full_scale_sine_reads_minus_three_in_its_band_and_little_elsewhere():
    tone = np.sin(2 * np.pi * 100.5 / WINDOW * np.arange(4 * WINDOW)).astype(np.float32)
    seen = spectrogram(tone, RATE, 0, bands=64)
    assert seen.levels_db[12] == pytest.approx([-3.01] * 7, abs=0.02)
    assert np.delete(seen.levels_db, 12, axis=0).max() < -40


@pytest.mark.parametrize(
    ("frames", "columns", "counts"),
    [
        (1023, 3, []),
        (1024, 3, [1]),
        (1535, 3, [1]),
        (1536, 3, [1, 1]),
        (2048, 3, [1, 1, 1]),
        (2560, 3, [2, 2]),
        (4096, 3, [3, 3, 1]),
    ],
)
def test_columns_are_means_of_half_overlapping_windows(frames, columns, counts):
    signal, bins = _noise(frames), np.arange(8) * 64
    seen = spectrogram(signal, RATE, 77, columns, 8)
    window = np.hanning(WINDOW)
    powers = [np.abs(np.fft.rfft(signal[i * 512 : i * 512 + 1024] * window)) ** 2 for i in range(sum(counts))]
    wanted, at = [], 0
    for count in counts:
        mean = np.mean(powers[at : at + count], axis=0) * 2 / (WINDOW * np.sum(window**2))
        ends = [*bins[1:], WINDOW // 2 + 1]
        wanted.append([10 * np.log10(mean[low:high].sum()) for low, high in zip(bins, ends)])
        at += count
    assert seen.levels_db.shape == (8, len(counts))
    assert seen.levels_db.dtype == np.float32
    np.testing.assert_allclose(seen.levels_db.T, np.reshape(wanted, (-1, 8)), atol=1e-3)
    assert (seen.start_frame, seen.hop_frames) == (77, 512 * max(1, *counts, 0))
    assert seen.edges_hz == tuple(3000.0 * band for band in range(9))


def test_without_being_asked_there_are_96_bands_and_at_most_480_columns():
    assert spectrogram(_noise(512 * 481), RATE, 0).levels_db.shape == (96, 480)
    assert spectrogram(_noise(512 * 482), RATE, 0).levels_db.shape == (96, 241)


def test_silence_reads_the_floor():
    seen = spectrogram(np.zeros(2048, np.float32), RATE, 0)
    assert seen.levels_db == pytest.approx(np.full((96, 3), -140.0), abs=1e-3)


def test_json_holds_edges_and_levels_to_a_tenth():
    levels = np.array([[-3.04, -7.06], [-140.0, 0.04]], dtype=np.float32)
    assert Spectrogram(5, 512, (0.0, 0.04, 24000.06), levels).to_json() == {
        "start_frame": 5,
        "hop_frames": 512,
        "edges_hz": [0.0, 0.0, 24000.1],
        "levels_db": [[-3.0, -7.1], [-140.0, 0.0]],
    }


@pytest.mark.parametrize(
    ("place", "first", "last"),
    [
        ((0, 9000), 0, 8000),
        ((2000, 3000), 2000, 5000),
        ((-500, 3000), 0, 3000),
        ((5000, 3000), 5000, 8000),
        ((7000, 3000), 7000, 8000),
        ((-500, 9000), 0, 8000),
    ],
)
def test_view_holds_the_place_before_and_what_is_left_of_it_after(place, first, last):
    y, rest = _noise(8000), np.zeros(8000, np.float32)
    runs = [(-100, _noise(2500, 2)), (2400, _noise(2000, 3)), (6000, _noise(4000, 4))]
    for at, run in runs:
        low, high = max(0, at), min(8000, at + run.size)
        rest[low:high] = run[low - at : high - at]
    seen = view(y, runs, RATE, place)
    for got, signal in ((seen.before, y), (seen.after, rest)):
        wanted = spectrogram(signal[first:last], RATE, first)
        assert (got.start_frame, got.hop_frames) == (first, 512)
        np.testing.assert_array_equal(got.levels_db, wanted.levels_db)
