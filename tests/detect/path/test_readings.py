# SPDX-License-Identifier: MIT
import numpy as np
import pytest

from stress.detect.path import readings as module
from stress.detect.path.readings import readings
from stress.model.formats import FORMATS


def signed(value, bits):
    """An unsigned word as a signed one."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


@pytest.mark.parametrize(("size", "channels"), [(2, 2), (3, 1), (4, 1)])
def test_readings_are_the_bytes_in_each_other_order(size, channels):
    fmt = {2: FORMATS["S16_LE"], 3: FORMATS["S24_3LE"], 4: FORMATS["S32_LE"]}[size]
    raw = np.random.default_rng(size).integers(0, 256, size * channels * 40, dtype=np.uint8)
    width, whole = 8 * size, bytes(raw)
    stream = int.from_bytes(whole, "little")
    length = 8 * len(whole)

    def words(data, order="little"):
        cells = (data[n : n + size] for n in range(0, len(data), size))
        return [signed(int.from_bytes(one, order), width) for one in cells]

    def cells(order):
        return b"".join(bytes(whole[n + k] for k in order) for n in range(0, len(whole), size))

    expected = [words(whole, "big")]
    if size == 4:
        expected += [words(cells((2, 3, 0, 1))), words(cells((1, 0, 3, 2)))]
    expected += [words(whole), [signed(one ^ 1 << (width - 1), width) for one in words(whole)]]
    expected += [words(whole[n:] + whole[:n]) for n in range(1, size * channels)]
    for moved in range(1, 8):
        for way in (moved, length - moved):
            turned = (stream << way | stream >> (length - way)) & ((1 << length) - 1)
            expected.append(words(turned.to_bytes(len(whole), "little")))
    mirrored = bytes(int(f"{one:08b}"[::-1], 2) for one in whole)
    expected += [words(mirrored), words(mirrored, "big")]
    found = readings(raw, fmt, channels)
    assert [one.reshape(-1).tolist() for one in found] == expected
    assert {one.shape for one in found} == {(40, channels)}


def test_readings_of_many_channels_move_bytes_within_a_sample_alone():
    fmt = FORMATS["S16_LE"]
    raw = np.random.default_rng(1).integers(0, 256, 2 * 3 * 40, dtype=np.uint8)
    assert len(readings(raw, fmt, 2)) == 1 + 2 + 3 + 14 + 2
    assert len(readings(raw, fmt, 3)) == 1 + 2 + 1 + 14 + 2


def test_reading_of_fewer_bits_is_signed_and_unsigned_at_the_highest_that_changes():
    # 12 bits of 16, unsigned around 2048 and signed with its upper bits clear.
    values = np.random.default_rng(1).integers(0, 4096, 500)
    raw = values.astype("<u2").view(np.uint8)
    found = readings(raw, FORMATS["S16_LE"], 1)
    assert found[1][:, 0].tolist() == [signed(int(one), 12) for one in values]
    assert found[2][:, 0].tolist() == [int(one) - 2048 for one in values]


@pytest.mark.parametrize(("ones", "bit"), [(20, 3), (21, 9), (979, 9), (980, 3)])
def test_bit_changes_where_two_of_a_hundred_samples_differ(ones, bit):
    words = np.arange(1000) % 2 * 8
    words[:ones] += 512
    assert module._top_bit(words.astype(float), 16) == bit


def test_bits_that_never_change_leave_the_top_one():
    assert module._top_bit(np.full(100, -1.0), 24) == 23
    # The lowest bit is no word.
    assert module._top_bit(np.arange(100.0) % 2, 24) == 23
    assert module._top_bit(np.arange(100.0) % 2 * 2, 24) == 1
    assert module._top_bit(-(np.arange(100.0) % 2), 24) == 23
