# SPDX-License-Identifier: MIT
"""What is shipped for other builders and farms is in step with the tree."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import stress

ROOT = Path(__file__).resolve().parents[2]
BUILDROOT = ROOT / "packaging" / "buildroot" / "package" / "pcmstress"


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_buildroot_package_takes_the_version_of_the_program(tmp_path):
    # Buildroot's own macro is replaced by one that says what it was given.
    (tmp_path / "Makefile").write_text(
        "python-package = \nall: ; @echo $(PCMSTRESS_VERSION)\n"
        f"BR2_EXTERNAL_PCMSTRESS_PATH = {ROOT / 'packaging' / 'buildroot'}\n"
        f"include {BUILDROOT}/pcmstress.mk\n",
        encoding="utf-8",
    )
    done = subprocess.run(["make", "-s", "-C", tmp_path, "all"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == stress.__version__
    assert "config BR2_PACKAGE_PCMSTRESS\n" in (BUILDROOT / "Config.in").read_text(encoding="utf-8")


def test_maintainer_is_the_same_everywhere():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    name, address = setup["metadata"]["maintainer"], setup["metadata"]["maintainer_email"]
    control = (ROOT / "packaging" / "debian" / "control").read_text(encoding="utf-8")
    assert f"\nMaintainer: {name} <{address}>\n" in control
    lava = (ROOT / "integrations" / "lava" / "pcmstress.yaml").read_text(encoding="utf-8")
    assert f"maintainer:\n        - {address}\n" in lava


def test_container_copies_what_is_there():
    text = (ROOT / "integrations" / "Containerfile").read_text(encoding="utf-8")
    copied = re.findall(r"^COPY (\S+) ", text, flags=re.MULTILINE)
    assert {"stress", "configs", "LICENSE"} <= set(copied)
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_gitlab_jobs_name_a_plan_that_is_shipped():
    text = (ROOT / "integrations" / "gitlab-ci.yml").read_text(encoding="utf-8")
    (plan,) = re.findall(r"PCMSTRESS_PLAN: (\w+)", text)
    assert (ROOT / "configs" / "plans" / f"{plan}.toml").exists()
