"""The programs that a build runs, one after the other."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tools.labkit.errors import LabError

_NICE = ("nice", "-n", "19")
_TAIL_LINES, _WORDS = 15, 8


def run(command: Sequence[str], folder: Path, *, nice: bool = False) -> None:
    """Run a build step in a folder; LabError with the end of its output when it fails."""
    done = subprocess.run(
        [*(_NICE if nice else ()), *command],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
        env={**os.environ, "LC_ALL": "C"},
    )
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-_TAIL_LINES:])
        words = " ".join(Path(word).name if word.startswith("/") else word for word in command[:_WORDS])
        raise LabError(f"{words} ended with {done.returncode}:\n{tail}")
