# SPDX-License-Identifier: MIT
"""A run directory as one file to hand on, and back again."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import shutil
import tarfile
import tempfile
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Callable

from stress.errors import CaptureFileError
from stress.files.regular import is_plain
from stress.files.whole import whole
from stress.record import journal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# The files of a run directory, and nothing else; hidden and foreign files stay out.
_MEMBER = re.compile(
    rf"(?:[^/]+/)?({re.escape(journal.NAME)}|(?:config|board)\.json|evidence/burst-[\w-]+\.json)"
)
# What is unpacked of one bundle [bytes]. Source: a night of 2 s bursts records
# some 100 MB. Higher: a crafted archive fills the disk; lower: long runs are refused.
MOST_BYTES = 1 << 30
# Members of one bundle. Source: 200 pieces of evidence a run. Higher: minutes to open
# them; lower: long runs are refused.
MOST_MEMBERS = 20_000
# A name or extended header of tar [bytes]. Source: paths of the kernel have 4096.
MOST_HEADER_BYTES = 1 << 20
_HEADERS = (
    *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK),
    *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE),
)
# Reads at the end of what a bundle unpacks to. Source: tarfile reads on for each 10 KB that a header
# promises, whatever is there: a size of 400 digits has no end. Lower: a sound archive is refused.
MOST_ENDS = 100
NAMES = (".tar.gz", ".tgz")
# How a compressed file begins, and what reads it as a stream.
_COMPRESSED: tuple[tuple[bytes, Callable[[BinaryIO], Any]], ...] = (
    (b"\x1f\x8b", lambda file: gzip.GzipFile(fileobj=file)),
    (b"BZh", bz2.BZ2File),
    (b"\xfd7zXZ\0", lzma.LZMAFile),
)
_LONGEST_MAGIC = 6


def pack(
    folder: Path,
    path: str,
    more: Mapping[str, str] | None = None,
    readme: Callable[[Mapping[str, int]], str] | None = None,
    name: str = "",
) -> int:
    """Write the run in `folder` to a compressed tar file; return how many files of the run it holds.

    Parameters
    ----------
    more : texts to pack beside the run, by name.
    readme : makes the text of README of the names and sizes [bytes] of everything else.
    name : of the directory in the bundle, that of the run where it is "".

    Raises
    ------
    CaptureFileError : it cannot be written, or the name is not one of a tar.gz.
    """
    if not path.endswith(NAMES):
        raise CaptureFileError(path, f"is no name of a bundle (allowed: *{', *'.join(NAMES)})")
    names = sorted(str(item.relative_to(folder)) for item in folder.rglob("*.json*"))
    wanted = [name for name in names if _MEMBER.fullmatch(name) and is_plain(folder / name)]
    texts = {place: said.encode("utf-8", "replace") for place, said in (more or {}).items()}
    sizes = {one: (folder / one).stat().st_size for one in wanted}
    sizes.update({place: len(said) for place, said in texts.items()})
    if readme:
        texts = {"README": readme(sizes).encode("utf-8", "replace"), **texts}
    top = name or folder.resolve().name
    with whole(path) as place, tarfile.open(place, "w:gz") as archive:
        for inside, said in texts.items():
            member = tarfile.TarInfo(f"{top}/{inside}")
            member.size, member.mtime = len(said), int((folder / journal.NAME).stat().st_mtime)
            archive.addfile(member, io.BytesIO(said))
        for one in wanted:
            archive.add(folder / one, f"{top}/{one}")
    return len(wanted)


@contextmanager
def opened(path: str) -> Iterator[Path]:
    """Give the run directory at `path`, unpacked for the while when it is a bundle.

    Raises
    ------
    CaptureFileError : neither a directory nor a readable bundle.
    """
    if Path(path).is_dir():
        _refuse_parent(Path(path))
        yield Path(path)
        return
    # Opening a FIFO would wait for a writer, reading a device never end.
    if Path(path).exists() and not Path(path).is_file():
        raise CaptureFileError(path, "is not a regular file")
    with tempfile.TemporaryDirectory(prefix="pcmstress-") as folder:
        _unpack(path, Path(folder))
        try:
            yield Path(folder)
        except CaptureFileError as error:
            # The place it was unpacked to is gone when this is read.
            inside = error.path.replace(f"{folder}/", f"{path}: ")
            raise CaptureFileError(inside, error.reason) from None


def _refuse_parent(folder: Path) -> None:
    runs = [found for form in ("*", "*/*") for found in folder.glob(f"{form}/{journal.NAME}")]
    if runs and not (folder / journal.NAME).exists():
        latest = max(runs, key=lambda found: found.stat().st_mtime).parent
        raise CaptureFileError(str(folder), f"is a directory of runs, not a run (the latest is {latest})")


def _unpack(path: str, folder: Path) -> None:
    (folder / "evidence").mkdir()
    try:
        with open(path, "rb") as file:
            counted = io.BufferedReader(_Counted(_decompressed(file), path))
            with tarfile.open(fileobj=counted, mode="r|", tarinfo=_Member) as archive:
                _members(path, archive, folder)
    except CaptureFileError:
        raise
    except (OSError, EOFError, ValueError, tarfile.TarError, zlib.error, lzma.LZMAError) as error:
        reason = getattr(error, "strerror", None) or "is no run directory and no bundle of one"
        raise CaptureFileError(path, reason) from None


def _members(path: str, archive: tarfile.TarFile, folder: Path) -> None:
    for number, member in enumerate(archive):
        if number >= MOST_MEMBERS:
            raise CaptureFileError(path, f"holds more than {MOST_MEMBERS} members")
        named = _MEMBER.fullmatch(member.name)
        file = archive.extractfile(member) if named and member.isfile() else None
        if named is None or file is None:
            continue
        if (folder / named[1]).exists():
            # Which of them is the record? The last one used to win.
            raise CaptureFileError(path, f"holds {named[1]} twice")
        with file, open(folder / named[1], "wb") as out:
            shutil.copyfileobj(file, out)


def _decompressed(file: BinaryIO) -> Any:
    # As a stream; what holds it is closed with `file`.
    begins = file.read(_LONGEST_MAGIC)
    file.seek(0)
    for magic, opener in _COMPRESSED:
        if begins.startswith(magic):
            return opener(file)
    return file


class _Counted(io.RawIOBase):
    # What comes out of a bundle: every byte of it, whatever member or header it belongs to.
    def __init__(self, plain: Any, path: str) -> None:
        self._plain, self._path, self._left, self._ends = plain, path, MOST_BYTES, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._plain.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise CaptureFileError(self._path, f"unpacks to more than {MOST_BYTES >> 20} MB")
        self._ends += not data
        if self._ends > MOST_ENDS:
            raise EOFError
        buffer[: len(data)] = data
        return len(data)


class _Member(tarfile.TarInfo):
    # A long name or a pax header is read into memory whole: more than names need is refused.
    def _proc_member(self, archive: tarfile.TarFile) -> Any:
        long = self.type not in tarfile.SUPPORTED_TYPES or self.type in _HEADERS
        if long and self.size > MOST_HEADER_BYTES:
            raise tarfile.ReadError(f"a header of {self.size} bytes")
        return super()._proc_member(archive)  # type: ignore[misc]
