# SPDX-License-Identifier: MIT
"""pcmstress kinds: the kinds of corruption that a finding can have."""

from __future__ import annotations

import inspect
import json
import re
import sys
from typing import TYPE_CHECKING

from stress.model.finding import Kind
from stress.report.console import Console
from stress.report.table import table

if TYPE_CHECKING:
    import argparse

_MEMBER = re.compile(r'^    [A-Z_0-9]+ = "([a-z_0-9]+)"  #: (.+)$', re.MULTILINE)


def execute(args: argparse.Namespace) -> int:
    """Print every kind with its meaning; return 0."""
    console = Console(sys.stdout, sys.stderr)
    found = meanings()
    if args.json:
        kinds = [{"name": name, "meaning": text} for name, text in found.items()]
        console.line(json.dumps({"schema": "pcmstress/kinds/1", "kinds": kinds}))
        return 0
    console.prose(table(("kind", "what is wrong"), list(found.items()), "ll", console.columns, (), True))
    return 0


def meanings() -> dict[str, str]:
    """Return what each kind means, as the enumeration itself says it."""
    try:
        told = dict(_MEMBER.findall(inspect.getsource(Kind)))
    except OSError:  # byte code alone, without its source
        told = {}
    return {kind.value: told.get(kind.value, "") for kind in Kind}
