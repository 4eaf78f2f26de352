# SPDX-License-Identifier: MIT
"""Inside the guest: every fault of the softcard, the view it shows in, and what is named.

    tools/lab wire armv7

Each fault goes through the real snd-usb-audio driver once with mmap and once with
rw access. The card sees data after the host's copies, so both comparisons on the
host have to be clean and no fault may be called a cache alias. The cost of the
tap follows, see `wire_cost`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stress.model.wire import BUS
from stress.record.reader import read_run
from stress.report.table import table
from tools.labkit.errors import EX_USAGE

SOFTCARD = ("/project/tools/softcard", "up", "--pace", "0")
#: Name -> fault, as tools/softcard takes it.
FAULTS = {
    "clean": "",
    "stale": "stale@frame=24000,ring=4096,laps=1,frames=8",
    "dma": "stale@frame=24000,lag=1000,frames=8",
    "zero": "zero@frame=24000,frames=16",
    "bitflip": "bitflip@frame=24000,bit=7",
    "drop": "drop@frame=24000",
    "repeat": "repeat@frame=24000",
    "swap": "swap@frame=24000,frames=64",
    "gain": "gain@frame=24000,frames=100,db=-6",
    "byteshift": "byteshift@frame=24000,frames=100,shift=1",
    "hold": "hold@frame=24000,frames=16",
    "short": "short@frame=24000,frames=5",
    "missing": "missing@frame=24000",
    "error": "error@frame=24000",
    "zeropacket": "zeropacket@frame=24000",
}
#: What stands for the cost of the tap among the names.
COST = "cost"
PLAN = """
title = "one fault, with mmap and with rw access"
bound = 1e-2
[control]
least = 4
[[arm]]
name = "mmap"
group = "views"
period_size = 1024
playback_buffer = 4096
capture_buffer = 5120
burst_s = "1s"
[[arm]]
name = "rw"
group = "views"
access = "rw"
period_size = 1024
playback_buffer = 4096
capture_buffer = 5120
burst_s = "1s"
"""
HEADS = ("fault of the card", "found", "OUT wrong", "read wrong", "first shows in", "named", "verdict")


def run(name: str, *options: str) -> Path:
    """Run one fault and return the folder of its record."""
    Path("views.toml").write_text(PLAN, encoding="ascii")
    fault = ("--fault", FAULTS[name]) if FAULTS[name] else ()
    tested = ("pcmstress", "diagnose", "--card", "softcard", "--plan", "views.toml", "--seed", "1")
    command = [*SOFTCARD, *fault, "--run", *tested, "--json", "--out", name, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    Path(f"{name}.json").write_text(done.stdout)
    if not done.stdout:
        raise SystemExit(f"{name}: exit {done.returncode}: {done.stderr[-2000:]}")
    return Path(name)


def row(name: str, folder: Path) -> tuple[dict[str, Any], tuple[object, ...]]:
    """Return what a run found, and its line of the table."""
    report = json.loads(Path(f"{folder}.json").read_text())
    bursts = read_run(folder).bursts
    told = [found for burst in bursts for found in burst.analysis.findings if not found.injected]
    real = [found for found in told if not found.transport]
    # On several CPUs the driver moves hw_ptr before it copies; such reads are recognised and not judged.
    raced = sum(found.frames for found in told if found.transport)
    kinds = Counter(found.kind for found in real)
    views = Counter(found.view or "not seen" for found in real)
    seen_by_tap = [burst.seen for burst in bursts if burst.seen]
    wrong = [sum(wire.out.wrong for wire in seen_by_tap), sum(wire.into.wrong for wire in seen_by_tap)]
    wrong[1] -= raced
    named = report["diagnosis"]
    seen = {
        "views": dict(views),
        "out": wrong[0],
        "in": wrong[1],
        "cause": named["cause"],
        "layer": named["layer"],
    }
    words = (", ".join(f"{number} {what}" for what, number in part.items()) or "-" for part in (kinds, views))
    found, shown = words
    found += f" ({raced} frames raced)" if raced else ""
    return seen, (name, found, *wrong, shown, named["headline"], report["verdict"])


def right(name: str, seen: Mapping[str, Any]) -> bool:
    """Tell whether both host sides are clean and the fault is laid on bus or device, never the cache."""
    if seen["out"] or seen["in"] or seen["cause"] == "cache alias":
        return False
    return seen["views"] == {} if name == "clean" else set(seen["views"]) == {BUS} and seen["layer"] == BUS


def main(argv: Sequence[str]) -> int:
    """Run the faults (all of them, or those named) and the cost; return 1 when a view is wrong."""
    names = list(argv) or [*FAULTS, COST]
    unknown = sorted(set(names) - {*FAULTS, COST})
    if unknown:
        print(
            f"no such fault: {', '.join(unknown)} (there are {', '.join([*FAULTS, COST])})", file=sys.stderr
        )
        return EX_USAGE
    rows, wrong = [], []
    for name in names:
        if name == COST:
            continue
        seen, line = row(name, run(name))
        rows.append(line)
        wrong += [] if right(name, seen) else [name]
        print(f"{name}: {seen}", file=sys.stderr, flush=True)
    if rows:
        print("\n".join(table(HEADS, rows, "llrrlll")), flush=True)
    if wrong:
        print(f"laid on the wrong layer: {', '.join(wrong)}", flush=True)
    costs = [*SOFTCARD[:3], "1", "--run", "python3", "-m", "tools.labkit.wire_cost"]
    code = subprocess.run(costs, check=False).returncode if COST in names else 0
    return int(bool(wrong)) or code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
