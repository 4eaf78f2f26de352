# SPDX-License-Identifier: MIT
"""Patch files: what they touch, and applying them with every misfit named."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tools.labkit.errors import LabError, LabUsage

_HEADER = re.compile(r"^(?:---|\+\+\+) (?:[ab]/)?([^\t\n]+)")
_NOTHING = "/dev/null"
_REASON_CHARS = 400


def checked(paths: Sequence[Path]) -> list[Path]:
    """Return the patch files as absolute paths; LabUsage when one is none."""
    for path in paths:
        if not path.is_file():
            raise LabUsage(f"--patch {path}: there is no such file")
        if not touched(path):
            raise LabUsage(f"--patch {path}: no unified diff (lines '--- a/FILE' and '+++ b/FILE')")
    return [path.absolute() for path in paths]


def touched(patch: Path) -> list[str]:
    """Return the files that a patch changes, adds or removes, relative to the tree."""
    lines = patch.read_text(encoding="utf-8", errors="replace").splitlines()
    found = []
    for old, new in zip(lines, lines[1:]):
        if old.startswith("--- ") and new.startswith("+++ "):
            names = [match.group(1).strip() for match in map(_HEADER.match, (old, new)) if match]
            found += [name for name in names if name != _NOTHING]
    outside = [name for name in found if name.startswith("/") or ".." in name.split("/")]
    if outside:
        raise LabUsage(f"--patch {patch}: {outside[0]} lies outside the tree")
    return list(dict.fromkeys(found))


def apply(patch: Path, tree: Path) -> None:
    """Apply one patch to a tree with ``-p1`` and no fuzz.

    Raises LabError naming every file and line where it finds other code; the tree
    is untouched then.
    """
    command = ["patch", "-p1", "--fuzz=0", "--batch", "--forward", "-i", str(patch.absolute())]
    for extra in (["--dry-run"], []):
        done = subprocess.run([*command, *extra], cwd=tree, capture_output=True, text=True, check=False)
        if done.returncode:
            said = (done.stdout + done.stderr).strip()
            places = "; ".join(rejects(done.stdout)) or " ".join(said.split())[-_REASON_CHARS:]
            raise LabError(f"{patch.name} does not apply: {places}")


def rejects(report: str) -> list[str]:
    """Return "file: hunk N at line L" for what ``patch`` reported as failed."""
    places, file = [], "?"
    for line in report.splitlines():
        checked = re.match(r"(?:checking|patching) file (\S+)", line)
        failed = re.match(r"Hunk #(\d+) FAILED at (\d+)", line)
        if checked:
            file = checked.group(1)
        elif failed:
            places.append(f"{file}: hunk {failed.group(1)} at line {failed.group(2)}")
        elif line.startswith("can't find file to patch"):
            places.append("a file to patch is not there")
    return places
