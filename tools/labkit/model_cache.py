# SPDX-License-Identifier: MIT
"""Options of the emulator's cache as keys of a virtual board, for predictions."""

from __future__ import annotations

from typing import Any

from tools.labkit import cache_names
from tools.labkit.errors import LabUsage

_KEYS = {"size": "size_bytes", "ways": "ways", "line": "line_bytes"}
_WORDS = {
    "repl": ("replacement", {"rnd": "random", "rr": "rr", "rrg": "rrg"}),
    "wa": ("allocate", {"0": "read", "1": "write"}),
    "type": ("tagging", {"vivt": "vivt", "vipt": "vipt"}),
}
# Of the emulator alone: they change no rate that a prediction could follow.
_APART = ("seed", "stride", "noise", "mode", "check", "log", "logmax", "touches")


def overrides(setting: str, stored_per_ms: int = 0) -> dict[str, Any]:
    """Return the keys of a virtual board that model these options of the emulator's cache.

    Parameters
    ----------
    stored_per_ms : lines that others' stores take where one that misses allocates
        [lines/ms]; a footprint has those alone that are loaded from.

    Raises LabUsage for an option or a value that the virtual board has no word for.
    """
    found: dict[str, Any] = {}
    for part in filter(None, cache_names.expanded(setting).split(",")):
        name, _, value = part.partition("=")
        if name in _KEYS and value.isdigit():
            found[f"cache.{_KEYS[name]}"] = int(value)
        elif name in _WORDS and value in _WORDS[name][1]:
            key, words = _WORDS[name]
            found[f"cache.{key}"] = words[value]
        elif name not in _APART:
            raise LabUsage(f"--cache {part}: no virtual board models that")
    if found.get("cache.allocate") == "write":
        found["kernel.in_order"] = True
        if stored_per_ms:
            found["kernel.noise_lines_per_ms"] = stored_per_ms
    return found
