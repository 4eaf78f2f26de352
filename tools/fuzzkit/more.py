# SPDX-License-Identifier: MIT
"""Further families: containers other than WAV, text of plans and boards, run directories of odd files."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from random import Random

from stress.cli.main import main
from tools.fuzzkit import mutate
from tools.fuzzkit.judge import Case
from tools.fuzzkit.seeds import Seeds

_SIZES = (0, 1, 3, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFE, 1 << 20)
_AIFF = b"FORM\0\0\1\0AIFFCOMM\0\0\0\x12" + bytes.fromhex("0002 00000040 0010 400ebb8000000000 0000")
_CAF = b"caff\0\1\0\0desc" + (32).to_bytes(8, "big") + bytes.fromhex("40e7700000000000") + b"lpcm"
_W64 = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0" + (400).to_bytes(8, "little")
_FMT = b"fmt \x10\0\0\0\1\0\2\0\x80\xbb\0\0\0\xee\2\0\4\0\x10\0"
_CONTAINERS = (
    ("au", b".snd" + bytes.fromhex("00000018 00000400 00000003 0000bb80 00000002")),
    ("aiff", _AIFF + b"SSND\0\0\1\0" + bytes(8)),
    ("caf", _CAF + bytes.fromhex("00000002 00000004 00000001 00000002 00000010") + b"data" + b"\xff" * 8),
    ("voc", b"Creative Voice File\x1a\x1a\0\x0a\1\x29\x11\x09\0\4\0" + bytes(12)),
    ("w64", _W64 + b"wave\xf3\xac\xd3\x11\x8c\xd1\0\xc0\x4f\x8e\xdb\x8a"),
    (
        "wav",
        b"RF64\xff\xff\xff\xffWAVEds64\x1c\0\0\0" + b"\xff" * 28 + _FMT + b"data\xff\xff\xff\xff",
    ),
)
_PLAN = '[[arm]]\nname = "a"\nburst_s = "20ms"\n'
_BOARD = 'title = "b"\nbase = "cortex-a"\n'
_LINES = (
    "[[arm]]",
    'name = "b"',
    "a.b.c.d.e = 1",
    ".".join("a" * 500) + " = 1",
    "x = " + "[" * 900 + "]" * 900,
    "x = 1979-05-27T07:32:00Z",
    "bound = nan",
    "bound = 1e400",
    "rate = " + "9" * 5000,
    "rate = 0x7fffffffffffffff",
    'burst_s = "1e999h"',
    "bursts = -1",
    'title = "\u0661"',
    "[usb]\npacket_us = 0",
    "[cache]\nways = 99999999999",
    "[[fault]]\nframe = 1099511627777",
    '"" = 1',
    "repeats = true",
    "[arm.load]",
    "title = '''" + "x" * 100000 + "'''",
)
_LINKS = ("/dev/zero", "/dev/full", "/proc/self/mem", "/nowhere", "..")
_CONTENTS = (b"\xef\xbb\xbf{}", "{}".encode("utf-16"), b"\0" * 4096, b"[" * 100000, b'{"a":' * 50000)
_NAMES = ("run.jsonl", "config.json", "board.json", "evidence", "lock", "run.jsonl.torn")
_READERS = (
    ("report",),
    ("report", "--json"),
    ("report", "--ktap"),
    ("replay",),
    ("run", "--resume", "--out"),
)


def _call(*argv: object) -> Case:
    words = [str(part) for part in argv]
    return lambda: main(words)


def containers(seeds: Seeds, random: Random, folder: Path) -> Case:
    """Headers of AU, AIFF, CAF, VOC, W64 and RF64 with hostile sizes, read by analyze."""
    tag, form = random.choice(_CONTAINERS)
    data = bytearray(form + random.randbytes(random.choice((0, 3, 400, 4096))))
    for _ in range(random.randint(0, 3)):
        at = random.randrange(0, len(form) - 3, 2)
        data[at : at + 4] = random.choice(_SIZES).to_bytes(4, random.choice(("little", "big")))
    if random.random() < 0.3:
        data = bytearray(mutate.of_bytes(bytes(data), random))
    path = folder / f"a.{tag}"
    path.write_bytes(data)
    return _call("analyze", path, *random.choice(([], ["--json"], ["--analog"])))


def tables(seeds: Seeds, random: Random, folder: Path) -> Case:
    """Plans and boards in TOML: bytes damaged, deep, with dotted names, dates and huge numbers."""
    name, head = random.choice((("plan", _PLAN), ("board", _BOARD)))
    lines = [random.choice(_LINES) for _ in range(random.randint(1, 6))]
    data = (head + "\n".join(lines) + "\n").encode()
    path = folder / f"{name}.toml"
    path.write_bytes(mutate.of_bytes(data, random) if random.random() < 0.6 else data)
    if name == "board":
        return _call("probe", "--board", path)
    # Read and checked; there is nothing to run it on.
    return _call("run", "--card", "absent", "--plan", path, "--out", folder / "o", "--quiet")


def folders(seeds: Seeds, random: Random, folder: Path) -> Case:
    """Run directories in which something is a pipe, a link, a folder, a device or far too large."""
    run = folder / "run"
    shutil.copytree(random.choice(seeds.runs), run)
    names = [*_NAMES, *(f"evidence/{path.name}" for path in sorted((run / "evidence").iterdir())[:2])]
    for _ in range(random.randint(1, 2)):
        _spoil(run / random.choice(names), random)
    return _call(*random.choice(_READERS), run)


def _spoil(path: Path, random: Random) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif os.path.lexists(path):
        path.unlink()
    how = random.randrange(6)
    if not path.parent.is_dir() or how == 0:
        return
    if how == 1:
        os.mkfifo(path)
    elif how == 2:
        path.symlink_to(random.choice((*_LINKS, path.name)))
    elif how == 3:
        path.mkdir()
    elif how == 4:
        path.touch()
        os.truncate(path, random.choice((0, 1, 1 << 24, 1 << 40)))
    else:
        path.write_bytes(random.choice(_CONTENTS))
