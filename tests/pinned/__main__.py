# SPDX-License-Identifier: MIT
"""tools/pin: write the pinned results anew, and show what differs.

Look at each line of the difference: what you did not mean to change is a fault.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import sys

from tests.pinned.kit import FOLDER, differing, lines_of, read

ROOMS = tuple(sorted(path.stem[len("pins_") :] for path in FOLDER.glob("pins_*.py")))


def main(argv=None):
    """Print the difference, and write it with --write; 0 where there is none, else 1."""
    parser = argparse.ArgumentParser(prog="tools/pin", description=__doc__)
    parser.add_argument("rooms", nargs="*", default=[], metavar="ROOM", help=f"default: {' '.join(ROOMS)}")
    parser.add_argument("--write", action="store_true", help="write the files; without it they stay")
    args = parser.parse_args(argv)
    unknown = [room for room in args.rooms if room not in ROOMS]
    if unknown:
        parser.error(f"{unknown[0]!r} is no room with pins: {', '.join(ROOMS)}")
    different = [room for room in args.rooms or ROOMS if renewed(room, write=args.write)]
    return 1 if different else 0


def renewed(room, write):
    """Print what differs in one room; return whether anything does."""
    path = FOLDER / f"{room}.txt"
    before = read(room) if path.exists() else {}
    cases = importlib.import_module(f"tests.pinned.pins_{room}").CASES
    # A case whose figures are as close as the test asks for stays as it is.
    now = {}
    for name, case in cases.items():
        seen = lines_of(case)
        now[name] = before[name] if name in before and not differing(seen, before[name]) else seen
    old, new = (text(room, lines).splitlines(keepends=True) for lines in (before, now))
    difference = list(difflib.unified_diff(old, new, f"{path.name} (pinned)", f"{path.name} (now)", n=1))
    sys.stdout.writelines(difference)
    if write and difference:
        path.write_text("".join(new), encoding="utf-8")
    return bool(difference)


def text(room, cases):
    """Return the file of a room."""
    head = f"# What {room} gives for the cases of pins_{room}.py. Written by: tools/pin {room} --write\n"
    return head + "".join(
        f"\n== {name}\n" + "".join(f"{line}\n" for line in lines) for name, lines in cases.items()
    )


if __name__ == "__main__":
    sys.exit(main())
