# SPDX-License-Identifier: MIT
"""Declare a dataclass of settings and read it from a table, one error at a time.

A settings class is a frozen dataclass whose fields are made by the functions
below; each carries its range. `read` turns a table (from TOML or JSON) into an
instance or raises ConfigError with file, key, what is allowed, and for an
unknown key the nearest known one. `write` is the inverse: the resolved
settings as plain JSON, from which a run can be repeated.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Callable, TypeVar

from stress.errors import ConfigError, near, one_of
from stress.model.words import quoted
from stress.settings.times import parse_duration

T = TypeVar("T")
# A reader takes (value, where, key) and returns the checked value.
Reader = Callable[[Any, str, str], Any]
_READ = "settings.read"
REQUIRED: Any = object()


def _field(read: Reader, default: Any) -> Any:
    metadata = {_READ: read}
    if default is REQUIRED:
        return dataclasses.field(metadata=metadata)
    if isinstance(default, (list, dict)):
        raise TypeError("a settings default has to be immutable")
    return dataclasses.field(default=default, metadata=metadata)


def _limits(low: float, high: float) -> str:
    return f"{low:g} to {high:g}"


def integer(default: Any, low: int, high: int) -> Any:
    """Declare a whole number from `low` to `high`.

    Raises
    ------
    ConfigError : on reading, for any other value.
    """

    def read(value: Any, where: str, key: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ConfigError(
                f"{quoted(value)} is not a whole number in range",
                where=where,
                key=key,
                allowed=f"{low} to {high}",
            )
        return value

    return _field(read, default)


def number(default: Any, low: float, high: float) -> Any:
    """Declare a finite number from `low` to `high`.

    Raises
    ------
    ConfigError : on reading, for any other value.
    """

    def read(value: Any, where: str, key: str) -> float:
        # NaN is in no range; whole numbers of any size are compared as they are.
        good = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not good or not low <= value <= high:
            raise ConfigError(
                f"{quoted(value)} is not a number in range", where=where, key=key, allowed=_limits(low, high)
            )
        return float(value)

    return _field(read, default)


def flag(default: Any) -> Any:
    """Declare true or false.

    Raises
    ------
    ConfigError : on reading, for any other value.
    """

    def read(value: Any, where: str, key: str) -> bool:
        if not isinstance(value, bool):
            raise ConfigError(f"{quoted(value)} is not a flag", where=where, key=key, allowed="true or false")
        return value

    return _field(read, default)


def text(default: Any, choices: Sequence[str] = (), longest: int = 200) -> Any:
    """Declare a text, one of `choices` where any are given.

    Raises
    ------
    ConfigError : on reading, for any other value.
    """

    def read(value: Any, where: str, key: str) -> str:
        if not isinstance(value, str):
            raise ConfigError(f"{quoted(value)} is not a text", where=where, key=key)
        if choices and value not in choices:
            message = f"unknown value {quoted(value)}{near(value, choices)}"
            raise ConfigError(message, where=where, key=key, allowed=one_of(choices))
        if len(value) > longest:
            raise ConfigError(f"longer than {longest} characters", where=where, key=key)
        return value

    return _field(read, default)


def duration(default: Any, *, zero: bool = False) -> Any:
    """Declare a time such as "90s"; the value is in seconds.

    Parameters
    ----------
    zero : it may be "0s".

    Raises
    ------
    ConfigError : on reading, for any other value.
    """

    def read(value: Any, where: str, key: str) -> float:
        if not isinstance(value, str):
            raise ConfigError(
                f"{quoted(value)} is not a duration",
                where=where,
                key=key,
                allowed='a text such as "90s" or "10m"',
            )
        return parse_duration(value, where, key, zero=zero)

    return _field(read, default)


def listing(item: Any, default: tuple[Any, ...] = (), most: int = 1000) -> Any:
    """Declare a list whose items are like `item`, a field made by a function above.

    Raises
    ------
    ConfigError : on reading, for any other value.
    """
    read_item = item.metadata[_READ]

    def read(value: Any, where: str, key: str) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple)) or len(value) > most:
            raise ConfigError("is not a list", where=where, key=key, allowed=f"at most {most} items")
        return tuple(read_item(entry, where, f"{key}[{index}]") for index, entry in enumerate(value))

    return _field(read, default)


def table(cls: type[T], default: Any = REQUIRED) -> Any:
    """Declare a nested table read into the settings class `cls`."""

    def read_table(value: Any, where: str, key: str) -> T:
        return read(cls, value, where, key)

    return _field(read_table, default)


def optional(item: Any) -> Any:
    """Declare what may be null: else it is like `item`, a field made by a function above."""
    read_item = item.metadata[_READ]

    def read(value: Any, where: str, key: str) -> Any:
        return None if value is None else read_item(value, where, key)

    return _field(read, REQUIRED)


def parsed(parse: Callable[[Any, str], Any]) -> Any:
    """Declare a nested value that `parse` makes of it and the name of the file."""

    def read(value: Any, where: str, key: str) -> Any:
        return parse(value, where)

    return _field(read, REQUIRED)


def read(cls: type[T], values: Any, where: str, prefix: str = "") -> T:
    """Return `values` as an instance of the settings class `cls`.

    Parameters
    ----------
    values : the table.
    where : file name for error texts.
    prefix : dotted key of the table inside the file.

    Raises
    ------
    ConfigError : not a table, unknown key, missing key, or a value out of range.
    """
    if not isinstance(values, dict):
        raise ConfigError("is not a table", where=where, key=prefix)
    fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    for name in values:
        if name not in fields:
            raise ConfigError(
                f"unknown key{near(str(name), list(fields))}",
                where=where,
                key=_dotted(prefix, str(name)),
                allowed=one_of(sorted(fields)),
            )
    taken = {name: _value(fields[name], values[name], where, _dotted(prefix, name)) for name in values}
    for name, field in fields.items():
        if name not in taken and field.default is dataclasses.MISSING:
            raise ConfigError("is missing", where=where, key=_dotted(prefix, name))
    return cls(**taken)


def _value(field: dataclasses.Field[Any], value: Any, where: str, key: str) -> Any:
    return field.metadata[_READ](value, where, key)


def _dotted(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name


def write(settings: Any) -> dict[str, Any]:
    """Return the settings as a table that `read` accepts again."""

    def plain(value: Any, reader: Any) -> Any:
        if dataclasses.is_dataclass(value):
            return write(value)
        if isinstance(value, tuple):
            return [plain(item, None) for item in value]
        if reader is not None and reader.__qualname__.startswith("duration."):
            return f"{value:.9g}s"
        return value

    return {
        field.name: plain(getattr(settings, field.name), field.metadata.get(_READ))
        for field in dataclasses.fields(settings)
    }


def override(values: dict[str, Any], assignments: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of `values` with dotted keys set, e.g. {"kernel.use_vmalloc": False}."""
    out = {name: dict(value) if isinstance(value, dict) else value for name, value in values.items()}
    for dotted, value in assignments.items():
        *parents, last = dotted.split(".")
        place = out
        for parent in parents:
            nested = place.get(parent)
            place[parent] = dict(nested) if isinstance(nested, dict) else {}
            place = place[parent]
        place[last] = value
    return out
