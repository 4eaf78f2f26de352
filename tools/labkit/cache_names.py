# SPDX-License-Identifier: MIT
"""Caches of real boards by name, for ``--cache``: ``--cache xscale`` is ``size=32768,ways=32,repl=rr``."""

from __future__ import annotations

from tools.labkit.errors import LabUsage

#: Source: docs/cores.md and the boot logs of configs/boards; the tester's model has the same by name.
NAMED = {
    "at91sam9260": "size=8192",
    "arm926-32k": "size=32768",
    "arm926-32k-rr": "size=32768,repl=rr",
    "arm920t": "ways=64",
    "xscale": "size=32768,ways=32,repl=rr",
    "orion5x": "size=32768,ways=1,repl=rr",
    "kirkwood": "repl=rr",
    "feroceon-wa": "repl=rr,wa=1",
    "fa526": "size=8192,ways=2,line=16,repl=rr",
}


def expanded(setting: str) -> str:
    """Return the options of a setting, a name in it replaced by what it stands for.

    Raises LabUsage for a word that is neither an option nor a name.
    """
    parts = []
    for part in filter(None, setting.split(",")):
        if "=" not in part and part != "off" and part not in NAMED:
            raise LabUsage(
                f"--cache {part}: no cache has that name ({', '.join(NAMED)}), nor is it NAME=VALUE"
            )
        parts.append(NAMED.get(part, part))
    return ",".join(parts)
