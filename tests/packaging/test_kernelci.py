# SPDX-License-Identifier: MIT
"""The pieces for KernelCI fit each other, the kernel fragment and the LAVA test that they name."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KERNELCI = ROOT / "integrations" / "kernelci"


def _text(name):
    return (KERNELCI / name).read_text(encoding="utf-8")


def _entries(name):
    # The names on the second level, which is what other files refer to.
    return set(re.findall(r"^  ([a-z][\w-]*):$", _text(name), flags=re.MULTILINE))


def test_kernelci_fragment_is_the_one_of_the_kernel():
    shipped = (ROOT / "packaging" / "kernel" / "pcmstress.config").read_text(encoding="utf-8")
    assert re.findall(r"- '(CONFIG_\S+)'", _text("fragments.yaml")) == re.findall(
        r"^CONFIG_\S+", shipped, flags=re.MULTILINE
    )


def test_kernelci_names_used_are_names_defined():
    jobs = _entries("jobs.yaml")
    scheduled = set(re.findall(r"- job: (\S+)", _text("scheduler.yaml")))
    events = set(re.findall(r"name: (kbuild-\S+)", _text("scheduler.yaml")))
    assert scheduled
    assert scheduled | events <= jobs
    assert set(re.findall(r"rootfs_ref: (\S+)", _text("jobs.yaml"))) <= _entries("rootfs.yaml")
    assert _entries("rootfs.yaml") == _entries("rootfs-configs.yaml")
    assert "pcmstress" in _entries("fragments.yaml")
    assert "- 'pcmstress'" in _text("jobs.yaml")


def test_kernelci_parameters_are_those_of_the_lava_test():
    lava = (ROOT / "integrations" / "lava" / "pcmstress.yaml").read_text(encoding="utf-8")
    given = set(re.findall(r"^          ([A-Z]+):", _text("pcmstress.jinja2"), flags=re.MULTILINE))
    assert given
    assert given <= set(re.findall(r"^    ([A-Z]+): ", lava, flags=re.MULTILINE))
    for plan in set(re.findall(r"plan: (\w+)", _text("jobs.yaml"))):
        assert (ROOT / "configs" / "plans" / f"{plan}.toml").exists()
