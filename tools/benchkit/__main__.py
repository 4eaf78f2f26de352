# SPDX-License-Identifier: MIT
"""Dispatch tools/bench SUBCOMMAND to the module of that name."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys

import tools.benchkit
from stress.errors import StressError


def _subcommands() -> dict[str, str]:
    # A module without a leading underscore is a subcommand.
    names = [m.name for m in pkgutil.iter_modules(tools.benchkit.__path__) if not m.name.startswith("_")]
    return {name: f"tools.benchkit.{name}" for name in names}


def main(argv: list[str]) -> int:
    """Run the subcommand named first; 64 when there is none of that name."""
    # Threads of the linear algebra spin while they wait, which the processor times would show.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    known = _subcommands()
    if argv and argv[0] in known:
        module = importlib.import_module(known[argv[0]])
        try:
            return int(module.main(argv[1:]))
        except StressError as error:
            print(f"tools/bench {argv[0]}: {error}", file=sys.stderr)
            return 64
    out = sys.stdout if argv[:1] in (["-h"], ["--help"]) else sys.stderr
    print("usage: tools/bench SUBCOMMAND [ARGS]; subcommands:", file=out)
    for name in sorted(known):
        doc = importlib.import_module(known[name]).__doc__ or ""
        print(f"  {name:10} {doc.strip().splitlines()[0] if doc else ''}", file=out)
    return 0 if out is sys.stdout else 64


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
