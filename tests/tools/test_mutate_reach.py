# SPDX-License-Identifier: MIT
"""tools/mutate: which tests can notice a change, and what was tried is taken up."""

from __future__ import annotations

import json

import pytest

from tools.mutatekit import __main__ as mutate
from tools.mutatekit import kept, reach
from tools.mutatekit.sites import sites

PART = """\
from functools import lru_cache


@lru_cache(maxsize=None)
def cached(a):
    return a + 1


def set_up(a):
    return a + 2


def direct(a):
    return [one + 3 for one in (a,)][0]


def imported(a):
    return a + 4


def unused(a):
    return a + 5
"""
# The module is found where it is changed, and loaded from its file where it is not.
LOADED = """\
import importlib.util, sys

if importlib.util.find_spec("stress.part") is None:
    spec = importlib.util.spec_from_file_location("stress.part", {!r})
    sys.modules["stress.part"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["stress.part"])
"""
TESTS = """\
import pytest

from stress.part import cached, direct, imported, set_up

VALUE = imported(1)


@pytest.fixture(scope="module")
def ready():
    return set_up(1)


def test_first(ready):
    assert cached(1) == 2


def test_second(ready):
    assert cached(1) == 2


def test_third():
    assert direct(1) == 4


def test_broken():
    assert direct(1) == 5
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """Return a module and its tests outside the tree, and how to ask for what reaches a line."""
    folder = tmp_path_factory.mktemp("tree")
    (folder / "part.py").write_text(PART)
    (folder / "test_part.py").write_text(f"{LOADED.format(str(folder / 'part.py'))}{TESTS}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reach, "KEPT", folder / "kept")
        patch.setattr(reach, "STRESS", folder)
        patch.setattr(mutate, "STRESS", folder)
        names = [str(folder / "test_part.py")]
        patch.setattr(mutate, "tests_of", lambda module: names)
        yield lambda line: reach.reach("part.py", PART, line, names)
    reach._recorded.cache_clear()


def _names(found):
    return {name.rpartition("::")[2] for name in found.tests}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (6, {"test_first", "test_second"}),
        (10, {"test_first", "test_second"}),
        (14, {"test_third"}),
        # Called while the tests are imported: every test depends on it.
        (18, {"test_first", "test_second", "test_third"}),
        # Called by no test: by a process of its own, maybe.
        (22, {"test_first", "test_second", "test_third"}),
    ],
    ids=["cached", "fixture", "direct", "imported", "unused"],
)
def test_reach_is_every_test_that_depends_on_the_function(tree, line, expected):
    found = tree(line)
    assert _names(found) == expected
    assert len(found.known) == 4


@pytest.mark.parametrize(("line", "noticed"), [(6, True), (10, False), (14, True), (22, False)])
def test_change_is_noticed_by_a_test_that_pins_it_and_by_no_other(tree, line, noticed):
    (site,) = [site for site in sites(PART) if (site.line, site.to) == (line, "Sub")]
    assert mutate.tried("part.py", site) is noticed


def test_recording_is_kept_while_the_test_file_is_as_it_was(tree):
    tree(6)
    files = sorted(reach.KEPT.iterdir())
    reach._recorded.cache_clear()
    tree(14)
    assert sorted(reach.KEPT.iterdir()) == files


def test_outcome_counts_only_while_the_module_is_as_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "STRESS", tmp_path)
    source = tmp_path / "part.py"
    source.write_text(PART)
    site = sites(PART)[0]
    file = tmp_path / "kept.json"
    kept.Kept(file).add("part.py", site, True)
    assert kept.Kept(file).noticed("part.py", site) is True
    source.write_text(PART + "\n")
    assert kept.Kept(file).noticed("part.py", site) is None
    assert list(json.loads(file.read_text()).values()) == [True]
