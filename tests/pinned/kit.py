# SPDX-License-Identifier: MIT
"""Results as lines of text, and lines against a file: integers alike, other numbers to 2 in 10 000.

A pin holds values. Of a sentence it holds the numbers in it, in their order, and not its words.
"""

from __future__ import annotations

import dataclasses
import re
import zlib
from collections.abc import Mapping
from enum import Enum
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parent
# A figure that is no integer may differ by so much, relative and absolute. Source: float32 transforms of
# numpy 1 and 2 differ by 1e-6. Higher: a change of a factor is missed; lower: another numpy is a change.
CLOSE, SMALL = 2e-4, 2e-6
_NUMBER = re.compile(r"\d+(?:[ .]\d+)*(?:e[-+]?\d+)?")
_TOKEN = re.compile(r"-?\d+\.\d*(?:e[-+]?\d+)?|-?\d+e[-+]?\d+")
# Longest array and text that are written out.
_SHORT, _LONGEST = 12, 400


def word(value):
    """Return one value as text on one line; prose as its numbers, a long array as its sums."""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, str):
        if len(value) > _LONGEST:
            return word(value.encode())
        return "~" + " ".join(_NUMBER.findall(value)) if " " in value else repr(value)[1:-1]
    if isinstance(value, (bool, np.bool_)) or value is None:
        return str(value)
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        text = f"{float(value) + 0.0:.6g}"
        return text if set(text) & set(".en") else f"{text}."
    if isinstance(value, (bytes, bytearray)):
        return f"bytes({len(value)}, crc {zlib.crc32(bytes(value)):08x})"
    return _compound(value)


def _compound(value):
    if isinstance(value, np.ndarray):
        return _array(value)
    if dataclasses.is_dataclass(value):
        named = ((one.name, getattr(value, one.name)) for one in dataclasses.fields(value) if one.repr)
        return f"{type(value).__name__}({' '.join(f'{name}={word(one)}' for name, one in named)})"
    if isinstance(value, Mapping):
        return "{" + " ".join(f"{word(key)}: {word(one)}" for key, one in value.items()) + "}"
    if isinstance(value, (list, tuple, set, frozenset)):
        every = sorted(value, key=word) if isinstance(value, (set, frozenset)) else value
        return "[" + " ".join(word(one) for one in every) + "]"
    return type(value).__name__


def _array(value):
    if value.size <= _SHORT:
        return word(value.tolist())
    shape = "x".join(str(one) for one in value.shape)
    flat = value.reshape(-1)
    if np.iscomplexobj(flat):
        flat = np.concatenate([flat.real, flat.imag])
    if flat.dtype.kind not in "fc":
        place = int((flat.astype(np.int64) * (np.arange(flat.size) % 8191)).sum())
        return f"{shape}(sum {int(flat.sum(dtype=np.int64))} turn {place})"
    wide = flat.astype(float)
    turn = float((np.abs(wide) * np.linspace(1, 2, wide.size)).sum())
    return f"{shape}(abs {np.abs(wide).sum():.6g} turn {turn:.6g} square {(wide**2).sum():.6g})"


def read(room):
    """Return the pinned lines of a room by case."""
    out: dict[str, list[str]] = {}
    for line in (FOLDER / f"{room}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            lines = out.setdefault(line[3:], [])
        elif line and not line.startswith("# "):
            lines.append(line)
    return out


def lines_of(case):
    """Return the lines of a case."""
    return [line.rstrip() for line in case()]


def differing(seen, pinned):
    """Return the lines that differ, "- " as pinned and "+ " as seen."""
    longest = max(len(seen), len(pinned))
    pairs = zip(*([*lines, *[""] * (longest - len(lines))] for lines in (pinned, seen)))
    return [
        f"{sign} {line}" for was, now in pairs if not alike(was, now) for sign, line in zip("-+", (was, now))
    ]


def alike(was, now):
    """Tell whether two lines say the same."""
    if was == now:
        return True
    if _TOKEN.sub("#", was) != _TOKEN.sub("#", now):
        return False
    pairs = zip(_TOKEN.findall(was), _TOKEN.findall(now))
    return all(abs(float(a) - float(b)) <= SMALL + CLOSE * abs(float(a)) for a, b in pairs)


def pinned_tests(room, cases):
    """Return the two tests of a room: each case gives what is pinned, and nothing else is pinned."""
    pinned = read(room)

    @pytest.mark.parametrize("case", cases)
    def gives_what_is_pinned(case):
        assert differing(lines_of(cases[case]), pinned[case]) == []

    def pins_nothing_else():
        assert list(pinned) == list(cases)

    return gives_what_is_pinned, pins_nothing_else
