# SPDX-License-Identifier: MIT
"""Samples of every format: exact in the bits they carry, and wrong where a float is no integer."""

from __future__ import annotations

import numpy as np
import pytest

from stress.model.formats import CARD_FORMATS
from stress.patterns.samples import pack, unpack

# One sample, 0x12345678 and 0xFEDCBA98 left-justified, as sound/asound.h and the C types lay them out.
KNOWN = {
    "U8": (b"\x92", b"\x7e"),
    "S8": (b"\x12", b"\xfe"),
    "S16_LE": (b"\x34\x12", b"\xdc\xfe"),
    "S16_BE": (b"\x12\x34", b"\xfe\xdc"),
    "U16_BE": (b"\x92\x34", b"\x7e\xdc"),
    "S18_3LE": (b"\xd1\x48\x00", b"\x72\xfb\xff"),
    "S20_3LE": (b"\x45\x23\x01", b"\xcb\xed\xff"),
    "S24_3LE": (b"\x56\x34\x12", b"\xba\xdc\xfe"),
    "S24_3BE": (b"\x12\x34\x56", b"\xfe\xdc\xba"),
    "S24_LE": (b"\x56\x34\x12\x00", b"\xba\xdc\xfe\xff"),
    "U24_LE": (b"\x56\x34\x92\x00", b"\xba\xdc\x7e\x00"),
    "S32_LE": (b"\x78\x56\x34\x12", b"\x98\xba\xdc\xfe"),
    "S32_BE": (b"\x12\x34\x56\x78", b"\xfe\xdc\xba\x98"),
    "FLOAT_LE": (np.array(0x123456 / 2**23, "<f4").tobytes(), np.array(-0x012346 / 2**23, "<f4").tobytes()),
}
SAMPLES = np.array([[0x12345678], [0xFEDCBA98]], np.uint32)


@pytest.mark.parametrize("name", KNOWN)
def test_pack_writes_the_bytes_that_alsa_has(name):
    assert pack(SAMPLES, CARD_FORMATS[name]).tobytes() == b"".join(KNOWN[name])


@pytest.mark.parametrize("fmt", CARD_FORMATS.values(), ids=CARD_FORMATS)
def test_unpack_gives_back_the_bits_that_were_packed(fmt):
    random = np.random.RandomState(7)
    samples = random.randint(0, 1 << 32, size=(500, 3), dtype=np.uint64).astype(np.uint32)
    samples[0] = (0, 0x80000000, 0x7FFFFFFF)
    carried = np.uint32((0xFFFFFFFF << (32 - fmt.bits)) & 0xFFFFFFFF)
    packed = pack(samples, fmt)
    assert packed.size == 500 * fmt.frame_bytes(3)
    assert (unpack(packed, fmt, 3) == (samples & carried)).all()


@pytest.mark.parametrize("name", ["S20_3LE", "S24_LE", "S20_LE"])
def test_unpack_does_not_look_above_a_narrow_sample(name):
    fmt = CARD_FORMATS[name]
    packed = pack(SAMPLES, fmt).reshape(2, fmt.sample_bytes)
    unlike = packed.copy()
    unlike[:, -1] ^= 0xF0
    assert (unpack(unlike.reshape(-1), fmt, 1) == unpack(packed.reshape(-1), fmt, 1)).all()


@pytest.mark.parametrize("value", [1.5 / 2**23, 0.1, 1.0, -1.5, np.inf, -np.inf, np.nan])
def test_unpack_a_float_that_is_no_integer_of_24_bits_is_unlike_the_nearest_one(value):
    fmt = CARD_FORMATS["FLOAT_LE"]
    raw = np.array([value], "<f4").view(np.uint8)
    seen = unpack(raw, fmt, 1)
    assert pack(seen, fmt).tobytes() != raw.tobytes()
    if np.isfinite(value) and abs(value) < 1:
        assert abs(int(seen[0, 0] >> 8) - round(value * 2**23)) <= 1
