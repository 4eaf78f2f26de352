# SPDX-License-Identifier: MIT
"""The one file for a board: everything in it, and readable by every Python from 3.9 on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stress.settings import find

ROOT = Path(__file__).resolve().parents[2]
# A board has neither tomllib (Python 3.11) nor tomli, and no checkout beside the file.
READ = """
import sys
sys.modules["tomllib"] = sys.modules["tomli"] = None
sys.path.insert(0, sys.argv[1])
from stress.settings import find
for kind in ("boards", "plans", "footprints"):
    for name in find.names(kind):
        print(kind, name, len(find.load(kind, name)[0]) > 0)
"""


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    file = tmp_path_factory.mktemp("pack") / "sub" / "p.pyz"
    subprocess.run([ROOT / "tools" / "pack", file], env={**os.environ, "PYTHON": sys.executable}, check=True)
    return file


def test_packed_file_holds_every_configuration_and_needs_no_toml(packed, tmp_path):
    done = subprocess.run(
        [sys.executable, "-I", "-c", READ, packed],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    kinds = ("boards", "plans", "footprints")
    assert done.stdout.splitlines() == [f"{kind} {name} True" for kind in kinds for name in find.names(kind)]


def test_packed_file_packed_again_elsewhere_has_the_same_bytes(packed, tmp_path):
    # Neither the hour, the mask of the user nor the order of a directory is in it.
    again = tmp_path / "again.pyz"
    subprocess.run(
        ["sh", "-c", 'umask 077 && exec "$0" "$1"', ROOT / "tools" / "pack", again],
        env={**os.environ, "PYTHON": sys.executable, "TZ": "Asia/Tokyo"},
        check=True,
    )
    assert again.read_bytes() == packed.read_bytes()
    assert os.access(packed, os.X_OK)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--hlp"], 64, "usage: tools/pack"),
        (["a.pyz", "b.pyz"], 64, "usage: tools/pack"),
        ([""], 64, "usage: tools/pack"),
        (["."], 1, "tools/pack: .: .: Is a directory"),
        (["file/x.pyz"], 1, "tools/pack: file/x.pyz: file: File exists"),
    ],
)
def test_pack_of_a_wrong_file_is_refused_in_one_line(arguments, status, said, tmp_path):
    (tmp_path / "file").touch()
    done = subprocess.run(
        [ROOT / "tools" / "pack", *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.startswith(said)
    assert len(done.stderr.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_pack_names_all_that_is_missing_in_one_line(tmp_path):
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "dirname"):
        (programs / name).symlink_to(shutil.which(name))
    done = subprocess.run(
        [ROOT / "tools" / "pack", tmp_path / "x.pyz"],
        env={"PATH": str(programs)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (69, "tools/pack: missing here: python3 findutils coreutils\n")


def test_packed_file_predicts_the_same_as_the_checkout(packed, tmp_path):
    argv = ["predict", "--board", "cortex-a", "--plan", "smoke"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    told = [
        subprocess.run(
            [sys.executable, *way, *argv], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
        ).stdout
        for way in ((packed,), ("-m", "stress"))
    ]
    assert told[0] == told[1]
    assert "Cortex-A" in told[0]


def test_shipped_configuration_is_found_in_a_zip_of_python_3_9(monkeypatch):
    class Path39:
        # zipfile.Path took one part to join there, and called any name a file.
        def __init__(self, path):
            self._path, self.name = path, path.name

        def joinpath(self, part):
            return Path39(self._path / part)

        def is_file(self):
            return not self.is_dir()

        def iterdir(self):
            return map(Path39, self._path.iterdir())

        def __getattr__(self, name):
            return getattr(self._path, name)

    monkeypatch.setattr(find, "_home", lambda: Path39(ROOT / "configs"))
    assert find.load("plans", "smoke")[0]["title"].startswith("smoke")
    assert "arm926" in find.names("boards")
