# SPDX-License-Identifier: MIT
"""Configurations that say only what differs from another one of their kind: `base = "NAME"`."""

from __future__ import annotations

from typing import Any

from stress.errors import ConfigError
from stress.settings import find

KEY = "base"
# Bases of bases. Higher: a chain that nobody reads; lower: an alias of a variant cannot be made.
MOST = 4


def load(kind: str, name: str) -> tuple[dict[str, Any], str]:
    """Return the table called `name` with what its bases say filled in, and where it was found.

    Tables are merged key by key, anything else is replaced.

    Raises
    ------
    ConfigError : see `stress.settings.find.load`; a base that is no text, or too long a chain of them.
    """
    values, where = find.load(kind, name)
    chain = [values]
    place = where
    while KEY in chain[-1]:
        base = chain[-1][KEY]
        if not isinstance(base, str):
            raise ConfigError("is no name", where=place, key=KEY, allowed=f"one of the {kind}")
        if len(chain) > MOST:
            raise ConfigError(
                f"more than {MOST} bases in a row", where=where, key=KEY, allowed="no circle, fewer of them"
            )
        values, place = find.load(kind, base)
        chain.append(values)
    merged: dict[str, Any] = {}
    for values in reversed(chain):
        merged = _merged(merged, {key: value for key, value in values.items() if key != KEY})
    return merged, where


def _merged(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    out = dict(under)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(out.get(key), dict)
        out[key] = _merged(out[key], value) if both else value
    return out
