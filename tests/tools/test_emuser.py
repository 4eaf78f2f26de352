# SPDX-License-Identifier: MIT
"""Userlands by name: which emulator and CPU each architecture has, and which names are none."""

from __future__ import annotations

import pytest

from tools.labkit import emuser
from tools.labkit.errors import LabUsage


@pytest.fixture
def found(monkeypatch, tmp_path):
    monkeypatch.setattr(emuser.need, "find", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(
        emuser.userland, "build", lambda release, arch, packages: tmp_path / f"{release}-{arch}"
    )
    monkeypatch.setattr(emuser.cache, "root", lambda: tmp_path)
    monkeypatch.setattr(emuser, "_from_pip", lambda release, site: None)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("12/armel", ("/usr/bin/qemu-arm-static", "-cpu", "arm926")),
        ("11/armhf", ("/usr/bin/qemu-arm-static", "-cpu", "cortex-a15")),
        ("12/mipsel", ("/usr/bin/qemu-mipsel-static",)),
        ("bookworm/s390x", ("/usr/bin/qemu-s390x-static",)),
    ],
)
def test_userland_runs_in_the_emulator_of_its_architecture(found, name, command):
    emulated = emuser.prepare(name)
    assert emulated.command[: len(command)] == command
    assert emulated.command[len(command) :][0] == "-L"


@pytest.mark.parametrize("name", ["12/sparc", "9/armel", "armel", ""])
def test_userland_that_is_none_lists_those_there_are(found, name):
    with pytest.raises(LabUsage, match="12/s390x"):
        emuser.prepare(name)
