# SPDX-License-Identifier: MIT
"""Who may have hidden a defect that did not show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stress.model.transport import ALIASING

if TYPE_CHECKING:
    from stress.verdict.summary import Summary


def hiding(run: Summary) -> list[str]:
    """Return who ran beside the bursts and may hide the defect; nobody where it shows, or cannot be."""
    if run.failed or run.start.transport.indexing not in ALIASING:
        return []
    return run.beside.suspects()
