# SPDX-License-Identifier: MIT
"""The external tree for Buildroot: the rules of its check-package, and its runtime test on this machine."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import types
import unittest
from pathlib import Path

import pytest

import stress

ROOT = Path(__file__).resolve().parents[2]
EXTERNAL = ROOT / "packaging" / "buildroot"
PACKAGE = EXTERNAL / "package" / "pcmstress"
DEFCONFIG = EXTERNAL / "configs" / "pcmstress_qemu_arm_versatile_defconfig"
TEST = EXTERNAL / "support" / "testing" / "tests" / "package" / "test_pcmstress.py"


def _lines(path):
    return path.read_text(encoding="utf-8").splitlines()


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_buildroot_package_takes_the_version_of_the_program(tmp_path):
    # Buildroot's own macro is replaced by one that says what it was given.
    (tmp_path / "Makefile").write_text(
        "python-package = \nall: ; @echo $(PCMSTRESS_VERSION)\n"
        f"BR2_EXTERNAL_PCMSTRESS_PATH = {EXTERNAL}\ninclude {PACKAGE}/pcmstress.mk\n",
        encoding="utf-8",
    )
    done = subprocess.run(["make", "-s", "-C", tmp_path, "all"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == stress.__version__


def test_buildroot_hash_of_the_licence_is_that_of_the_file():
    (line,) = [line for line in _lines(PACKAGE / "pcmstress.hash") if not line.startswith("#")]
    assert line == f"sha256  {hashlib.sha256((ROOT / 'LICENSE').read_bytes()).hexdigest()}  LICENSE"


def test_buildroot_files_keep_the_rules_that_check_package_has_for_every_file():
    # One newline at the end, no blank at an end of line, no two empty lines, not executable.
    for path in (*PACKAGE.iterdir(), EXTERNAL / "Config.in", EXTERNAL / "external.mk", DEFCONFIG):
        text = path.read_text(encoding="ascii")
        assert text.endswith("\n"), path
        assert not text.endswith("\n\n"), path
        assert not re.search(r"[ \t]\n|\n\n\n", text), path
        assert not os.access(path, os.X_OK), path


def test_buildroot_makefile_has_the_header_and_prefix_that_check_package_wants():
    lines = _lines(PACKAGE / "pcmstress.mk")
    assert lines[:6] == ["#" * 80, "#", "# pcmstress", "#", "#" * 80, ""]
    assigned = [line.split()[0] for line in lines if " = " in line]
    assert [name for name in assigned if not name.startswith("PCMSTRESS_")] == []
    assert len(assigned) == len(set(assigned))
    assert "${" not in "\n".join(lines)


def test_buildroot_configuration_is_indented_and_ordered_as_check_package_wants():
    order = ["bool", "depends", "select", "help"]
    entries = [line.split()[0] for line in _lines(PACKAGE / "Config.in") if re.match(r"\t\w", line)]
    first = entries[: entries.index("help") + 1]
    assert sorted(first, key=order.index) == first
    helped = [line for line in _lines(PACKAGE / "Config.in") if line.startswith("\t  ")]
    assert helped
    assert max(len(line) for line in helped) <= 65


def test_buildroot_defconfig_checks_hashes_and_names_fragments_that_are_there():
    lines = _lines(DEFCONFIG)
    assert "BR2_DOWNLOAD_FORCE_CHECK_HASHES=y" in lines
    assert "BR2_PACKAGE_PCMSTRESS=y" in lines
    named = re.findall(r"\$\(BR2_EXTERNAL_PCMSTRESS_PATH\)(/[^ \"]+)", "\n".join(lines))
    assert len(named) == 3
    assert [name for name in named if not Path(f"{EXTERNAL}{name}").is_file()] == []


class _Emulator:
    # A console whose commands run here, with the tree's program as the installed one.
    def __init__(self, folder):
        self.folder, self.said = folder, []

    def run(self, command, timeout):
        self.said.append(command)
        if command.startswith("modprobe") or "--card" in command:
            return [], 0
        program = f'"{sys.executable}" -m stress'
        local = command.replace("pcmstress", program, 1).replace("/tmp/", f"{self.folder}/")
        done = subprocess.run(local, shell=True, capture_output=True, text=True, cwd=ROOT, check=False)
        return done.stdout.splitlines(), done.returncode


@pytest.fixture
def case(monkeypatch, tmp_path):
    base = types.ModuleType("infra.basetest")
    base.BRTest = unittest.TestCase
    package = types.ModuleType("infra")
    package.basetest = base
    monkeypatch.setitem(sys.modules, "infra", package)
    monkeypatch.setitem(sys.modules, "infra.basetest", base)
    monkeypatch.setenv("PCMSTRESS_EXTERNAL", str(EXTERNAL))
    spec = importlib.util.spec_from_file_location("buildroot_test_pcmstress", TEST)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = module.TestPcmstress("test_run")
    made.emulator = _Emulator(tmp_path)
    return made


def test_buildroot_runtime_test_is_green_with_this_program(case):
    assert case.config == DEFCONFIG.read_text(encoding="utf-8")
    assert case.br2_external == [str(EXTERNAL)]
    case.simulated()
    case.loopback()
    assert "modprobe snd-aloop" in case.emulator.said


def test_buildroot_runtime_test_is_red_on_another_exit_status(case):
    with pytest.raises(AssertionError, match="--version"):
        case.expect(1, "pcmstress --version")
