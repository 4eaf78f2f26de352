# SPDX-License-Identifier: MIT
"""Containers that are not read here: named, and read through soundfile where it is installed.

The one door to soundfile, which is optional: a WAV needs none of it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from stress.errors import CaptureFileError
from stress.files.encoding import Encoding
from stress.files.limits import check_shape
from stress.files.stretch import FileStretch
from stress.model.arrays import Bytes


class Container(NamedTuple):
    """A container by name: what is inside, and whether soundfile reads it without loss."""

    name: str
    lossless: bool
    why: str = ""


_BLOCKS = (
    "libsndfile takes the headers of its further blocks for samples: sox IN OUT.wav, or ffmpeg -i IN OUT.wav"
)
_LOSSY = "it is lossy, so no bit of the pattern survives: record a WAV"
# What a file begins with -> what it is. Source: the formats' own specifications.
_MAGICS: tuple[tuple[bytes, Container], ...] = (
    (b"riff\x2e\x91\xcf\x11", Container("Sony Wave64 (W64)", True)),
    (b"caff", Container("Core Audio (CAF)", True)),
    (b"fLaC", Container("FLAC", True)),
    (b"Creative Voice File", Container("Creative VOC", False, _BLOCKS)),
    (b"NIST_1A", Container("NIST SPHERE", True)),
    (b"OggS", Container("Ogg", False, f"Vorbis and Opus: {_LOSSY}; FLAC in Ogg: ffmpeg -i IN OUT.wav")),
    (b"ID3", Container("MP3", False, _LOSSY)),
    (b"\x30\x26\xb2\x75", Container("Windows Media (ASF)", False, _LOSSY)),
    (b"#!AMR", Container("AMR", False, _LOSSY)),
    (b"wvpk", Container("WavPack", False, "make a WAV of it: wvunpack")),
    (b"MAC ", Container("Monkey's Audio", False, "make a WAV of it: ffmpeg -i IN OUT.wav")),
    (b"\x1a\x45\xdf\xa3", Container("Matroska or WebM", False, "record a WAV, or: ffmpeg -i IN OUT.wav")),
)
# Whole samples of libsndfile's subtypes, as bytes of the format they become. ALAC is not
# among them: libsndfile 1.2.2 does not give back noise of 24 bits as it was written.
_INTEGERS = {"PCM_S8": 1, "PCM_U8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4}
_FLOATS = ("FLOAT", "DOUBLE")


def named(magic: bytes) -> Container | None:
    """Return the container that begins with `magic` (32 bytes), None where it is not known."""
    if magic[:4] == b"FORM" and magic[8:12] in (b"AIFF", b"AIFC"):
        return Container("AIFF" if magic[8:12] == b"AIFF" else "AIFF-C", True)
    if magic[4:8] == b"ftyp":
        return Container("MP4 (AAC or ALAC)", False, "record a WAV, or: ffmpeg -i IN OUT.wav")
    if magic[:1] == b"\xff" and _mpeg(magic[1:4]):
        return Container("MP3", False, _LOSSY)
    return next((container for begin, container in _MAGICS if magic.startswith(begin)), None)


def _mpeg(head: bytes) -> bool:
    # The header of an MPEG audio frame behind its first byte: version, layer, bit rate and sample
    # rate are none of the reserved values. Source: ISO/IEC 11172-3, 2.4.2.3.
    if len(head) < 3 or head[0] & 0xE0 != 0xE0:
        return False
    version, layer = head[0] >> 3 & 3, head[0] >> 1 & 3
    return version != 1 and layer == 1 and 0 < head[1] >> 4 < 15 and head[1] >> 2 & 3 != 3


class ForeignReader:
    """The frames of a file that soundfile reads.

    Attributes
    ----------
    encoding, channels, rate, frames : of what `read` gives.

    Raises
    ------
    CaptureFileError : soundfile is missing, refuses the file, or it holds lossy samples.

    Threads: one at a time.
    """

    def __init__(self, path: str, container: Container, stretch: FileStretch | None = None) -> None:
        self._path, self._name = path, container.name
        if not container.lossless:
            raise CaptureFileError(path, f"is {container.name}: {container.why}")
        self._library = _soundfile(path, container.name)
        try:
            self._file: Any = self._library.SoundFile(path if stretch is None else stretch)
        except (RuntimeError, OSError, TypeError, ValueError) as error:
            raise CaptureFileError(path, f"is {container.name} and cannot be read: {_line(error)}") from None
        self.channels, self.rate = int(self._file.channels), int(self._file.samplerate)
        self.frames, self._subtype = int(self._file.frames), str(self._file.subtype)
        check_shape(path, self.channels, self.rate)
        if self._subtype not in _INTEGERS and self._subtype not in _FLOATS:
            raise CaptureFileError(
                path,
                f"is {container.name} with {self._subtype} (allowed: linear PCM of 8 to 32 bits, float)",
            )
        floating = self._subtype in _FLOATS
        self.encoding = Encoding(8, False, True) if floating else Encoding(_INTEGERS[self._subtype])

    def read(self, first: int, frames: int) -> Bytes:
        """Return `frames` frames from `first` on, (n * frame_bytes,) uint8 in `encoding`.

        Raises
        ------
        CaptureFileError : the file is shorter than it says.
        """
        kind = "float64" if self.encoding.floating else "int32"
        try:
            if self._file.tell() != first:
                self._file.seek(first)
            rows = self._file.read(frames, dtype=kind, always_2d=True)
        except (RuntimeError, OSError, ValueError) as error:
            raise CaptureFileError(self._path, f"cannot be read: {_line(error)}") from None
        if len(rows) != frames:
            raise CaptureFileError(self._path, f"ended {frames - len(rows)} frames early while it was read")
        if self.encoding.floating:
            return np.ascontiguousarray(rows, "<f8").reshape(-1).view(np.uint8)
        cells = np.ascontiguousarray(rows, "<i4").reshape(-1).view(np.uint8).reshape(-1, 4)
        return np.ascontiguousarray(cells[:, 4 - self.encoding.sample_bytes :]).reshape(-1)

    def close(self) -> None:
        """Close the file; idempotent."""
        self._file.close()


def _soundfile(path: str, name: str) -> Any:
    try:
        import soundfile
    except (ImportError, OSError):  # OSError: the package is there, libsndfile is not
        raise CaptureFileError(
            path,
            f"is {name}: reading it needs the Python package soundfile (pip install 'pcmstress[files]', or "
            "apt install python3-soundfile); or make a WAV of it: sox IN OUT.wav",
        ) from None
    return soundfile


def _line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
