# SPDX-License-Identifier: MIT
"""What a bundle holds beside the record: report, mail, page, kernel log, facts of the system, README."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from stress.model.words import count, counted, plain
from stress.report import html, mail, text

if TYPE_CHECKING:
    from stress.model.record.findings import EvidenceRecord
    from stress.report.facts import Facts
    from stress.verdict.summary import Summary

COLUMNS = 100
_FRAMES = "evidence/"
# Names that a text of the system may have in a bundle: a record from elsewhere may hold any.
_NAME = re.compile(r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}(?:/[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}){0,7}")
_ABOUT = {
    "README": "this list",
    "report.txt": "the report with all facts of the machine",
    "mail.txt": "the same for a kernel list, in 72 columns",
    "page.html": "the same with pictures; opens from disk and fetches nothing",
    "kernel.txt": "what the kernel said while bursts ran, new messages only",
    "run.jsonl": "the record, one event a line",
    "config.json": "what was asked for: a run can be repeated from it",
    "board.json": "facts of the board, the card and the call",
}


def files(
    run: Summary, facts: Facts, board: Mapping[str, Any], evidence: list[EvidenceRecord], name: str
) -> dict[str, str]:
    """Return texts by their names in the bundle.

    Parameters
    ----------
    board : content of board.json.
    name : of the bundle, as a reader would type it.
    """
    lines = [plain(line) for line in text.lines(run, COLUMNS, facts, verbose=True)]
    made = {
        "report.txt": _joined(lines),
        "mail.txt": _joined(mail.lines(run, facts, name)),
        "page.html": html.page(run, evidence, facts),
        "kernel.txt": _kernel(run),
    }
    texts = board.get("texts")
    for place, said in texts.items() if isinstance(texts, dict) else ():
        if isinstance(place, str) and isinstance(said, str) and _NAME.fullmatch(place):
            made[f"system/{place}"] = said
    return made


def readme(names: Mapping[str, int], run: Summary, removed: Sequence[str] = ()) -> str:
    """Return the list of what is inside.

    Parameters
    ----------
    names : size of each file of the bundle [bytes].
    removed : what was taken out, in words.
    """
    head = text.head(run)[0]
    rows = [_line(name, size, _about(name)) for name, size in sorted(_together(names).items())]
    gone = [f"Taken out (--private): {', '.join(removed)}.", ""] if removed else []
    return _joined(
        [
            f"A run of pcmstress {run.start.program}: {plain(head)}",
            "",
            *gone,
            "file                                       bytes  what it is",
            *rows,
            "",
            "pcmstress report FILE.tar.gz prints it, pcmstress replay FILE.tar.gz runs the detector again.",
        ]
    )


def _together(names: Mapping[str, int]) -> dict[str, int]:
    # Some hundred files of one sort are one line, so that the others are seen.
    frames = [size for name, size in names.items() if name.startswith(_FRAMES)]
    rest = {name: size for name, size in names.items() if not name.startswith(_FRAMES)}
    return {**rest, f"{_FRAMES} ({counted(len(frames), 'file')})": sum(frames)} if frames else rest


def _line(name: str, size: int, about: str) -> str:
    return f"{name:36} {count(size):>11}  {about}".rstrip()


def _about(name: str) -> str:
    if name.startswith(_FRAMES):
        return "raw frames around a finding each, expected and observed"
    if name.endswith("-descriptors"):
        return "USB descriptors of the card, one a line"
    return _ABOUT.get(name, "as the kernel had it when the run began" if name.startswith("system/") else "")


def _kernel(run: Summary) -> str:
    return _joined([plain(line) for line in run.samples.kernel] or ["no message of the kernel was recorded"])


def _joined(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"
