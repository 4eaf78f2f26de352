"""Plain text tables whose columns align."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[object]], right: str = "") -> list[str]:
    """Return the lines of a table.

    Parameters
    ----------
    head : column titles.
    right : one letter per column, "r" aligns it to the right.
    """
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[col]) for row in [list(head), *texts]) for col in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        parts = [
            cell.rjust(width) if right[col : col + 1] == "r" else cell.ljust(width)
            for col, (cell, width) in enumerate(zip(cells, widths))
        ]
        return "  ".join(parts).rstrip()

    return [line(list(head)), line(["-" * width for width in widths]), *(line(row) for row in texts)]
