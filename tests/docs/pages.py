# SPDX-License-Identifier: MIT
"""README and docs/ as a test sees them: pages, commands in `sh` blocks, links and headings."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
_BLOCK = re.compile(r"^```sh\n(.*?)^```(?:\n\n```text\n(.*?)^```)?", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEAD = re.compile(r"^#+ +(.*)$", re.MULTILINE)
_STATUS = {"FAIL": 1, "SKIP": 4, "INCONCLUSIVE": 5}


@dataclass(frozen=True)
class Command:
    """One line of a `sh` block.

    Parameters
    ----------
    status : exit status that its comment names, else 0.
    printed : what the page shows of its output, a `text` block right behind the only command of a
        block; else "".
    """

    page: str
    words: tuple[str, ...]
    status: int
    printed: str = ""

    def __str__(self) -> str:
        return f"{self.page}: {' '.join(self.words)}"


def commands(page: Path) -> list[Command]:
    """Return the commands of a page, those before and behind `&` apart."""
    found = []
    for block, printed in _BLOCK.findall(page.read_text(encoding="utf-8")):
        lines = block.replace("\\\n", " ").splitlines()
        for line in lines:
            text, _, comment = line.partition("  #")
            status = next((code for word, code in _STATUS.items() if re.search(rf"\b{word}\b", comment)), 0)
            for part in re.split(r" & | && ", text):
                words = tuple(shlex.split(part, comments=True))
                if words:
                    found.append(Command(page.name, words, status, printed if len(lines) == 1 else ""))
    return found


def links(page: Path) -> list[str]:
    """Return the links of a page that lead to files or headings here."""
    return [link for link in _LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]


def anchors(page: Path) -> set[str]:
    """Return the names of a page's headings, as GitHub makes them."""
    heads = _HEAD.findall(page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}
