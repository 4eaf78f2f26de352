# SPDX-License-Identifier: MIT
"""Durations as people write them: 90s, 10m, 3h, 250ms."""

from __future__ import annotations

import re

from stress.errors import ConfigError
from stress.model.words import quoted

_UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_FORM = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")
# Ten years: longer is a typing error, and far below where floats lose a millisecond.
LONGEST_S = 3.2e8


def parse_duration(text: str, where: str = "", key: str = "", *, zero: bool = False) -> float:
    """Return the seconds that `text` means, e.g. "1h30m" -> 5400.0 [s].

    Parameters
    ----------
    zero : no time at all may be said, as "0s".

    Raises
    ------
    ConfigError : not of the form, zero, or longer than ten years.
    """
    parts = _FORM.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ConfigError(
            f"{quoted(text)} is not a duration",
            where=where,
            key=key,
            allowed="for example 500ms, 90s, 10m or 3h",
        )
    seconds = sum(float(number) * _UNIT_S[unit] for number, unit in parts)
    if not (0 < seconds <= LONGEST_S or (zero and not seconds)):
        allowed = "0s to 3650d" if zero else "above 0, at most 3650d"
        raise ConfigError(f"{quoted(text)} is out of range", where=where, key=key, allowed=allowed)
    return seconds


def format_duration(seconds: float) -> str:
    """Return `seconds` in the same notation, rounded for people."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f}ms"
    if seconds < 100:
        return f"{seconds:.3g}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{value}{unit}" for value, unit in ((hours, "h"), (minutes, "m"), (rest, "s")) if value]
    return "".join(parts[:2]) or "0s"
