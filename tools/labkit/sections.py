# SPDX-License-Identifier: MIT
"""Sections of docs/vivt-results.md, each written by the command that measured it."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from pathlib import Path

from tools.labkit.boards import PROJECT
from tools.labkit.errors import LabError

RESULTS = PROJECT / "docs" / "vivt-results.md"


def write(name: str, command: str, lines: Sequence[str], path: Path = RESULTS) -> None:
    """Replace the section between ``<!-- NAME -->`` and ``<!-- end NAME -->``.

    Parameters
    ----------
    command : what printed the lines, shown above them with today's date.

    Raises LabError where the file has no such section.
    """
    text = check(name, path)
    begin, end = _marks(name)
    stamp = time.strftime("%Y-%m-%d", time.gmtime())
    shown = "\n".join(f"    {line}".rstrip() for line in lines)
    body = f"{begin}\nWritten by `{command}` on {stamp}:\n\n{shown}\n{end}"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.S)
    path.write_text(pattern.sub(lambda _: body, text), encoding="utf-8")


def check(name: str, path: Path = RESULTS) -> str:
    """Return the file's text; LabError where it has no section of that name, or two.

    A command of an hour asks before it begins.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise LabError(f"{path}: {error.strerror}") from error
    begin, end = _marks(name)
    if text.count(begin) != 1 or text.count(end) != 1:
        raise LabError(f"{path}: has no section {name} (lines {begin!r} and {end!r})")
    return text


def has(name: str, path: Path = RESULTS) -> bool:
    """Return whether the file has a section of that name."""
    try:
        check(name, path)
    except LabError:
        return False
    return True


def _marks(name: str) -> tuple[str, str]:
    return f"<!-- {name} -->", f"<!-- end {name} -->"
