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
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stress.model.finding import SLIPS
from stress.plan.plan import Arm, Control, Plan
from stress.report.table import table
from stress.settings import schema
from stress.stats.counts import clopper_pearson
from tools.labkit import (
    boards,
    cache_names,
    emulator,
    emulator_arms,
    emulator_log,
    experiments,
    runner,
    sections,
)
from tools.labkit.errors import EX_BROKEN, LabUsage

_PAGE = 4096
_SLIPS = tuple(kind.value for kind in SLIPS)
_TRACK = re.compile(r"^track (\d+) ([0-9a-f]{8}) ([0-9a-f]{8}) ([0-9a-f]{8})$", re.M)
_ALIAS = re.compile(r"^alias (\d+) ([0-9a-f]{8}) ([0-9a-f]{8})$", re.M)
# Long enough for six laps of a ring of 8 KB; a coloured alias is wrong in a third of its lines.
_BURST_S = 0.25
# Frames. Smaller: snd-aloop, which copies every 20 ms at HZ=100, repeats or loses whole laps at a start;
# larger: fewer lines of a lap survive.
_PERIOD, _PERIODS = 512, 4
# Share of the allocations that have to be judged. Lower: a table of what happened to work; higher: one
# xrun of a start fails it.
_LEAST_JUDGED = 0.75


@dataclasses.dataclass(frozen=True)
class Allocation:
    """One ring: page colours of the kernel's and the user's mapping, and the frames found wrong.

    `whole` is whether findings and log agree on every frame; `apart` says why the
    ring was not judged: an xrun before anything was checked, laps lost by the driver.
    """

    kernel: int
    user: int
    wrong: int
    checked: int
    whole: bool
    apart: str = ""

    @property
    def as_predicted(self) -> bool:
        """Whether it was wrong exactly if the colours differ, with the log's agreement."""
        return self.whole and bool(self.wrong) == (self.kernel != self.user)


def colours(size_bytes: int, ways: int) -> int:
    """Return how many colours a page has in a cache: way size over page size, 1 at least."""
    return max(1, size_bytes // ways // _PAGE)


def plan(allocations: int) -> Plan:
    """Return a plan of equal arms, each of which opens the card anew."""
    arms = tuple(
        Arm(
            name=f"allocation-{number}",
            side="playback",
            period_size=_PERIOD,
            playback_buffer=_PERIODS * _PERIOD,
            capture_buffer=(_PERIODS + 1) * _PERIOD,
            burst_s=_BURST_S,
        )
        for number in range(1, allocations + 1)
    )
    return Plan(title="one ring after the other", arm=arms, control=Control(share=0.0, least=0), bound=1e-2)


def run(args: argparse.Namespace) -> int:
    """Boot the board with a VIPT cache once per geometry and print one table."""
    board = boards.load(args.board)
    emulator.check_options(board, args.cache)
    if args.write:
        sections.check("vipt")
    base, _ = runner.directories(args.out)
    rows, notes, good = [], [], True
    for setting in args.cache:
        number = _colours_of(setting)
        folder = base / re.sub(r"\W+", "-", setting)
        found = measured(board, setting, args.allocations, folder, number)
        rows.append((setting, *cells(found, number)))
        notes += [f"{setting}: {line}" for line in remarks(found)]
        good &= fits(found, number)
    lines = table(
        ("cache", "colours", "judged", "wrong", "share", "predicted", "95 % interval", "1 - 1/colours is"),
        rows,
        "lrrrrrll",
    )
    lines += notes
    print("\n".join(lines), flush=True)
    if args.write:
        asked = f"tools/lab colours {args.board} --allocations {args.allocations}"
        sections.write("vipt", asked, lines)
    return 0 if good else EX_BROKEN


def cells(found: Sequence[Allocation], number: int) -> tuple[str, ...]:
    """Return the cells of a geometry: what was wrong, what the addresses predict, the interval."""
    judged = [one for one in found if not one.apart]
    wrong = sum(bool(one.wrong) for one in judged)
    predicted = sum(one.kernel != one.user for one in judged)
    interval = clopper_pearson(wrong, len(judged))
    share = f"{wrong / len(judged):.2f}" if judged else "-"
    said = f"{'inside' if _inside(judged, number) else 'OUTSIDE'}: {1 - 1 / number:.2f}"
    counts = (number, len(judged), wrong, share, predicted)
    return (*map(str, counts), f"{interval.low:.2f} to {interval.high:.2f}", said)


def fits(found: Sequence[Allocation], number: int) -> bool:
    """Return whether every judged ring is as its colours say, their share too, and enough were judged."""
    judged = [one for one in found if not one.apart]
    enough = len(judged) >= max(1, _LEAST_JUDGED * len(found))
    return enough and all(one.as_predicted for one in judged) and _inside(judged, number)


def _inside(judged: Sequence[Allocation], number: int) -> bool:
    interval = clopper_pearson(sum(bool(one.wrong) for one in judged), len(judged))
    return interval.low <= 1 - 1 / number <= interval.high


def remarks(found: Sequence[Allocation]) -> list[str]:
    """Return a line for every ring that was set apart or is not as its colours say."""
    lines = []
    for at, one in enumerate(found, 1):
        if one.apart:
            lines.append(f"ring {at} was not judged: {one.apart}")
        elif not one.as_predicted:
            log = "" if one.whole else ", AND THE LOG DISAGREES"
            colour = f"colours {one.kernel} and {one.user}"
            lines.append(f"ring {at}: {colour}, {one.wrong} of {one.checked} frames wrong{log}")
    return lines


def _colours_of(setting: str) -> int:
    options = dict(part.split("=", 1) for part in cache_names.expanded(setting).split(",") if "=" in part)
    if options.get("type") != "vipt":
        raise LabUsage(f"--cache {setting}: colours are of type=vipt")
    try:
        return colours(int(options.get("size", "16384")), int(options.get("ways", "4")))
    except (ValueError, ZeroDivisionError) as error:
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
    experiments.boot(board, command, folder, experiments.Booted(setting, through=through))
    results = experiments.outcome(folder, walked)
    pages = _pages(experiments.truth_log(folder), folder)
    moved = {name: _moved(burst) for name, burst in experiments.bursts(folder)}
    found = []
    for name, result in results.items():
        kernel, user = ((address // _PAGE) % number for address in pages.get(name, (0, 0)))
        seen = result.seen
        apart = result.reason or moved.get(name, "not reached") or ("" if seen.checked else "nothing checked")
        found.append(Allocation(kernel, user, seen.wrong, seen.checked, seen.whole, apart))
    return found


def _moved(burst: Mapping[str, Any]) -> str:
    """Return why the frames of a burst cannot be told from a lap that the driver lost; "" when they can."""
    if burst["xruns"] and not burst["checked_frames"]:
        return "an xrun before anything was checked"
    slips = [finding for finding in burst["findings"] if finding[0] in _SLIPS]
    return f"snd-aloop lost or repeated {slips[0][2]} frames" if slips else ""


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
