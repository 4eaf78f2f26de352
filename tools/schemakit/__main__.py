# SPDX-License-Identifier: MIT
"""Write the JSON Schema files of docs/schema."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tools.schemakit.catalogue import schemas

PLACE = Path(__file__).resolve().parents[2] / "docs/schema"


def text(schema: object) -> str:
    """Return a schema as the text of its file."""
    return json.dumps(schema, indent=1, sort_keys=True, ensure_ascii=True) + "\n"


def main(argv: list[str]) -> int:
    """Write every schema; return 0."""
    parser = argparse.ArgumentParser(prog="tools/schema", description=__doc__)
    parser.add_argument("directory", nargs="?", type=Path, default=PLACE)
    place = parser.parse_args(argv).directory
    place.mkdir(parents=True, exist_ok=True)
    for name, schema in schemas().items():
        (place / f"{name}.schema.json").write_text(text(schema), encoding="ascii")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
