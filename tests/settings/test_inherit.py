# SPDX-License-Identifier: MIT
"""A configuration that names its base says only what differs."""

from __future__ import annotations

import pytest

from stress.errors import ConfigError
from stress.settings import inherit


def _write(folder, name, text):
    path = folder / f"{name}.toml"
    path.write_text(text)
    return str(path)


def test_base_fills_in_and_the_file_itself_wins(tmp_path):
    base = _write(
        tmp_path, "a", 'title = "a"\n[cache]\nways = 4\nline_bytes = 32\n[[fault]]\nkind = "zero"\n'
    )
    name = _write(tmp_path, "b", f'base = "{base}"\ntitle = "b"\n[cache]\nways = 2\n')
    values, where = inherit.load("boards", name)
    assert where == name
    assert values == {"title": "b", "cache": {"ways": 2, "line_bytes": 32}, "fault": [{"kind": "zero"}]}


def test_file_without_a_base_is_what_it_is(tmp_path):
    assert inherit.load("boards", _write(tmp_path, "a", 'title = "a"\n'))[0] == {"title": "a"}


@pytest.mark.parametrize(
    ("text", "words"), [("base = 3\n", "is no name"), ('base = "nothing"\n', "no board called")]
)
def test_base_that_is_none_is_named(tmp_path, text, words):
    with pytest.raises(ConfigError, match=words):
        inherit.load("boards", _write(tmp_path, "a", text))


def test_bases_in_a_circle_end(tmp_path):
    name = _write(tmp_path, "a", f'base = "{tmp_path}/a.toml"\n')
    with pytest.raises(ConfigError, match="more than 4 bases"):
        inherit.load("boards", name)
