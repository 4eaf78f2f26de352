# SPDX-License-Identifier: MIT
"""What was tried and what came of it, in a file: a long round can be ended at any time and taken up."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from tools.mutatekit.mirror import STRESS
from tools.mutatekit.sites import Site


class Kept:
    """Outcomes of changes.

    Parameters
    ----------
    path : file of them, None for memory alone. An outcome counts while its module is as it was.
    again : forget survivors, so that they are tried with the tests of today.
    """

    def __init__(self, path: Path | None, again: bool = False) -> None:
        self._path = path
        self._outcomes: dict[str, bool] = {}
        if path is not None and path.exists():
            self._outcomes = json.loads(path.read_text(encoding="utf-8"))
        if again:
            self._outcomes = {name: True for name, noticed in self._outcomes.items() if noticed}

    def noticed(self, module: str, site: Site) -> bool | None:
        """Return whether a change was noticed, None where it was not tried."""
        return self._outcomes.get(_name(module, site))

    def add(self, module: str, site: Site, noticed: bool) -> bool:
        """Keep one outcome, and return it."""
        self._outcomes[_name(module, site)] = noticed
        if self._path is not None:
            whole = self._path.with_suffix(".new")
            whole.write_text(json.dumps(self._outcomes, indent=1), encoding="utf-8")
            whole.replace(self._path)
        return noticed


def _name(module: str, site: Site) -> str:
    source = hashlib.sha256((STRESS / module).read_bytes()).hexdigest()[:12]
    return f"{module} {source} {site.index}.{site.part} {site}"
