# SPDX-License-Identifier: MIT
"""Bundles: packed bytes damaged, archives damaged before they are packed, and members made to do harm."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path
from random import Random

from stress.cli.main import main
from tools.fuzzkit import mutate
from tools.fuzzkit.judge import Case
from tools.fuzzkit.seeds import Seeds

_PACKERS: tuple[Callable[[bytes], bytes], ...] = (
    lambda data: gzip.compress(data, 1),
    lambda data: gzip.compress(data, 1),
    lambda data: bz2.compress(data, 1),
    lambda data: lzma.compress(data, preset=0),
    lambda data: data,
    # Several members behind one another.
    lambda data: gzip.compress(data[:5000], 1) + gzip.compress(data[5000:], 1),
)
_NAMES = (
    *("run.jsonl", "config.json", "board.json", "evidence/a.json", "evidence/../../out", "/tmp/fuzz-out"),
    *(
        "run/run.jsonl",
        "x" * 300,
        "a/" * 200 + "a",
        "\u202egnp.exe",
        "\x1b[31mred",
        "\udcff",
        ".",
        "",
        "run.jsonl/a",
    ),
)
_TYPES = (
    *(tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE),
    *(tarfile.GNUTYPE_SPARSE, tarfile.CONTTYPE, b"Z"),
)
_LINKS = ("/etc/passwd", "../../../etc/passwd", "run.jsonl", "", "x" * 300)
_PAX = (
    *({"size": "-1"}, {"size": "9" * 400}, {"path": "\0"}, {"mtime": "nan"}, {"GNU.sparse.map": "0,9" * 99}),
    *(
        {"linkpath": "/dev/zero"},
        {"hdrcharset": "BINARY"},
        {"comment": "x" * 100_000},
        {"GNU.sparse.size": "x"},
    ),
)


def bundles(seeds: Seeds, random: Random, folder: Path) -> Case:
    """Bytes of a bundle: as it is packed, or of what is packed."""
    data = random.choice(seeds.bundles).read_bytes()
    if random.random() < 0.7:
        data = random.choice(_PACKERS)(mutate.of_bytes(gzip.decompress(data), random))
    else:
        data = mutate.of_bytes(data, random)
    return _read(data, random, folder)


def members(seeds: Seeds, random: Random, folder: Path) -> Case:
    """Bundles with members that have odd names, types, links, sizes and headers beside the right ones."""
    out = io.BytesIO()
    sound = gzip.decompress(random.choice(seeds.bundles).read_bytes())
    form = random.choice((tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT))
    with tarfile.open(fileobj=out, mode="w", format=form, errors="surrogateescape") as new:
        with tarfile.open(fileobj=io.BytesIO(sound)) as old:
            kept = [one for one in old.getmembers() if random.random() < 0.9]
            for one in random.sample(kept, len(kept)) if random.random() < 0.3 else kept:
                new.addfile(one, old.extractfile(one) if one.isfile() else None)
        for _ in range(random.randint(1, 4)):
            _add(new, random)
    return _read(random.choice(_PACKERS)(out.getvalue()), random, folder)


def _add(new: tarfile.TarFile, random: Random) -> None:
    one = tarfile.TarInfo(random.choice(_NAMES))
    one.type, one.linkname = random.choice(_TYPES), random.choice(_LINKS)
    one.mode, one.uid = random.choice((0, 0o777, 0o7777)), random.choice((0, 65534))
    if new.format == tarfile.PAX_FORMAT and random.random() < 0.5:
        one.pax_headers = random.choice(_PAX)
    # Zeros pack to nothing: a bomb as far as the bound on what is unpacked allows one to be tried often.
    data = random.choice(
        (b"", b"{}", b"\0" * (1 << 22), random.randbytes(100), b"[" * 100_000, b"\n" * 200_000)
    )
    one.size = len(data)
    try:
        new.addfile(one, io.BytesIO(data))
    except (ValueError, UnicodeError):
        # The format has no place for it; others have.
        return


def _read(data: bytes, random: Random, folder: Path) -> Case:
    path = folder / random.choice(("b.tar.gz", "b.tar", "b", "b.tar.xz"))
    path.write_bytes(data)
    words = random.choice((["report"], ["report", "--json"], ["replay"], ["report", "--ktap"]))
    argv = [*words, str(path)]
    return lambda: main(argv)
