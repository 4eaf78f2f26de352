# SPDX-License-Identifier: MIT
import numpy as np
import pytest

from stress.detect.spectral.view import Spectrogram, spectrogram, view

RATE = 48000


def sine(frames, hz=3000.0, level=1.0):
    """A tone."""
    return (level * np.sin(2 * np.pi * hz / RATE * np.arange(frames))).astype(np.float32)


def test_full_scale_sine_reads_minus_three_decibels_in_its_band():
    found = spectrogram(sine(4096), RATE, 77, bands=64)
    assert (found.start_frame, found.hop_frames) == (77, 512)
    assert found.levels_db.shape == (64, 7)
    # Bands are eight bins of 46.875 Hz: 3000 Hz is bin 64, the first of the ninth.
    both = 10 * np.log10((10 ** (found.levels_db[7:9] / 10)).sum(axis=0))
    assert both == pytest.approx(np.full(7, -3.01), abs=0.05)
    assert found.levels_db[20:].max() < -60
    assert found.edges_hz == pytest.approx([n * 375.0 for n in range(65)])


def test_silence_reads_the_floor():
    found = spectrogram(np.zeros(2048, np.float32), RATE, 0).levels_db
    assert found == pytest.approx(np.full((96, 3), -140.0))


@pytest.mark.parametrize(
    ("frames", "columns"), [(0, 0), (1023, 0), (1024, 1), (1535, 1), (1536, 2), (4096, 7)]
)
def test_columns_are_the_windows_that_fit(frames, columns):
    assert spectrogram(sine(frames), RATE, 0).levels_db.shape == (96, columns)


@pytest.mark.parametrize(("most", "columns", "group"), [(7, 7, 1), (6, 4, 2), (3, 3, 3), (1, 1, 7)])
def test_long_signal_gets_a_larger_hop(most, columns, group):
    signal = np.random.default_rng(1).normal(size=4096).astype(np.float32)
    found = spectrogram(signal, RATE, 0, columns=most)
    assert (found.levels_db.shape[1], found.hop_frames) == (columns, 512 * group)
    each = 10 ** (spectrogram(signal, RATE, 0).levels_db / 10)
    means = [each[:, n : n + group].mean(axis=1) for n in range(0, 7, group)]
    assert 10 ** (found.levels_db / 10) == pytest.approx(np.stack(means, 1), rel=1e-4)


def test_power_of_all_bands_is_that_of_the_windows():
    signal = np.random.default_rng(2).normal(size=1024).astype(np.float32)
    found = spectrogram(signal, RATE, 0, bands=10)
    window = np.hanning(1024)
    power = np.abs(np.fft.rfft(signal * window)) ** 2 * 2 / (1024 * (window**2).sum())
    bins = [int(n * 51.2) for n in range(10)]
    expected = [power[a:b].sum() for a, b in zip(bins, [*bins[1:], 513])]
    assert 10 ** (found.levels_db[:, 0] / 10) == pytest.approx(expected, rel=1e-3)


def test_view_shows_what_was_captured_and_what_is_left_at_its_place():
    y = sine(9000)
    left = [(1000, sine(2000, level=0.1)), (3000, sine(2000, level=0.2)), (8000, sine(1000, level=0.3))]
    found = view(y, left, RATE, (2000, 4096))
    assert found.before.start_frame == found.after.start_frame == 2000
    rest = np.zeros(4096, np.float32)
    rest[:1000] = sine(2000, level=0.1)[1000:]
    rest[1000:3000] = sine(2000, level=0.2)
    assert found.before.levels_db.tolist() == spectrogram(y[2000:6096], RATE, 0).levels_db.tolist()
    assert found.after.levels_db.tolist() == spectrogram(rest, RATE, 0).levels_db.tolist()


@pytest.mark.parametrize(("place", "first", "frames"), [((-50, 3000), 0, 3000), ((8000, 4096), 8000, 1000)])
def test_view_is_cut_to_the_capture(place, first, frames):
    y = sine(9000, level=0.5)
    found = view(y, [(0, y)], RATE, place)
    expected = spectrogram(y[first : first + frames], RATE, first)
    for one in (found.before, found.after):
        assert (one.start_frame, one.levels_db.tolist()) == (first, expected.levels_db.tolist())


def test_spectrogram_is_rounded_for_its_record():
    one = Spectrogram(5, 512, (0.04, 100.06), np.array([[-3.04, -140.0]], np.float32))
    assert one.to_json() == {
        "start_frame": 5, "hop_frames": 512, "edges_hz": [0.0, 100.1], "levels_db": [[-3.0, -140.0]],
    }  # fmt: skip
