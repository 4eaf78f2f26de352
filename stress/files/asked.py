# SPDX-License-Identifier: MIT
"""What the user says of the frames of a file: it overrules a header, and stands in for one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from stress.errors import CaptureFileError
from stress.files import riff_tail
from stress.files.channels import ChannelChoice, shown
from stress.files.encoding import Encoding, StoredAudio
from stress.files.limits import check_shape
from stress.files.stretch import FileStretch
from stress.files.trailing import samples_end
from stress.model.formats import SampleFormat
from stress.model.words import counted

RAW_RATE = 48000


@dataclass(frozen=True)
class NamedFrames:
    """Format, channels and rate as the options name them; None, or nothing chosen, where they do not."""

    fmt: SampleFormat | None
    choice: ChannelChoice
    rate: int | None


def overruled(stored: StoredAudio, fmt: SampleFormat, channels: int | None) -> StoredAudio:
    """Return `stored` with the format that the user names, and the channels where those are named as well.

    In the byte order of the container; a note says what its header says.

    Raises
    ------
    CaptureFileError : so many channels are more than a file may have.
    """
    encoding = Encoding.of_format(fmt, stored.encoding.big_endian)
    count = stored.channels if channels is None else channels
    if not stored.container or (encoding, count) == (stored.encoding, stored.channels):
        return stored
    named, said = f"--format {fmt.name}", stored.encoding.name
    if count != stored.channels:
        check_shape(stored.container, count, stored.rate)
        named, said = f"{named} --channels {count}", f"{said} in {counted(stored.channels, 'channel')}"
    verb = "overrules" if count == stored.channels else "overrule"
    note = f"{named} {verb} the header, which says {said}"
    return replace(stored, encoding=encoding, channels=count, notes=(*stored.notes, note))


def headerless(
    stretch: FileStretch, path: str, fmt: SampleFormat | None, choice: ChannelChoice, rate: int | None
) -> StoredAudio:
    """Return what a file without a header holds, as the user says.

    Raises
    ------
    CaptureFileError : format or channels are not said, or too many.
    """
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
    size, note = samples_end(stretch, 0, stretch.size, riff_tail.TRAILING)
    rest = size % (encoding.sample_bytes * choice.count)
    cut = f"the file ends {rest} bytes into a frame: those are not judged (are format and channels right?)"
    notes = (*([note] if note else []), *([cut] if rest else []))
    return StoredAudio("", encoding, choice.count, rate, ((0, size),), notes)
