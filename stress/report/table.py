# SPDX-License-Identifier: MIT
"""Plain text tables whose columns align, at any width."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

GAP = "  "
# What is left of a cell that is cut. Lower: names that begin alike become one.
LEAST_CELL = 8
# What a column of sentences is broken to at least. Lower: a word a line.
LEAST_BROKEN = 20


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[object]],
    right: str = "",
    width: int = 0,
    drop: Sequence[int] = (),
    broken: bool = False,
) -> list[str]:
    """Return the lines of a table.

    Parameters
    ----------
    head : column titles.
    right : one letter per column, "r" aligns it to the right.
    width : columns of the terminal, 0 for as many as it takes.
    drop : numbers of the columns that may go where it is too wide, the first one first; what is still
        too wide has the cells of its first column cut.
    broken : the cells of the last column are broken between words instead, into lines of their own.
    """
    if broken and width:
        head, rows = _broken(head, rows, width)
    cells = [[str(cell) for cell in row] for row in (head, *rows)]
    kept = list(range(len(head)))
    for col in drop:
        if not width or _taken(cells, kept) <= width:
            break
        kept.remove(col)
    widths = {col: max(len(row[col]) for row in cells) for col in kept}
    if width and _taken(cells, kept) > width:
        first = kept[0]
        widths[first] = max(LEAST_CELL, widths[first] - (_taken(cells, kept) - width))

    def line(row: Sequence[str]) -> str:
        parts = [
            _cut(row[col], widths[col]).rjust(widths[col])
            if right[col : col + 1] == "r"
            else _cut(row[col], widths[col]).ljust(widths[col])
            for col in kept
        ]
        return GAP.join(parts).rstrip()

    rule = GAP.join("-" * widths[col] for col in kept)
    return [line(cells[0]), rule, *(line(row) for row in cells[1:])]


def _broken(
    head: Sequence[str], rows: Sequence[Sequence[object]], width: int
) -> tuple[Sequence[str], list[list[str]]]:
    taken = sum(max(len(str(row[col])) for row in (head, *rows)) for col in range(len(head) - 1))
    left = max(LEAST_BROKEN, width - taken - len(GAP) * (len(head) - 1))
    out = []
    for *cells, last in rows:
        first, *more = textwrap.wrap(str(last), left, break_on_hyphens=False) or [""]
        out.append([*map(str, cells), first])
        out += [[*("" for _ in cells), part] for part in more]
    return head, out


def _taken(cells: Sequence[Sequence[str]], kept: Sequence[int]) -> int:
    return sum(max(len(row[col]) for row in cells) for col in kept) + len(GAP) * (len(kept) - 1)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}~"
