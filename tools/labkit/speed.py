# SPDX-License-Identifier: MIT
"""What the modelled cache costs: the same work on stock QEMU, with the model off, and with it."""

from __future__ import annotations

import argparse
import dataclasses
import io
import time

from stress.report.table import table
from tools.labkit import assemble, boards, cache, emulator, runner, sections
from tools.labkit.errors import LabError, LabUsage

# What is done -> the guest's shell command. The guest's clock follows its instructions: the host's is read.
_WORK = {
    "boot to the command": ":",
    "start Python, import numpy": "python3 -c 'import numpy'",
    "Python loop, a million turns": "python3 -c 'for i in range(1000000): pass'",
    "md5sum of 32 MB": "dd if=/dev/zero bs=1M count=32 2>/dev/null | md5sum",
    "2 s of audio, both directions": "pcmstress run --seed 1 --card Loopback --plan lab --duration 2s",
}
_DONE = b"lab-speed\n"


class _Stamps(io.RawIOBase):
    """Take the guest's output and note when each line of ours came."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def write(self, data: object) -> int:
        """Note the time of every mark in `data`."""
        text = bytes(memoryview(data))  # type: ignore[arg-type]
        self.times += [time.monotonic()] * text.count(_DONE)
        return len(text)


@dataclasses.dataclass(frozen=True)
class Setting:
    """A board and the options of its cache; `virtual_time` where it has another clock of its own."""

    name: str
    board: str
    cache: str = ""
    virtual_time: bool = False


def settings(board: boards.Board) -> tuple[Setting, ...]:
    """Return what is compared: the same kernel on stock QEMU, the model off and on."""
    stock = next((name for name in boards.names() if _stock(boards.load(name), board)), "")
    if not board.emulator.builder or not stock:
        raise LabUsage(f"speed {board.name}: it has no emulator of its own to compare with stock QEMU")
    off = Setting("model off", board.name, "off")
    return Setting("stock QEMU", stock, virtual_time=True), off, Setting("with the cache", board.name)


def _stock(one: boards.Board, board: boards.Board) -> bool:
    return bool(one.emulator.program) and one.kernel == board.kernel and one.boot.root == board.boot.root


def measured(setting: Setting) -> list[float]:
    """Return how long each piece of work took [s]."""
    board = boards.load(setting.board)
    parts = assemble.build(board)
    env = emulator.cache_options(board, setting.cache) if setting.cache else {}
    script = "; ".join(f"{command} > /dev/null; echo {_DONE.decode().strip()}" for command in _WORK.values())
    stamps = _Stamps()
    begin = time.monotonic()
    with cache.step(f"{setting.name}: {parts.program.name}"):
        result = runner.run(
            board,
            ["sh", "-c", script],
            runner.Options(env=env, virtual_time=setting.virtual_time),
            live=(stamps, io.BytesIO()),  # type: ignore[arg-type]
        )
    if result.failure or len(stamps.times) != len(_WORK):
        raise LabError(f"{setting.name}: {result.failure or 'not everything ran'}\n{result.console_tail}")
    return [end - start for start, end in zip([begin, *stamps.times], stamps.times)]


def run(args: argparse.Namespace) -> int:
    """Print a table of seconds, and how long the emulator takes to build."""
    board = boards.load(args.board)
    compared = settings(board)
    if args.write:
        sections.check("speed")
    if args.build:
        begin = time.monotonic()
        assemble.emulator(board, force=True)
        print(f"emulator built in {time.monotonic() - begin:.0f} s")
    seconds = [measured(setting) for setting in compared]
    rows = [
        (work, *(f"{took[at]:.2f} s" for took in seconds), f"{seconds[-1][at] / seconds[0][at]:.1f} x")
        for at, work in enumerate(_WORK)
    ]
    total = [sum(took) for took in seconds]
    rows.append(("all of it", *(f"{one:.2f} s" for one in total), f"{total[-1] / total[0]:.1f} x"))
    heads = ("work", *(setting.name for setting in compared), "slowdown")
    text = table(heads, rows, "lrrrr")
    print("\n".join(text))
    if args.write:
        sections.write("speed", f"tools/lab speed {args.board}", text)
    return 0
