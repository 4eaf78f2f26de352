# SPDX-License-Identifier: MIT
"""From the annotations of plain dataclasses to JSON Schema: facts of the board have no readers."""

from __future__ import annotations

import dataclasses
import enum
import types
import typing
from collections.abc import Mapping
from typing import Any, Union

from tools.schemakit.readers import FLAG, NUMBER, TEXT, WHOLE, Schema, keyed, listed

_PLAIN: dict[Any, Schema] = {
    int: WHOLE,
    float: NUMBER,
    str: TEXT,
    bool: FLAG,
    Any: {},
    type(None): {"type": "null"},
}


def of_dataclass(cls: type[Any]) -> Schema:
    """Return the schema of a dataclass as `dataclasses.asdict` writes it: every field is there."""
    hints = typing.get_type_hints(cls, localns={"Mapping": Mapping})
    properties = {one.name: of_type(hints[one.name]) for one in dataclasses.fields(cls)}
    return {"type": "object", "properties": properties, "required": list(properties)}


def of_type(hint: Any) -> Schema:
    """Return the schema of a type.

    Raises
    ------
    TypeError : a type that is not described here.
    """
    if hint in _PLAIN:
        return _PLAIN[hint]
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return of_dataclass(hint)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return {"enum": [one.value for one in hint]}
    return _of_generic(typing.get_origin(hint), typing.get_args(hint))


def _of_generic(origin: Any, args: tuple[Any, ...]) -> Schema:
    if origin is Union or origin is getattr(types, "UnionType", None):
        return {"anyOf": [of_type(one) for one in args]}
    if origin is tuple and args[1:] != (Ellipsis,):
        items = [of_type(one) for one in args]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
    if origin in (tuple, list):
        return listed(of_type(args[0]))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return keyed(of_type(args[1]))
    raise TypeError(f"{origin} of {args}")
