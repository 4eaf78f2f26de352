# SPDX-License-Identifier: MIT
"""How long the plan `ci` takes on an emulated ARM9: instructions, and seconds at 400 MHz (takes minutes)."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tools.labkit import boards, runner
from tools.labkit.errors import LabError, MissingPrograms

# What the plan promises [s], and the clock it names.
PROMISE_S = 45.0
CLOCK_HZ = 400e6
# A guest in which an instruction takes 2**shift ns of its time, and whose files are all in its memory:
# while a guest waits for a share of the host, its clock runs ahead.
BOARDS = ("armv5-ram",)
# 8 ns and 4 ns an instruction: 3.2 and 1.6 cycles of 400 MHz. Source: assumed, not measured: the emulator
# counts no cache miss and no memory wait. Higher: slower boards are covered as well; lower: the promise
# holds for code that hits its caches only.
SHIFTS = (3, 2)
_IN_GUEST = """
import json, resource, subprocess, sys, time
begin = time.monotonic()
done = subprocess.run(sys.argv[1:], capture_output=True, text=True, check=False)
wall = time.monotonic() - begin
used = resource.getrusage(resource.RUSAGE_CHILDREN)
said = json.loads(done.stdout)["verdict"] if done.stdout.startswith("{") else done.stderr[-300:]
print(json.dumps({"wall_s": wall, "cpu_s": used.ru_utime + used.ru_stime, "verdict": said}))
"""


@dataclass(frozen=True)
class Taken:
    """What one run of the plan took.

    Attributes
    ----------
    wall_s : from start to end of the command, in the guest's time [s].
    cpu_s : user and system time of it [s].
    nanoseconds : what an instruction takes in the guest's time [ns].
    """

    board: str
    verdict: str
    wall_s: float
    cpu_s: float
    nanoseconds: int

    @property
    def instructions(self) -> float:
        """Instructions executed for the command, in userspace and in the kernel."""
        return self.cpu_s * 1e9 / self.nanoseconds

    @property
    def cycles(self) -> float:
        """Cycles of the clock that an instruction is taken to need."""
        return self.nanoseconds * CLOCK_HZ / 1e9


def main(argv: Sequence[str]) -> int:
    """Print one line per board and assumption; 1 when one of them takes longer than promised."""
    parser = argparse.ArgumentParser(prog="tools/bench ci", description=__doc__)
    parser.add_argument("--board", action="append", choices=BOARDS, help="only this one; may be repeated")
    parser.add_argument("--plan", default="ci")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(argv)
    try:
        taken = [measure(board, shift, args.plan) for board in args.board or BOARDS for shift in SHIFTS]
    except MissingPrograms as error:
        print(f"plan {args.plan}: SKIPPED, {error}")
        return 0
    print(json.dumps([_values(one) for one in taken]) if args.json else "\n".join(lines(args.plan, taken)))
    return int(any(one.wall_s > PROMISE_S for one in taken))


def measure(board: str, shift: int, plan: str) -> Taken:
    """Run the plan on snd-aloop in a guest whose instructions take 2**`shift` ns each.

    Raises
    ------
    MissingPrograms : what the guest needs, by package.
    LabError : the guest or the command gave no answer.
    """
    command = ["pcmstress", "run", "--card", "Loopback", "--plan", plan, "--seed", "1", "--json"]
    options = runner.Options(extra=("-icount", f"shift={shift},sleep=off"), timeout_s=1500)
    result = runner.run(boards.load(board), ["python3", "-c", _IN_GUEST, *command], options)
    said = result.stdout.decode(errors="replace").strip()
    if result.failure or not said.startswith("{"):
        raise LabError(f"{board}: {result.failure or said or 'no answer'}\n{result.console_tail}")
    return read(board, shift, json.loads(said))


def read(board: str, shift: int, said: dict[str, Any]) -> Taken:
    """Return what the guest said as values."""
    return Taken(board, str(said["verdict"]), float(said["wall_s"]), float(said["cpu_s"]), 1 << shift)


def lines(plan: str, taken: Sequence[Taken]) -> list[str]:
    """Return the report, a line a run."""
    out = [f"plan {plan} on snd-aloop, whole command, {CLOCK_HZ / 1e6:.0f} MHz; promised: {PROMISE_S:g} s"]
    for one in taken:
        kept = "kept" if one.wall_s <= PROMISE_S else "NOT KEPT"
        out.append(
            f"{one.board:11} {one.verdict:12} {one.instructions / 1e9:5.2f} thousand million instructions, "
            f"{one.wall_s:5.1f} s ({one.cpu_s:.1f} s of CPU) at {one.cycles:.1f} cycles each: {kept}"
        )
    return out


def _values(one: Taken) -> dict[str, Any]:
    return {**vars(one), "instructions": round(one.instructions), "cycles": one.cycles}
