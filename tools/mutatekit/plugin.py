# SPDX-License-Identifier: MIT
"""For pytest: load one module from another source. ``-p tools.mutatekit.plugin`` reads the environment.

The tree is left alone, so a run that is killed leaves nothing behind. Programs that a
test starts see the module as it is.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import ModuleType
from typing import Any

MODULE, SOURCE = "MUTATE_MODULE", "MUTATE_SOURCE"


class _Finder:
    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != os.environ[MODULE]:
            return None
        source = os.environ[SOURCE]
        return importlib.util.spec_from_loader(name, SourceFileLoader(name, source), origin=source)


if MODULE in os.environ:
    sys.dont_write_bytecode = True
    sys.meta_path.insert(0, _Finder())
