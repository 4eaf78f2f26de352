# SPDX-License-Identifier: MIT
"""From the readers of the record and of settings to JSON Schema: what a reader accepts, its closure says."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from stress.model.record.histogram import HistogramRecord
from stress.model.record.wire import BlindRecord, WireRecord
from stress.plan.plan import Plan

Schema = dict[str, Any]
WHOLE: Schema = {"type": "integer"}
TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
NUMBER: Schema = {"type": "number"}
# Readers that belong to one class and are no combination of others.
OWN: dict[str, Any] = {
    "_details": {"type": "object"},
    "_source": {"anyOf": [WHOLE, {"type": "array", "items": WHOLE}]},
    "_cells": {"type": "array", "items": {"type": "integer", "minimum": 0}},
    "wire_of": (WireRecord, BlindRecord),
    "read_histogram": (HistogramRecord,),
}


class Described:
    """Schemas of classes, each under its name; a class is described once.

    Attributes
    ----------
    defs : what was described so far.
    """

    def __init__(self) -> None:
        self.defs: dict[str, Schema] = {}

    def reference(self, cls: type[Any]) -> Schema:
        """Return a reference to the schema of a record or settings class."""
        name = cls.__name__
        if name not in self.defs:
            self.defs[name] = {}
            self.defs[name] = self.of_class(cls)
        return {"$ref": f"#/$defs/{name}"}

    def of_class(self, cls: type[Any]) -> Schema:
        """Return the schema of a record or settings class: unknown keys are a later version's."""
        properties, required = {}, []
        for one in dataclasses.fields(cls):
            meta = one.metadata
            reader = meta.get("record.read") or meta["settings.read"]
            name = meta.get("record.key") or one.name
            properties[name] = self.of_reader(reader)
            missing = one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
            required += [name] if missing else []
        made: Schema = {"type": "object", "properties": properties}
        return {**made, "required": required} if required else made

    def of_reader(self, reader: Callable[..., Any]) -> Schema:
        """Return what a reader accepts.

        Raises
        ------
        KeyError : a reader that is not described here.
        """
        name = reader.__qualname__.split(".")[0]
        if name in OWN:
            return self._own(OWN[name])
        parts = dict(inspect.getclosurevars(reader).nonlocals)
        return _MAKERS[name](self, parts)

    def _own(self, known: Schema | tuple[type[Any], ...]) -> Schema:
        if isinstance(known, dict):
            return known
        made = [self.reference(cls) for cls in known]
        return made[0] if len(made) == 1 else {"anyOf": made}


def nullable(schema: Schema) -> Schema:
    """Return a schema that takes null as well."""
    return {"anyOf": [schema, {"type": "null"}]}


def listed(items: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": items}


def keyed(values: Schema) -> Schema:
    """Return the schema of an object with any keys."""
    return {"type": "object", "additionalProperties": values}


def fields(properties: Mapping[str, Schema], *optional: str) -> Schema:
    """Return the schema of an object that has all of these keys, but for the optional ones."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": dict(properties), "required": required}


def _limits(kind: str, parts: Mapping[str, Any]) -> Schema:
    return {"type": kind, "minimum": parts["low"], "maximum": parts["high"]}


def _text(parts: Mapping[str, Any]) -> Schema:
    limits = {"maxLength": parts["longest"]} if "longest" in parts else {}
    return {"enum": list(parts["choices"])} if parts.get("choices") else {**TEXT, **limits}


def _row(described: Described, parts: Mapping[str, Any]) -> Schema:
    items = [described.of_reader(reader) for reader in parts["readers"]]
    return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}


_MAKERS: dict[str, Callable[[Described, Mapping[str, Any]], Schema]] = {
    # Of the record.
    "within": lambda _, parts: _limits("integer", parts),
    "read_number": lambda _, parts: NUMBER,
    "read_text": lambda _, parts: TEXT,
    "read_flag": lambda _, parts: FLAG,
    "among": lambda _, parts: {"enum": list(parts["names"])},
    "or_none": lambda described, parts: nullable(described.of_reader(parts["reader"])),
    "keyed": lambda described, parts: keyed(described.of_reader(parts["reader"])),
    "row": _row,
    "of": lambda described, parts: described.reference(parts["cls"]),
    # Of the record, and of settings.
    "listed": lambda described, parts: listed(described.of_reader(parts["reader"])),
    "listing": lambda described, parts: listed(described.of_reader(parts["read_item"])),
    # Of settings.
    "integer": lambda _, parts: _limits("integer", parts),
    "number": lambda _, parts: _limits("number", parts),
    "flag": lambda _, parts: FLAG,
    "text": lambda _, parts: _text(parts),
    "duration": lambda _, parts: {**TEXT, "pattern": "^[0-9.e+-]+ *[a-z]+$"},
    "table": lambda described, parts: described.reference(parts["cls"]),
    "parsed": lambda described, parts: described.reference({"read_plan": Plan}[parts["parse"].__name__]),
    "optional": lambda described, parts: nullable(described.of_reader(parts["read_item"])),
}
