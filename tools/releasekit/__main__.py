# SPDX-License-Identifier: MIT
"""tools/release: check that the commit checked out is a release, and leave what is shipped in dist/."""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tools.releasekit import artifacts, texts

ROOT = Path(__file__).resolve().parents[2]
# Earlier ones need the package wheel to build one.
SETUPTOOLS = (70, 1)
_MISSING = 69
_USAGE = 64


def main(argv: Sequence[str]) -> int:
    """Print a line a check; 0 when all hold, 1 when one does not."""
    parser = argparse.ArgumentParser(prog="tools/release", description=__doc__)
    parser.add_argument(
        "--texts", action="store_true", help="only what the files say, nothing is built (a second)"
    )
    parser.add_argument("--out", metavar="DIR", type=Path, default=ROOT / "dist", help="default dist")
    args = parser.parse_args(argv)
    lacking = [] if args.texts else missing()
    if lacking:
        print(f"tools/release: missing here: {'; '.join(lacking)}", file=sys.stderr)
        return _MISSING
    failed = sum(_told(name, check(ROOT)) for name, check in texts.CHECKS.items())
    if not args.texts:
        if not (ROOT / ".git").exists():
            print(
                f"tools/release: {ROOT}: a release is made from a commit, so of a git checkout",
                file=sys.stderr,
            )
            return _USAGE
        failed += _build(args.out)
    print(
        f"pcmstress {texts.version(ROOT)}: " + (f"{failed} checks failed" if failed else "every check passed")
    )
    return int(failed > 0)


def missing() -> list[str]:
    """Return what is not installed, each with the command that installs it."""
    lacking = [f"{name}: apt-get install {name}" for name in ("git",) if shutil.which(name) is None]
    for package, least in (("pip", (0,)), ("setuptools", SETUPTOOLS)):
        try:
            there = tuple(int(part) for part in version(package).split(".")[:2])
        except (PackageNotFoundError, ValueError):
            there = ()
        if there < least:
            wanted = ".".join(map(str, least))
            lacking.append(f"{package} {wanted}: pip install {package}>={wanted}")
    return lacking


def _told(name: str, complaints: Sequence[str]) -> int:
    print(f"{'FAIL' if complaints else 'ok':4}  {name}")
    for one in complaints[:10]:
        print(f"      {one}")
    return int(bool(complaints))


def _build(out: Path) -> int:
    failed = _told("nothing uncommitted", _uncommitted())
    with tempfile.TemporaryDirectory(prefix="pcmstress-release") as folder:
        work = Path(folder)
        try:
            first, again = artifacts.built(ROOT, work)
            failed += _told("two builds have the same bytes", artifacts.differences(first, again))
            root = work / "first"
            failed += _told("wheel", artifacts.wheel_content(first["wheel"], root))
            failed += _told("file for a board", artifacts.pyz_content(first[artifacts.PYZ], root))
            for file in first.values():
                failed += _told(f"{file.name} starts", artifacts.started(file, root, work))
        except artifacts.BuildFailed as error:
            return failed + _told("built", [str(error)])
        if not failed:
            _keep(first.values(), out)
    return failed


def _uncommitted() -> list[str]:
    command = ["git", "-C", str(ROOT), "status", "--porcelain", "--untracked-files=no"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def _keep(files: Iterable[Path], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for file in files:
        shutil.copy2(file, out / file.name)
        print(f"      {hashlib.sha256(file.read_bytes()).hexdigest()}  {out / file.name}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
