# SPDX-License-Identifier: MIT
"""Patches on a kept tree: what they touch, what does not fit, what is written and what is put back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.labkit import boards, kernel_tree, patches
from tools.labkit.errors import BuildKilled, LabError, LabUsage

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


_CHANGED = "first\nchanged\nthird\n"
_MAIL = """\
From 0123456789abcdef Mon Sep 17 00:00:00 2001
From: Somebody <somebody@example.org>
Subject: [PATCH 1/2] ring: change a line
{head}
The message may hold a line of dashes, too:
---
 sound/ring.c | 2 +-
 1 file changed, 1 insertion(+), 1 deletion(-)

{diff}-- {blank}
2.39.2

"""


def _mail(diff: str, head: str = "") -> str:
    return _MAIL.format(diff=diff, head=head, blank="")


_TWICE = _ONE.replace("-second", "-changed").replace("+changed", "+twice")
_QUOTED = _mail(_ONE, "Content-Transfer-Encoding: quoted-printable\n").replace("changed\n", "chang=\ned\n")


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        (_ONE.replace("a/sound", "sound").replace("b/sound", "sound"), _CHANGED),
        (_ONE.replace("a/sound", "linux-6.1.orig/sound").replace("b/sound", "linux-6.1/sound"), _CHANGED),
        (_ONE.replace("a/sound", "i/sound").replace("b/sound", "w/sound"), _CHANGED),
        (_ONE.replace("\n", "\r\n"), _CHANGED),
        (_ONE.replace("ring.c\n", "ring.c\t2026-11-29 10:00:00.000 +0000\n"), _CHANGED),
        (_mail(_ONE), _CHANGED),
        (_mail(_ONE).replace("\n", "\r\n"), _CHANGED),
        (_QUOTED, _CHANGED),
        (_mail(_ONE) + _mail(_TWICE), "first\ntwice\nthird\n"),
        ("diff --git a/sound/ring.c b/sound/ring.c\nindex 1..2 100644\n" + _ONE, _CHANGED),
        (
            _ONE.replace("a/sound", "/usr/src/linux-6.1/sound").replace("b/sound", "/usr/src/new/sound"),
            _CHANGED,
        ),
        (_ONE.replace("a/sound", "old/linux/sound").replace("b/sound", "new/linux/sound"), _CHANGED),
        (_ONE.replace("a/sound/ring.c", "a/sound/ring.c.orig"), _CHANGED),
        (_ONE.replace("ring.c\n", "ring.c   2026-11-29 10:00:00.000 +0000\n"), _CHANGED),
        ("\ufeff" + _ONE, _CHANGED),
    ],
    ids=[
        *("-p0", "two folders", "mnemonic", "CRLF", "dated", "mail", "CRLF mail", "encoded", "series", "git"),
        *("absolute", "-p2", "backup", "dated behind blanks", "byte order mark"),
    ],
)
def test_patch_of_every_make_is_applied(tree: Path, tmp_path: Path, text: str, becomes: str) -> None:
    _applied_and_back(tree, tmp_path, text.encode(), becomes)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_patch_that_a_shell_of_windows_wrote_is_applied(tree: Path, tmp_path: Path, encoding: str) -> None:
    text = "\ufeff" + _ONE.replace("\n", "\r\n")
    _applied_and_back(tree, tmp_path, text.encode(encoding), _CHANGED)


def _applied_and_back(tree: Path, tmp_path: Path, data: bytes, becomes: str) -> None:
    path = tmp_path / "a patch.patch"
    path.write_bytes(data)
    assert patches.checked([path]) == [path]
    kernel_tree.apply(tree, tmp_path, [path])
    assert _texts(tree)["sound/ring.c"] == becomes
    kernel_tree.apply(tree, tmp_path, [])
    assert _texts(tree)["sound/ring.c"] == "first\nsecond\nthird\n"


def test_rename_moves_the_file_and_is_put_back(tree: Path, tmp_path: Path) -> None:
    before = _texts(tree)
    text = "diff --git a/sound/ring.c b/sound/lap.c\nsimilarity index 100%\nrename from sound/ring.c\n"
    kernel_tree.apply(tree, tmp_path, [_patch(tmp_path, "p", text + "rename to sound/lap.c\n")])
    assert set(_texts(tree)) == {"sound/lap.c", "Makefile"}
    kernel_tree.apply(tree, tmp_path, [])
    assert _texts(tree) == before


def test_patch_of_a_file_that_an_earlier_one_adds_is_applied(tree: Path, tmp_path: Path) -> None:
    more = "--- a/include/new.h\n+++ b/include/new.h\n@@ -1 +1 @@\n-added\n+more\n"
    kernel_tree.apply(tree, tmp_path, [_patch(tmp_path, "a", _NEW), _patch(tmp_path, "b", more)])
    assert _texts(tree)["include/new.h"] == "more\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (_ONE.replace("ring.c", "absent.c"), r"the source has no sound/absent\.c$"),
        (_ONE.replace("-second", "-changed").replace("+changed", "+second"), "there already, or reversed$"),
        (_ONE.replace("@@ -1,3 +1,3 @@", "@@ -1,9 +1,9 @@"), "itself is damaged: unexpected end of file$"),
        (_ONE.replace("\n third", "\nthird"), "itself is damaged: malformed patch at line 7: third$"),
        (_ONE.replace(" first", "  first"), r"hunk 1 at line 1 \(only its blanks and tabs differ"),
        (_ONE.replace("-second", "-another"), "hunk 1 at line 1$"),
        (_ONE.replace("sound/ring.c", "ring.c"), r"the source has no ring\.c$"),
        (_ONE.replace("sound/ring.c", "usr/src/Makefile"), r"the source has no usr/src/Makefile$"),
    ],
)
def test_patch_that_does_not_fit_says_why(tree: Path, tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(LabError, match=said):
        kernel_tree.apply(tree, tmp_path, [_patch(tmp_path, "p", text)])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"\r\n \n", "is empty"),
        (b"diff --git a/x b/x\nGIT binary patch\nliteral 3\n", "holds a binary patch"),
        (b"\x1f\x8b\x08\x00", r"is compressed \(gunzip it first\): no unified diff"),
        (b"*** a/x\n--- b/x\n***************\n", r"context diff \(make it with diff -u\): no unified diff"),
        (b"<!DOCTYPE html>\n<pre>--- a/x</pre>", "is a page of the web"),
        (b"On Monday X wrote:\n> --- a/x\n> +++ b/x\n", "is a quotation in a mail"),
        (b"a line of words\n", ": no unified diff"),
    ],
)
def test_file_that_is_no_patch_is_a_usage_error(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "p"
    path.write_bytes(data)
    with pytest.raises(LabUsage, match=said):
        patches.checked([path])


def test_folder_for_a_patch_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(LabUsage, match="is a folder"):
        patches.checked([tmp_path])


def test_version_is_the_makefile_s(tree: Path) -> None:
    assert kernel_tree.version(tree) == "of unknown version"
    (tree / "Makefile").write_text("VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 176\nEXTRAVERSION =\nNAME = x\n")
    assert kernel_tree.version(tree) == "6.1.176"


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        (LabError("make ended with 2: a.c:1:1: error: no"), "with x.patch does not compile: make"),
        (BuildKilled("cut"), "cut"),
    ],
)
def test_kernel_whose_make_is_killed_is_not_said_not_to_compile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ended: LabError, said: str
) -> None:
    def make(*_: object) -> None:
        raise ended

    monkeypatch.setattr(kernel_tree, "_make", make)
    kernel = boards.load("armv5-vivt").kernel
    with pytest.raises(type(ended), match=said):
        kernel_tree._compiled(kernel, tmp_path, tmp_path / "log", " with x.patch", ["zImage"])


def test_kernel_in_a_folder_with_a_blank_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PCMSTRESS_CACHE", str(tmp_path / "my cache"))
    with pytest.raises(LabError, match="a blank or a colon"):
        kernel_tree.build(boards.load("armv5-vivt"), tmp_path)


def test_apply_of_two_patches_on_one_file_stacks_them(tree: Path, tmp_path: Path) -> None:
    more = _ONE.replace("-second", "-changed").replace("+changed", "+twice")
    kernel_tree.apply(tree, tmp_path, [_patch(tmp_path, "a", _ONE), _patch(tmp_path, "b", more)])
    assert _texts(tree)["sound/ring.c"] == "first\ntwice\nthird\n"


def test_fragments_later_line_of_an_option_counts() -> None:
    text = "CONFIG_A=y\nCONFIG_B=m\n# CONFIG_A is not set\n# a comment\n"
    assert kernel_tree.effective(text) == "# CONFIG_A is not set\nCONFIG_B=m"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("CONFIG_NO_SUCH=y", "Linux of unknown version has no such option"),
        ("CONFIG_RIN=y", "Linux of unknown version has no such option"),
        ("CONFIG_RING=maybe", "CONFIG_RING=y: the value is not allowed, or what it depends on is off"),
        ("# CONFIG_RING is not set", "CONFIG_RING=y: the value is not allowed, or what it depends on is off"),
        ("CONFIG_LAP=m", "it is off: the value is not allowed, or what it depends on is off"),
    ],
)
def test_option_that_is_not_granted_says_what_became_of_it(tree: Path, line: str, why: str) -> None:
    (tree / "sound/Kconfig").write_text("config RING\n\tbool\nmenuconfig LAP\n\ttristate\n")
    assert kernel_tree.why_refused(line, tree, "CONFIG_RING=y\nCONFIG_RING_MORE=y\n") == why
