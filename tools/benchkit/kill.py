# SPDX-License-Identifier: MIT
"""Kill runs on the virtual board at seeded instants, resume them, compare with the undisturbed run."""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from stress.cli.run_config import read_config
from stress.errors import StressError
from stress.verdict import summary

SIGNALS = ("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP")
PLAN = """
bound = 1e-2
repeats = 2
[[arm]]
name = "player"
side = "playback"
burst_s = "120ms"
bursts = 3
[[arm]]
name = "ahead"
side = "capture"
capture = "ahead"
burst_s = "120ms"
bursts = 2
"""
# What a kill must not change, and what the generators of the virtual board draw anew behind a resume.
EXACT = ("verdict", "bursts", "streamed_s", "checked_frames", "lines")
DRAWN = ("found", "planted", "control_found")


def totals(folder: Path) -> dict[str, Any]:
    """Return verdict and counts of the run in `folder`."""
    read = summary.read(folder).result(read_config(folder).plan)
    whole = read.whole
    counts = {name: getattr(whole, name) for name in (*EXACT[1:], *DRAWN)}
    counts["streamed_s"] = round(whole.streamed_s, 6)
    return {"verdict": read.judgement.verdict.value, **counts}


def _start(argv: list[str]) -> subprocess.Popen[bytes]:
    quiet = subprocess.DEVNULL
    return subprocess.Popen([sys.executable, "-m", "stress", *argv], stdout=quiet, stderr=quiet)


def killed(argv: list[str], out: Path, number: signal.Signals, waits_s: float) -> Counter[str]:
    """Run `argv` into `out`, send `number` after `waits_s`, resume; return exit codes and errors."""
    seen: Counter[str] = Counter()
    process = _start([*argv, "--out", str(out)])
    time.sleep(waits_s)
    process.send_signal(number)
    seen[f"exit {process.wait()}"] += 1
    if not (out / "config.json").exists():
        # Killed before anything was written: there is nothing to go on with.
        seen["begun anew"] += 1
        again = [*argv, "--out", str(out)]
    else:
        again = ["run", "--out", str(out), "--resume"]
    code = _start(again).wait()
    if code not in (0, 1, 5):
        seen[f"resume ended with {code}"] += 1
    return seen


def main(argv: list[str]) -> int:
    """Print one row per signal; exit 1 where a verdict or an exact count differs, or a record is broken."""
    parser = argparse.ArgumentParser(prog="tools/bench kill", description=__doc__)
    parser.add_argument(
        "--times", type=int, default=10, metavar="N", help="kills by each signal (default 10)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the instants (default 1)")
    parser.add_argument("--board", default="arm926", help="virtual board (default arm926)")
    args = parser.parse_args(argv)
    differ = 0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "p.toml").write_text(PLAN)
        run = [
            "run",
            "--backend",
            "virtual",
            "--board",
            args.board,
            "--plan",
            f"{folder}/p.toml",
            "--seed",
            "1",
        ]
        run += ["--quiet"]
        begin = time.monotonic()
        _start([*run, "--out", str(folder / "whole")]).wait()
        took_s = time.monotonic() - begin
        whole = totals(folder / "whole")
        print(f"undisturbed: {took_s:.1f} s, {json.dumps(whole)}", flush=True)
        for name in SIGNALS:
            draw = random.Random(f"{args.seed}/{name}")
            waits = [draw.uniform(0.1, 0.95) * took_s for _ in range(args.times)]
            differ += _row(name, run, folder, whole, waits)
    return 1 if differ else 0


def _row(name: str, run: list[str], folder: Path, whole: dict[str, Any], waits: list[float]) -> int:
    seen: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    drawn: dict[str, list[int]] = {key: [] for key in DRAWN}
    for number, waits_s in enumerate(waits):
        out = folder / f"{name}-{number}"
        seen += killed(run, out, signal.Signals[name], waits_s)
        try:
            ended = totals(out)
        except StressError as error:
            wrong[str(error)] += 1
            continue
        wrong.update(key for key in EXACT if ended[key] != whole[key])
        for key in DRAWN:
            drawn[key].append(ended[key])
    spread = ", ".join(
        f"{key} {min(some)} to {max(some)} ({whole[key]})" for key, some in drawn.items() if some
    )
    ends = ", ".join(f"{key}: {times}" for key, times in sorted(seen.items()))
    same = ", ".join(f"{key} differs: {times}" for key, times in wrong.items()) or "exact counts equal"
    print(f"{name:8} {len(waits)} kills; {same}; {ends}; {spread}", flush=True)
    return sum(wrong.values())
