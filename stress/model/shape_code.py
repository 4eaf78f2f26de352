# SPDX-License-Identifier: MIT
"""Compile the reader of a record class: one function that checks and stores all its fields.

A reader made of a function for each field spends nearly all its time in the calls. As
`dataclasses` does for ``__init__``, the source of one function is made of the names of the
fields, and of nothing that comes from a record. A field whose value is plainly right is
stored at once; everything else goes to the field's own reader, which converts or refuses it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

# Key in a reader's own attributes: an expression of `x` that is true of values it returns as they are.
PLAIN = "plain"
# The same: values that become an empty tuple.
EMPTY = "empty"
# The same: a function without arguments that returns the compiled reader.
MAKE = "make"


REQUIRED: Any = object()
_ABSENT: Any = object()


class Slot(NamedTuple):
    """A field: its name, its key in JSON, its reader; its value where the key is absent, or `REQUIRED`."""

    name: str
    key: str
    reader: Callable[[Any], Any]
    missing: Any
    omit: bool


def tested(reader: Callable[[Any], Any], **how: Any) -> Callable[[Any], Any]:
    """Say of a reader which values it returns as they are, see `PLAIN`, `EMPTY` and `MAKE`; return it."""
    vars(reader).update(how)
    return reader


def said(reader: Callable[[Any], Any], what: str) -> Any:
    """Return what was said of a reader under `PLAIN`, `EMPTY` or `MAKE`, "" where nothing was."""
    return getattr(reader, "__dict__", {}).get(what, "")


def compiled(cls: Any, slots: Sequence[Slot], error: Callable[[str, str], Exception]) -> Callable[[Any], Any]:
    """Return a function that makes an instance of `cls` of a JSON value.

    Parameters
    ----------
    error : the class of what readers raise: made of what is wrong and its key, with a method `inside`.
    """
    known: dict[str, Any] = {"cls": cls, "new": object.__new__, "Error": error, "absent": _ABSENT}
    known["required"] = tuple(slot.key for slot in slots if slot.missing is REQUIRED)
    lines = [
        "def read_object(value):",
        " if type(value) is not dict: raise Error('is not an object', '')",
        " out = new(cls); made = out.__dict__; get = value.get; key = ''",
        " try:",
        *(f"  {line}" for number, slot in enumerate(slots) for line in _slot(number, slot, known)),
        " except Error as error: raise error.inside(key) from None",
        " except KeyError:",
        "  for key in required:",
        "   if key not in value: raise Error('is missing', key) from None",
        "  raise",
        " return out",
    ]
    exec("\n".join(lines), known)  # noqa: S102 - made of names of fields alone
    made: Callable[[Any], Any] = known["read_object"]
    return made


def _slot(number: int, slot: Slot, known: dict[str, Any]) -> list[str]:
    make = said(slot.reader, MAKE)
    known[f"read{number}"] = make() if make else slot.reader
    known[f"missing{number}"] = slot.missing
    key, store = repr(slot.key), f"made[{slot.name!r}] ="
    ways = [(said(slot.reader, PLAIN), "x"), (said(slot.reader, EMPTY), "()")]
    if slot.missing is not REQUIRED:
        ways.append(("x is absent", f"missing{number}"))
    ways = [way for way in ways if way[0]]
    words = ["if", *["elif"] * len(ways)]
    lines = [f"{word} {test}: {store} {what}" for word, (test, what) in zip(words, ways)]
    call = f"key = {key}; {store} read{number}(x)"
    fetch = f"x = value[{key}]" if slot.missing is REQUIRED else f"x = get({key}, absent)"
    return [fetch, *lines, f"else: {call}" if lines else call]
