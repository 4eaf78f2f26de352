# SPDX-License-Identifier: MIT
"""Patches on a kept tree: what they touch, what does not fit, what is written and what is put back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.labkit import kernel_tree, patches
from tools.labkit.errors import LabError, LabUsage

_ONE = """\
--- a/sound/ring.c
+++ b/sound/ring.c
@@ -1,3 +1,3 @@
 first
-second
+changed
 third
"""
_NEW = """\
--- /dev/null
+++ b/include/new.h
@@ -0,0 +1 @@
+added
"""
_ELSEWHERE = _ONE.replace("-second", "-another")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    (source / "sound").mkdir(parents=True)
    (source / "sound/ring.c").write_text("first\nsecond\nthird\n")
    (source / "Makefile").write_text("all:\n")
    return source


def _patch(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def _texts(tree: Path) -> dict[str, str]:
    return {str(path.relative_to(tree)): path.read_text() for path in tree.rglob("*") if path.is_file()}


def test_patch_names_the_files_it_changes_and_adds(tmp_path: Path) -> None:
    assert patches.touched(_patch(tmp_path, "p", _ONE + _NEW)) == ["sound/ring.c", "include/new.h"]


def test_patch_that_is_no_diff_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(LabUsage, match="no unified diff"):
        patches.checked([_patch(tmp_path, "p", "Subject: words\n")])


def test_missing_patch_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(LabUsage, match="there is no such file"):
        patches.checked([tmp_path / "absent.patch"])


def test_patch_outside_the_tree_is_refused(tmp_path: Path) -> None:
    text = _ONE.replace("sound/ring.c", "../../etc/passwd")
    with pytest.raises(LabUsage, match="lies outside the tree"):
        patches.touched(_patch(tmp_path, "p", text))


def test_apply_gives_the_patched_tree_and_keeps_other_files(tree: Path, tmp_path: Path) -> None:
    kernel_tree.apply(tree, tmp_path, [_patch(tmp_path, "p", _ONE + _NEW)])
    assert _texts(tree) == {
        "sound/ring.c": "first\nchanged\nthird\n",
        "include/new.h": "added\n",
        "Makefile": "all:\n",
    }


def test_apply_of_nothing_puts_everything_back(tree: Path, tmp_path: Path) -> None:
    before = _texts(tree)
    kernel_tree.apply(tree, tmp_path, [_patch(tmp_path, "p", _ONE + _NEW)])
    kernel_tree.apply(tree, tmp_path, [])
    assert _texts(tree) == before


def test_apply_of_another_patch_starts_from_the_original(tree: Path, tmp_path: Path) -> None:
    kernel_tree.apply(tree, tmp_path, [_patch(tmp_path, "one", _ONE)])
    other = _ONE.replace("+changed", "+otherwise")
    kernel_tree.apply(tree, tmp_path, [_patch(tmp_path, "two", other), _patch(tmp_path, "new", _NEW)])
    assert _texts(tree)["sound/ring.c"] == "first\notherwise\nthird\n"


def test_apply_of_the_same_patch_again_writes_nothing(tree: Path, tmp_path: Path) -> None:
    patch = _patch(tmp_path, "p", _ONE + _NEW)
    kernel_tree.apply(tree, tmp_path, [patch])
    stamps = {path: path.stat().st_mtime_ns for path in tree.rglob("*") if path.is_file()}
    kernel_tree.apply(tree, tmp_path, [patch])
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps


def test_apply_that_does_not_fit_names_file_hunk_and_line_and_leaves_the_tree(
    tree: Path, tmp_path: Path
) -> None:
    kernel_tree.apply(tree, tmp_path, [_patch(tmp_path, "good", _ONE)])
    before = _texts(tree)
    with pytest.raises(LabError, match=r"^bad does not apply: sound/ring\.c: hunk 1 at line 1$"):
        kernel_tree.apply(
            tree, tmp_path, [_patch(tmp_path, "new", _NEW), _patch(tmp_path, "bad", _ELSEWHERE)]
        )
    assert _texts(tree) == before


def test_apply_of_two_patches_on_one_file_stacks_them(tree: Path, tmp_path: Path) -> None:
    more = _ONE.replace("-second", "-changed").replace("+changed", "+twice")
    kernel_tree.apply(tree, tmp_path, [_patch(tmp_path, "a", _ONE), _patch(tmp_path, "b", more)])
    assert _texts(tree)["sound/ring.c"] == "first\ntwice\nthird\n"


def test_fragments_later_line_of_an_option_counts() -> None:
    text = "CONFIG_A=y\nCONFIG_B=m\n# CONFIG_A is not set\n# a comment\n"
    assert kernel_tree.effective(text) == "# CONFIG_A is not set\nCONFIG_B=m"
