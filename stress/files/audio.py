# SPDX-License-Identifier: MIT
"""Open a capture, in whatever container it is, and hand out its frames in blocks."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from io import BufferedReader
from typing import TYPE_CHECKING, Protocol

import numpy as np

from stress.errors import CaptureFileError
from stress.files import au, foreign, justified, riff
from stress.files.channels import ChannelChoice, shown
from stress.files.encoding import Encoding, StoredAudio
from stress.files.limits import check_shape
from stress.files.segments import SegmentReader
from stress.model.arrays import Bytes
from stress.model.formats import MAX_CHANNELS, SampleFormat

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

RAW_RATE = 48000


class _Reader(Protocol):
    # Frames as they are stored, wherever they come from.
    frames: int

    def read(self, first: int, frames: int) -> Bytes: ...

    def close(self) -> None: ...


class AudioSource:
    """The frames of one file, in constant memory.

    Parameters
    ----------
    chosen : channels to hand out from 0 on, empty for all.

    Attributes
    ----------
    fmt, channels, rate : of the frames handed out; rate in Hz.
    frames : frames in the file.

    Threads: one at a time.
    """

    def __init__(self, reader: _Reader, path: str, stored: StoredAudio, chosen: tuple[int, ...] = ()) -> None:
        self._reader, self.path, self._stored, self._chosen = reader, path, stored, chosen
        self.fmt, self.rate = stored.encoding.fmt, stored.rate
        self.channels = len(chosen) or stored.channels
        self.frame_bytes = self.fmt.frame_bytes(self.channels)
        self.frames = reader.frames
        self._strange = self._seen = 0

    @property
    def format(self) -> SampleFormat:
        """Sample format, under the name hw_params uses."""
        return self.fmt

    @property
    def container(self) -> str:
        """What kind of file it is."""
        return self._stored.container

    @property
    def notes(self) -> tuple[str, ...]:
        """One line each on what the file says otherwise than it is; complete once all is read."""
        notes = self._stored.notes
        if not self._strange:
            return notes
        many = f"{self._strange} samples are beyond full scale or not a number: judged as full scale or 0"
        return (*notes, many)

    def blocks(self, frames: int, first: int = 0, stop: int | None = None) -> Iterator[Bytes]:
        """Yield the frames from `first` to `stop` in order, at most `frames` at a time.

        Yields
        ------
        (n * frame_bytes,) uint8.

        Raises
        ------
        CaptureFileError : the file became shorter or cannot be read.
        """
        stop = self.frames if stop is None else min(stop, self.frames)
        for at in range(first, stop, frames):
            yield self._converted(self._reader.read(at, min(frames, stop - at)), at)

    def _converted(self, raw: Bytes, at: int) -> Bytes:
        encoding = self._stored.encoding
        if self._chosen:
            cells = raw.reshape(-1, self._stored.channels, encoding.sample_bytes)
            raw = np.ascontiguousarray(cells[:, list(self._chosen)]).reshape(-1)
        block, strange = encoding.convert(raw)
        if at >= self._seen:
            # What is read again is not counted again.
            self._strange, self._seen = self._strange + strange, at + len(block) // self.frame_bytes
        return block

    def close(self) -> None:
        """Close the file; idempotent."""
        self._reader.close()

    def __enter__(self) -> AudioSource:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_audio(
    path: str,
    *,
    fmt: SampleFormat | None = None,
    channels: int | ChannelChoice | None = None,
    rate: int | None = None,
) -> AudioSource:
    """Open an audio file, or raw frames of the format and channels given.

    Parameters
    ----------
    fmt : of raw frames; overrules the header of a file that has one.
    channels : how many the file has, or which of them to hand out.
    rate : of raw frames [Hz]; a header must agree with it.

    Raises
    ------
    CaptureFileError : the file and the reason.
    """
    path = os.fspath(path)
    choice = ChannelChoice(channels) if channels is None or isinstance(channels, int) else channels
    file = _opened(path)
    try:
        return _source(file, path, fmt, choice, rate)
    except OSError as error:
        file.close()
        raise CaptureFileError(path, f"cannot be read: {error.strerror}") from error
    except BaseException:
        file.close()
        raise


def _opened(path: str) -> BufferedReader:
    if "\0" in path:
        raise CaptureFileError(path.replace("\0", "?"), "cannot be opened: its name holds a zero byte")
    try:
        # Opening a FIFO would wait for a writer; a device may do anything when it is read.
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise CaptureFileError(
                path, "is not a regular file (a pipe or device: record it to a file first)"
            )
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise CaptureFileError(path, f"cannot be opened: {error.strerror}") from error
    file = os.fdopen(handle, "rb")
    if stat.S_ISREG(os.fstat(handle).st_mode):
        return file
    file.close()
    raise CaptureFileError(path, "is not a regular file (a pipe or device: record it to a file first)")


def _source(
    file: BufferedReader, path: str, fmt: SampleFormat | None, choice: ChannelChoice, rate: int | None
) -> AudioSource:
    size = os.fstat(file.fileno()).st_size
    magic = file.read(32)
    file.seek(0)
    container = foreign.named(magic)
    # Three bytes of a tag are met by chance in raw frames that are called so.
    if container is not None and (len(container.name) > 3 or fmt is None):
        decoded = foreign.ForeignReader(path, container)
        file.close()
        stored = StoredAudio(container.name, decoded.encoding, decoded.channels, decoded.rate, ())
        return _finished(decoded, path, stored, choice, rate)
    if magic[:4] in riff.MAGICS:
        stored = riff.read_header(file, path, size)
    elif magic[:4] in au.MAGICS:
        stored = au.read_header(file, path, size)
    else:
        stored = _raw(path, size, fmt, choice, rate)
    if fmt is not None:
        stored = _overruled(stored, fmt)
    reader = SegmentReader(file, path, stored.segments, stored.frame_bytes)
    if fmt is None:
        stored = justified.placed(stored, reader.read, reader.frames)
    return _finished(reader, path, stored, choice, rate)


def _finished(
    reader: _Reader,
    path: str,
    stored: StoredAudio,
    choice: ChannelChoice,
    rate: int | None,
) -> AudioSource:
    if not reader.frames:
        raise CaptureFileError(path, "holds no frames")
    if rate not in (None, stored.rate):
        raise CaptureFileError(path, f"has rate {stored.rate} in its header, not {rate}")
    if choice.count not in (None, stored.channels):
        ways = f" (--channels 1-{choice.count} judges the first {choice.count})"
        more = ways if (choice.count or 0) < stored.channels else ""
        raise CaptureFileError(
            path, f"has channels {stored.channels} in its header, not {choice.count}{more}"
        )
    if choice.chosen and max(choice.chosen) >= stored.channels:
        raise CaptureFileError(
            path, f"has {stored.channels} channels, --channels {shown(choice.chosen)} asks for more"
        )
    judged = len(choice.chosen) or stored.channels
    if judged > MAX_CHANNELS:
        raise CaptureFileError(
            path,
            f"has {judged} channels to judge, the pattern at most {MAX_CHANNELS}: choose them, e.g. "
            f"--channels 1-{MAX_CHANNELS}",
        )
    chosen = () if choice.chosen == tuple(range(stored.channels)) else choice.chosen
    if chosen:
        note = f"channels {shown(chosen)} of {stored.channels} are judged, the others are not"
        stored = replace(stored, notes=(*stored.notes, note))
    return AudioSource(reader, path, stored, chosen)


def _overruled(stored: StoredAudio, fmt: SampleFormat) -> StoredAudio:
    # What the user names is taken, in the byte order of the container.
    encoding = Encoding.of_format(fmt, stored.encoding.big_endian)
    if encoding == stored.encoding or not stored.container:
        return stored
    note = f"--format {fmt.name} overrules the header, which says {stored.encoding.name}"
    return replace(stored, encoding=encoding, notes=(*stored.notes, note))


def _raw(
    path: str, size: int, fmt: SampleFormat | None, choice: ChannelChoice, rate: int | None
) -> StoredAudio:
    if fmt is None or choice.count is None:
        missing = ["--format"] if fmt is None else []
        if choice.count is None:
            missing.append(
                "--channels"
                if not choice.chosen
                else f"how many there are (--channels {shown(choice.chosen)}/N)"
            )
        verb = "are" if len(missing) > 1 else "is"
        raise CaptureFileError(
            path,
            f"is no audio file that is known here; raw frames need --format and --channels: "
            f"{' and '.join(missing)} {verb} missing",
        )
    rate = RAW_RATE if rate is None else rate
    check_shape(path, choice.count, rate)
    encoding = Encoding.of_format(fmt)
    rest = size % (encoding.sample_bytes * choice.count)
    cut = (f"the file ends {rest} bytes into a frame: those are not judged (are format and channels right?)",)
    return StoredAudio("", encoding, choice.count, rate, ((0, size),), cut if rest else ())
