# SPDX-License-Identifier: MIT
"""The header of a Sun AU file, in either byte order.

Source: the audio file format of NeXT and Sun; 0xffffffff stands for a length
that was not known when recording began.
"""

from __future__ import annotations

import struct

from stress.errors import CaptureFileError
from stress.files.encoding import Encoding, StoredAudio
from stress.files.limits import MOST_HEADER_BYTES, check_shape
from stress.files.stretch import Readable
from stress.files.trailing import samples_end

MAGICS = (b".snd", b"dns.")
_UNKNOWN = 0xFFFFFFFF
# Encoding number -> (bytes of a sample, floating).
_KNOWN = {2: (1, False), 3: (2, False), 4: (3, False), 5: (4, False), 6: (4, True), 7: (8, True)}
_OTHER = {1: "mu-law", 23: "ADPCM", 24: "ADPCM", 27: "A-law"}


def read_header(file: Readable, path: str, file_bytes: int) -> StoredAudio:
    """Return where the samples of an open AU file are, and what they are.

    Raises
    ------
    CaptureFileError : damaged, or samples that hold no pattern.
    """
    raw = file.read(24)
    if len(raw) < 24:
        raise CaptureFileError(path, "is Sun AU and ends inside its header")
    big_endian = raw[:4] == b".snd"
    offset, size, kind, rate, channels = struct.unpack(f"{'>' if big_endian else '<'}5I", raw[4:])
    if kind not in _KNOWN:
        held = _OTHER.get(kind, f"encoding {kind}")
        raise CaptureFileError(path, f"is Sun AU with {held} (allowed: linear PCM of 8 to 32 bits, float)")
    check_shape(path, channels, rate)
    if not 24 <= offset <= min(file_bytes, MOST_HEADER_BYTES):
        raise CaptureFileError(path, f"is Sun AU whose samples begin at byte {offset} of {file_bytes}")
    held = file_bytes - offset
    width, floating = _KNOWN[kind]
    notes = () if size in (held, _UNKNOWN) else _notes(size, held)
    end, trimmed = samples_end(file, offset, file_bytes, frozenset())
    held, notes = end - offset, (*notes, *([trimmed] if trimmed else []))
    rest = held % (width * channels)
    if rest:
        notes = (*notes, f"the samples end {rest} bytes into a frame: those are not judged")
    encoding = Encoding(width, big_endian, floating)
    return StoredAudio("Sun AU", encoding, channels, rate, ((offset, held),), notes, 8 * width)


def _notes(size: int, held: int) -> tuple[str, ...]:
    if size > held:
        return (
            f"the header promises {size} bytes of samples, the file holds {held}: judged as far as it goes",
        )
    return (f"the header says {size} bytes of samples, the file holds {held}: judged to its end",)
