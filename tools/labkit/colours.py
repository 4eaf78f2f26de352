# SPDX-License-Identifier: MIT
"""Which allocations of a ring corrupt on a VIPT cache: those whose two mappings differ in colour.

A VIPT cache finds a set by virtual address, so two mappings of a page share their
lines where the address bits above the page agree (the colour). Each arm opens the
card anew behind a random number of other mappings; the emulator's log has both
addresses of every ring, which say in advance what the tester must find.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
from collections.abc import Sequence
from pathlib import Path

from stress.plan.plan import Arm, Control, Plan
from stress.report.table import table
from stress.settings import schema
from stress.stats.counts import clopper_pearson
from tools.labkit import boards, emulator_arms, emulator_log, experiments, runner, sections
from tools.labkit.errors import EX_BROKEN, LabUsage

_PAGE = 4096
_TRACK = re.compile(r"^track (\d+) ([0-9a-f]{8}) ([0-9a-f]{8}) ([0-9a-f]{8})$", re.M)
_ALIAS = re.compile(r"^alias (\d+) ([0-9a-f]{8}) ([0-9a-f]{8})$", re.M)
# Long enough for a dozen laps of a ring of 4 KB; a coloured alias is wrong in a third of its lines.
_BURST_S = 0.25


@dataclasses.dataclass(frozen=True)
class Allocation:
    """One ring: page colours of the kernel's and the user's mapping, and the frames found wrong."""

    kernel: int
    user: int
    wrong: int
    checked: int
    whole: bool

    @property
    def as_predicted(self) -> bool:
        """Whether it was wrong exactly if the colours differ, with the log's agreement."""
        return self.whole and bool(self.wrong) == (self.kernel != self.user) and self.checked > 0


def colours(size_bytes: int, ways: int) -> int:
    """Return how many colours a page has in a cache: way size over page size, 1 at least."""
    return max(1, size_bytes // ways // _PAGE)


def plan(allocations: int) -> Plan:
    """Return a plan of equal arms, each of which opens the card anew."""
    arms = tuple(
        Arm(
            name=f"allocation-{number}",
            side="playback",
            period_size=256,
            playback_buffer=1024,
            capture_buffer=1280,
            burst_s=_BURST_S,
        )
        for number in range(1, allocations + 1)
    )
    return Plan(title="one ring after the other", arm=arms, control=Control(share=0.0, least=0), bound=1e-2)


def run(args: argparse.Namespace) -> int:
    """Boot the board with a VIPT cache once per geometry and print one table."""
    board = boards.load(args.board)
    base, _ = runner.directories(args.out)
    rows, bad = [], 0
    for setting in args.cache:
        number = _colours_of(setting)
        folder = base / re.sub(r"\W+", "-", setting)
        found = measured(board, setting, args.allocations, folder, number)
        bad += sum(not one.as_predicted for one in found)
        rows.append((setting, *cells(found, number)))
        bad += not rows[-1][-1].startswith("inside")
    lines = table(
        ("cache", "colours", "allocations", "wrong", "predicted", "95 % interval", "1 - 1/colours is"),
        rows,
        "lrrrrll",
    )
    print("\n".join(lines), flush=True)
    if args.write:
        asked = f"tools/lab colours {args.board} --allocations {args.allocations}"
        sections.write("vipt", asked, lines)
    return EX_BROKEN if bad else 0


def cells(found: Sequence[Allocation], number: int) -> tuple[str, ...]:
    """Return the cells of a geometry: what was wrong, what the addresses predict, the interval."""
    wrong = sum(bool(one.wrong) for one in found)
    predicted = sum(one.kernel != one.user for one in found)
    interval = clopper_pearson(wrong, len(found))
    expected = 1 - 1 / number
    inside = interval.low <= expected <= interval.high
    span = f"{interval.low:.2f} to {interval.high:.2f}"
    said = f"{'inside' if inside else 'OUTSIDE'}: {expected:.2f}"
    return (str(number), str(len(found)), str(wrong), str(predicted), span, said)


def _colours_of(setting: str) -> int:
    options = dict(part.split("=", 1) for part in setting.split(",") if "=" in part)
    if options.get("type") != "vipt":
        raise LabUsage(f"--cache {setting}: colours are of type=vipt")
    try:
        return colours(int(options.get("size", "16384")), int(options.get("ways", "4")))
    except ValueError as error:
        raise LabUsage(f"--cache {setting}: {error}") from error


def measured(
    board: boards.Board, setting: str, allocations: int, folder: Path, number: int
) -> list[Allocation]:
    """Boot once and return what each allocation gave."""
    walked = plan(allocations)
    folder.mkdir(parents=True)
    (folder / experiments.PLAN).write_text(json.dumps(schema.write(walked)), encoding="utf-8")
    command = [
        "run",
        "--card",
        "Loopback",
        "--plan",
        experiments.PLAN,
        "--seed",
        "1",
        "--out",
        "run",
        "--json",
    ]
    through = ("env", f"{emulator_arms.SCATTER}=1")
    experiments.boot(board, command, folder, setting, through=through)
    results = experiments.outcome(folder, walked)
    pages = _pages(experiments.truth_log(folder), folder)
    found = []
    for name, result in results.items():
        if result.reason or name not in pages:
            continue
        kernel, user = ((address // _PAGE) % number for address in pages[name])
        found.append(Allocation(kernel, user, result.seen.wrong, result.seen.checked, result.seen.whole))
    return found


def _pages(log: Path, folder: Path) -> dict[str, tuple[int, int]]:
    """Return kernel and user address of the ring of each arm."""
    # Of a log of a hundred megabytes of stale reads these few lines are wanted.
    with log.open(encoding="ascii") as kept:
        text = "".join(line for line in kept if line.startswith(("track ", "alias ")))
    marks = {mark.value: mark.ns for mark in emulator_log.read(log).marks}
    firsts = {name: emulator_arms.first_mark(burst["number"]) for name, burst in experiments.bursts(folder)}
    return {name: addresses(text, marks[first], marks[first + 1]) for name, first in firsts.items()}


def addresses(log: str, begin_ns: int, end_ns: int) -> tuple[int, int]:
    """Return kernel and user address of the page that was declared last before a burst.

    The kernel's is 0 where it was met neither before nor in the burst.
    """
    tracks = [track for track in _TRACK.findall(log) if int(track[0]) <= begin_ns]
    _, page, kernel, user = tracks[-1]
    met = [
        address
        for ns, where, address in _ALIAS.findall(log)
        if where == page and int(tracks[-1][0]) <= int(ns) <= end_ns
    ]
    return int(met[0] if met else kernel, 16), int(user, 16)
