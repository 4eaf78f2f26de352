# SPDX-License-Identifier: MIT
"""Write WAV files as a stream of blocks."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

from stress.errors import CaptureFileError
from stress.files.limits import check_shape
from stress.files.riff_format import EXTENSIBLE, GUID_TAIL, PCM
from stress.files.whole import whole
from stress.model.arrays import Bytes
from stress.model.formats import SampleFormat

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_BYTES = (1 << 32) - 1024


def write_wav(path: str, fmt: SampleFormat, channels: int, rate: int, blocks: Iterable[Bytes]) -> int:
    """Write `blocks` of whole frames to `path`; return the frames written.

    The file appears under its name only when it is complete; only a regular one is replaced.

    Parameters
    ----------
    rate : [Hz]
    blocks : (n * frame_bytes,) uint8 each.

    Raises
    ------
    CaptureFileError : the file cannot be written or would pass 4 GiB.
    """
    path = os.fspath(path)
    check_shape(path, channels, rate)
    # What is put in its place would otherwise be lost: /dev/null, for one.
    if os.path.lexists(path) and not os.path.isfile(path):
        raise CaptureFileError(path, "cannot be written: is there and is not a regular file")
    size = 0
    with whole(path) as part, open(part, "wb") as file:
        file.write(_header(fmt, channels, rate, 0))
        for block in blocks:
            size += block.nbytes
            if size > MOST_BYTES:
                raise CaptureFileError(path, "would pass the 4 GiB a WAV file can hold")
            file.write(block.data)
        file.write(b"\0" * (size % 2))
        file.seek(0)
        file.write(_header(fmt, channels, rate, size))
    return size // fmt.frame_bytes(channels)


def _header(fmt: SampleFormat, channels: int, rate: int, size: int) -> bytes:
    align = fmt.frame_bytes(channels)
    # Readers know 24 bits in four bytes by bits and alignment of the plain form only.
    plain = fmt.name == "S24_LE" or (fmt.bits == 16 and channels <= 2)
    tag = PCM if plain else EXTENSIBLE
    form = struct.pack("<HHIIHH", tag, channels, rate, rate * align, align, fmt.bits)
    if not plain:
        form += struct.pack("<HHIH", 22, fmt.bits, 0, PCM) + GUID_TAIL
    riff_bytes = 4 + 8 + len(form) + 8 + size + size % 2
    return (
        struct.pack("<4sI4s4sI", b"RIFF", riff_bytes, b"WAVE", b"fmt ", len(form))
        + form
        + struct.pack("<4sI", b"data", size)
    )
