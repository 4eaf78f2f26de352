# SPDX-License-Identifier: MIT
"""Count the instructions an ARM9 executes per frame: the exact check and the integer tier."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tools.labkit import cache, emuser, need
from tools.labkit.boards import PROJECT
from tools.labkit.errors import LabError, MissingPrograms

SOURCE = PROJECT / "tools" / "qemu-count" / "count.c"
EMULATOR = "qemu-arm"
# Packaged statically it loads no plugin: qemu-user has the other one.
NEEDS = {EMULATOR: "qemu-user", "qemu-arm-static": "qemu-user-static", "gcc": "gcc"}
# Plugin interfaces the source fits; an emulator accepts some range of them.
VERSIONS = (1, 2, 3, 4, 5)
USERLAND = "12/armel"


def main(argv: Sequence[str]) -> int:
    """Print instructions per frame, or JSON with --json; 0 also when skipped."""
    parser = argparse.ArgumentParser(prog="tools/bench instructions", description=__doc__)
    parser.add_argument("--userland", default=USERLAND, help=f"RELEASE/ARCH (default {USERLAND})")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(argv)
    try:
        need.require(NEEDS)
        rows = measure(args.userland)
    except MissingPrograms as error:
        print(f"instructions per frame: SKIPPED, {error}")
        return 0
    if args.json:
        print(json.dumps({"userland": args.userland, "cases": rows}))
        return 0
    print(f"instructions per frame of S16 stereo, {args.userland}; as many calls again cancel the start")
    for row in rows:
        print(f"{row['case']:42} {row['instructions_per_frame']:8.1f}  at {row['frames']} frames a call")
    return 0


def measure(userland: str) -> list[dict[str, Any]]:
    """Return case, frames per call and instructions per frame of every case.

    Raises
    ------
    MissingPrograms : what building or running needs, by package.
    LabError : no plugin interface fits, or the count is not whole.
    """
    return rows(*counted(emuser.prepare(userland), ["-m", "tools.benchkit._counted"]))


def counted(emulated: emuser.Emulated, arguments: Sequence[str]) -> tuple[str, str]:
    """Run Python in a userland; return what it printed, and a line for each mark that it made.

    Raises
    ------
    MissingPrograms : what building or running needs, by package.
    LabError : no plugin interface fits, or the program ended with an error.
    """
    need.require(NEEDS)
    built = cache.artifact(f"qemu-count-{cache.key(SOURCE.read_text(encoding='utf-8'))}", _build)
    said = ""
    for version in VERSIONS:
        with tempfile.TemporaryDirectory() as folder, cache.locked(emulated.root.name, shared=True):
            log = Path(folder) / "marks"
            plugin = ("-plugin", str(built / f"count{version}.so"), "-d", "plugin", "-D", str(log))
            done = _run(emulated, plugin, arguments)
            if done.returncode == 0 and log.exists():
                return done.stdout, log.read_text(encoding="utf-8")
        said = (done.stderr or done.stdout).strip()[-200:]
    raise LabError(f"{EMULATOR} counted nothing: {said}")


def rows(told: str, marks: str) -> list[dict[str, Any]]:
    """Return what the cases' lines and the marks of the plugin say together.

    Three marks per case: none, n and 3 n calls. The first n calls and all that
    happens once cancel in the difference.
    """
    cases = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    counts = [int(line.split()[1]) for line in marks.splitlines() if line.startswith("mark ")]
    if not cases or len(counts) != 3 * len(cases):
        raise LabError(f"{len(counts)} marks of {3 * len(cases)}: the cases were not counted whole")
    out = []
    for index, case in enumerate(cases):
        none, once, thrice = counts[3 * index : 3 * index + 3]
        more = (thrice - once) - (once - none)
        per_frame = more / (case["calls"] * case["frames"])
        out.append({**case, "instructions_per_frame": round(per_frame, 2)})
    return out


def _run(
    emulated: emuser.Emulated, options: Sequence[str], arguments: Sequence[str]
) -> subprocess.CompletedProcess[str]:
    static, *machine = emulated.command
    command = [need.find(EMULATOR) or static, *machine, *options, str(emulated.root / "usr/bin/python3")]
    environment = {**emuser.environment(emulated), "PYTHONHASHSEED": "0"}
    return subprocess.run(
        [*command, *arguments],
        env=environment,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )


def _build(into: Path) -> None:
    for version in VERSIONS:
        command = ["gcc", "-O2", "-shared", "-fPIC", "-fvisibility=hidden", f"-DPLUGIN_VERSION={version}"]
        done = subprocess.run(
            [*command, "-o", str(into / f"count{version}.so"), str(SOURCE)],
            capture_output=True,
            text=True,
            env={**os.environ, "LC_ALL": "C"},
            check=False,
        )
        if done.returncode:
            raise LabError(f"gcc {SOURCE.name}: {done.stderr.strip()[-300:]}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
