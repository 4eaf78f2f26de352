# SPDX-License-Identifier: MIT
"""Stream in a guest what the footprint is fitted to, and print the file it makes."""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path

from stress.plan.plan import Arm, Control, Plan
from stress.settings import schema
from tools.labkit import boards, cache, emulator, emulator_arms, emulator_log, experiments, footprint, runner
from tools.labkit.errors import LabError
from tools.labkit.experiment_suites import SUITES


@dataclasses.dataclass(frozen=True)
class Bursts:
    """The bursts of a card, how often each wakes and its URBs [1/ms]; without `busy` a timer decides when."""

    title: str
    quiet: tuple[Arm, float, float]
    busy: tuple[Arm, float, float] | None
    loop: tuple[Arm, float, float]

    @property
    def parts(self) -> list[tuple[Arm, float, float]]:
        """The bursts in order."""
        return [self.quiet, *([self.busy] if self.busy else []), self.loop]


def _player(name: str, period: int, playback: str = "store") -> Arm:
    return Arm(
        name=name,
        side="playback",
        period_size=period,
        playback_buffer=4 * period,
        capture_buffer=5 * period,
        playback=playback,
        burst_s=1.0,
    )


_FRAMES_PER_MS = 48
CARDS = {
    "usb": Bursts(
        "Linux 6.1 on a 200 MHz ARM926, HZ=100: snd-usb-audio plays on an OHCI, full speed",
        # URBs of 6 packets where a period has as many; see stress.virtual.card.urbs.
        (_player("quiet", 4096), _FRAMES_PER_MS / 4096, 15 / 86),
        (_player("busy", 256), _FRAMES_PER_MS / 256, _FRAMES_PER_MS / 256),
        (_player("loop", 1024, "rmw"), _FRAMES_PER_MS / 1024, 4 * _FRAMES_PER_MS / 1024),
    ),
    "aloop": Bursts(
        "Linux 6.1 on a 200 MHz ARM926, HZ=100: snd-aloop, both directions, a wake-up each 20 ms",
        (_player("quiet", 512), 1 / 20, 0.0),
        None,
        (_player("loop", 512, "rmw"), 1 / 20, 0.0),
    ),
}


def run(args: argparse.Namespace) -> int:
    """Measure the footprint of a card on a board and print the file for configs/footprints."""
    bursts = CARDS[args.card]
    board = boards.load(args.board)
    emulator.check_options(board, [args.cache])
    base, _ = runner.directories(args.out)
    folder = base / "footprint"
    folder.mkdir(parents=True, exist_ok=True)
    short, long = lengths((bursts.busy or bursts.quiet)[0])
    arms = (*(arm for arm, _, _ in bursts.parts), short, long)
    plan = Plan(title="footprint", control=Control(0.0, 0), arm=arms)
    (folder / experiments.PLAN).write_text(json.dumps(schema.write(plan)), encoding="utf-8")
    card = SUITES[args.card].card
    command = ["run", *card, "--plan", experiments.PLAN, "--seed", "1", "--out", "run", "--json"]
    setting = ",".join(filter(None, (args.cache, "touches=1")))
    experiments.boot(board, command, folder, experiments.Booted(setting))
    measured = fitted(bursts, experiments.truth_log(folder))
    print(footprint.toml(bursts.title, measured), end="")
    rates = (measured.ms, measured.urb, measured.call, measured.loop)
    ms, urb, call, loop = (sum(part.values()) for part in rates)
    cache.say(
        f"{args.card}: {ms:.0f} lines/ms by timers, {urb:.0f} to a URB, {call:.0f} to a wake-up of a call, "
        f"{loop:.0f} of a loop; {measured.cold_per_ms:.1f} fills/ms of lines that do not come back"
    )
    counters = {name: line["counters"] for name, line in experiments.bursts(folder)}
    missed = missed_per_ms(counters[short.name], counters[long.name])
    cache.say(f"{args.card}: {missed:.1f} stores/ms miss while it streams, those of the stream included")
    return 0


def lengths(arm: Arm) -> tuple[Arm, Arm]:
    """Return this burst shorter and longer: what the counters differ by is the stream's, not the tester's."""
    return (
        dataclasses.replace(arm, name="short", burst_s=0.5),
        dataclasses.replace(arm, name="long", burst_s=2.5),
    )


def missed_per_ms(short: Mapping[str, int], long: Mapping[str, int]) -> float:
    """Return how many stores missed in each millisecond that the longer burst streamed more [1/ms]."""
    return 1e6 * (long["store_misses"] - short["store_misses"]) / (long["ns"] - short["ns"])


def fitted(bursts: Bursts, log: Path) -> footprint.Measured:
    """Return the footprint in the log of a run of these bursts."""
    spans = {span.mark: span for span in emulator_log.read(log).touching}
    parts = []
    for number, (arm, wakes_per_ms, urbs_per_ms) in enumerate(bursts.parts, 1):
        mark = emulator_arms.first_mark(number) + 1
        if mark not in spans:
            raise LabError(f"{arm.name}: not in {log}: was the burst refused?")
        parts.append(footprint.Part(spans[mark], wakes_per_ms, urbs_per_ms))
    return footprint.fit(parts[0], parts[1] if bursts.busy else None, parts[-1])
