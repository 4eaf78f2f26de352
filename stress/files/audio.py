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
from stress.files.asked import NamedFrames, headerless, overruled
from stress.files.channels import ChannelChoice, shown
from stress.files.encoding import Encoding, StoredAudio
from stress.files.inside import Inside, inside
from stress.files.segments import SegmentReader
from stress.files.stretch import FileStretch
from stress.model.arrays import Bytes
from stress.model.formats import MAX_CHANNELS, SampleFormat
from stress.model.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

# Recordings of one file that are judged. Source: a night of them, one a few minutes. Higher: a file of
# headers takes minutes; lower: such a file has to be cut.
MOST_PARTS = 200


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
    frames : of the recording.
    unread : what the file holds beside its recordings that cannot be read, a line each.
    behind : where in a file of several recordings this one stands, "" for the first.

    Threads: one at a time.
    """

    def __init__(self, reader: _Reader, path: str, stored: StoredAudio, chosen: tuple[int, ...] = ()) -> None:
        self._reader, self.path, self._stored, self._chosen = reader, path, stored, chosen
        self.fmt, self.rate = stored.encoding.fmt, stored.rate
        self.channels = len(chosen) or stored.channels
        self.frame_bytes = self.fmt.frame_bytes(self.channels)
        self.frames = reader.frames
        self.unread: tuple[str, ...] = ()
        self.behind = ""
        self._strange = self._seen = 0

    @property
    def format(self) -> SampleFormat:
        """Sample format, under the name hw_params uses."""
        return self.fmt

    @property
    def container(self) -> str:
        """What kind of file it is."""
        return self._stored.container

    def stored_alike(self, size: int) -> StoredAudio:
        """Return the description of `size` more bytes that are stored as these."""
        return replace(self._stored, segments=((0, size),), notes=())

    @property
    def stored_channels(self) -> int:
        """How many the file has, whichever of them are handed out."""
        return self._stored.channels

    def laid_out(self, fmt: SampleFormat, channels: int) -> AudioSource | None:
        """Return the same stored bytes as frames of `fmt` in `channels`, on the same open file.

        None for files that a library decodes: their bytes are not at hand.
        """
        if not isinstance(self._reader, SegmentReader):
            return None
        encoding = Encoding.of_format(fmt, self._stored.encoding.big_endian)
        stored = replace(self._stored, encoding=encoding, channels=channels, notes=())
        return AudioSource(self._reader.of_frames(stored.frame_bytes), self.path, stored)

    @property
    def notes(self) -> tuple[str, ...]:
        """One line each on what the file says otherwise than it is; complete once all is read."""
        notes = self._stored.notes
        if not self._strange:
            return notes
        verb = "is" if self._strange == 1 else "are"
        said = f"{counted(self._strange, 'sample')} {verb} beyond full scale or not a number"
        many = f"{said}: judged as full scale or 0"
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

    Of a file of several recordings it is the first one; see `open_parts`.

    Parameters
    ----------
    fmt : of raw frames; overrules the header of a file that has one.
    channels : how many the file has, or which of them to hand out.
    rate : of raw frames [Hz]; a header must agree with it.

    Raises
    ------
    CaptureFileError : the file and the reason.
    """
    return open_parts(path, fmt=fmt, channels=channels, rate=rate)[0]


def open_parts(
    path: str,
    *,
    fmt: SampleFormat | None = None,
    channels: int | ChannelChoice | None = None,
    rate: int | None = None,
) -> list[AudioSource]:
    """Open the recordings of one file in order; takes what `open_audio` takes.

    Files that were joined hold more than one, each behind its own header. What cannot be read
    is named by `AudioSource.unread` of the recording before it. All are on one open file.

    Raises
    ------
    CaptureFileError : the file and the reason, where none can be read.
    """
    path = os.fspath(path)
    choice = ChannelChoice(channels) if channels is None or isinstance(channels, int) else channels
    file = _opened(path)
    try:
        return _parts(file, path, NamedFrames(fmt, choice, rate))
    except OSError as error:
        file.close()
        raise CaptureFileError(path, f"cannot be read: {error.strerror}") from error
    except BaseException:
        file.close()
        raise


