# SPDX-License-Identifier: MIT
"""Declare the shape of a record once: a frozen dataclass is read from JSON, checked, and written from it.

A class is a frozen dataclass whose fields are made by the functions below. Each
carries a reader, which checks a JSON value and returns it as the field's type.
`read` makes an instance, or raises `Mismatch` with the place and what is wrong
there; `write` is the inverse. Keys that a class does not know are left out, so
that a record of a later version can be read.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from stress.model.shape_code import EMPTY, MAKE, PLAIN, REQUIRED, Slot, compiled, said, tested

T = TypeVar("T")
# Takes a JSON value and returns it as the type of the field, or raises Mismatch.
Reader = Callable[[Any], Any]
# Whole numbers of a record. Source: nothing we count or number needs 63 bits. Higher: sums and
# ratios of a damaged record overflow; lower: times in nanoseconds are refused.
MOST = 1 << 63
_READ, _KEY, _OMIT = "record.read", "record.key", "record.omit"


class Mismatch(ValueError):
    """A JSON value is not what the record says: the place and what is wrong there."""

    def __init__(self, says: str, place: str = "") -> None:
        self.says, self.place = says, place
        super().__init__(f"{place} {says}" if place else says)

    def inside(self, outer: str) -> Mismatch:
        """Return the same for the object that holds the value under the key `outer`."""
        dot = "." if self.place and not self.place.startswith("[") else ""
        return Mismatch(self.says, f"{outer}{dot}{self.place}")


def _wrong_type(value: Any) -> Mismatch:
    return Mismatch(f"has the wrong type ({type(value).__name__})")


def within(low: int = -MOST, high: int = MOST) -> Reader:
    """Return the reader of a whole number from `low` to `high`.

    Raises
    ------
    Mismatch : the reader, for any other value.
    """

    def read_whole(value: Any) -> int:
        # bool is an int to isinstance; a count given as true is a wrong record.
        if type(value) is not int:
            raise _wrong_type(value)
        if not low <= value <= high:
            raise Mismatch("is out of range")
        return value

    return tested(read_whole, **{PLAIN: f"type(x) is int and {low} <= x <= {high}"})


def read_number(value: Any) -> float:
    """Read a finite number that is no larger than what a record may hold.

    Raises
    ------
    Mismatch : anything else.
    """
    if type(value) is not float and type(value) is not int:
        raise _wrong_type(value)
    # Not a number and the infinities fail it as well; an integer of 400 digits has no float.
    if not -MOST <= value <= MOST:
        raise Mismatch("is out of range")
    return value


tested(read_number, **{PLAIN: f"type(x) is float and {-MOST} <= x <= {MOST}"})


def read_text(value: Any) -> str:
    """Read a text."""
    if type(value) is not str:
        raise _wrong_type(value)
    return value


tested(read_text, **{PLAIN: "type(x) is str"})


def read_flag(value: Any) -> bool:
    """Read true or false."""
    if type(value) is not bool:
        raise _wrong_type(value)
    return value


tested(read_flag, **{PLAIN: "type(x) is bool"})


def among(names: Sequence[str]) -> Reader:
    """Return the reader of one of the texts `names`.

    Raises
    ------
    Mismatch : the reader, for any other value.
    """
    known = frozenset(names)

    def read_name(value: Any) -> str:
        if type(value) is not str or value not in known:
            raise Mismatch(f"is none of {', '.join(names)}")
        return value

    return read_name


def or_none(reader: Reader) -> Reader:
    """Return a reader that takes null as well."""

    def read_some(value: Any) -> Any:
        return None if value is None else reader(value)

    if said(reader, PLAIN):
        tested(read_some, **{PLAIN: f"x is None or ({said(reader, PLAIN)})"})
    return read_some


def listed(reader: Reader) -> Reader:
    """Return the reader of a list whose items are read by `reader`, as a tuple.

    Raises
    ------
    Mismatch : the reader, for anything but a list.
    """

    def read_list(value: Any) -> tuple[Any, ...]:
        if type(value) is not list:
            raise Mismatch("is not a list")
        made: list[Any] = []
        try:
            for item in value:
                made.append(reader(item))
        except Mismatch as error:
            raise error.inside(f"[{len(made)}]") from None
        return tuple(made)

    return tested(read_list, **{EMPTY: "type(x) is list and not x"})


def keyed(reader: Reader) -> Reader:
    """Return the reader of an object with any keys, whose values are read by `reader`.

    Raises
    ------
    Mismatch : the reader, for anything but an object.
    """

    def read_keyed(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise Mismatch("is not an object")
        made: dict[str, Any] = {}
        for name, item in value.items():
            try:
                made[name] = reader(item)
            except Mismatch as error:
                raise error.inside(name) from None
        return made

    return tested(read_keyed, **{PLAIN: "type(x) is dict and not x"})


def row(cls: Callable[..., T], *readers: Reader) -> Reader:
    """Return the reader of a list with as many items as `readers`, as a named tuple.

    Raises
    ------
    Mismatch : the reader, for anything but a list of that length.
    """

    def read_row(value: Any) -> T:
        if type(value) is not list:
            raise Mismatch("is not a list")
        if len(value) != len(readers):
            raise Mismatch(f"has {len(value)} items, not {len(readers)}")
        made: list[Any] = []
        try:
            for reader, item in zip(readers, value):
                made.append(reader(item))
        except Mismatch as error:
            raise error.inside(f"[{len(made)}]") from None
        return cls(*made)

    return read_row


def field(reader: Reader, default: Any = REQUIRED, key: str = "", omit: bool = False) -> Any:
    """Declare a field.

    Parameters
    ----------
    default : of records that do not have the key; without one the key has to be there.
    key : in JSON, where it is not the field's name.
    omit : the key is not written while the value is the default.
    """
    metadata = {_READ: reader, _KEY: key, _OMIT: omit}
    if default is REQUIRED:
        return dataclasses.field(metadata=metadata)
    if isinstance(default, dict):
        return dataclasses.field(default_factory=dict, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


_count = within(0)
_whole = within()


def count(default: Any = REQUIRED) -> Any:
    """Declare a whole number that is not negative."""
    return field(_count, default)


def whole(default: Any = REQUIRED) -> Any:
    """Declare a whole number, or null where the default is None."""
    return field(or_none(_whole) if default is None else _whole, default)


def nullable(reader: Reader, default: Any = REQUIRED) -> Any:
    """Declare a value that may be null."""
    return field(or_none(reader), default)


def number(default: Any = REQUIRED) -> Any:
    """Declare a finite number."""
    return field(read_number, default)


def text(default: Any = REQUIRED) -> Any:
    """Declare a text."""
    return field(read_text, default)


def texts(default: Any = REQUIRED) -> Any:
    """Declare a list of texts."""
    return field(listed(read_text), default)


def flag(default: Any = REQUIRED) -> Any:
    """Declare true or false."""
    return field(read_flag, default)


def part(cls: type[Any], default: Any = REQUIRED, key: str = "") -> Any:
    """Declare an object of the record class `cls`; not written while it is a default of None."""
    reader = of(cls)
    return field(or_none(reader) if default is None else reader, default, key, omit=default is None)


@functools.cache
def _slots(cls: Any) -> tuple[Slot, ...]:
    return tuple(_slot(one) for one in dataclasses.fields(cls))


def _slot(one: dataclasses.Field[Any]) -> Slot:
    missing = REQUIRED if one.default_factory is dataclasses.MISSING else one.default_factory()
    if one.default is not dataclasses.MISSING:
        missing = one.default
    key = one.metadata[_KEY] or one.name
    return Slot(one.name, key, one.metadata[_READ], missing, one.metadata[_OMIT])


def of(cls: Any) -> Reader:
    """Return the reader of an object of the record class `cls`.

    Raises
    ------
    Mismatch : the reader, for no object, for a key that is missing, for a value of another shape.
    """

    def read_object(value: Any) -> Any:
        return _reader(cls)(value)

    return tested(read_object, **{MAKE: functools.partial(_reader, cls)})


@functools.cache
def _reader(cls: Any) -> Reader:
    # Made when the first record is read: most commands read none.
    return compiled(cls, _slots(cls), Mismatch)


def read(cls: type[T], value: Any) -> T:
    """Return the JSON object `value` as an instance of the record class `cls`.

    Raises
    ------
    Mismatch : it is no object, a key is missing, or a value is of another shape.
    """
    kind: Any = cls
    made: T = _reader(kind)(value)
    return made


def write(value: Any) -> Any:
    """Return a record, or what a field of one holds, as plain JSON values."""
    if dataclasses.is_dataclass(value):
        kind: Any = type(value)
        slots = _slots(kind)
        pairs = ((slot, getattr(value, slot.name)) for slot in slots)
        return {slot.key: write(item) for slot, item in pairs if not (slot.omit and item is slot.missing)}
    if isinstance(value, Mapping):
        return {name: write(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [write(item) for item in value]
    return value
