# SPDX-License-Identifier: MIT
"""Patch files: what they touch, and applying them with every misfit named.

Whatever a kernel developer has in hand is taken: a plain diff, what ``git diff``
(``--no-prefix`` too) or ``git format-patch`` wrote, several mails in one file, a
mail with an encoded body, lines that end in CR LF, what a shell of Windows wrote in
UTF-16, a diff made from any folder above the tree.
"""

from __future__ import annotations

import codecs
import email
import re
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.labkit.errors import LabError, LabUsage

_HEADER = re.compile(rb"^(?:---|\+\+\+) ([^\t\r\n]+)")
# diff writes a date behind a tab, which a terminal or an editor may have made blanks of.
_DATE = re.compile(r" +\d{4}-\d\d-\d\d \d\d:\d\d.*$")
_RENAME = re.compile(rb"^(rename|copy) (from|to) (.+)$")
_MAIL = re.compile(rb"^From [^\n]*\n(?=[\w-]+:)", re.M)
_NOTHING = "/dev/null"
_REASON_CHARS = 400
# Leading folders that a header's name loses: "a/sound/pcm.c" one, "sound/pcm.c" none. The usual one first;
# more for a diff of "/usr/src/linux-6.1/sound/pcm.c", as long as every name keeps a folder.
LEVELS = (1, 0)
_DEEPER = (2, 3, 4, 5, 6, 7, 8)
# What a file is that is no unified diff, by how it begins. Source: file(1)'s magic numbers.
_OTHERWISE = (
    (b"\x1f\x8b", "is compressed (gunzip it first)"),
    (b"\xfd7zXZ", "is compressed (unxz it first)"),
    (b"BZh", "is compressed (bunzip2 it first)"),
    (b"(\xb5/\xfd", "is compressed (unzstd it first)"),
    (b"PK\x03\x04", "is an archive (unpack it first)"),
    (b"*** ", "is a context diff (make it with diff -u)"),
    (b"> --- ", "is a quotation in a mail (take the '> ' away)"),
    (b"<", "is a page of the web, not the patch itself (take its raw or plain form)"),
)
_QUOTED = b"\n> --- "
_BLANKS = " (only its blanks and tabs differ: a mail program or an editor changed them)"
_BACKUPS = (".orig", ".old", ".bak", "~")


def checked(paths: Sequence[Path]) -> list[Path]:
    """Return the patch files as absolute paths; LabUsage when one is none."""
    for path in paths:
        if path.is_dir():
            raise LabUsage(f"--patch {path}: is a folder, not a patch")
        if not path.is_file():
            raise LabUsage(f"--patch {path}: there is no such file")
        data = text(path)
        if not data.strip():
            raise LabUsage(f"--patch {path}: is empty")
        if b"\nGIT binary patch\n" in data:
            raise LabUsage(f"--patch {path}: holds a binary patch, which patch(1) cannot apply")
        if not _names(path, 1):
            raise LabUsage(f"--patch {path}: {_instead(data)} (lines '--- a/FILE' and '+++ b/FILE')")
    return [path.absolute() for path in paths]


def _instead(data: bytes) -> str:
    """Return what a file is that holds no unified diff."""
    head = data.lstrip()
    what = next((said for begin, said in _OTHERWISE if head.startswith(begin)), "")
    if not what and _QUOTED in data:
        what = "is a quotation in a mail (take the '> ' away)"
    return f"{what}: no unified diff" if what else "no unified diff"


def text(patch: Path) -> bytes:
    """Return a patch as patch(1) reads it: bodies of mails decoded, lines that end in LF.

    Raises LabUsage for a file that cannot be read.
    """
    try:
        data = patch.read_bytes()
    except OSError as error:
        raise LabUsage(f"--patch {patch}: {error.strerror}") from error
    data = _plain(data)
    lines = data.split(b"\n")
    # A kernel's own files have no CR: where every header has one, a mail program put it there.
    heads = [line for line in lines if line.startswith((b"--- ", b"+++ ", b"@@ "))]
    if heads and all(line.endswith(b"\r") for line in heads):
        data = b"\n".join(line[:-1] if line.endswith(b"\r") else line for line in lines)
    starts = [found.start() for found in _MAIL.finditer(data)] or [0]
    return b"".join(_decoded(data[at:end]) for at, end in zip(starts, [*starts[1:], len(data)]))


