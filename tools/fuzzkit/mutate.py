# SPDX-License-Identifier: MIT
"""Mutations of bytes and of JSON values, drawn from a seeded generator."""

from __future__ import annotations

from random import Random
from typing import Any

# Values that readers get wrong: edges of integers, other types, long and odd texts.
ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    1 << 31,
    -(1 << 31),
    1 << 63,
    -(1 << 64),
    10**400,
    0.0,
    -0.5,
    1e308,
    float("nan"),
    float("inf"),
    "",
    "x" * 5000,
    "\x1b[31m\n\r\0",
    "\ud800",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    [],
    {},
    [[]],
    {"": ""},
)
_EDGES = (b"\0", b"\xff", b"\x7f", b"\x80", b"\n", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f")


def of_bytes(data: bytes, random: Random) -> bytes:
    """Return `data` with one to four mutations: flips, edge values, cuts, copies, zeroed blocks."""
    out = bytearray(data)
    for _ in range(random.randint(1, 4)):
        _one(out, random)
    return bytes(out)


def _one(out: bytearray, random: Random) -> None:
    if not out:
        out += random.choice(_EDGES)
        return
    at, size = random.randrange(len(out)), random.choice((1, 2, 4, 16, 64, 512))
    how = random.randrange(9)
    if how == 0:
        out[at] ^= 1 << random.randrange(8)
    elif how == 1:
        edge = random.choice(_EDGES)
        out[at : at + len(edge)] = edge
    elif how == 2:
        del out[at:]
    elif how == 3:
        del out[at : at + size]
    elif how == 4:
        out[at:at] = out[at : at + size] * random.choice((1, 1, 2, 50))
    elif how == 6:
        # Lengths are words on a boundary of four, near zero or small negatives as often as huge.
        word = random.choice((-1, -48, 0, 1 << 30, random.randint(-1000, 1000)))
        out[at & ~3 : (at & ~3) + 4] = word.to_bytes(4, random.choice(("little", "big")), signed=True)
    elif how == 8:
        # Python refuses to read more than 4300 digits, with an error of its own.
        digits = [place for place, byte in enumerate(out) if 0x30 <= byte <= 0x39]
        at = random.choice(digits) if digits else at
        out[at:at] = b"9" * random.choice((10, 20, 400, 5000))
    elif how == 5:
        out[at : at + size] = bytes(min(size, len(out) - at))
    else:
        out[at:at] = random.randbytes(size)


def of_json(value: Any, random: Random) -> Any:
    """Return a copy of `value` with one to three nodes replaced, removed, renamed or repeated."""
    for _ in range(random.randint(1, 3)):
        value = _node(value, random, random.randint(0, 6))
    return value


def _node(value: Any, random: Random, depth: int) -> Any:
    if isinstance(value, dict) and value and depth:
        key = random.choice(list(value))
        how = random.randrange(12)
        rest = {name: entry for name, entry in value.items() if name != key}
        if how == 0:
            return rest
        if how == 1:
            return {**rest, random.choice(("", "x" * 300, "<b>", "\n", "__class__")): value[key]}
        return {**value, key: _node(value[key], random, depth - 1)}
    if isinstance(value, list) and value and depth:
        at = random.randrange(len(value))
        how = random.randrange(10)
        if how == 0:
            return value[:at] + value[at + 1 :]
        if how == 1:
            return value[: at + 1] + [value[at]] * random.choice((1, 200)) + value[at + 1 :]
        return [*value[:at], _node(value[at], random, depth - 1), *value[at + 1 :]]
    return random.choice(ODD)
