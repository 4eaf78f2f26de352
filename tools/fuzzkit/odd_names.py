# SPDX-License-Identifier: MIT
"""Odd names for files and folders, and odd values for every option that a command has."""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from random import Random

from stress.cli.main import asked_skip, main
from stress.cli.options import parser
from stress.model.verdict import EXIT_INCONCLUSIVE
from tools.fuzzkit.judge import Case
from tools.fuzzkit.seeds import Seeds

NAMES = (
    *(
        "x" * 255,
        "x" * 256,
        "x" * 5000,
        "/".join("x" * 200 for _ in range(30)),
        "a/" * 2000,
        " ",
        "",
        "-",
        "--",
    ),
    *(
        "a\nb",
        "a\x1b[31mb",
        "a\u202eb",
        "\udcff\udcfe",
        "\ufeff",
        "\U0001f600" * 60,
        "<script>",
        "~",
        "%s%n",
        "{0}",
    ),
    *(
        "..",
        ".",
        "/",
        "//",
        "/dev/null",
        "/dev/zero",
        "/dev/full",
        "/dev/tty",
        "/dev/stdin",
        "/proc/self/mem",
    ),
    *(
        "/proc/self/environ",
        "/proc/1/root",
        "/sys",
        "/nowhere/a",
        "run/run.jsonl",
        "run",
        "loop",
        "dangling",
        "pipe",
    ),
    *("secret", "a.wav/b", "a.wav", "b.tar.gz", "run/", "run/../run", "./a.wav", "empty", "big", "a.wav\r"),
)
VALUES = (
    *(
        "",
        "0",
        "-1",
        "1",
        "-0",
        "9" * 20,
        "9" * 5000,
        "1e400",
        "nan",
        "inf",
        "0x10",
        "1_0",
        "\u0661",
        "1.5",
        " 1",
    ),
    *(
        "0s",
        "1ms",
        "1s",
        "99999h",
        "S16_LE",
        "S8",
        "FLOAT_LE",
        "4800,5280",
        "1,1",
        ",",
        "a=b",
        "=",
        "kernel=1",
        "auto",
    ),
    *(
        "all",
        "none",
        "smoke",
        "arm926",
        "absent",
        "hw:0,0",
        "hw:99999999999999999999",
        "hw:-1",
        "x" * 300,
        "\x1b[31m",
    ),
    *("\u202e", "\udcff", "\n", "2,1", "0.5", "100 %", "-20dB", "rate=8000", "cache.ways=3", "__class__=1"),
)
# What each command reads; "" is none. {} is a name.
_CALLS = (
    *(
        "analyze {}",
        "analyze a.wav --source {}",
        "analyze a.wav --stimulus {}",
        "analyze {} --json",
        "report {}",
    ),
    *(
        "report run --html {}",
        "report run --junit {}",
        "report run --bundle {}",
        "replay {}",
        "probe --board {}",
    ),
    *(
        "report {} run",
        "run --card absent --plan {} --out o",
        "run --resume --out {}",
        "generate {} --frames 99",
    ),
    *("run --card absent --plan p.json --out {}", "predict --board {}", "probe --kernel-config {}"),
    *("report --trend {}", "analyze {} --format S16_LE --channels 2", "minimise {}"),
)
# Calls that wait for the other end of a pipe, as a shell's > and < do: results, and a configuration that
# may come from <(ssh board cat /proc/config.gz).
_WAITING = (
    "probe --kernel-config {}",
    "report run --html {}",
    "report run --junit {}",
    "report run --bundle {}",
    "generate {} --frames 99",
)
# What would stream for real, or for long.
_NOT = ("-h", "--help", "--minutes", "--jobs")


def names(seeds: Seeds, random: Random, folder: Path) -> Case:
    """Names too long or odd, of links, pipes, devices, or of the wrong kind of file."""
    _furnish(seeds, folder)
    name, call = random.choice(NAMES), random.choice(_CALLS)
    if call in _WAITING:
        name = _no_pipe(name)
    words = [name if word == "{}" else word for word in call.split(" ")]
    return lambda: main(words)


def _no_pipe(name: str) -> str:
    return "dangling" if name == "pipe" else name


def options(seeds: Seeds, random: Random, folder: Path) -> Case:
    """Odd values for one to three options of a command, beside what it needs."""
    _furnish(seeds, folder)
    commands = _commands()
    command = random.choice(list(commands))
    words = [command, *_NEEDED.get(command, "").split()]
    for option in random.sample(commands[command], min(len(commands[command]), random.randint(1, 3))):
        words.append(option.option_strings[-1])
        if option.nargs != 0:
            odd = random.choice((VALUES, VALUES, NAMES))
            value = str(random.choice(list(option.choices))) if option.choices else random.choice(odd)
            words.append(_no_pipe(value))
    if command in ("run", "diagnose", "path"):
        # Never a real card, and never a run of hours.
        words += ["--card", "absent"] + (["--out", "o"] if command != "path" else [])
    return lambda: _answered([word.replace("\0", "") for word in words])


def _answered(words: Sequence[str]) -> int:
    try:
        code = main(words)
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 70
    # The status that was asked for where there is no answer is as good as one of the table.
    return EXIT_INCONCLUSIVE if code == (asked_skip(words) or None) else code


_NEEDED = {
    "analyze": "a.wav",
    "report": "run",
    "replay": "run",
    "minimise": "run --duration 1ms",
    "generate": "new.wav --frames 99",
    "predict": "--board cortex-a --plan p.json",
}


def _commands() -> dict[str, list[argparse.Action]]:
    subs = next(one for one in parser()._actions if isinstance(one, argparse._SubParsersAction))
    return {
        name: [one for one in sub._actions if one.option_strings and one.option_strings[-1] not in _NOT]
        for name, sub in subs.choices.items()
        if name != "minimise"
    }


def _furnish(seeds: Seeds, folder: Path) -> None:
    # What the names above mean; a case is in this folder.
    shutil.copyfile(seeds.captures[0], folder / "a.wav")
    shutil.copyfile(seeds.bundles[0], folder / "b.tar.gz")
    shutil.copytree(seeds.runs[0], folder / "run")
    (folder / "p.json").write_text('{"bound": 1.0, "arm": [{"name": "a", "burst_s": "5ms"}]}')
    (folder / "loop").symlink_to("loop")
    (folder / "dangling").symlink_to("nowhere")
    os.mkfifo(folder / "pipe")
    (folder / "secret").write_text("kept")
    (folder / "secret").chmod(0)
    (folder / "empty").mkdir()
    (folder / "big").touch()
    # As raw frames 5 minutes of silence: a file takes what its audio needs, however long that is.
    os.truncate(folder / "big", 1 << 26)
