# SPDX-License-Identifier: MIT
"""Stream for hours: how far memory grows from burst to burst, and the share of time that is sound.

    tools/bench soak --hours 24 --keep DIR --for 14m     # virtual time; again, to go on
    tools/bench soak --hours 2 --card Loopback --keep DIR

Without --card the board is virtual and coherent, and so is time: its day takes minutes.
What the tester does between bursts takes processor time all the same, and the duty cycle
is sound / (sound + that): what the model of the board takes while it streams is left out.
On a card it is sound / wall time. The pattern begins so that its positions wrap half way.
Each piece is a process of its own that resumes the record; its last burst is its end.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from stress.cli import new_run
from stress.cli.main import main as pcmstress
from stress.experiment.runner import Run
from stress.experiment.schedule import Progress
from stress.model.stimulus import POSITIONS
from stress.settings.times import format_duration, parse_duration

# What the run streams. One arm by mmap and one by rw; --burst sets how long.
_PLAN = """
title = "hours of ordinary use"
ordinary = true
bound = 1e-5
rate = {rate}
[[arm]]
name = "mapped"
burst_s = "{burst}"
period_size = 1024
playback_buffer = 4096
capture_buffer = 4160
[[arm]]
name = "copied"
access = "rw"
burst_s = "{burst}"
period_size = 1024
playback_buffer = 4096
capture_buffer = 4160
"""
# Packets of a millisecond: the model of the bus is most of the time that a soak takes.
_BOARD = """
title = "a coherent board for hours"
base = "x86_64"
[usb]
packet_us = 1000
"""
# Bursts of a piece that are not compared, and as many that are: a third of it, at most an hour as it is.
# More: short pieces say nothing; fewer: what the allocator of C keeps is still being settled (measured: 60
# bursts where the board is modelled in the same process, 10 on a card).
WARM, LEAST_WARM = 60, 20
# Growth and duty cycle that are wanted.
MOST_GROWTH, LEAST_DUTY = 0.01, 0.95
_PLACES = {"run": "run", "samples": "samples.jsonl", "plan": "plan.toml", "board": "board.toml"}


@dataclass(frozen=True)
class Sample:
    """Behind one burst of a piece.

    Parameters
    ----------
    piece : counted from 1.
    streamed_s : sound of the whole run [s].
    resident : memory [bytes].
    own_s : processor time of the piece without what the PCM took [s].
    wall_s : of the piece [s].
    """

    piece: int
    burst: int
    streamed_s: float
    resident: int
    own_s: float
    wall_s: float


def main(argv: list[str]) -> int:
    """Go on with the soak, print what is known of it so far; return 1 when it misses what is wanted."""
    args = _arguments(argv)
    folder = Path(args.keep)
    folder.mkdir(parents=True, exist_ok=True)
    code = _stream(args, folder)
    samples = read(folder / _PLACES["samples"])
    print("\n".join(lines(samples, virtual=not args.card)), flush=True)
    over = bool(samples) and samples[-1].streamed_s >= 3600 * args.hours
    print(f"{'over' if over else 'to be gone on with'}; exit status of the last piece: {code}")
    return 0 if code in (0, 128 + signal.SIGTERM) and good(samples, virtual=not args.card) else 1


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    text = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="tools/bench soak", description=__doc__, formatter_class=text)
    add = parser.add_argument
    add("--hours", type=float, default=24.0, metavar="N", help="sound to stream (default 24)")
    add("--keep", required=True, metavar="DIR", help="receives the record; a run in it is gone on with")
    add("--for", dest="limit", default="", metavar="TIME", help="end this piece after so long: 14m, 1h")
    add("--burst", default="60s", metavar="TIME", help="length of each burst (default 60s)")
    told = "frames a second (default 8000; a virtual day takes 11 minutes of a core, at 48000 it takes 42)"
    add("--rate", type=int, default=8000, metavar="HZ", help=told)
    add("--card", default="", metavar="C", help="stream on this card, in real time")
    return parser.parse_args(argv)


def _stream(args: argparse.Namespace, folder: Path) -> int:
    out = folder / _PLACES["run"]
    piece = max((one.piece for one in read(folder / _PLACES["samples"])), default=0) + 1
    _measured(piece, folder / _PLACES["samples"], parse_duration(args.limit) if args.limit else float("inf"))
    if out.exists():
        return pcmstress(["run", "--resume", "--quiet", "--out", str(out)])
    (folder / _PLACES["plan"]).write_text(_PLAN.format(rate=args.rate, burst=args.burst))
    (folder / _PLACES["board"]).write_text(_BOARD)
    half = round(1800 * args.hours * args.rate)
    new_run.first_position = lambda *_: POSITIONS - half  # type: ignore[attr-defined]
    virtual = ["--backend", "virtual", "--board", str(folder / _PLACES["board"])]
    words = ["run", *(["--card", args.card] if args.card else virtual), "--seed", "1", "--quiet"]
    words += ["--plan", str(folder / _PLACES["plan"]), "--duration", f"{args.hours * 3600:.0f}s"]
    return pcmstress([*words, "--out", str(out)])


def _measured(piece: int, samples: Path, limit_s: float) -> None:
    """Have every burst of a run sampled, and the run stopped when the time of the piece is over."""
    begun, streaming = time.monotonic(), [0.0]
    cpu_begun = _cpu_s()
    walk = Run.walk

    def timed(exchange: Callable[..., Any]) -> Callable[..., Any]:
        def streamed(*how: Any) -> Any:
            before = _cpu_s()
            try:
                return exchange(*how)
            finally:
                streaming[0] += _cpu_s() - before

        return streamed

    def sampled(run: Run) -> Any:
        run.pcm.exchange = timed(run.pcm.exchange)  # type: ignore[method-assign]
        told = run.progress

        def progress(now: Progress) -> None:
            told(now)
            wall_s, own_s = time.monotonic() - begun, _cpu_s() - cpu_begun - streaming[0]
            one = Sample(piece, now.number, now.streamed_s, _resident(), own_s, wall_s)
            with open(samples, "a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(one)) + "\n")
            if wall_s > limit_s:
                os.kill(os.getpid(), signal.SIGTERM)

        run.progress = progress
        return walk(run)

    Run.walk = sampled  # type: ignore[assignment, method-assign]


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _resident() -> int:
    # What the allocator of C keeps for later is given back first: it swings by 3 % from burst to burst.
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def read(path: Path) -> list[Sample]:
    """Return the samples of every piece so far."""
    if not path.exists():
        return []
    return [Sample(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def pieces(samples: Sequence[Sample]) -> list[list[Sample]]:
    """Return the samples of each piece."""
    return [[one for one in samples if one.piece == number] for number in sorted({s.piece for s in samples})]


def growth(samples: Sequence[Sample]) -> float | None:
    """Return by which share memory grew, None where no piece is longer than its start.

    The peak of the last bursts of every piece is compared with that of the first ones of the first piece
    behind its start: a piece that takes up more than the one before it has grown too.
    """
    long = [piece for piece in pieces(samples) if len(piece) >= 3 * LEAST_WARM]
    if not long:
        return None
    warm = _warm(long[0])
    first = max(one.resident for one in long[0][warm : 2 * warm])
    return max(one.resident for piece in long for one in piece[-_warm(piece) :]) / first - 1


def _warm(piece: Sequence[Sample]) -> int:
    return min(WARM, len(piece) // 3)


def duty(samples: Sequence[Sample], *, virtual: bool) -> float | None:
    """Return the share of time that was sound, None where nothing was streamed."""
    before, sound, time_s = 0.0, 0.0, 0.0
    for piece in pieces(samples):
        streamed = piece[-1].streamed_s - before
        before, sound = piece[-1].streamed_s, sound + streamed
        time_s += streamed + piece[-1].own_s if virtual else piece[-1].wall_s
    return sound / time_s if time_s else None


def good(samples: Sequence[Sample], *, virtual: bool) -> bool:
    """Return whether growth and duty cycle are what is wanted, as far as they are known."""
    grown, share = growth(samples), duty(samples, virtual=virtual)
    return (grown is None or grown < MOST_GROWTH) and (share is None or share >= LEAST_DUTY)


def lines(samples: Sequence[Sample], *, virtual: bool) -> list[str]:
    """Return what is printed: how much was streamed, memory, duty cycle."""
    if not samples:
        return ["nothing was streamed"]
    made = pieces(samples)
    wall = sum(piece[-1].wall_s for piece in made)
    grown, share = growth(samples), duty(samples, virtual=virtual)
    sizes = [one.resident / 1e6 for piece in made for one in piece[_warm(piece) :]]
    growing = "not known yet" if grown is None else f"{100 * grown:+.2f} %"
    clock = "virtual" if virtual else "wall"
    return [
        f"streamed: {format_duration(samples[-1].streamed_s)} in {len(samples)} bursts and "
        f"{len(made)} pieces, {format_duration(wall)} of wall clock",
        f"memory: {min(sizes):.1f} to {max(sizes):.1f} MB behind the start of a piece; growth {growing} "
        f"(wanted: below {100 * MOST_GROWTH:.0f} %)",
        f"duty cycle: {'not known' if share is None else f'{share:.4f}'} in {clock} time "
        f"(wanted: {LEAST_DUTY} or more)",
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
