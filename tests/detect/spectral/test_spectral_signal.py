# SPDX-License-Identifier: MIT
"""Captured bytes as numbers, and the stimulus before, at and behind what was kept of it."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.spectral.signal import Reference, integers, padded, scaled
from stress.model.formats import FORMATS

VALUES = [[1, -1, -(1 << 15)], [300, -300, (1 << 15) - 1]]


class Ramp:
    """A pattern whose sample is its position and channel."""

    rate, channels, frame_bytes = 48000, 2, 4

    def __init__(self, fmt="S16_LE"):
        self.fmt = FORMATS[fmt]

    def samples(self, position, frames, channel):
        return (np.arange(position, position + frames) * 256 + 1000 * channel + 17).astype(np.int32)


def _raw(values, width):
    frames = list(zip(*values))
    return np.frombuffer(
        b"".join(int(v).to_bytes(width, "little", signed=True) for f in frames for v in f), np.uint8
    )


@pytest.mark.parametrize(
    ("fmt", "width", "shift"), [("S16_LE", 2, 0), ("S24_3LE", 3, 8), ("S24_LE", 4, 8), ("S32_LE", 4, 16)]
)
@pytest.mark.parametrize("rest", [0, 1, 3])
def test_whole_frames_become_signed_samples_by_channel(fmt, width, shift, rest):
    values = [[v << shift for v in row] for row in VALUES]
    raw = np.concatenate((_raw(values, width), np.full(rest, 7, np.uint8)))
    got = integers(raw, 2, FORMATS[fmt])
    assert got.tolist() == values
    assert got.dtype == np.int32 and got.flags.c_contiguous


def test_pad_byte_of_24_bits_in_four_is_not_looked_at():
    raw = np.array([1, 2, 3, 0xFF, 0xFF, 0xFF, 0xFF, 0x00], dtype=np.uint8)
    assert integers(raw, 1, FORMATS["S24_LE"]).tolist() == [[0x030201, -1]]


@pytest.mark.parametrize(("fmt", "full"), [("S16_LE", 1 << 15), ("S24_3LE", 1 << 23), ("S32_LE", 1 << 31)])
def test_full_scale_is_one(fmt, full):
    got = scaled(np.array([-full, full // 2, 0], dtype=np.int32), FORMATS[fmt])
    assert got.tolist() == [-1.0, 0.5, 0.0]
    assert got.dtype == np.float32


@pytest.mark.parametrize("start", range(-7, 8))
@pytest.mark.parametrize("frames", range(7))
def test_padded_is_zero_outside_the_signal(start, frames):
    signal = np.arange(1, 6, dtype=np.float32)
    wanted = [signal[i] if 0 <= i < 5 else 0 for i in range(start, start + frames)]
    assert padded(signal, start, frames).tolist() == wanted


def test_padded_inside_the_signal_is_no_copy():
    signal = np.arange(1, 6, dtype=np.float32)
    assert np.shares_memory(padded(signal, 0, 5), signal)
    assert not np.shares_memory(padded(signal, 1, 5), signal)


@pytest.mark.parametrize("channel", [0, 1])
def test_reference_keeps_frames_before_the_first_one_and_nothing_later(channel):
    x = Reference(Ramp(), channel, 1000, 3, 5)

    def due(frame):
        # 16-bit cards are sent the upper 16 of 24 bits.
        value = (1000 + frame) * 256 + 1000 * channel + 17
        return (value // 256 * 256) / (1 << 23) if -3 <= frame < 5 else 0.0

    assert x.at(-5, 12).tolist() == [due(frame) for frame in range(-5, 7)]
    assert x.at(2, 2).tolist() == [due(2), due(3)]
    assert (x.before, x.frames) == (3, 5)


def test_reference_of_24_bits_keeps_all_of_them():
    assert Reference(Ramp("S24_3LE"), 0, 0, 0, 2).at(0, 2).tolist() == [17 / (1 << 23), 273 / (1 << 23)]


@pytest.mark.parametrize("start", [-5, -2, -1, 0, 1])
def test_nothing_sounds_before_the_first_played_frame(start):
    x = Reference(Ramp(), 0, 1000, 3, 5)
    wanted = [x.at(frame, 1)[0] if frame >= 0 else 0.0 for frame in range(start, start + 6)]
    assert x.sent(start, 6).tolist() == wanted
    assert x.at(-1, 1)[0] != 0  # what is kept for older data stays as it is
