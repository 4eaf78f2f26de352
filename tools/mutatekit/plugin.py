# SPDX-License-Identifier: MIT
"""For pytest: load one module from another source, and run chosen tests.

Both are read from the environment. The tree is left alone, so a run that is killed leaves nothing
behind. Programs that a test starts see the module as it is.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

MODULE, SOURCE, CHOSEN = "MUTATE_MODULE", "MUTATE_SOURCE", "MUTATE_CHOSEN"


class _Finder:
    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != os.environ[MODULE]:
            return None
        source = os.environ[SOURCE]
        return importlib.util.spec_from_loader(name, SourceFileLoader(name, source), origin=source)


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Leave the chosen tests, in the order in which they were chosen; a new parameter's test stays."""
    if CHOSEN in os.environ:
        chosen = json.loads(Path(os.environ[CHOSEN]).read_text(encoding="utf-8"))
        order = {name: place for place, name in enumerate(chosen["tests"])}
        unknown = [item for item in items if item.nodeid not in chosen["known"]]
        items[:] = sorted(
            (item for item in items if item.nodeid in order), key=lambda item: order[item.nodeid]
        )
        items += unknown


def install() -> None:
    """From now on the module is loaded from its other source."""
    sys.dont_write_bytecode = True
    sys.meta_path.insert(0, _Finder())