def _parts(file: BufferedReader, path: str, asked: NamedFrames) -> list[AudioSource]:
    size = os.fstat(file.fileno()).st_size
    unread: list[str] = []
    marks = inside(file, size)
    beyond = marks[MOST_PARTS:]
    if beyond:
        marks, end = marks[:MOST_PARTS], beyond[0].offset
        unread.append(f"{size - end} bytes behind the first {MOST_PARTS} headers and lines inside the file")
        size = end
    first_end = marks[0].offset if marks else size
    sources: list[AudioSource] = []
    failed: CaptureFileError | None = None
    if first_end or not marks:
        try:
            sources.append(_source(FileStretch(file, 0, first_end), path, asked, whole=not marks))
        except CaptureFileError as error:
            if not marks:
                raise
            failed = error
            unread.append(f"its first {first_end} bytes: {error.reason}")
    for at, mark in enumerate(marks):
        end = marks[at + 1].offset if at + 1 < len(marks) else size
        try:
            found = _behind(file, path, (mark, end), asked, sources)
        except CaptureFileError as error:
            failed = failed or error
            rest = end - mark.offset
            unread.append(f"{rest} bytes from byte {mark.offset} on, {_told(mark)}: {error.reason}")
            continue
        if found is not None:
            sources.append(found)
    if not sources:
        raise failed or CaptureFileError(path, "holds no frames")
    sources[0].unread = tuple(unread)
    return sources


def _told(mark: Inside) -> str:
    return f"where another header stands ({mark.name})" if mark.name else "behind a line of alsa-utils"


def _behind(
    file: BufferedReader, path: str, place: tuple[Inside, int], asked: NamedFrames, before: list[AudioSource]
) -> AudioSource | None:
    # The recording behind a header or a line inside the file; None of no frames.
    mark, end = place
    first = before[0] if before else None
    if mark.name:
        source = _source(FileStretch(file, mark.offset, end - mark.offset), path, replace(asked, rate=None))
    else:
        begin = mark.offset + mark.length
        if begin >= end:
            return None
        source = _more(FileStretch(file, begin, end - begin), path, asked, first)
    source.behind = f"{_told(mark)}, byte {mark.offset}"
    if first is None:
        return source
    raw_rate = first.container == "" and asked.rate is None
    for what, held, was in (
        ("format", source.fmt.name, first.fmt.name),
        ("channels", source.channels, first.channels),
        ("rate", source.rate, source.rate if raw_rate else first.rate),
    ):
        if held != was:
            raise CaptureFileError(path, f"its {what} is {held}, not {was} as before: cut the file there")
    return source


def _more(stretch: FileStretch, path: str, asked: NamedFrames, first: AudioSource | None) -> AudioSource:
    # Frames that go on behind a line, as those before it were stored.
    if first is None or first.container == "":
        return _source(stretch, path, asked)
    stored = first.stored_alike(stretch.size)
    reader = SegmentReader(stretch, path, stored.segments, stored.frame_bytes)
    return _finished(reader, path, stored, asked.choice, None)


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


def _source(stretch: FileStretch, path: str, asked: NamedFrames, whole: bool = False) -> AudioSource:
    fmt, choice, rate = asked.fmt, asked.choice, asked.rate
    magic = stretch.read(32)
    stretch.seek(0)
    container = foreign.named(magic)
    # Three bytes of a tag are met by chance in raw frames that are called so.
    if container is not None and (len(container.name) > 3 or fmt is None):
        decoded = foreign.ForeignReader(path, container, None if whole else stretch)
        if whole:
            stretch.close()
        stored = StoredAudio(container.name, decoded.encoding, decoded.channels, decoded.rate, ())
        return _finished(decoded, path, stored, choice, rate)
    if magic[:4] in riff.MAGICS:
        stored = riff.read_header(stretch, path, stretch.size)
    elif magic[:4] in au.MAGICS:
        stored = au.read_header(stretch, path, stretch.size)
    else:
        stored = headerless(stretch, path, fmt, choice, rate)
    if fmt is not None:
        stored = overruled(stored, fmt, choice.count)
    reader = SegmentReader(stretch, path, stored.segments, stored.frame_bytes)
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
