# SPDX-License-Identifier: MIT
"""The JSON Schema files of docs/schema for tests: strict, so that a key no schema names is an error."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

PLACE = Path(__file__).resolve().parents[1] / "docs/schema"


def strict(schema: Any) -> Any:
    """Return the schema with objects that hold no other keys than those it names."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: strict(value) for key, value in schema.items()}
    named = "properties" in made and made.get("type") == "object"
    return {**made, "additionalProperties": False} if named and "additionalProperties" not in made else made


@functools.cache
def validator(name: str, exact: bool = True) -> Any:
    """Return the validator of one file, strict or as it is shipped; None where there is no such file."""
    from jsonschema import Draft202012Validator

    path = PLACE / f"{name}.schema.json"
    if not path.exists():
        return None
    schema = json.loads(path.read_text())
    return Draft202012Validator(strict(schema) if exact else schema)


def complaints(value: Any, name: str = "", exact: bool = True) -> list[str]:
    """Return what the schema of `value`, or of that name, has against it; that there is none as well."""
    found = validator(name or str(value["schema"]).split("/")[1], exact)
    if found is None:
        return [f"no schema file: {name or value['schema']}"]
    errors = sorted(found.iter_errors(value), key=lambda error: [str(one) for one in error.absolute_path])
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}" for error in errors]
