# SPDX-License-Identifier: MIT
"""What is shipped for other builders and farms is in step with the tree."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

from tools.labkit import assemble, boards

ROOT = Path(__file__).resolve().parents[2]


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


def test_container_of_the_lab_has_every_package_that_doctor_names():
    text = (ROOT / "integrations" / "Containerfile").read_text(encoding="utf-8")
    lab = text[text.index(" AS lab") :].partition("\nFROM ")[0]
    installed = set(re.search(r"install -y([^&]*)&&", lab)[1].split())
    described = [boards.load(name) for name in boards.names()]
    wanted = {package for board in described for package in assemble.needs(board, all_of_it=True).values()}
    # apt is how the packages come.
    assert wanted - installed - {"apt"} == set()


def test_gitlab_jobs_name_a_plan_that_is_shipped():
    text = (ROOT / "integrations" / "gitlab-ci.yml").read_text(encoding="utf-8")
    (plan,) = re.findall(r"PCMSTRESS_PLAN: (\w+)", text)
    assert (ROOT / "configs" / "plans" / f"{plan}.toml").exists()
