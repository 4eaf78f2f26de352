# SPDX-License-Identifier: MIT
"""Whatever a file stores becomes the same little-endian samples."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from stress.errors import CaptureFileError
from stress.files.audio import open_audio
from stress.files.encoding import Encoding
from stress.model.formats import CARD_FORMATS, FORMATS
from stress.patterns.samples import pack, unpack
from tests.files.test_riff import chunk, form, read, riff

WIDE = np.random.default_rng(5).integers(-(1 << 31), 1 << 31, 4000, dtype=np.int64)


def bits(width):
    return (WIDE >> (32 - width)).astype(np.int64)


def packed(values, size, order="little"):
    return b"".join(int(v).to_bytes(size, order, signed=True) for v in values)


@pytest.mark.parametrize("size", [2, 3, 4])
def test_big_endian_integers_are_swapped(size):
    values = bits(8 * size)
    raw = np.frombuffer(packed(values, size, "big"), np.uint8)
    block, strange = Encoding(size, big_endian=True).convert(raw)
    assert (block.tobytes(), strange) == (packed(values, size), 0)


@pytest.mark.parametrize("fmt", list(CARD_FORMATS.values()), ids=list(CARD_FORMATS))
def test_raw_frames_of_every_linear_format_become_the_samples_they_are(tmp_path, fmt):
    samples = (WIDE.astype(np.uint32) >> np.uint32(32 - fmt.bits)) << np.uint32(32 - fmt.bits)
    path = tmp_path / "a.raw"
    path.write_bytes(pack(samples.reshape(-1, 2), fmt).tobytes())
    with open_audio(str(path), fmt=fmt, channels=2) as source:
        got = b"".join(block.tobytes() for block in source.blocks(500))
        assert source.fmt.native and source.fmt.bits >= fmt.bits
        assert np.array_equal(unpack(np.frombuffer(got, np.uint8), source.fmt, 2).reshape(-1), samples)


def test_samples_of_eight_bits_in_a_wav_are_unsigned(tmp_path):
    got, source = read(tmp_path, riff(form(bits=8, align=2), chunk(b"data", bytes([0, 128, 255, 129]))))
    assert source.fmt.name == "S16_LE"
    assert np.frombuffer(got, "<i2").tolist() == [-32768, 0, 32512, 256]


@pytest.mark.parametrize(("order", "size"), [("<", 4), (">", 4), ("<", 8), (">", 8)])
def test_floats_become_the_integers_they_were(order, size):
    values = bits(24)
    raw = (values / (1 << 23)).astype(f"{order}f{size}").view(np.uint8)
    block, strange = Encoding(size, order == ">", True).convert(raw)
    assert strange == 0 and np.array_equal(block.view("<i4"), values << 8)


def test_floats_that_no_integer_holds_are_clipped_and_counted():
    raw = np.array([0.5, 1.0, -1.0, 1.5, -2.0, np.nan, np.inf, -np.inf], "<f4").view(np.uint8)
    block, strange = Encoding(4, False, True).convert(raw)
    top = (1 << 31) - 1
    assert strange == 5
    assert block.view("<i4").tolist() == [1 << 30, top, -(1 << 31), top, -(1 << 31), 0, 0, 0]


@pytest.mark.parametrize(
    ("width", "size", "name"), [(20, 3, "S24_3LE"), (18, 3, "S24_3LE"), (20, 4, "S24_LE"), (24, 4, "S24_LE")]
)
@pytest.mark.parametrize("said", [32, 24, 20])
def test_samples_in_the_low_bits_are_seen_from_the_data(tmp_path, width, size, name, said):
    if said > 8 * size:
        pytest.skip("more bits than the container has")
    values = bits(width)
    content = riff(form(bits=said, align=2 * size), chunk(b"data", b"\0" * 600 + packed(values, size)))
    got, source = read(tmp_path, content)
    assert source.fmt.name == name
    used = FORMATS[name].sample_bytes
    want = packed(values << (24 - width), used)
    assert got[len(got) - len(want) :] == want
    noted = any("seen from the data" in note for note in source.notes)
    assert noted == ((width, said) != (24, 24))


@pytest.mark.parametrize("top", [0, 0x5A, 0xFF])
@pytest.mark.parametrize("said", [32, 24])
def test_24_bits_below_a_byte_that_stands_still_are_seen_from_the_data(tmp_path, top, said):
    raw = np.frombuffer(packed(bits(24), 4), np.uint8).reshape(-1, 4).copy()
    raw[:, 3] = top
    got, source = read(tmp_path, riff(form(bits=said, align=8), chunk(b"data", raw.tobytes())))
    assert source.fmt.name == "S24_LE"
    assert np.array_equal(np.frombuffer(got, np.uint8).reshape(-1, 4)[:, :3], raw[:, :3])


def test_32_bits_with_one_sample_of_another_high_byte_stay_32_bits(tmp_path):
    raw = np.frombuffer(packed(bits(24), 4), np.uint8).reshape(-1, 4).copy()
    raw[:, 3], raw[7, 3] = 0x12, 0x13
    assert read(tmp_path, riff(form(bits=32, align=8), chunk(b"data", raw.tobytes())))[1].fmt.name == "S32_LE"


def test_24_bits_in_the_high_bytes_under_a_header_that_says_low(tmp_path):
    values = bits(24) << 8
    got, source = read(tmp_path, riff(form(bits=24, align=8), chunk(b"data", packed(values, 4))))
    assert source.fmt.name == "S32_LE" and got == packed(values, 4)
    assert "high bits" in source.notes[0]


def test_full_samples_stay_what_the_header_says(tmp_path):
    for said, size, name in ((32, 4, "S32_LE"), (24, 3, "S24_3LE"), (20, 3, "S24_3LE")):
        values = bits(8 * size)
        got, source = read(
            tmp_path, riff(form(bits=said, align=2 * size), chunk(b"data", packed(values, size)))
        )
        assert (got, source.fmt.name, source.notes) == (packed(values, size), name, ())


def test_format_overrules_the_header_and_is_said(tmp_path):
    content = riff(form(bits=32), chunk(b"data", packed(bits(24) // 100, 4)))
    got, source = read(tmp_path, content, fmt=FORMATS["S24_LE"])
    assert source.fmt.name == "S24_LE" and "overrules the header, which says S32_LE" in source.notes[0]


def test_format_and_channels_together_overrule_the_header_and_are_said(tmp_path):
    content = riff(form(channels=4, align=8), chunk(b"data", packed(bits(16), 2)))
    got, source = read(tmp_path, content, fmt=FORMATS["S16_LE"], channels=2)
    assert (source.channels, got) == (2, packed(bits(16), 2))
    (note,) = source.notes
    assert note == "--format S16_LE --channels 2 overrule the header, which says S16_LE in 4 channels"
    with pytest.raises(CaptureFileError, match="has channels 4 in its header, not 2"):
        read(tmp_path, content, channels=2)


def test_sun_au_in_both_orders_and_without_a_length(tmp_path):
    values, path = bits(16), tmp_path / "a.au"
    for magic, order, name in ((b".snd", ">", "big"), (b"dns.", "<", "little")):
        for size, noted in ((8000, 0), (0xFFFFFFFF, 0), (9000, 1), (100, 1)):
            head = magic + struct.pack(f"{order}5I", 28, size, 3, 44100, 2) + b"\0\0\0\0"
            path.write_bytes(head + packed(values, 2, name))
            with open_audio(str(path)) as source:
                got = b"".join(block.tobytes() for block in source.blocks(64))
            assert (got, source.rate, len(source.notes)) == (packed(values, 2), 44100, noted)
