# SPDX-License-Identifier: MIT
"""A plan as the text of a TOML file, which `--plan FILE` reads back: what differs from the defaults."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

from stress.plan.plan import Arm, Plan
from stress.settings import schema

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def to_toml(plan: Plan, comments: Sequence[str] = ()) -> str:
    """Return `plan` as TOML.

    Parameters
    ----------
    comments : lines for people at its head.
    """
    whole, plain = schema.write(plan), schema.write(Plan())
    arms, empty = whole.pop("arm"), schema.write(Arm(name=""))
    out = [f"# {part}" for text in comments for part in textwrap.wrap(" ".join(text.split()), 100)]
    out += _values({key: value for key, value in whole.items() if not isinstance(value, dict)}, plain)
    for key, value in whole.items():
        differs = _values(value, plain[key]) if isinstance(value, dict) else []
        out += ["", f"[{key}]", *differs] if differs else []
    for arm in arms:
        out += ["", "[[arm]]", *_values(arm, empty)]
    return "\n".join(out) + "\n"


def _values(values: Mapping[str, Any], plain: Mapping[str, Any]) -> list[str]:
    # Texts and lists of texts of JSON are those of TOML; so are its numbers, true and false.
    return [f"{key} = {json.dumps(value)}" for key, value in values.items() if value != plain[key]]
