# SPDX-License-Identifier: MIT
"""Records that were changed and look whole: lines are sealed again, files of the start digested again."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

from stress.record.journal import NAME, chained, sealed, unchained
from stress.record.rundir import digest
from tools.fuzzkit import mutate


def seal(run: Path) -> None:
    """Seal each line of a record behind the one before it, as an edit that nobody should see would do."""
    before, out = "", []
    for line in (run / NAME).read_bytes().split(b"\n"):
        body = _digested(unchained(line)[0], run)
        # What is no line of a record stays as it is.
        if body.startswith(b"{") and body.endswith(b"}"):
            before = chained(before, body)
            out.append(sealed(body, before).rstrip(b"\n"))
        elif line:
            out.append(line)
    (run / NAME).write_bytes(b"\n".join(out) + b"\n")


def _digested(body: bytes, run: Path) -> bytes:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return body
    if not isinstance(value, dict) or not isinstance(value.get("files"), dict):
        return body
    value["files"] = {name: digest(run, name) if _plain(run, name) else "" for name in value["files"]}
    return json.dumps(value, separators=(",", ":")).encode()


def _plain(run: Path, name: str) -> bool:
    return name in ("config.json", "board.json") and (run / name).is_file()


def of_lines(lines: list[Any], random: Random) -> list[Any]:
    """Return the events of a record with one to three lines removed, doubled, exchanged or edited."""
    lines = list(lines)
    for _ in range(random.randint(1, 3)):
        if not lines:
            return lines
        one, two, how = random.randrange(len(lines)), random.randrange(len(lines)), random.randrange(6)
        if how == 0:
            del lines[one]
        elif how == 1:
            lines.insert(two, lines[one])
        elif how == 2:
            lines[one], lines[two] = lines[two], lines[one]
        elif how == 3:
            lines[one] = mutate.of_json(lines[one], random)
        elif how == 4:
            del lines[min(one, two) : max(one, two)]
        else:
            lines[one:one] = lines[one : one + 3] * random.choice((1, 2, 40))
    return lines
