# SPDX-License-Identifier: MIT
"""What stands between the samples of a file and is none: headers of joined files, lines of alsa-utils.

`cat a.wav b.wav`, a recorder that began its file anew, a WAV that was played as raw
frames, `arecord -t raw 2>&1`: the bytes are right, and no frames of a stream.

Source: the headers of the formats; aplay.c of alsa-utils for its lines.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from stress.files import au
from stress.files.limits import MOST_CHANNELS

# Bytes that are read at a time, and those of a header or line that must be seen at once.
BLOCK, HEAD = 1 << 22, 512
# Places of one word that are looked at in a block. Source: by chance it is there in one block of a thousand.
# Higher: a file of nothing else takes minutes; lower: none known.
MOST_HITS = 10_000
# Rates of a header that is taken for one [Hz]. Source: ALSA's. Higher or lower: random bytes are a header.
_RATES = range(1000, 768001)
_LINE = re.compile(
    rb"(?:(?:arecord|aplay): )?(?:(?:Recording|Playing) (?:WAVE|raw data|Sparc Audio|VOC) '[^\n\0]{0,400}\n"
    rb"|(?:over|under)run!!! \(at least [^\n\0]{1,60}\n|Suspended\. Trying resume\. (?:Done\.\n|Failed\.))"
)


@dataclass(frozen=True)
class Inside:
    """A header or a line inside a file.

    Parameters
    ----------
    offset : of its first byte.
    name : of the container, "" for a line of alsa-utils.
    length : bytes of a line; a header is read where it stands.
    """

    offset: int
    name: str
    length: int = 0


def inside(file: BinaryIO, file_bytes: int) -> list[Inside]:
    """Return what stands inside an open file of `file_bytes` bytes, in order of place.

    A header at the very beginning is the file's own and not among them.
    """
    found: dict[int, Inside] = {}
    for start, block in _blocks(file, file_bytes):
        for one in _of_block(block, start):
            found.setdefault(one.offset, one)
    return [found[offset] for offset in sorted(found)]


def _blocks(file: BinaryIO, file_bytes: int) -> Iterator[tuple[int, bytes]]:
    # Each with the end of the one before.
    before = b""
    file.seek(0)
    at = 0
    while at < file_bytes:
        block = file.read(min(BLOCK, file_bytes - at))
        if not block:
            return
        yield at - len(before), before + block
        at += len(block)
        before = (before + block)[-HEAD:]


def _of_block(block: bytes, start: int) -> Iterator[Inside]:
    for needle, back in _NEEDLES:
        for at in _places(block, needle):
            head = block[at - back : at - back + HEAD] if at >= back else b""
            name = _header(head)
            if name and start + at - back:
                yield Inside(start + at - back, name)
    for needle in _WORDS:
        for at in _places(block, needle):
            line = _LINE.search(block, max(0, at - len(b"arecord: under")), at + HEAD)
            if line is not None and line.start() <= at:
                yield Inside(start + line.start(), "", line.end() - line.start())


def _places(block: bytes, needle: bytes) -> Iterator[int]:
    at = -1
    for _ in range(MOST_HITS):
        at = block.find(needle, at + 1)
        if at < 0:
            return
        yield at


# What is looked for, and how far behind the beginning of a header it stands.
_NEEDLES = (
    *((b"WAVE", 8), (b"riff\x2e\x91\xcf\x11", 0), (b"FORM", 0), (b"caff\x00\x01\x00\x00", 0)),
    *((b"fLaC\x00\x00\x00\x22", 0), (b"fLaC\x80\x00\x00\x22", 0), (b"OggS\x00\x02", 0)),
    *((b".snd", 0), (b"dns.", 0)),
)
_WORDS = (b"Recording ", b"Playing ", b"run!!! (at least ", b"Suspended. Trying resume. ")


def _header(head: bytes) -> str:
    # The name of the container whose header begins so, "" for none.
    if head[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64"):
        chunk = head[12:16]
        plain = len(chunk) == 4 and all(0x20 <= byte < 0x7F for byte in chunk)
        return "WAV" if head[8:12] == b"WAVE" and plain else ""
    if head[:4] == b"FORM":
        return "AIFF" if head[8:12] in (b"AIFF", b"AIFC") else ""
    if head[:4] in au.MAGICS:
        return "Sun AU" if _au(head) else ""
    names = {b"riff": "Wave64", b"caff": "Core Audio", b"fLaC": "FLAC", b"OggS": "Ogg"}
    return names.get(head[:4], "")


def _au(head: bytes) -> bool:
    if len(head) < 24:
        return False
    offset, _, kind, rate, channels = struct.unpack(f"{'>' if head[:4] == b'.snd' else '<'}5I", head[4:24])
    sane = 24 <= offset <= 1 << 16 and kind <= 27
    return sane and rate in _RATES and 1 <= channels <= MOST_CHANNELS