def _plain(data: bytes) -> bytes:
    """Return the bytes without a byte order mark, and UTF-16 as UTF-8: a shell of Windows writes it."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace").encode()
    return data[len(codecs.BOM_UTF8) :] if data.startswith(codecs.BOM_UTF8) else data


def _decoded(mail: bytes) -> bytes:
    """Return a mail with its body in plain bytes, where the header says that it is encoded."""
    if not re.match(rb"(?:From |[A-Za-z][\w-]*:)", mail):
        return mail
    message = email.message_from_bytes(mail)
    how = str(message.get("Content-Transfer-Encoding", "")).strip().lower()
    if message.is_multipart() or how not in ("quoted-printable", "base64"):
        return mail
    body = message.get_payload(decode=True)
    return body.replace(b"\r\n", b"\n") if isinstance(body, bytes) else mail


def touched(patch: Path, level: int = 1) -> list[str]:
    """Return the files that a patch changes, adds or removes, relative to the tree.

    Parameters
    ----------
    level : leading folders that the names in it lose.

    Raises LabUsage where one lies outside the tree.
    """
    found = [name for names in _names(patch, level) for name in names]
    outside = [name for name in found if name.startswith("/") or ".." in name.split("/")]
    if outside:
        raise LabUsage(f"--patch {patch}: {outside[0]} lies outside the tree")
    return list(dict.fromkeys(found))


def _names(patch: Path, level: int) -> list[list[str]]:
    """Return for each file of the patch its names, the old one first; of an added one the new one alone."""
    lines = text(patch).split(b"\n")
    found = []
    for old, new in zip(lines, lines[1:]):
        pair = [_HEADER.match(line) for line in (old, new)]
        if old.startswith(b"--- ") and new.startswith(b"+++ ") and all(pair):
            names = [_name(match.group(1)) for match in pair if match]
            stripped = [_stripped(name, level) for name in names if name != _NOTHING]
            # "diff -u pcm.c.orig pcm.c": patch(1) takes the one that is there.
            backup = [stripped[-1] + suffix for suffix in _BACKUPS]
            found.append([name for name in stripped if name not in backup])
        moved = [_RENAME.match(line) for line in (old, new)]
        if all(moved):
            # Of a rename that changes nothing these lines are all there is; they have no prefix.
            found.append([match.group(3).decode(errors="surrogateescape") for match in moved if match])
    return [list(dict.fromkeys(names)) for names in found]


def _name(header: bytes) -> str:
    return _DATE.sub("", header.decode(errors="surrogateescape")).strip()


def _stripped(name: str, level: int) -> str:
    if level not in _DEEPER:
        return name if name.startswith("/") else "/".join(name.split("/")[level:]) or name
    # A bare file name would fit any tree: one of them is not the patch's.
    rest = "/".join(name.split("/")[level:])
    return rest if "/" in rest else name


def level(patch: Path, there: Callable[[str], bool]) -> int:
    """Return how many leading folders its names lose to fit a tree, as in ``patch -p``.

    Parameters
    ----------
    there : whether the tree has a file of that name.

    Raises LabError naming the files that the tree lacks at any.
    """
    missing: dict[int, list[str]] = {}
    for number in LEVELS:
        missing[number] = _absent(patch, number, there)
        if not missing[number]:
            return number
    # The names of the level that fits best are those that its author meant.
    best = min(LEVELS, key=lambda number: len(missing[number]))
    for number in _DEEPER:
        if not _absent(patch, number, there):
            return number
    raise LabError(f"{patch.name} does not apply: the source has no {', '.join(missing[best])}")


def _absent(patch: Path, level: int, there: Callable[[str], bool]) -> list[str]:
    added: set[str] = set()
    absent = []
    new_file = _added(patch, level)
    for names in _names(patch, level):
        # The developer's own /usr/src may have the file that an absolute name names.
        missing = names and (names[0].startswith("/") or not there(names[0]))
        if missing and names[0] not in added and names[0] not in new_file:
            absent.append(names[0])
        added.update(names)
    return list(dict.fromkeys(absent))


def _added(patch: Path, level: int) -> set[str]:
    """Return the files that the patch makes."""
    lines = text(patch).split(b"\n")
    found = set()
    for old, new in zip(lines, lines[1:]):
        match = _HEADER.match(new)
        if old.startswith(b"--- /dev/null") and match and new.startswith(b"+++ "):
            found.add(_stripped(_name(match.group(1)), level))
    return found


def apply(patch: Path, tree: Path) -> None:
    """Apply one patch to a tree with no fuzz, names stripped as they fit.

    Raises LabError naming every file and line where it finds other code; the tree
    is untouched then, unless the patch changes a file twice.
    """
    number = level(patch, lambda name: (tree / name).is_file())
    names = [tuple(each) for each in _names(patch, number)]
    once = len(names) == len(set(names))
    command = ["patch", f"-p{number}", "--fuzz=0", "--batch", "--forward", "--no-backup-if-mismatch"]
    # A series in one file builds on itself, which a dry run does not.
    for extra in (["--dry-run"], []) if once else ([],):
        done = subprocess.run(
            [*command, *extra], cwd=tree, input=text(patch), capture_output=True, check=False
        )
        if done.returncode:
            said = (done.stdout + done.stderr).decode(errors="replace").strip()
            places = "; ".join(rejects(said)) or " ".join(said.split())[-_REASON_CHARS:]
            blanks = _BLANKS if _fits_without_blanks([*command, "--dry-run"], patch, tree) else ""
            raise LabError(f"{patch.name} does not apply: {places}{blanks}")


def _fits_without_blanks(command: Sequence[str], patch: Path, tree: Path) -> bool:
    """Return whether only blanks and tabs keep a patch from applying."""
    mended = b"\n".join(re.sub(rb"^  (?=[^ ])", b" ", line) for line in text(patch).split(b"\n"))
    return any(
        subprocess.run(
            [*command, "--ignore-whitespace"], cwd=tree, input=data, capture_output=True, check=False
        ).returncode
        == 0
        for data in (text(patch), mended)
    )


def rejects(report: str) -> list[str]:
    """Return "file: hunk N at line L" for what ``patch`` reported as failed."""
    places, file, whole = [], "?", False
    for line in report.splitlines():
        checked = re.match(r"(?:checking|patching) file '?([^\s'].*?)'?(?: \(.*\))?$", line)
        failed = re.match(r"Hunk #(\d+) FAILED at (\d+)", line)
        broken = re.match(r"patch: \*\*\*\* (malformed patch at line .*|unexpected end of file.*)", line)
        if checked:
            file, whole = checked.group(1), False
        elif failed and not whole:
            places.append(f"{file}: hunk {failed.group(1)} at line {failed.group(2)}")
        elif line.startswith("Reversed (or previously applied) patch detected"):
            places.append(f"{file}: the change is there already, or reversed")
            whole = True
        elif line.startswith("can't find file to patch"):
            places.append("a file to patch is not there")
        elif broken:
            places.append(f"the patch itself is damaged: {broken.group(1).replace(' in patch', '')}")
    return places
