# SPDX-License-Identifier: MIT
"""The header of a RIFF file, read without trusting a single field: WAV, RIFX, RF64, BW64.

A recorder that is killed, that streams into a pipe or passes 4 GiB leaves sizes
that are not so. What the file really holds decides, and each difference is noted.

Source: "Multimedia Programming Interface and Data Specifications 1.0"; EBU Tech
3306 (RF64) and ITU-R BS.2088 (BW64) for ds64.
"""

from __future__ import annotations

import struct
from dataclasses import replace

from stress.errors import CaptureFileError
from stress.files import riff_format
from stress.files.encoding import StoredAudio
from stress.files.limits import MOST_CHUNKS, MOST_HEADER_BYTES
from stress.files.riff_tail import Tail, behind
from stress.files.stretch import Readable

MAGICS = {b"RIFF": "WAV", b"RIFX": "RIFX", b"RF64": "RF64", b"BW64": "BW64"}
_IN_DS64 = 0xFFFFFFFF


def read_header(file: Readable, path: str, file_bytes: int) -> StoredAudio:
    """Return where the samples of an open file of `file_bytes` bytes are, and what they are.

    Raises
    ------
    CaptureFileError : no WAVE, damaged before its samples, or no samples that are known here.
    """
    magic = file.read(12)
    if magic[8:12] != b"WAVE":
        raise CaptureFileError(path, "is RIFF but not WAVE")
    big_endian = magic[:4] == b"RIFX"
    order = ">" if big_endian else "<"
    form: riff_format.FormatChunk | None = None
    sizes: int | None = None
    for _ in range(MOST_CHUNKS):
        start = file.tell()
        head = file.read(8)
        if len(head) < 8:
            raise CaptureFileError(path, f"ends before a {'data' if form else 'fmt'} chunk")
        name, size = head[:4], struct.unpack(f"{order}I", head[4:])[0]
        if name == b"data":
            if form is None:
                raise CaptureFileError(path, "has its data chunk before its fmt chunk")
            size = sizes if sizes is not None and size == _IN_DS64 else size
            tail = behind(file, start + 8, size, file_bytes, order)
            return _stored(MAGICS[magic[:4]], form, tail)
        if name == b"fmt ":
            form = riff_format.parse(path, file.read(min(size, 40)), big_endian)
        elif name == b"ds64":
            sizes = _data_size(file.read(min(size, 16)))
        file.seek(_following(file, path, start, size, file_bytes))
    raise CaptureFileError(path, f"has {MOST_CHUNKS} chunks and no samples among them")


def _data_size(raw: bytes) -> int:
    # Of a ds64 chunk; 0 (never finished) where it is cut.
    return int(struct.unpack("<Q", raw[8:16])[0]) if len(raw) == 16 else 0


def _following(file: Readable, path: str, start: int, size: int, file_bytes: int) -> int:
    # Where the next chunk begins: padded to even, unless a writer forgot that.
    name = "chunk"
    end = start + 8 + size
    if end > file_bytes:
        file.seek(start)
        name = f"chunk {file.read(4)!r}"
        raise CaptureFileError(path, f"is truncated: {name} of {size} bytes passes its end")
    if end > MOST_HEADER_BYTES:
        raise CaptureFileError(
            path, f"has {end} bytes of chunks before its samples (at most {MOST_HEADER_BYTES})"
        )
    if size % 2:
        file.seek(end)
        two = file.read(5)
        if two[:4] in (b"data", b"fmt ") and two[1:5] not in (b"data", b"fmt "):
            return end
    return end + size % 2


def _stored(container: str, form: riff_format.FormatChunk, tail: Tail) -> StoredAudio:
    stored = StoredAudio(
        container,
        form.encoding,
        form.channels,
        form.rate,
        tail.segments,
        (*form.notes, *tail.notes),
        form.bits,
    )
    rest = sum(size for _, size in tail.segments) % stored.frame_bytes
    if not rest:
        return stored
    cut = f"the samples end {rest} bytes into a frame: those are not judged"
    return replace(stored, notes=(*stored.notes, cut))
