# SPDX-License-Identifier: MIT
"""A copy of a run without what is nobody else's business: hosts, users, serial numbers, processes."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stress.files.regular import is_plain
from stress.model.record.tally import TallyRecord
from stress.record import rundir
from stress.record.journal import NAME, UNCHAINED, chained, sealed
from stress.record.reader import Reading

# Free text of a record: everything else is a number or a word of the format.
_FREE = (
    "kernel",
    "conditions",
    "notes",
    "reasons",
    "why",
    "text",
    "device",
    "advice",
    "blind",
    "doubts",
    "refused",
)
_PATTERNS = (
    # What a kernel log and a command line say of a device and of who runs there.
    (re.compile(r"(SerialNumber: )\S+"), r"\1<serial>"),
    (
        re.compile(r"(?i)\b(\w*(?:serial\w*|mac(?:addr)?|ethaddr|uuid|hostname|user(?:name)?)=)\S+"),
        r"\1<removed>",
    ),
    (re.compile(r"(?i)\b((?:part)?uuid=)[0-9a-f-]+"), r"\1<removed>"),
    (re.compile(r"\b(?:[0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}\b"), "<mac>"),
    (re.compile(r"\b(Comm: )\S+"), r"\1<process>"),
    (re.compile(r"(stuck for \d+s! \[)[^\]:]*"), r"\1<process>"),
    (re.compile(r"(/(?:home|Users)/)[^/\s'\"]+"), r"\1<user>"),
)
REMOVED = ("host", "user", "serial numbers", "names of processes", "hardware addresses")


@dataclass(frozen=True)
class Private:
    """What is taken out of texts.

    Parameters
    ----------
    host : name of the machine, "" where it is not known.
    """

    host: str

    @classmethod
    def of(cls, folder: Path) -> Private:
        """Return what the run in `folder` knows of its machine."""
        about = rundir.read_json(folder, "board.json").get("run")
        host = about.get("host") if isinstance(about, dict) else ""
        return cls(str(host or "").partition(" ")[0])

    def text(self, text: str) -> str:
        """Return a text without it."""
        for pattern, rest in _PATTERNS:
            text = pattern.sub(rest, text)
        return re.sub(rf"(?<![\w.-]){re.escape(self.host)}(?![\w-])", "<host>", text) if self.host else text

    def value(self, value: Any) -> Any:
        """Return a JSON value whose every text is free, without it."""
        if isinstance(value, dict):
            return {name: self.value(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.value(item) for item in value]
        return self.text(value) if isinstance(value, str) else value

    def event(self, value: Any) -> Any:
        """Return an event of the record without it, and without the processes that ran beside it."""
        if isinstance(value, list):
            return [self.event(item) for item in value]
        if not isinstance(value, dict):
            return value
        kept = {name: item for name, item in value.items() if name != "beside"}
        return {name: self.value(item) if name in _FREE else self.event(item) for name, item in kept.items()}

    def board(self, value: dict[str, Any]) -> dict[str, Any]:
        """Return the content of board.json without it."""
        made: dict[str, Any] = self.value(value)
        for part in (made, made.get("facts")):
            load = part.get("load") if isinstance(part, dict) else None
            if isinstance(load, dict) and "runnable" in load:
                load["runnable"] = []
        return made


def copy(folder: Path, into: Path) -> None:
    """Write the run in `folder` to `into` without what is private; its lines are chained anew.

    Raises
    ------
    CaptureFileError : it cannot be read.
    """
    private = Private.of(folder)
    (into / "evidence").mkdir(parents=True)
    for name in ("config.json", "board.json"):
        if (folder / name).exists():
            read = rundir.read_json(folder, name)
            rundir.write_json(into, name, private.board(read) if name == "board.json" else read)
    for path in sorted((folder / "evidence").glob("burst-*.json")):
        if is_plain(path):
            shutil.copyfile(path, into / "evidence" / path.name)
    digest = ""
    with open(into / NAME, "wb") as out:
        for _, _, value in Reading(folder).objects():
            if value["event"] == TallyRecord.event:
                # What it adds up is in the bursts, and names more than they may.
                continue
            plain = private.event({name: item for name, item in value.items() if name != "chain"})
            if isinstance(plain.get("files"), dict):
                names = [name for name in plain["files"] if (into / name).is_file()]
                plain["files"] = {name: rundir.digest(into, name) for name in names}
            body = json.dumps(plain, separators=(",", ":")).encode()
            if value.get("v") == UNCHAINED and "chain" not in value:
                out.write(body + b"\n")
                continue
            digest = chained(digest, body)
            out.write(sealed(body, digest))
