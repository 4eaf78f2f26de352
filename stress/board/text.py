# SPDX-License-Identifier: MIT
"""Small files of /proc and /sys, which may be absent or out of reach."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_NUMBER = re.compile(r"[0-9]{1,20}(\.[0-9]{1,9})?")


def text_of(path: Path) -> str:
    """Return what a file holds, "" where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def number_of(path: Path) -> float:
    """Return the number that a small file holds, 0 where it holds none.

    The kernel says "unknown" of the speed of a device that it does not know; no
    number of its files has more than 20 digits.
    """
    found = _NUMBER.fullmatch(text_of(path).strip())
    return float(found[0]) if found else 0.0
