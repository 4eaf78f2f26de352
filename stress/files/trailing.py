# SPDX-License-Identifier: MIT
"""Chunks and tags at the end of a file that a wrong size takes for samples.

A streamed header promises more than there is, and what a recorder or an editor
wrote behind the samples would be judged as frames.

Source: the chunk rule of RIFF; id3.org for ID3v1 and ID3v2; the APEv2 specification.
"""

from __future__ import annotations

import struct

from stress.files.stretch import Readable

# Bytes at the end that are looked at. Source: tags without pictures are below 64 KB. Higher:
# time; lower: a larger tag is judged as samples.
LOOK = 1 << 20
_V1 = 128


def samples_end(
    file: Readable, first: int, end: int, names: frozenset[bytes], order: str = "<"
) -> tuple[int, str]:
    """Return where the samples between `first` and `end` really end, and a note ("" where at `end`).

    Parameters
    ----------
    names : of chunks that are no samples.
    order : "<" or ">", of the sizes of chunks.
    """
    begin = max(first, end - LOOK)
    file.seek(begin)
    held = file.read(end - begin)
    stop, found = len(held), []
    while True:
        name, at = _last(held[:stop], names, order)
        if at is None:
            break
        found.append(name)
        stop = at
    if not found:
        return end, ""
    many = len(held) - stop
    return (
        begin + stop,
        f"the last {many} bytes are {' and '.join(reversed(found))}, no samples: not judged",
    )


def _last(held: bytes, names: frozenset[bytes], order: str) -> tuple[str, int | None]:
    # The name and place of what ends exactly at the end, None where those are samples.
    # Chunks first: a tag may stand inside one.
    chunks = [place for name in names if (place := _chunk(held, name, order)) is not None]
    if chunks:
        first = max(chunks)
        return f"a chunk {held[first : first + 4].decode('ascii').strip()}", first
    end = len(held)
    if end >= _V1 and _is_id3v1(held[end - _V1 :]):
        return "an ID3 tag", end - _V1
    ape = _ape(held)
    if ape is not None:
        return "an APE tag", ape
    at = held.find(b"ID3")
    while at >= 0:
        if _id3v2_end(held, at) == end:
            return "an ID3 tag", at
        at = held.find(b"ID3", at + 1)
    return "", None


def _chunk(held: bytes, name: bytes, order: str) -> int | None:
    # Where a chunk of this name begins that ends with `held`, or one byte of padding before it.
    at = held.rfind(name)
    while at >= 0:
        if at + 8 <= len(held):
            size = int(struct.unpack(f"{order}I", held[at + 4 : at + 8])[0])
            if len(held) - (at + 8 + size) in (0, size % 2):
                return at
        at = held.rfind(name, 0, at + 3)
    return None


def _is_id3v1(tag: bytes) -> bool:
    # All but the last two bytes are text.
    return tag[:3] == b"TAG" and len(tag) == _V1 and all(not b or b >= 0x20 for b in tag[3 : _V1 - 2])


def _ape(held: bytes) -> int | None:
    foot = held[-32:]
    if foot[:8] != b"APETAGEX" or len(foot) < 32:
        return None
    version, size, _, flags = struct.unpack("<4I", foot[8:24])
    start = len(held) - size - (32 if flags >> 31 else 0)
    return start if version in (1000, 2000) and size >= 32 and start >= 0 else None


def _id3v2_end(held: bytes, at: int) -> int:
    # Source: id3v2.4.0-structure, section 3.1: four bytes of seven bits each.
    head = held[at : at + 10]
    if len(head) < 10 or head[3] > 4 or any(byte & 0x80 for byte in head[6:10]):
        return -1
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte
    return at + 10 + size + (10 if head[5] & 0x10 else 0)
