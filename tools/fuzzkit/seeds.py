# SPDX-License-Identifier: MIT
"""Sound inputs to start from: captures, two run directories, bundles."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stress.cli.main import main

# What the sound runs stream.
PLAN: dict[str, Any] = {
    "bound": 1.0,
    "control": {"least": 4},
    "arm": [
        {"name": "mm", "burst_s": "200ms", "period_size": 48, "playback_buffer": 480, "capture_buffer": 528},
        {"name": "rw", "access": "rw", "burst_s": "100ms", "playback_buffer": 960, "capture_buffer": 1056},
    ],
}


@dataclass(frozen=True)
class Seeds:
    """Where the sound inputs lie.

    Parameters
    ----------
    captures : WAV files, one per format.
    runs : run directories, one FAIL and one PASS.
    bundles : the same as single files.
    plan : a plan as its table, also in `plans` as the shipped ones.
    """

    captures: tuple[Path, ...]
    runs: tuple[Path, ...]
    bundles: tuple[Path, ...]
    plan: dict[str, Any]


def make(folder: Path) -> Seeds:
    """Make the inputs in `folder` by the program's own commands.

    Raises
    ------
    RuntimeError : a command did not end as it should.
    """
    captures = []
    for fmt in ("S16_LE", "S24_3LE", "S24_LE", "S32_LE"):
        path = folder / f"{fmt}.wav"
        _call("generate", path, "--frames", "6000", "--format", fmt, expect=(0,))
        captures.append(path)
    plan = folder / "plan.json"
    plan.write_text(json.dumps(PLAN))
    runs, bundles = [], []
    for board, expect in (("arm926", (1,)), ("cortex-a", (0, 5))):
        out = folder / board
        _call(
            "run",
            "--backend",
            "virtual",
            "--board",
            board,
            "--plan",
            plan,
            "--seed",
            7,
            "--out",
            out,
            expect=expect,
        )
        _call("report", out, "--bundle", folder / f"{board}.tar.gz", expect=(0, 1, 5))
        runs.append(out)
        bundles.append(folder / f"{board}.tar.gz")
    return Seeds(tuple(captures), tuple(runs), tuple(bundles), PLAN)


def _call(*argv: object, expect: tuple[int, ...]) -> None:
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = main([str(part) for part in argv])
    if code not in expect:
        raise RuntimeError(f"pcmstress {' '.join(map(str, argv))}: exit {code}: {said.getvalue()[-500:]}")
