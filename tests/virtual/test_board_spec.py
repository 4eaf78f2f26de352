"""Boards: every shipped one can exist, every wrong one is refused by key."""

from __future__ import annotations

import pytest

from stress.errors import ConfigError
from stress.settings import find, schema
from stress.virtual.spec import BoardSpec

WANTED = {
    "arm926": (16384, 4, 32, "vivt", "random"),
    "arm926-32k": (32768, 4, 32, "vivt", "random"),
    "arm926-rr": (16384, 4, 32, "vivt", "rr"),
    "feroceon": (16384, 4, 32, "vivt", "rr"),
    "xscale": (32768, 32, 32, "vivt", "rr"),
    "arm920": (16384, 64, 32, "vivt", "random"),
    "arm925": (8192, 2, 16, "vivt", "rr"),
    "fa526": (16384, 2, 16, "vivt", "rr"),
    "arm1176": (16384, 4, 32, "vipt", "random"),
    "arm1176-32k": (32768, 4, 32, "vipt", "random"),
    "cortex-a": (32768, 4, 64, "pipt", "random"),
    "x86_64": (32768, 8, 64, "pipt", "random"),
}


@pytest.mark.parametrize("name", sorted(WANTED))
def test_board_shipped_has_the_geometry_of_its_core(name):
    spec = BoardSpec.load(name)
    shape = spec.cache.shape()
    found = (shape.size_bytes, shape.ways, shape.line_bytes, shape.tagging, shape.replacement)
    assert found == WANTED[name]
    assert spec.name == name
    assert BoardSpec.read(schema.write(spec), name) == spec


def test_board_shipped_names_are_exactly_these():
    assert find.names("boards") == sorted(WANTED)


def test_board_override_changes_one_key():
    spec = BoardSpec.load("arm926", {"kernel.use_vmalloc": False, "cache.ways": 8})
    assert not spec.kernel.use_vmalloc
    assert spec.cache.shape().sets == 64
    assert spec.kernel.noise_lines_per_ms == BoardSpec.load("arm926").kernel.noise_lines_per_ms


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"kernel.use_vmaloc": False}, "use_vmalloc"),
        ({"cache.geometry": "arm9266"}, "arm926"),
        ({"cache.size_bytes": 12345}, "size_bytes"),
        ({"kernel.mapping": "cache"}, "writecombine"),
        ({"usb.packet_us": 300}, "125, 250, 500 or 1000"),
        ({"kernel.smp_race": 0.5}, "smp_race"),
        ({"fault": [{"kind": "zeros"}]}, "did you mean zero"),
        ({"fault": [{"kind": "zero", "frame": -1}]}, "fault[0].frame"),
    ],
)
def test_board_with_a_wrong_key_or_value_is_refused_by_name(changes, named):
    with pytest.raises(ConfigError) as caught:
        BoardSpec.load("arm926", changes)
    assert named in str(caught.value)
