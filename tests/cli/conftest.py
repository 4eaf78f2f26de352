# SPDX-License-Identifier: MIT
"""Every JSON object that a command prints in these tests has to fit its schema."""

from __future__ import annotations

import json

import pytest

from stress.report.console import Console
from tests.schema_files import complaints


@pytest.fixture(autouse=True)
def printed_json_fits_its_schema(monkeypatch):
    """Keep the JSON objects that are printed while a test runs, and check them behind it."""
    kept, line = [], Console.line

    def keeping(self, text="", *more, **named):
        if str(text).startswith('{"schema": "pcmstress/'):
            kept.append(json.loads(text))
        return line(self, text, *more, **named)

    monkeypatch.setattr(Console, "line", keeping)
    yield
    if kept:
        pytest.importorskip("jsonschema")
    assert [found for value in kept for found in complaints(value)] == []
