# SPDX-License-Identifier: MIT
"""Benches of the softcard, closed at the end of their test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.tools.softcard_bench import Bench, MakeBench, pattern


@pytest.fixture
def make() -> Iterator[MakeBench]:
    """Make benches that are closed at the end of the test."""
    made: list[Bench] = []

    def build(*args: Any, **kwargs: Any) -> Bench:
        made.append(Bench(*args, **kwargs))
        made[-1].start(made[-1].config.rates[0] if len(made[-1].config.rates) == 1 else 48000)
        return made[-1]

    yield build
    for bench in made:
        bench.close()


@pytest.fixture
def data() -> bytes:
    """Return frames that all differ."""
    return pattern(6000)
