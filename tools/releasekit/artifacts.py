# SPDX-License-Identifier: MIT
"""What is built from a commit: the wheel and the one file for a board, each twice, and what is in them."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

from tools.releasekit import texts

PYZ = "pcmstress.pyz"
# Nothing of these may reach the bytes: two builds differ in all of them.
_SURROUNDINGS = ({"TZ": "UTC", "LC_ALL": "C"}, {"TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8"})
_UMASKS = ("022", "077")


class BuildFailed(Exception):
    """A builder ended with an error; the text is its last lines."""


def built(root: Path, work: Path) -> list[dict[str, Path]]:
    """Build wheel and .pyz from two clones of the commit checked out in `root`; return the files of each.

    Raises
    ------
    BuildFailed : with the builder's last lines.
    """
    made = []
    for number, (surroundings, umask) in enumerate(zip(_SURROUNDINGS, _UMASKS)):
        clone, out = work / f"{'again' * number or 'first'}", work / f"out{number}"
        run(["git", "clone", "--quiet", "--no-hardlinks", str(root), str(clone)], work, {})
        epoch = run(["git", "log", "-1", "--format=%ct"], clone, {}).strip()
        environment = {**surroundings, "SOURCE_DATE_EPOCH": epoch, "PYTHON": sys.executable}
        # As a user builds it, but with the setuptools that is here: no network.
        wheel = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
        masked = ["sh", "-c", 'umask "$0" && exec "$@"']
        # A wheel keeps the modes that its builder's files have; tools/pack gives every file one.
        run([*masked, "022", *wheel, "--wheel-dir", str(out), str(clone)], work, environment)
        run([*masked, umask, str(clone / "tools" / "pack"), str(out / PYZ)], work, environment)
        (wheel_file,) = out.glob("*.whl")
        made.append({"wheel": wheel_file, PYZ: out / PYZ})
    return made


def run(argv: Sequence[str], cwd: Path, environment: dict[str, str]) -> str:
    """Run a command and return what it printed.

    Raises
    ------
    BuildFailed : it ended with an error.
    """
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        argv, cwd=cwd, env={**clean, **environment}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        told = (done.stderr or done.stdout).strip().splitlines()[-5:]
        raise BuildFailed(f"{' '.join(argv[:4])} ...: status {done.returncode}: " + " | ".join(told))
    return done.stdout


def differences(first: dict[str, Path], again: dict[str, Path]) -> list[str]:
    """Return what two builds of one commit differ in."""
    return [
        f"{file.name}: a second build has other bytes"
        for name, file in first.items()
        if file.name != again[name].name or file.read_bytes() != again[name].read_bytes()
    ]


def wheel_content(file: Path, root: Path) -> list[str]:
    """Return what a wheel lacks, or has too much of."""
    with zipfile.ZipFile(file) as archive:
        names = set(archive.namelist())
        meta = next((archive.read(name).decode() for name in names if name.endswith("/METADATA")), "")
        licence = [archive.read(name) for name in names if name.endswith("/LICENSE")]
    found = _missing(
        file, names, {"stress": "*.py", "configs": "*/*.toml"}, root, {"configs": "stress/configs"}
    )
    found += [f"{file.name}: holds {name}" for name in sorted(names) if name.startswith(("tests/", "tools/"))]
    if f"\nVersion: {texts.version(root)}\n" not in meta:
        found.append(f"{file.name}: is not version {texts.version(root)}")
    return found + _licence(file, licence, root)


def pyz_content(file: Path, root: Path) -> list[str]:
    """Return what the file for a board lacks."""
    with zipfile.ZipFile(file) as archive:
        names = set(archive.namelist())
        licence = [archive.read(name) for name in names if name == "LICENSE"]
    return _missing(file, names, {"stress": "*.py"}, root, {}) + _licence(file, licence, root)


def started(file: Path, root: Path, work: Path) -> list[str]:
    """Return what is wrong with `--version` and the shipped plans as the built file gives them."""
    whole = file.suffix == ".pyz"
    command = [sys.executable, str(file)] if whole else [sys.executable, "-m", "stress"]
    environment = {} if whole else {"PYTHONPATH": str(file)}
    said = run([*command, "--version"], work, environment)
    wanted = f"pcmstress {texts.version(root)}"
    if whole:
        wanted += f" (commit {run(['git', 'rev-parse', 'HEAD'], root, {})[:12]})"
    found = (
        []
        if said.startswith(f"{wanted},") or said.startswith(f"{wanted} ")
        else [f"{file.name}: says {said!r}"]
    )
    if "bringup" not in run([*command, "plans"], work, environment):
        found.append(f"{file.name}: does not find its plans")
    return found


def _missing(
    file: Path, names: set[str], patterns: dict[str, str], root: Path, moved: dict[str, str]
) -> list[str]:
    wanted = [
        f"{moved.get(room, room)}/{path.relative_to(root / room).as_posix()}"
        for room, pattern in patterns.items()
        for path in (root / room).rglob(pattern)
        if "lab" not in path.relative_to(root / room).parts
    ]
    return [f"{file.name}: lacks {name}" for name in sorted(wanted) if name not in names]


def _licence(file: Path, held: list[bytes], root: Path) -> list[str]:
    return (
        [] if held == [(root / "LICENSE").read_bytes()] else [f"{file.name}: lacks the text of the licence"]
    )
