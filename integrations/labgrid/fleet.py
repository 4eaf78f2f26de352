#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run test_pcmstress.py on places of a labgrid coordinator at once, and report over all of them.

    fleet.py [--coordinator HOST:PORT] [--env FILE] [--env PLACE=FILE] [--out DIR] PLACE...

The coordinator hands out the places, labgrid's pytest plugin talks to the boards; this starts one pytest a
place, and reads what they leave: DIR/PLACE/junit.xml, record.tar.gz (the record as a bundle) and log.txt.
What is run on a board is said by the environment, see test_pcmstress.py.

The exit status is that of the worst place, in the order of `pcmstress`: FAIL 1, ERROR 70, INCONCLUSIVE 5,
PASS 0, SKIP 4. A place that could not be had, or whose board said nothing, is an ERROR.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

HERE = Path(__file__).resolve().parent
# From best to worst.
STATUS = {"SKIP": 4, "PASS": 0, "INCONCLUSIVE": 5, "ERROR": 70, "FAIL": 1}
MISSING = 69
USAGE = 64


class Row(NamedTuple):
    """What came of one place; `why` is the first line of a failure."""

    place: str
    verdict: str
    seconds: float
    why: str = ""


def main(argv: list[str]) -> int:
    """Run the fleet; return the exit status."""
    parser = argparse.ArgumentParser(prog="fleet.py", description=__doc__.splitlines()[0])
    parser.add_argument("place", nargs="+", help="names of places, as `labgrid-client places` lists them")
    parser.add_argument("--coordinator", metavar="HOST:PORT", default=os.environ.get("LG_COORDINATOR", ""))
    parser.add_argument(
        "--env",
        metavar="[PLACE=]FILE",
        action="append",
        default=[],
        help="environment of one place, or of all others (default: place-serial.yaml)",
    )
    parser.add_argument("--out", metavar="DIR", type=Path, default=Path("fleet"))
    args = parser.parse_args(argv)
    lacking = missing()
    if lacking:
        print(f"fleet.py: missing here: {', '.join(lacking)}", file=sys.stderr)
        return MISSING
    try:
        files = environments(args.place, args.env)
    except ValueError as error:
        print(f"fleet.py: {error}", file=sys.stderr)
        return USAGE
    if args.coordinator:
        os.environ["LG_COORDINATOR"] = args.coordinator
    try:
        args.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        print(f"fleet.py: --out {args.out}: {error.strerror}", file=sys.stderr)
        return USAGE
    with ThreadPoolExecutor(len(files)) as pool:
        done = list(pool.map(lambda place: run(place, files[place], args.out.absolute() / place), files))
    print("\n".join(table(done)))
    trend([args.out / row.place / "record.tar.gz" for row in done])
    return STATUS[worst(row.verdict for row in done)]


def missing() -> list[str]:
    """Return what is not installed, each with where it comes from."""
    lacking = [f"{name} (pip install {name})" for name in ("labgrid", "pytest") if find_spec(name) is None]
    return lacking + ([] if shutil.which("pcmstress") else ["pcmstress on PATH (its .deb or wheel)"])


def environments(places: list[str], given: list[str]) -> dict[str, Path]:
    """Return the environment file of each place.

    Raises
    ------
    ValueError : a file that is not there, or one for a place that is not run.
    """
    default, own = HERE / "place-serial.yaml", {}
    for text in given:
        place, equals, file = text.rpartition("=")
        if not equals:
            default = Path(file)
        elif place in places:
            own[place] = Path(file)
        else:
            raise ValueError(f"--env {text}: {place} is none of the places {', '.join(places)}")
    files = {place: own.get(place, default) for place in places}
    absent = sorted({str(file) for file in files.values() if not file.is_file()})
    if absent:
        raise ValueError(f"--env: no such file: {', '.join(absent)}")
    return files


def run(place: str, env: Path, out: Path) -> Row:
    """Acquire a place, run the tests on it and release it."""
    begin = time.monotonic()
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    client = [sys.executable, "-m", "labgrid.remote.client", "-p", place]
    with (out / "log.txt").open("wb") as log:
        had = subprocess.run([*client, "acquire"], stdout=log, stderr=log, check=False)
        if had.returncode:
            return Row(place, "ERROR", time.monotonic() - begin, _last_line(out / "log.txt"))
        try:
            subprocess.run(_pytest(env, out), env=_told(place, out), stdout=log, stderr=log, check=False)
        finally:
            subprocess.run([*client, "release"], stdout=log, stderr=log, check=False)
    verdict, why = judged(out)
    return Row(place, verdict, time.monotonic() - begin, why)


def _pytest(env: Path, out: Path) -> list[str]:
    options = ["-p", "no:cacheprovider", "-o", "junit_family=xunit1", "--junit-xml", str(out / "junit.xml")]
    return [sys.executable, "-m", "pytest", *options, "--lg-env", str(env), str(HERE / "test_pcmstress.py")]


def _told(place: str, out: Path) -> dict[str, str]:
    return {**os.environ, "LG_PLACE": place, "PCMSTRESS_RECORD": str(out / "record.tar.gz")}


def _last_line(log: Path) -> str:
    return log.read_text(errors="replace").strip().rpartition("\n")[2]


def judged(out: Path) -> tuple[str, str]:
    """Return the verdict of a place and the first line of why, from what pytest left."""
    try:
        root = ElementTree.parse(out / "junit.xml").getroot()
    except (OSError, ElementTree.ParseError):
        return "ERROR", _last_line(out / "log.txt")
    said = next((one.get("value", "") for one in root.iter("property") if one.get("name") == "verdict"), "")
    found = [node for kind in ("failure", "error", "skipped") for node in root.iter(kind)]
    why = found[0].get("message", "").partition("\n")[0] if found else ""
    return (said if said in STATUS else "ERROR"), why


def worst(verdicts: Iterable[str]) -> str:
    """Return the verdict of the fleet."""
    return max(verdicts, key=list(STATUS).index)


def table(rows: Sequence[Row]) -> list[str]:
    """Return a line a place."""
    width = max(len("place"), *(len(row.place) for row in rows))
    heads = [f"{'place':{width}}  {'verdict':12}  {'seconds':>7}  why"]
    lines = [f"{row.place:{width}}  {row.verdict:12}  {row.seconds:7.0f}  {row.why[:100]}" for row in rows]
    return [line.rstrip() for line in heads + lines]


def trend(bundles: Sequence[Path]) -> None:
    """Let `pcmstress` report over the records that were fetched."""
    there = [str(bundle) for bundle in bundles if bundle.is_file()]
    if there:
        print(flush=True)
        subprocess.run(["pcmstress", "report", "--trend", *there], check=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
