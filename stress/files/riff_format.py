# SPDX-License-Identifier: MIT
"""The fmt chunk of a WAV file: what its samples are, where its fields agree and where not.

Source: "Multimedia Programming Interface and Data Specifications 1.0" (RIFF);
"Multiple Channel Audio Data and WAVE Files" (WAVE_FORMAT_EXTENSIBLE); aplay.c
of alsa-utils for 24 bits in four bytes, which it marks by the block alignment.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from stress.errors import CaptureFileError
from stress.files.encoding import Encoding
from stress.files.limits import check_shape

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")
# B-format of ambisonic recorders: the same tags under another tail.
_AMBISONIC_TAIL = bytes.fromhex("00002107d3118644c8c1ca000000")
_OTHER = {2: "Microsoft ADPCM", 6: "A-law", 7: "mu-law", 17: "IMA ADPCM", 80: "MPEG", 85: "MP3"}
_INTEGER_BITS = (8, 16, 18, 20, 22, 24, 32)
_FLOAT_BITS = (32, 64)


@dataclass(frozen=True)
class FormatChunk:
    """What a fmt chunk says, with `notes` on fields that contradict each other."""

    encoding: Encoding
    channels: int
    rate: int
    bits: int
    notes: tuple[str, ...]


def parse(path: str, raw: bytes, big_endian: bool) -> FormatChunk:
    """Return what a fmt chunk of up to 40 bytes says.

    Raises
    ------
    CaptureFileError : no linear PCM or floating point, or of a width that holds no pattern.
    """
    if len(raw) < 16:
        raise CaptureFileError(path, f"has a fmt chunk of {len(raw)} bytes (allowed: 16, 18 or 40)")
    order = ">" if big_endian else "<"
    tag, channels, rate, byte_rate, align, bits = struct.unpack(f"{order}HHIIHH", raw[:16])
    if tag == EXTENSIBLE:
        tag = _subformat(path, raw, order)
    if tag not in (PCM, FLOAT):
        held = _OTHER.get(tag, f"format tag {tag:#06x}")
        raise CaptureFileError(path, f"holds {held} (allowed: linear PCM and floating point)")
    check_shape(path, channels, rate)
    allowed = _INTEGER_BITS if tag == PCM else _FLOAT_BITS
    if bits not in allowed:
        raise CaptureFileError(
            path,
            f"has {bits} bits in {align} bytes for {channels} channels (allowed: "
            f"{', '.join(map(str, allowed[:-1]))} or {allowed[-1]} bits)",
        )
    size, notes = _container(channels, rate, byte_rate, align, bits)
    low = 24 if tag == PCM and size == 4 and bits == 24 else None
    # Samples of up to eight bits are unsigned in RIFF, wider ones are signed.
    encoding = Encoding(size, big_endian, tag == FLOAT, low, unsigned=bits == 8)
    return FormatChunk(encoding, channels, rate, bits, notes)


def _subformat(path: str, raw: bytes, order: str) -> int:
    if len(raw) < 40 or raw[26:40] not in (GUID_TAIL, _AMBISONIC_TAIL):
        raise CaptureFileError(path, "has an extensible fmt chunk without a known subformat")
    return int(struct.unpack(f"{order}H", raw[24:26])[0])


def _container(
    channels: int, rate: int, byte_rate: int, align: int, bits: int
) -> tuple[int, tuple[str, ...]]:
    # The bytes of a sample: of the block align where that can be, else of the bits.
    least = -(-bits // 8)
    size, rest = divmod(align, channels)
    agree = byte_rate == rate * align
    wider = size > least
    if not rest and least <= size <= (8 if bits == 64 else 4) and (agree or not wider):
        if agree:
            return size, ()
        said = f"the header says {byte_rate} bytes per second; {channels * rate * size} fit its other fields"
        return size, (said,)
    said = (
        f"the header says {align} bytes per frame; {channels} channels of {bits} bits take {channels * least}"
    )
    return least, (said,)
