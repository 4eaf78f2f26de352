# SPDX-License-Identifier: MIT
"""Cache geometries: what is derived, what is refused, what the names mean."""

from __future__ import annotations

import pytest

from stress.errors import ConfigError
from stress.virtual.cache.geometry import CacheGeometry, geometry_names, named_geometry


@pytest.mark.parametrize(
    ("name", "sets", "ways", "line_bytes"),
    [
        ("926-16-rr", 128, 4, 32),
        ("926-32-rnd", 256, 4, 32),
        ("xscale", 32, 32, 32),
        ("925-wt", 256, 2, 16),
        ("920t", 8, 64, 32),
        ("arm922", 4, 64, 32),
        ("arm926-128k", 1024, 4, 32),
        ("feroceon", 128, 4, 32),
        ("cortex-a", 128, 4, 64),
    ],
)
def test_named_geometry_has_the_cores_sets_and_ways(name, sets, ways, line_bytes):
    shape = named_geometry(name)
    assert (shape.sets, shape.ways, shape.line_bytes, shape.name) == (sets, ways, line_bytes, name)


def test_every_name_gives_a_geometry_of_that_name():
    assert [named_geometry(name).name for name in geometry_names()] == geometry_names()


@pytest.mark.parametrize(
    ("name", "aliasing"),
    [("arm926", True), ("arm1176", False), ("arm1176-32", True), ("cortex-a", False), ("fa526", True)],
)
def test_aliasing_needs_virtual_tags_or_a_way_above_a_page(name, aliasing):
    assert named_geometry(name).aliasing is aliasing


def test_policies_follow_the_name():
    assert named_geometry("926-16-wt").write_through
    assert named_geometry("fero-wa").write_allocate
    assert not named_geometry("fero-ra").write_allocate
    assert named_geometry("926-16-rrg").replacement == "rrg"
    assert named_geometry("arm925").write_through


def test_named_geometry_unknown_lists_the_names():
    with pytest.raises(ConfigError, match=r"geo: 'arm9'.*926-16-rr.*cortex-a"):
        named_geometry("arm9")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"line_bytes": 24}, "line_bytes: 24 .allowed: 16, 32 or 64"),
        ({"ways": 0}, "ways: 0 ways"),
        ({"ways": 3}, "size_bytes: 16384 bytes in 3 ways"),
        ({"size_bytes": 12288}, "power-of-two number of sets"),
        ({"size_bytes": 16}, "size_bytes"),
        ({"replacement": "lru"}, "replacement: 'lru' .allowed: rr, rrg or random"),
        ({"tagging": "pivt"}, "tagging"),
        ({"line_bytes": 16, "dirty_bytes": 32}, "dirty_bytes: 32 .allowed: 16"),
    ],
)
def test_geometry_refuses_what_no_cache_has(wrong, message):
    with pytest.raises(ConfigError, match=message):
        CacheGeometry(**wrong)
