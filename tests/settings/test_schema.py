# SPDX-License-Identifier: MIT
"""Every wrong key and value of a configuration ends in one line with file, key and what is allowed."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from stress.errors import ConfigError
from stress.settings import schema

hypothesis = pytest.importorskip("hypothesis", reason="needs hypothesis: pip install .[test]")
given, st = hypothesis.given, hypothesis.strategies


@dataclass(frozen=True)
class Inner:
    size: int = schema.integer(16, 1, 64)
    wait_s: float = schema.duration(1.0)


@dataclass(frozen=True)
class Outer:
    title: str = schema.text(schema.REQUIRED)
    mode: str = schema.text("slow", choices=("slow", "fast"))
    factor: float = schema.number(1.0, 0.0, 2.0)
    on: bool = schema.flag(False)
    sizes: tuple[int, ...] = schema.listing(schema.integer(0, 0, 9), ())
    inner: Inner = schema.table(Inner, Inner())
    many: tuple[Inner, ...] = schema.listing(schema.table(Inner))


@pytest.mark.parametrize(
    ("values", "parts"),
    [
        ({}, ("f.toml", "title", "missing")),
        ({"title": "x", "fator": 1}, ("f.toml", "fator", "did you mean factor")),
        ({"title": 3}, ("title", "not a text")),
        ({"title": "x", "mode": "fats"}, ("mode", "did you mean fast", "slow or fast")),
        ({"title": "x", "factor": 2.5}, ("factor", "0 to 2")),
        ({"title": "x", "factor": float("nan")}, ("factor", "0 to 2")),
        ({"title": "x", "factor": True}, ("factor", "0 to 2")),
        ({"title": "x", "on": 1}, ("on", "true or false")),
        ({"title": "x", "sizes": [1, 99]}, ("sizes[1]", "0 to 9")),
        ({"title": "x", "sizes": 5}, ("sizes", "not a list")),
        ({"title": "x", "inner": {"size": 65}}, ("inner.size", "1 to 64")),
        ({"title": "x", "inner": {"wait_s": 5}}, ("inner.wait_s", '"90s"')),
        ({"title": "x", "inner": {"wait_s": "soon"}}, ("inner.wait_s", "'soon'")),
        ({"title": "x", "inner": []}, ("inner", "not a table")),
        ({"title": "x", "many": [{"sise": 1}]}, ("many[0].sise", "did you mean size")),
    ],
)
def test_read_wrong_values_name_file_key_and_allowed(values, parts):
    with pytest.raises(ConfigError) as caught:
        schema.read(Outer, values, "f.toml")
    text = str(caught.value)
    assert "\n" not in text
    for part in ("f.toml", *parts):
        assert part in text


@given(
    title=st.text(max_size=20),
    mode=st.sampled_from(["slow", "fast"]),
    factor=st.floats(0, 2),
    sizes=st.lists(st.integers(0, 9), max_size=4),
    wait=st.floats(0.001, 3600),
)
def test_write_then_read_gives_the_same_settings(title, mode, factor, sizes, wait):
    first = Outer(title=title, mode=mode, factor=factor, sizes=tuple(sizes), inner=Inner(3, wait))
    again = schema.read(Outer, schema.write(first), "f.json")
    assert again.inner.wait_s == pytest.approx(first.inner.wait_s, rel=1e-8)
    assert (again.title, again.mode, again.factor, again.sizes) == (title, mode, factor, tuple(sizes))


def test_override_sets_nested_keys_and_leaves_the_original_alone():
    values = {"title": "x", "inner": {"size": 1}}
    changed = schema.override(values, {"inner.size": 2, "mode": "fast"})
    assert changed == {"title": "x", "mode": "fast", "inner": {"size": 2}}
    assert values == {"title": "x", "inner": {"size": 1}}


@pytest.mark.parametrize("value", [10**400, -(10**400), float("nan"), float("inf"), True, "1", None])
def test_number_of_any_size_is_refused_in_a_line(value):
    @dataclass(frozen=True)
    class One:
        share: float = schema.number(0.5, 0, 1)

    with pytest.raises(ConfigError, match="share") as refused:
        # The last one has too many digits to be written out, also as the name of a case.
        schema.read(One, {"share": 1 << 100_000 if value is None else value}, "f")
    assert len(str(refused.value)) < 300
