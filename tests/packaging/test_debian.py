# SPDX-License-Identifier: MIT
"""The Debian source package is in step with the program, and its build says at once what it lacks."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEBIAN = ROOT / "packaging" / "debian"
SUITES = "allowed are bookworm and trixie"


def _fields(paragraph):
    unfolded = re.sub(r"\n[ \t]+", " ", paragraph.strip())
    return dict(line.split(":", 1) for line in unfolded.splitlines())


def test_debian_control_has_both_packages_and_suggests_what_is_optional():
    source, *binaries = (DEBIAN / "control").read_text(encoding="utf-8").split("\n\n")
    assert _fields(source)["Source"].strip() == "pcmstress"
    packages = {fields["Package"].strip(): fields for fields in map(_fields, binaries)}
    assert sorted(packages) == ["pcmstress", "python3-pcmstress"]
    suggested = {name.strip() for name in packages["python3-pcmstress"]["Suggests"].split(",")}
    assert suggested == {"python3-alsaaudio", "python3-psutil", "python3-usb"}


def test_debian_licence_is_the_one_of_the_tree():
    def words(text):
        return [word for word in text.split() if word != "."]

    licence = words((ROOT / "LICENSE").read_text(encoding="utf-8").partition("Permission")[2])
    shipped = (DEBIAN / "copyright").read_text(encoding="utf-8").rpartition("License: Expat")[2]
    assert words(shipped.partition("Permission")[2]) == licence


def test_debian_tests_named_are_programs():
    control = (DEBIAN / "tests" / "control").read_text(encoding="utf-8")
    names = [name for test in control.split("\n\n") for name in _fields(test)["Tests"].split()]
    assert names == ["virtual", "loopback"]
    assert [name for name in names if not os.access(DEBIAN / "tests" / name, os.X_OK)] == []


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_deb_without_its_tools_names_all_of_them_before_any_work(tmp_path):
    (tmp_path / "bin").mkdir()
    for name in ("bash", "dirname", "env", "id"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name))
    done = subprocess.run(
        [ROOT / "tools" / "deb", "bookworm", tmp_path / "out"],
        env={"PATH": str(tmp_path / "bin")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 69
    assert len(done.stderr.splitlines()) == 1
    assert "apt-get install git python3 mmdebstrap util-linux xz-utils" in done.stderr
    assert not (tmp_path / "out").exists()


def test_deb_of_an_unknown_suite_says_which_are_allowed(tmp_path):
    done = subprocess.run(
        [ROOT / "tools" / "deb", "sid", tmp_path / "out"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (64, f"tools/deb: sid: {SUITES}\n")


def test_deb_of_an_unknown_architecture_says_which_are_allowed(tmp_path):
    argv = [ROOT / "tools" / "deb", "--arch", "armhf,mips", "bookworm", tmp_path / "out"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 64
    assert done.stderr.startswith("tools/deb: --arch mips: allowed are ")
    assert not (tmp_path / "out").exists()
