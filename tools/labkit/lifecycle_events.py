# SPDX-License-Identifier: MIT
"""Inside the guest: life-cycle events on the softcard, the table of `pcmstress` against the card's own log.

    tools/lab lifecycle x86_64 restart xrun --times 100

The card writes down which event it saw each of its streams come behind, and what it did to
them. An event that the table calls right must have no fault in the stream behind it, every
other one must, and there are as many of either.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stress.model.lifecycle import FirstLap, LifecycleEvent
from stress.model.record.burst import BurstRecord
from stress.model.record.events import LifecycleRecord
from stress.record.reader import read_run
from tools.labkit import lifecycle_device, lifecycle_results
from tools.labkit.errors import LabError
from tools.labkit.lifecycle_results import Piece

INSIDE = """
[[arm]]
name = "{event}"
period_size = 480
playback_buffer = 4800
capture_buffer = 5280
burst_s = "250ms"
bursts = {bursts}
[[event]]
name = "{event}"
into_s = "150ms"
"""
HEAD = """
title = "life cycle"
ordinary = true
bound = 1.0
[control]
least = 4
"""


@dataclass(frozen=True)
class Part:
    """One run: events, a fault of the card, and what the first laps behind the first event then hold.

    Parameters
    ----------
    inside : the events are in the middle of the bursts.
    card : further options of the softcard.
    """

    events: tuple[str, ...]
    fault: str = ""
    outcome: FirstLap = FirstLap.RIGHT
    inside: bool = False
    card: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """What the verdict says of a fault."""
        where = " in the middle" if self.inside else ""
        return f"the first lap after {self.events[0]}{where} is {self.outcome.value}"

    def plan(self, times: int) -> str:
        """Return a plan with so many of each event."""
        arm, bursts = (INSIDE, times) if self.inside else (lifecycle_device.ARM, times + 1)
        return HEAD + "".join(arm.format(event=event, bursts=bursts) for event in self.events)


#: A clean card behind each event that a device can tell apart.
CLEAN = ("restart", "reopen", "xrun", "rate", "usb-reset", "usb-rebind", "usb-power", "module-reload")
#: A clean card behind each event, faults that a card shows behind one of them, and events inside a burst.
PARTS = {
    **{event: Part((event,)) for event in CLEAN},
    "rotated": Part(("xrun",), "rotate@frame=0,channel=1,after=xrun", FirstLap.ROTATED),
    "old-lap": Part(("restart",), "stale@frame=0,frames=4800,lag=12000,after=restart", FirstLap.STALE),
    "no-data": Part(("xrun", "usb-reset"), "zero@frame=0,frames=0,after=xrun,until=usb-reset", FirstLap.MUTE),
    "lost": Part(("reopen",), "drop@packet=0,packets=40,after=reopen", FirstLap.LOST),
    "twice": Part(("usb-rebind",), "repeat@frame=480,after=usb-rebind", FirstLap.REPEATED),
    "pause": Part(("pause",)),
    "drain": Part(("drain",)),
    "xrun-playback": Part(("xrun-playback",)),
    "xrun-capture": Part(("xrun-capture",)),
    "altset": Part(("altset",), card=("--format", "S16_LE,S24_3LE")),
    "mixer": Part(("mixer",), card=("--volume",)),
    "paused": Part(("pause",), inside=True),
    "late": Part(("module-reload",), "zero@frame=0,frames=480,after=module-reload", FirstLap.MUTE),
}
PLANTED = tuple(name for name, part in PARTS.items() if part.fault)
#: The other events: by name, or all of them.
OTHER = tuple(name for name, part in PARTS.items() if not part.fault and name not in CLEAN)
#: Events that play silence of their own, for a ring or less, which is a stream to the card as well; a burst
#: of the arm plays three rings and more [frames].
SILENT = (LifecycleEvent.PAUSE.value, LifecycleEvent.DRAIN.value, LifecycleEvent.XRUN_CAPTURE.value)
LEAST_BURST = 9600
#: What is no event: what a card says of itself, and a run that is killed half-way.
DEVICE = {
    "asked": lifecycle_device.asked,
    "killed": lifecycle_device.killed,
    "refused": lifecycle_device.refused,
}
#: Names of parts and of groups of them.
NAMES = (*PARTS, "clean", "planted", "other", *DEVICE)
#: What is done where no part is named.
USUAL = (*CLEAN, *PLANTED, "asked", "killed")
#: Softcard, Python and the end of a run, whatever number of events [s]. Measured: 14 to 30 on x86_64.
START_S = 40.0


def run(name: str, times: int) -> Path:
    """Run one part and return the folder of its record; its log lies beside it."""
    part = PARTS[name]
    Path(f"{name}.toml").write_text(part.plan(times), encoding="ascii")
    # What an earlier call left in the same folder.
    shutil.rmtree(name, ignore_errors=True)
    fault = ("--fault", part.fault) if part.fault else ()
    card = [*lifecycle_device.SOFTCARD, *part.card, "--log", f"{name}.jsonl", *fault]
    tested = ["pcmstress", "run", "--card", "softcard", "--plan", f"{name}.toml", "--seed", "1", "--json"]
    command = [*card, "--run", *tested, "--out", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    Path(f"{name}.json").write_text(done.stdout, encoding="utf-8")
    if not done.stdout:
        raise LabError(f"exit {done.returncode}: {done.stderr[-2000:]}")
    return Path(name)


def streams(log: Path, event: str) -> list[tuple[int, bool]]:
    """Return number and "a fault was injected" of each playback stream that the card saw behind `event`."""
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    spoiled = {line["stream"] for line in lines if line["event"] == "fault"}
    played = [line for line in lines if line["event"] == "stream" and line["direction"] == "playback"]
    frames = {line["stream"]: line["frames"] for line in played if line["state"] == "stop"}
    due = LifecycleEvent(event).traits.seen

    def behind(line: Mapping[str, Any]) -> bool:
        if event not in SILENT:
            return bool(line.get("after") == due)
        return bool(line.get("after")) and frames.get(line["stream"], LEAST_BURST) >= LEAST_BURST

    begun = [line["stream"] for line in played if line["state"] == "start" and behind(line)]
    return [(stream, stream in spoiled) for stream in begun]


def differences(
    name: str, records: Sequence[LifecycleRecord], log: Path, dry: Container[int] = ()
) -> list[str]:
    """Return where the table and the card's log disagree, a sentence each.

    Parameters
    ----------
    dry : numbers of the bursts that had an xrun of their own. An event behind one may look to the
        card like an xrun, or like nothing: the stream goes on.
    """
    found = []
    for number, event in enumerate(PARTS[name].events):
        mine = [record for record in records if record.name == event]
        seen = streams(log, event)
        if PARTS[name].inside and event == LifecycleEvent.PAUSE.value:
            # Nothing of a pause is on the bus: the packets are silent meanwhile.
            seen = [(0, False)] * len(mine)
        if len(mine) != len(seen):
            mine = [record for record in mine if record.number - 1 not in dry]
        # The stream that runs dry for an xrun is a restart of its own to the card.
        if len(mine) != len(seen):
            found.append(f"{event}: {len(mine)} in the table, {len(seen)} in the card's log")
        for record, (stream, spoiled) in zip(mine, seen):
            if record.outcome == FirstLap.XRUN.value:
                continue
            due = PARTS[name].outcome.value if spoiled and not number else FirstLap.RIGHT.value
            if record.outcome != due:
                told = "a fault" if spoiled else "no fault"
                found.append(
                    f"{event}: burst {record.number} is {record.outcome}, stream {stream} had {told}"
                )
    return found


def pieces(name: str, folder: Path, seconds: float) -> list[Piece]:
    """Return what a run of a part gave, one piece per event; what is wrong stands in the first."""
    run = read_run(folder)
    records = run.all(LifecycleRecord)
    dry = {burst.number for burst in run.all(BurstRecord) if burst.exchange.playback.xruns}
    log = folder.with_name(f"{name}.jsonl")
    wrong = differences(name, records, log, dry)
    report: dict[str, Any] = json.loads(folder.with_name(f"{name}.json").read_text(encoding="utf-8"))
    part = PARTS[name]
    if part.fault and part.told not in " ".join(report["reasons"]):
        wrong.append(f"the verdict does not name it: {'; '.join(report['reasons'])}")
    if not part.fault and report["verdict"] == "FAIL":
        wrong.append(f"FAIL on a card without a fault: {'; '.join(report['reasons'])}")
    found = []
    for event in part.events:
        outcomes = Counter(record.outcome for record in records if record.name == event)
        seen = streams(log, event)
        spoiled = sum(bad for _, bad in seen)
        times, clean = sum(outcomes.values()), len(seen) - spoiled
        found.append(Piece(name, event, times, dict(outcomes), clean, spoiled, seconds, tuple(wrong)))
        seconds, wrong = 0.0, []
    return found


class Series:
    """Parts in pieces, until all is done or the time is over.

    Parameters
    ----------
    most : events of one piece.
    until : no piece begins that would not end before this [s, of `clock`].
    """

    def __init__(self, most: int, until: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._until, self._clock = most, until, clock
        self._event_s: dict[str, float] = {}
        self.bad = 0

    def run(self, due: Mapping[str, int]) -> None:
        """Do so many events of each part, a piece of each in turn, as far as the time goes.

        A series that is cut has then seen something of each.
        """
        left = dict(due)
        while left:
            for name, times in list(left.items()):
                number = min(times, self._most)
                if self._clock() + START_S + number * self._event_s.get(name, 0.0) > self._until:
                    print(f"{name}: no time for {number} more events", file=sys.stderr, flush=True)
                    del left[name]
                    continue
                self._timed(name, number)
                left[name] -= number
            left = {name: times for name, times in left.items() if times > 0}

    def _timed(self, name: str, number: int) -> None:
        begin = self._clock()
        for piece in self._piece(name, number, begin):
            self._keep(piece)
        self._event_s[name] = (self._clock() - begin) / number

    def _piece(self, name: str, number: int, begin: float) -> list[Piece]:
        if name not in DEVICE:
            try:
                return pieces(name, run(name, number), self._clock() - begin)
            except LabError as error:
                return [Piece(name, event, 0, wrong=(str(error),)) for event in PARTS[name].events]
        wrong = tuple(DEVICE[name]())
        return [Piece(name, "-", number, {"wrong" if wrong else "right": 1}, wrong=wrong)]

    def _keep(self, piece: Piece) -> None:
        piece.add_to(Path(lifecycle_results.NAME))
        self.bad += len(piece.wrong)
        told = ", ".join(f"{number} {what}" for what, number in piece.outcomes.items())
        log = f"the card's log: {piece.clean} clean, {piece.spoiled} spoiled"
        print(
            f"{piece.part}: {piece.event}: {told}; {log}; {piece.seconds:.0f} s", file=sys.stderr, flush=True
        )
        for line in piece.wrong:
            print(f"{piece.part}: {line}", file=sys.stderr, flush=True)


def main(argv: Sequence[str]) -> int:
    """Run the parts named, "PART=TIMES" each; return 1 where table and log disagree."""
    parser = argparse.ArgumentParser(prog="tools/lab lifecycle")
    parser.add_argument("--piece", type=int, default=50)
    parser.add_argument("--for", dest="limit_s", type=float, default=1e9)
    parser.add_argument("part", nargs="+", metavar="PART=TIMES")
    args = parser.parse_args(argv)
    # Nothing here is judged from the bus, and looking at it takes most of the time of a short burst.
    subprocess.run(["modprobe", "-r", "usbmon"], check=False)
    series = Series(args.piece, time.monotonic() + args.limit_s)
    parts = [text.partition("=") for text in args.part]
    series.run({name: int(times) for name, _, times in parts})
    return int(bool(series.bad))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
