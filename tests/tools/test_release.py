# SPDX-License-Identifier: MIT
"""The release is checked: what the files say of it, and what is in the files that are shipped."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

import stress
from tools.releasekit import __main__ as release
from tools.releasekit import artifacts, texts

ROOT = Path(__file__).resolve().parents[2]
CONTROL, LAVA = Path("packaging/debian/control"), Path("integrations/lava/pcmstress.yaml")
COPYRIGHT = Path("packaging/debian/copyright")


@pytest.fixture
def tree(tmp_path):
    for name in (texts.PLACE, "setup.cfg", "LICENSE", CONTROL, COPYRIGHT, LAVA):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "CHANGELOG.md").write_text(f"# Changelog\n\n## {stress.__version__}\n\n- All.\n")
    return tmp_path


def _change(path, before, after):
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


def test_release_texts_of_the_tree_hold():
    # The list of changes gets its section when the release is made.
    assert {
        name: check(ROOT) for name, check in texts.CHECKS.items() if name != "changes" and check(ROOT)
    } == {}


def test_release_texts_of_a_whole_tree_hold(tree):
    assert {name: check(tree) for name, check in texts.CHECKS.items()} == dict.fromkeys(texts.CHECKS, [])


@pytest.mark.parametrize("said", ["", "1.0", "1.0.0rc", "1.0.0rc0", "1.0.0-rc1", "v1.0.0", "1.0.0.dev1"])
def test_release_version_of_another_form_is_refused_with_the_forms_allowed(tree, said):
    _change(tree / texts.PLACE, stress.__version__, said)
    assert texts.form(tree) == [
        f"stress/__init__.py: __version__ is {said!r}: allowed are 1.2.3 and 1.2.3rc1"
    ]


def test_release_version_stated_a_second_time_names_the_file(tree):
    (tree / "packaging" / "x.mk").write_text(f"X_VERSION = {stress.__version__}\n")
    assert texts.one_place(tree) == [
        f"packaging/x.mk: states {stress.__version__}, which stress/__init__.py alone may"
    ]


@pytest.mark.parametrize("heads", ["", "## Unreleased\n\n## {}\n", "## 0.9\n", "## {}1\n"])
def test_release_without_its_changes_first_is_refused(tree, heads):
    (tree / "CHANGELOG.md").write_text("# Changelog\n\n" + heads.format(stress.__version__))
    assert len(texts.changes(tree)) == 1


def test_release_licence_that_is_missing_or_differs_is_named(tree):
    (tree / "stress" / "x.py").write_text("import os\n")
    _change(tree / "LICENSE", "free of charge", "for a charge")
    _change(tree / "setup.cfg", "license_files = LICENSE", "license_files = COPYING")
    assert texts.licences(tree) == [
        "stress/x.py: has no SPDX-License-Identifier",
        "setup.cfg: license and license_files have to be MIT and LICENSE",
        "packaging/debian/copyright: differs from LICENSE",
    ]


@pytest.mark.parametrize("place", [CONTROL, LAVA])
def test_release_maintainer_who_differs_is_named_with_the_file(tree, place):
    _change(tree / place, "maintainers@", "somebody@")
    assert [line.partition(":")[0] for line in texts.maintainer(tree)] == [str(place)]


def _zip(path, *, without="", more=(), version=stress.__version__, licence=True):
    with zipfile.ZipFile(path, "w") as archive:
        for file in (ROOT / "stress").rglob("*.py"):
            name = f"stress/{file.relative_to(ROOT / 'stress').as_posix()}"
            if name != without:
                archive.writestr(name, "")
        for file in (ROOT / "configs").rglob("*.toml"):
            archive.writestr(f"stress/configs/{file.relative_to(ROOT / 'configs').as_posix()}", "")
        archive.writestr("x.dist-info/METADATA", f"Name: pcmstress\nVersion: {version}\n")
        if licence:
            archive.writestr("x.dist-info/licenses/LICENSE", (ROOT / "LICENSE").read_bytes())
        for name in more:
            archive.writestr(name, "")
    return path


def test_release_wheel_that_is_whole_has_no_complaint(tmp_path):
    assert artifacts.wheel_content(_zip(tmp_path / "p.whl"), ROOT) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"without": "stress/cli/main.py"}, "p.whl: lacks stress/cli/main.py"),
        ({"more": ("tests/x.py",)}, "p.whl: holds tests/x.py"),
        ({"version": "0.1.0"}, f"p.whl: is not version {stress.__version__}"),
        ({"licence": False}, "p.whl: lacks the text of the licence"),
    ],
)
def test_release_wheel_that_is_not_whole_says_what_is_wrong(tmp_path, change, said):
    assert artifacts.wheel_content(_zip(tmp_path / "p.whl", **change), ROOT) == [said]


def test_release_builds_that_differ_are_named(tmp_path):
    for folder, text in (("a", "one"), ("b", "two")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "same").write_text("same")
        (tmp_path / folder / "other").write_text(text)
    first, again = ({name: tmp_path / one / name for name in ("same", "other")} for one in "ab")
    assert artifacts.differences(first, again) == ["other: a second build has other bytes"]


def test_release_without_its_tools_names_all_of_them_before_any_work(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(release.shutil, "which", lambda name: None)
    monkeypatch.setattr(release, "version", lambda package: "65.5.0")
    assert release.main(["--out", str(tmp_path / "dist")]) == 69
    told = capsys.readouterr()
    assert told.err == (
        "tools/release: missing here: git: apt-get install git; "
        "setuptools 70.1: pip install setuptools>=70.1\n"
    )
    assert told.out == ""
    assert not (tmp_path / "dist").exists()


def test_release_of_texts_that_fail_ends_with_one_and_says_how_many(monkeypatch, tree, capsys):
    monkeypatch.setattr(release, "ROOT", tree)
    assert release.main(["--texts"]) == 0
    (tree / "CHANGELOG.md").unlink()
    assert release.main(["--texts"]) == 1
    assert capsys.readouterr().out.endswith(f"pcmstress {stress.__version__}: 1 checks failed\n")
