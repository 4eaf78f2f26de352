# SPDX-License-Identifier: MIT
import numpy as np
import pytest

from stress.detect.spectral.signal import Reference, integers, padded, scaled
from stress.model.formats import FORMATS


class Ramp:
    """A stimulus whose sample is its position, times 256 in the format asked for."""

    rate, channels, frame_bytes, band_hz = 48000, 1, 4, (800.0, 14000.0)

    def __init__(self, name):
        self.fmt = FORMATS[name]

    def samples(self, position, frames, channel):
        return (position + np.arange(frames) + 1000 * channel).astype(np.int32)


@pytest.mark.parametrize("name", sorted(FORMATS))
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_integers_are_whole_frames_by_channel(name, channels):
    fmt = FORMATS[name]
    values = np.random.default_rng(1).integers(-(1 << (fmt.bits - 1)), 1 << (fmt.bits - 1), 5 * channels)
    width = fmt.sample_bytes
    raw = b"".join(int(v).to_bytes(width, "little", signed=True) for v in values)
    cut = np.frombuffer(raw + b"\x00" * (width * channels - 1), np.uint8)
    found = integers(cut, channels, fmt)
    assert found.tolist() == values.reshape(5, channels).T.tolist()
    assert (found.dtype, found.flags.c_contiguous) == (np.int32, True)


def test_integers_of_24_bits_in_four_bytes_ignore_the_upper_byte():
    raw = np.array([0xFF, 0xFF, 0x7F, 0x00, 0x00, 0x00, 0x80, 0x7F], np.uint8)
    assert integers(raw, 1, FORMATS["S24_LE"]).tolist() == [[(1 << 23) - 1, -(1 << 23)]]


@pytest.mark.parametrize("name", ["S16_LE", "S24_3LE", "S32_LE"])
def test_scaled_samples_have_a_full_scale_of_one(name):
    full = 1 << (FORMATS[name].bits - 1)
    found = scaled(np.array([-full, full // 2, 0], np.int64), FORMATS[name])
    assert (found.tolist(), found.dtype) == ([-1.0, 0.5, 0.0], np.float32)


@pytest.mark.parametrize(
    ("start", "frames", "found"),
    [
        (0, 5, [1, 2, 3, 4, 5]),
        (1, 3, [2, 3, 4]),
        (3, 4, [4, 5, 0, 0]),
        (-2, 4, [0, 0, 1, 2]),
        (-2, 9, [0, 0, 1, 2, 3, 4, 5, 0, 0]),
        (-4, 3, [0, 0, 0]),
        (-3, 3, [0, 0, 0]),
        (5, 2, [0, 0]),
        (9, 2, [0, 0]),
    ],
)
def test_padded_signal_is_zero_outside(start, frames, found):
    signal = np.arange(1, 6, dtype=np.float32)
    assert padded(signal, start, frames).tolist() == found


def test_padded_signal_is_no_copy_inside():
    signal = np.arange(5, dtype=np.float32)
    assert padded(signal, 0, 5).base is signal
    assert padded(signal, 1, 5).base is not signal


def test_reference_holds_what_was_played_around_a_capture():
    x = Reference(Ramp("S24_LE"), 2, 5000, 50, 200)
    scale = float(1 << 23)
    assert (x.before, x.frames) == (50, 200)
    assert (x.at(-51, 3) * scale).tolist() == [0, 6950, 6951]
    assert (x.at(199, 2) * scale).tolist() == [7199, 0]
    assert (x.sent(0, 2) * scale).tolist() == [7000, 7001]
    assert (x.sent(-1, 3) * scale).tolist() == [0, 7000, 7001]
    # The copy that was silenced is nobody else's.
    assert (x.at(-1, 3) * scale).tolist() == [6999, 7000, 7001]


def test_reference_of_sixteen_bits_has_no_others():
    x = Reference(Ramp("S16_LE"), 0, 1000, 0, 600)
    assert (x.at(0, 600) * (1 << 23)).tolist() == [n & -256 for n in range(1000, 1600)]
