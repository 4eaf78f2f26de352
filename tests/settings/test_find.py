# SPDX-License-Identifier: MIT
"""Configurations by name and by path; what cannot be read says so in one line."""

from __future__ import annotations

import pytest

from stress.errors import ConfigError
from stress.settings import find


def test_load_unknown_name_lists_the_known_ones():
    with pytest.raises(ConfigError, match="no plan called 'smok'"):
        find.load("plans", "smok")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"a = 1\na = 2\n", "cannot be parsed"),
        (b"a = \xff\n", "not UTF-8"),
        (b"a = [1,\n", "cannot be parsed"),
    ],
)
def test_load_broken_toml_names_file_and_reason(tmp_path, content, reason):
    path = tmp_path / "plan.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=reason) as caught:
        find.load("plans", str(path))
    assert str(path) in str(caught.value)


def test_load_missing_file_directory_and_endless_file_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        find.load("plans", str(tmp_path / "absent.toml"))
    with pytest.raises(ConfigError, match="Is a directory"):
        find.load("plans", str(tmp_path) + "/")
    with pytest.raises(ConfigError, match="larger than"):
        find.load("plans", "/dev/zero")


def test_load_json_twin_reads_like_toml(tmp_path):
    path = tmp_path / "plan.json"
    path.write_text('{"title": "t", "arm": [{"name": "x"}]}')
    assert find.load("plans", str(path)) == ({"title": "t", "arm": [{"name": "x"}]}, str(path))


def test_load_json_that_is_no_table_is_refused(tmp_path):
    path = tmp_path / "plan.json"
    path.write_text("[1, 2]")
    with pytest.raises(ConfigError, match="not a table"):
        find.load("plans", str(path))
