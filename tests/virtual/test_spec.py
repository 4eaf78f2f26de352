# SPDX-License-Identifier: MIT
"""Boards: every shipped one can exist, every wrong one is refused by key."""

from __future__ import annotations

from pathlib import Path

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
    "fa526": (8192, 2, 16, "vivt", "rr"),
    "arm1176": (16384, 4, 32, "vipt", "random"),
    "arm1176-32k": (32768, 4, 32, "vipt", "random"),
    "cortex-a": (32768, 4, 64, "pipt", "random"),
    "x86_64": (32768, 8, 64, "pipt", "random"),
    "arm926-8k": (8192, 4, 32, "vivt", "random"),
    "at91sam9260": (8192, 4, 32, "vivt", "random"),
    "at91sam9g20ek": (32768, 4, 32, "vivt", "random"),
    "at91sam9x5": (16384, 4, 32, "vivt", "random"),
    "sam9x60": (32768, 4, 32, "vivt", "random"),
    "imx27": (16384, 4, 32, "vivt", "random"),
    "mxs": (16384, 4, 32, "vivt", "random"),
    "lpc3250": (32768, 4, 32, "vivt", "random"),
    "nuc980": (16384, 4, 32, "vivt", "random"),
    "suniv": (16384, 4, 32, "vivt", "random"),
    "davinci": (16384, 4, 32, "vivt", "random"),
    "kirkwood": (16384, 4, 32, "vivt", "rr"),
    "orion5x": (32768, 1, 32, "vivt", "rr"),
    "ep93xx": (16384, 64, 32, "vivt", "random"),
    "ixp4xx": (32768, 32, 32, "vivt", "rr"),
    "ath79": (32768, 4, 32, "vipt", "random"),
    "lantiq": (32768, 4, 32, "vipt", "random"),
    "mips24k-16k": (16384, 4, 32, "vipt", "random"),
    "sh7751r": (32768, 2, 32, "vipt", "random"),
    "raspberrypi1": (16384, 4, 32, "vipt", "random"),
    "raspberrypi2": (32768, 4, 64, "pipt", "random"),
    "raspberrypi3": (32768, 4, 64, "pipt", "random"),
    "raspberrypi4": (32768, 4, 64, "pipt", "random"),
    "raspberrypi5": (32768, 4, 64, "pipt", "random"),
}
# Boards on which nothing can go wrong, and those whose colours are drawn.
CONTROLS = (
    "mips24k-16k",
    "arm1176",
    "cortex-a",
    "x86_64",
    *(f"raspberrypi{number}" for number in range(1, 6)),
)


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


@pytest.mark.parametrize("name", sorted(WANTED))
def test_board_can_alias_unless_it_is_a_control(name):
    assert BoardSpec.load(name).cache.shape().aliasing is (name not in CONTROLS)


def test_board_says_where_its_facts_come_from():
    aliases = [name for name in find.names("boards") if "base" in find.load("boards", name)[0]]
    assert len(aliases) >= 18
    folder = Path(__file__).resolve().parents[2] / "configs/boards"
    for name in [*aliases, "ath79", "sh7751r", "fa526"]:
        assert "Source: " in (folder / f"{name}.toml").read_text(), name


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
