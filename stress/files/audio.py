"""Open a capture, WAV or raw, and hand out its frames in blocks."""

from __future__ import annotations

import os
import stat
from io import BufferedReader
from typing import TYPE_CHECKING

import numpy as np

from stress.errors import CaptureFileError
from stress.files.header import check_shape, read_header
from stress.model.formats import SampleFormat

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

RAW_RATE = 48000


class AudioSource:
    """The frames of one file, in constant memory.

    Attributes
    ----------
    fmt, channels, rate : of the samples; rate in Hz.
    frames : frames in the file.

    Threads: one at a time.
    """

    def __init__(
        self,
        file: BufferedReader,
        path: str,
        fmt: SampleFormat,
        channels: int,
        rate: int,
        offset: int,
        data_bytes: int,
    ) -> None:
        self._file, self.path, self._offset = file, path, offset
        self.fmt, self.channels, self.rate = fmt, channels, rate
        self.frame_bytes = fmt.frame_bytes(channels)
        self.frames = data_bytes // self.frame_bytes

    @property
    def format(self) -> SampleFormat:
        """Sample format, under the name hw_params uses."""
        return self.fmt

    def blocks(self, frames: int) -> Iterator[Bytes]:
        """Yield all frames in order, at most `frames` at a time.

        Yields
        ------
        (n * frame_bytes,) uint8; valid until the next block is asked for.

        Raises
        ------
        CaptureFileError : the file became shorter or cannot be read.
        """
        buffer = np.empty(frames * self.frame_bytes, np.uint8)
        self._file.seek(self._offset)
        for first in range(0, self.frames, frames):
            block = buffer[: min(frames, self.frames - first) * self.frame_bytes]
            try:
                got = self._file.readinto(block.data)
            except OSError as error:
                raise CaptureFileError(self.path, f"cannot be read: {error.strerror}") from error
            if got != block.size:
                raise CaptureFileError(self.path, f"ended {block.size - got} bytes early while it was read")
            yield block

    def close(self) -> None:
        """Close the file; idempotent."""
        self._file.close()

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
    channels: int | None = None,
    rate: int | None = None,
) -> AudioSource:
    """Open a WAV file, or raw frames of the format and channels given.

    Parameters
    ----------
    fmt, channels, rate : what raw frames are; a WAV file must agree with them.

    Raises
    ------
    CaptureFileError : the file and the reason.
    """
    path = os.fspath(path)
    try:
        # Opening a FIFO would wait for a writer.
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise CaptureFileError(path, "is not a regular file")
        file = open(path, "rb")  # noqa: SIM115 - the source owns it
        status = os.fstat(file.fileno())
    except OSError as error:
        raise CaptureFileError(path, f"cannot be opened: {error.strerror}") from error
    try:
        return _source(file, path, status.st_size, fmt, channels, rate)
    except BaseException:
        file.close()
        raise


def _source(
    file: BufferedReader,
    path: str,
    size: int,
    fmt: SampleFormat | None,
    channels: int | None,
    rate: int | None,
) -> AudioSource:
    magic = file.read(4)
    file.seek(0)
    if magic == b"RIFF":
        header = read_header(file, path, size)
        _agree(path, "format", fmt and fmt.name, header.fmt.name)
        _agree(path, "channels", channels, header.channels)
        _agree(path, "rate", rate, header.rate)
        source = AudioSource(
            file, path, header.fmt, header.channels, header.rate, header.offset, header.data_bytes
        )
    else:
        source = _raw(file, path, size, fmt, channels, rate)
    if not source.frames:
        raise CaptureFileError(path, "holds no frames")
    return source


def _raw(
    file: BufferedReader,
    path: str,
    size: int,
    fmt: SampleFormat | None,
    channels: int | None,
    rate: int | None,
) -> AudioSource:
    if fmt is None or channels is None:
        raise CaptureFileError(path, "is no RIFF/WAVE file; raw frames need a format and channels named")
    rate = RAW_RATE if rate is None else rate
    check_shape(path, channels, rate)
    frame_bytes = fmt.frame_bytes(channels)
    if size % frame_bytes:
        raise CaptureFileError(path, f"has {size} bytes, not whole frames of {frame_bytes} bytes")
    return AudioSource(file, path, fmt, channels, rate, 0, size)


def _agree(path: str, what: str, asked: object, found: object) -> None:
    if asked is not None and asked != found:
        raise CaptureFileError(path, f"has {what} {found} in its header, not {asked}")
