# SPDX-License-Identifier: MIT
"""What setup.cfg ships is what the tree holds."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def _setup():
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def test_packages_listed_are_all_of_stress_and_the_configurations():
    folders = {path.parent.relative_to(ROOT) for path in (ROOT / "stress").rglob("*.py")}
    expected = {".".join(folder.parts) for folder in folders} | {"stress.configs", "stress.schema"}
    assert set(_setup()["options"]["packages"].split()) == expected


def test_wheel_carries_every_board_and_plan(tmp_path):
    pytest.importorskip("setuptools", minversion="70.1", reason="needs setuptools 70.1 (pip install .[test])")
    import contextlib
    import io
    import os

    from setuptools import build_meta

    for name in ("stress", "configs", "docs/schema"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path / name)
    before = os.getcwd()
    os.chdir(tmp_path)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            wheel = build_meta.build_wheel(str(tmp_path))
    finally:
        os.chdir(before)
    with zipfile.ZipFile(tmp_path / wheel) as archive:
        names = set(archive.namelist())
    for kind in ("boards", "footprints", "plans"):
        for path in (ROOT / "configs" / kind).glob("*.toml"):
            assert f"stress/configs/{kind}/{path.name}" in names
    for path in (ROOT / "docs/schema").glob("*.json"):
        assert f"stress/schema/{path.name}" in names
    assert "stress/py.typed" in names
    assert not [name for name in names if name.startswith(("tests", "tools"))]


def test_every_source_file_names_its_licence():
    files = [path for room in ("stress", "tools", "tests") for path in (ROOT / room).rglob("*.py")]
    assert [
        str(path) for path in files if path.read_text().strip() and "SPDX-" not in path.read_text()[:400]
    ] == []


def test_top_of_the_tree_holds_what_a_stranger_is_told_of():
    git = shutil.which("git")
    if not git or not (ROOT / ".git").exists():
        pytest.skip("needs a clone: what is kept is what git lists")
    listed = subprocess.run([git, "-C", ROOT, "ls-files", "-z"], stdout=subprocess.PIPE, check=True).stdout
    top = {name.partition("/")[0] for name in listed.decode().split("\0") if name}
    rooms = {"configs", "docs", "integrations", "packaging", "stress", "tests", "tools"}
    papers = {"CHANGELOG.md", "CONTRIBUTING.md", "DECISIONS.md", "LICENSE", "README.md"}
    build = {"Makefile", "pyproject.toml", "setup.cfg"}
    hidden = {".ci", ".github", ".gitignore", ".pre-commit-config.yaml", ".ruff.toml"}
    # What a tool left behind must not be kept with it.
    assert top == rooms | papers | build | hidden
