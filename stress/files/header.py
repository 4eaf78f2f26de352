"""The header of a WAV file, read without trusting a single field.

Source: "Multimedia Programming Interface and Data Specifications 1.0" (RIFF);
"Multiple Channel Audio Data and WAVE Files" (WAVE_FORMAT_EXTENSIBLE); aplay.c
of alsa-utils for 24 bits in four bytes, which it marks by the block alignment.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

from stress.errors import CaptureFileError
from stress.model.formats import FORMATS, MAX_CHANNELS, SampleFormat

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")
_OTHER = {2: "Microsoft ADPCM", 6: "A-law", 7: "mu-law", 17: "IMA ADPCM", 85: "MP3"}

# Bytes of chunks before the samples that are skipped. Source: metadata and cover
# art stay below. Higher: a damaged size field walks far; lower: tags are refused.
MOST_HEADER_BYTES = 64 << 20


@dataclass(frozen=True)
class Header:
    """What the header of a WAV file says.

    Parameters
    ----------
    offset : of the first frame in the file [bytes].
    data_bytes : length of the samples [bytes].
    """

    fmt: SampleFormat
    channels: int
    rate: int
    offset: int
    data_bytes: int


def read_header(file: BinaryIO, path: str, file_bytes: int) -> Header:
    """Return the header of an open WAV file of `file_bytes` bytes.

    Raises
    ------
    CaptureFileError : no WAV, damaged, or no linear PCM of 16 to 32 bits.
    """
    if file.read(12)[8:12] != b"WAVE":
        raise CaptureFileError(path, "is RIFF but not WAVE")
    form: tuple[SampleFormat, int, int] | None = None
    while True:
        start = file.tell()
        head = file.read(8)
        if len(head) < 8:
            what = "a data chunk" if form else "a fmt chunk"
            raise CaptureFileError(path, f"ends before {what}")
        name, size = head[:4], struct.unpack("<I", head[4:])[0]
        if name == b"data":
            if form is None:
                raise CaptureFileError(path, "has its data chunk before its fmt chunk")
            return Header(*form, start + 8, _data_bytes(path, size, start + 8, file_bytes, form))
        if name == b"fmt ":
            form = _format(path, file.read(min(size, 40)))
        following = start + 8 + size + size % 2
        if following > min(file_bytes, MOST_HEADER_BYTES):
            raise CaptureFileError(path, f"is truncated: chunk {name!r} of {size} bytes passes its end")
        file.seek(following)


def _data_bytes(
    path: str, size: int, offset: int, file_bytes: int, form: tuple[SampleFormat, int, int]
) -> int:
    fmt, channels, _ = form
    if offset + size > file_bytes:
        raise CaptureFileError(
            path, f"is truncated: the data chunk says {size} bytes, the file holds {file_bytes - offset}"
        )
    frame_bytes = fmt.frame_bytes(channels)
    if size % frame_bytes:
        raise CaptureFileError(path, f"has {size} bytes of data, not whole frames of {frame_bytes} bytes")
    return size


def _format(path: str, raw: bytes) -> tuple[SampleFormat, int, int]:
    if len(raw) < 16:
        raise CaptureFileError(path, f"has a fmt chunk of {len(raw)} bytes (allowed: 16, 18 or 40)")
    tag, channels, rate, _, align, bits = struct.unpack("<HHIIHH", raw[:16])
    if tag == EXTENSIBLE:
        tag = _subformat(path, raw)
    if tag == FLOAT:
        raise CaptureFileError(path, "holds floating-point samples (allowed: linear PCM)")
    if tag != PCM:
        raise CaptureFileError(
            path, f"holds {_OTHER.get(tag, f'format tag {tag:#06x}')} (allowed: linear PCM)"
        )
    check_shape(path, channels, rate)
    return _sample_format(path, channels, align, bits), channels, rate


def check_shape(path: str, channels: int, rate: int) -> None:
    """Refuse channel counts and rates that no capture of ours can have."""
    if not 1 <= channels <= MAX_CHANNELS:
        raise CaptureFileError(path, f"has {channels} channels (allowed: 1 to {MAX_CHANNELS})")
    if not 1 <= rate <= 10_000_000:
        raise CaptureFileError(path, f"has a rate of {rate} Hz (allowed: 1 to 10000000)")


def _subformat(path: str, raw: bytes) -> int:
    if len(raw) < 40 or raw[26:40] != GUID_TAIL:
        raise CaptureFileError(path, "has an extensible fmt chunk without a known subformat")
    return int(struct.unpack("<H", raw[24:26])[0])


def _sample_format(path: str, channels: int, align: int, bits: int) -> SampleFormat:
    known = {(2, 16): "S16_LE", (3, 24): "S24_3LE", (4, 24): "S24_LE", (4, 32): "S32_LE"}
    size, rest = divmod(align, channels)
    name = None if rest else known.get((size, bits))
    if name is None:
        raise CaptureFileError(
            path,
            f"has {bits} bits in {align} bytes for {channels} channels (allowed: 16, 24 or 32 bits)",
        )
    return FORMATS[name]
