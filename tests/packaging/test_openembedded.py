# SPDX-License-Identifier: MIT
"""The OpenEmbedded layer: what it says of the tree, and what bitbake, where installed, makes of it."""

from __future__ import annotations

import hashlib
import logging
import re
import subprocess
import sys
import types
from pathlib import Path

import pytest

import stress

ROOT = Path(__file__).resolve().parents[2]
LAYER = ROOT / "packaging" / "openembedded"
RECIPE = LAYER / "recipes-multimedia" / "pcmstress" / "pcmstress_git.bb"
CLASSES = ("base", "externalsrc", "python_setuptools_build_meta", "ptest")


def test_openembedded_recipe_knows_the_licence():
    licence = hashlib.md5((ROOT / "LICENSE").read_bytes()).hexdigest()
    assert f"file://LICENSE;md5={licence}" in RECIPE.read_text(encoding="utf-8")


def test_openembedded_ptest_copies_what_is_there():
    copied = re.findall(r"\$\{S\}/(\S+)", RECIPE.read_text(encoding="utf-8"))
    assert copied
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_openembedded_ptest_finds_the_simulated_boards_as_they_are(tmp_path):
    # As an image has it: the command on PATH. pytest's part is run everywhere else.
    for name, text in {
        "pcmstress": f'PYTHONPATH="{ROOT}" exec "{sys.executable}" -m stress "$@"',
        "python3": "exit 0",
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    script = RECIPE.parent / "files" / "run-ptest"
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "TMPDIR": str(tmp_path)}
    done = subprocess.run([script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["PASS: simulated board arm926", "PASS: simulated board cortex-a"]


@pytest.mark.filterwarnings("default")
def test_openembedded_recipe_parsed_by_bitbake_has_the_version_of_the_program(tmp_path, monkeypatch):
    pytest.importorskip("bb", reason="needs bitbake (pip install bitbake-setup)")
    # The package on PyPI leaves out the client of the hash server, which a parser does not call.
    for name in ("hashserv", "hashserv.client"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    import bb.data_smart
    import bb.parse
    import bb.siggen

    for name in ("BitBake", "BitBake.Parsing"):
        logging.getLogger(name).setLevel(logging.ERROR)
    (tmp_path / "classes").mkdir()
    for name in CLASSES:
        (tmp_path / "classes" / f"{name}.bbclass").write_text("", encoding="utf-8")
    data = bb.data_smart.DataSmart()
    given = {
        **{"BBPATH": str(tmp_path), "TOPDIR": str(tmp_path), "__bbclasstype": "recipe"},
        # As bitbake.conf of oe-core sets them.
        **{"PN": "pcmstress", "THISDIR": "${@os.path.dirname(d.getVar('FILE'))}"},
    }
    for key, value in given.items():
        data.setVar(key, value)
    monkeypatch.setattr(bb.parse, "siggen", bb.siggen.SignatureGenerator(data), raising=False)
    parsed = bb.parse.handle(str(RECIPE), data)[""]
    assert parsed.getVar("PV") == stress.__version__
    assert parsed.getVar("EXTERNALSRC") == str(ROOT)
    assert parsed.getVar("RDEPENDS:pcmstress").split() == ["libasound", "python3-modules", "python3-numpy"]
