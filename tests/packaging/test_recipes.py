# SPDX-License-Identifier: MIT
"""What is shipped for other builders and farms is in step with the tree."""

from __future__ import annotations

import configparser
import importlib.util
import re
import shutil
import subprocess
import sys
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


class _Here:
    # A place whose command driver is this machine: what labgrid's CommandProtocol returns.
    def run(self, command, timeout):
        done = subprocess.run(
            command, shell=True, capture_output=True, text=True, timeout=timeout, cwd=ROOT, check=False
        )
        return done.stdout.splitlines(), done.stderr.splitlines(), done.returncode


@pytest.fixture
def labgrid_module():
    place = ROOT / "integrations" / "labgrid" / "test_pcmstress.py"
    spec = importlib.util.spec_from_file_location("labgrid_pcmstress", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _judge(module, options, told):
    module.OPTIONS = options
    program = [sys.executable, "-m", "stress"]
    module.test_ring_is_not_corrupted(_Here(), program, told.__setitem__)


def test_labgrid_module_is_green_on_a_clean_simulated_board(labgrid_module, tmp_path):
    told = {}
    labgrid_module.test_board_is_described(_Here(), [sys.executable, "-m", "stress"], told.__setitem__)
    _judge(labgrid_module, f"--backend virtual --board cortex-a --plan smoke --out {tmp_path}/r", told)
    assert told["verdict"] == "PASS"
    assert told["expectation"]


def test_labgrid_module_is_red_on_a_board_that_corrupts(labgrid_module, tmp_path):
    told = {}
    with pytest.raises(AssertionError):
        _judge(labgrid_module, f"--backend virtual --board arm926 --plan smoke --out {tmp_path}/r", told)
    assert told["verdict"] == "FAIL"


def test_labgrid_module_skips_with_the_reason_where_there_is_no_card(labgrid_module, tmp_path):
    with pytest.raises(pytest.skip.Exception, match="no such card"):
        _judge(labgrid_module, f"--card nosuchcard --plan smoke --out {tmp_path}/r", {})


def test_gitlab_jobs_name_a_plan_that_is_shipped():
    text = (ROOT / "integrations" / "gitlab-ci.yml").read_text(encoding="utf-8")
    (plan,) = re.findall(r"PCMSTRESS_PLAN: (\w+)", text)
    assert (ROOT / "configs" / "plans" / f"{plan}.toml").exists()
