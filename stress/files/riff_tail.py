# SPDX-License-Identifier: MIT
"""How far the samples of a RIFF file reach: what its data chunk says, and what stands behind it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from stress.files.limits import MOST_CHUNKS
from stress.files.stretch import Readable
from stress.files.trailing import samples_end

# Chunks that writers put behind the samples. Source: EBU Tech 3285, the registered
# chunks of RIFF, iXML, and the tags that recorders and libsndfile append.
_KNOWN = frozenset(
    name.encode()
    for name in (
        *("LIST", "JUNK", "junk", "FLLR", "PAD ", "bext", "iXML", "axml", "chna", "fact", "PEAK", "cue "),
        *("plst", "smpl", "inst", "levl", "umid", "minf", "elm1", "regn", "DISP", "id3 ", "ID3 ", "afsp"),
        *("_PMX", "link", "cart", "MEXT", "ds64", "r64m", "DGDA", "AFAn", "data", "acid", "strc", "SAUR"),
    )
)
#: Those of them that are no samples, and none of the header either.
TRAILING = _KNOWN - {b"data", b"ds64", b"fact"}
# Tags of other formats that players append without a chunk.
_TAGS = (b"TAG", b"ID3", b"APETAGEX", b"LYRICSBEGIN")
# Least bytes behind the data chunk that may be audio. Source: writers round files up to
# a disk sector. Higher: a size that is a little too short hides samples; lower: padding
# is judged.
LEAST_AUDIO_BYTES = 512


@dataclass(frozen=True)
class Tail:
    """The pieces of the samples as (offset, length) [bytes], and one line each for what is odd."""

    segments: tuple[tuple[int, int], ...]
    notes: tuple[str, ...] = ()


def behind(file: Readable, offset: int, size: int, file_bytes: int, order: str) -> Tail:
    """Return how far the samples reach that begin at `offset`.

    Parameters
    ----------
    size : of the data chunk by the header [bytes].
    order : "<" or ">", of the sizes in the file.
    """
    tail = _reach(file, offset, size, file_bytes, order)
    # Chunks and tags that a wrong size counts among the samples are none.
    *others, (first, length) = tail.segments
    end, note = samples_end(file, first, first + length, TRAILING, order)
    return Tail((*others, (first, end - first)), (*tail.notes, note)) if note else tail


def _reach(file: Readable, offset: int, size: int, file_bytes: int, order: str) -> Tail:
    held = file_bytes - offset
    if size > held:
        note = f"the header promises {size} bytes of samples, the file holds {held}: judged as far as it goes"
        return Tail(((offset, held),), (note,))
    rest = held - size
    if rest < 8:
        left = f"{rest} bytes behind the data chunk are no chunk: they are not judged"
        return Tail(((offset, size),), (left,) if rest > size % 2 else ())
    more = _chunks(file, offset + size, size % 2, file_bytes, order)
    if more is not None:
        return _parts((offset, size), more)
    file.seek(offset + size)
    begin = file.read(16)
    if begin.startswith(_TAGS) or (size and rest < LEAST_AUDIO_BYTES):
        note = f"{rest} bytes behind the data chunk are no chunk and no samples: they are not judged"
        return Tail(((offset, size),), (note,))
    if not size:
        note = (
            f"the header was never finished (a data size of 0): judged to the end of the file, {held} bytes"
        )
        return Tail(((offset, held),), (note,))
    note = (
        f"the header says {size} bytes of samples, and the {rest} bytes behind them are no chunk (its size "
        "wrapped, or was never updated): judged to the end of the file"
    )
    return Tail(((offset, held),), (note,))


def _parts(first: tuple[int, int], more: list[tuple[bytes, int, int]]) -> Tail:
    again = [(offset, size) for name, offset, size in more if name == b"data" and size]
    if not again:
        return Tail((first,))
    note = f"{1 + len(again)} data chunks: judged one behind the other, as one recording"
    return Tail((first, *again), (note,))


def _chunks(
    file: Readable, end: int, odd: int, file_bytes: int, order: str
) -> list[tuple[bytes, int, int]] | None:
    # The chunks from `end` on as (name, offset, length); None where there is none.
    for start in (end + odd, end) if odd else (end,):
        found = _walk(file, start, file_bytes, order)
        if found is not None:
            return found
    return None


def _walk(file: Readable, start: int, file_bytes: int, order: str) -> list[tuple[bytes, int, int]] | None:
    found: list[tuple[bytes, int, int]] = []
    while file_bytes - start >= 8 and len(found) < MOST_CHUNKS:
        file.seek(start)
        head = file.read(8)
        name, size = head[:4], int(struct.unpack(f"{order}I", head[4:])[0])
        fits = start + 8 + size <= file_bytes
        if name in _KNOWN:
            # A chunk that was cut, or a size that was never written: it reaches to the end.
            size = size if fits else file_bytes - start - 8
        elif not (fits and all(0x20 <= byte < 0x7F for byte in name)):
            # Bytes behind the last chunk that are none do no harm; without one there is no chunk at all.
            return found or None
        found.append((name, start + 8, size))
        start += 8 + size + size % 2
    return found or None
