# SPDX-License-Identifier: MIT
"""The emulator's build and the emulator itself, where it is cached."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.labkit import boards, cache, emulator, emulator_log, emulator_selftest, need, steps
from tools.labkit.errors import LabError, LabUsage, MissingPrograms

_HUNK = re.compile(r"^@@ -(\d+),(\d+) \+\d+,\d+ @@")


def _fitting_tree(folder: Path) -> Path:
    """Make the files that the hooks expect: their context, filler everywhere else."""
    lines: dict[int, str] = {}
    path, number = None, 0
    for line in [*(emulator.OURS / "hooks.patch").read_text().splitlines(), "--- a/end"]:
        hunk = _HUNK.match(line)
        if line.startswith("--- a/"):
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                last = max(lines) + 10
                path.write_text("".join(f"{lines.get(n, f'filler {n}')}\n" for n in range(1, last)))
            path, lines = folder / line[6:], {}
        elif hunk:
            number = int(hunk.group(1))
        elif line[:1] in (" ", "-") and path is not None and number:
            lines[number] = line[1:]
            number += 1
        elif line.startswith("diff "):
            number = 0
    for place in ("configs/devices/arm-softmmu", "include/exec", "target/arm"):
        (folder / place).mkdir(parents=True, exist_ok=True)
    return folder


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def qemu() -> Path:
    found = emulator.cached(cache.root())
    if found is None:
        pytest.skip("no emulator of these sources in the cache: tools/lab build armv5-vivt")
    return found


@pytest.fixture(scope="module")
def selftest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not need.find("arm-linux-gnueabi-gcc"):
        pytest.skip("arm-linux-gnueabi-gcc is missing: apt-get install gcc-arm-linux-gnueabi")
    return emulator_selftest.compile_program(tmp_path_factory.mktemp("selftest"))


def test_hooks_on_fitting_tree_apply_and_bring_our_files(tmp_path: Path) -> None:
    tree = _fitting_tree(tmp_path)

    emulator.apply_hooks(tree)

    assert (tree / "target/arm/vivt.c").read_bytes() == (emulator.OURS / "vivt.c").read_bytes()
    assert "vivt_load(" in (tree / "accel/tcg/cputlb.c").read_text()


def test_hooks_on_another_version_name_the_place_and_leave_the_tree_alone(tmp_path: Path) -> None:
    tree = _fitting_tree(tmp_path)
    (tree / "VERSION").write_text("9.9.9\n")
    walker = tree / "target/arm/ptw.c"
    walker.write_text(walker.read_text().replace("result->f.phys_addr", "result->phys_addr"))
    before = _contents(tree)

    with pytest.raises(
        LabError, match=r"QEMU 9\.9\.9: hooks\.patch does not apply: target/arm/ptw\.c: hunk 2 at line 73\d"
    ):
        emulator.apply_hooks(tree)
    assert _contents(tree) == before


def test_hooks_on_an_empty_tree_say_so(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="the source has no accel/tcg/cputlb.c, "):
        emulator.apply_hooks(tmp_path)


def test_build_without_packages_names_all_in_one_line_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))

    with pytest.raises(MissingPrograms) as caught:
        emulator.build(tmp_path)

    text = str(caught.value)
    assert "\n" not in text
    named = set(re.split(r"[ ,:]+", text))
    assert {"dpkg-dev", "patch", "gcc", "meson", "ninja-build", "pkg-config"} <= named
    assert list(tmp_path.iterdir()) == []


def test_build_with_cached_emulator_needs_neither_network_nor_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    # The mark of the sources is in the name: find it by what a fresh build would be called.
    assert emulator.cached(tmp_path) is None
    folder = tmp_path / f"qemu-vivt-7.2-{emulator.mark()}"
    folder.mkdir()
    (folder / emulator.PROGRAM).touch()

    assert emulator.build(tmp_path) == folder / emulator.PROGRAM


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("off", "mode=off"),
        ("size=32768,repl=rr", "mode=full,size=32768,repl=rr"),
        ("mode=tags", "mode=full,mode=tags"),
    ],
)
def test_cache_options_add_to_those_of_the_board(text: str, wanted: str) -> None:
    assert emulator.cache_options(boards.load("armv5-vivt"), text) == {"QEMU_VIVT": wanted}


def test_cache_options_for_a_board_without_a_cache_are_refused() -> None:
    with pytest.raises(LabUsage, match="board armv5 has no modelled cache"):
        emulator.cache_options(boards.load("armv5"), "off")


def test_failing_step_shows_the_end_of_its_output(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"sh -c .* ended with 3:\nlast words"):
        steps.run(["sh", "-c", "echo last words; exit 3"], tmp_path)


@pytest.mark.parametrize("options", emulator_selftest.VARIANTS)
def test_emulator_passes_its_own_test(qemu: Path, selftest: Path, options: str) -> None:
    outcome = emulator_selftest.run(qemu, selftest, options)

    assert outcome.failed == ()
    assert outcome.good
    assert outcome.planned >= (6 if "type=vipt" in options else 33)


@pytest.mark.parametrize("options", ["mode=off", "mode=full,ops=0"])
def test_own_test_fails_without_the_cache_or_its_operations(qemu: Path, selftest: Path, options: str) -> None:
    outcome = emulator_selftest.run(qemu, selftest, options)

    assert not outcome.good


@pytest.mark.parametrize(
    ("options", "allowed"),
    [
        ("mode=half", "off, alias, tags, full"),
        ("mode=full,line=64", "16, 32"),
        ("mode=full,ways=0", "1 to 64"),
        ("mode=full,size=16384,ways=3", "must be a power of two"),
        ("mode=full,size=16k", "512 to 1048576"),
        ("mode=full,sizes=16384", "log, mode, repl"),
        ("mode", "log, mode, repl"),
        ("mode=full,log=/nowhere/at/all", "No such file or directory"),
    ],
)
def test_wrong_option_ends_in_one_line_and_exit_code(
    qemu: Path, selftest: Path, options: str, allowed: str
) -> None:
    outcome = emulator_selftest.run(qemu, selftest, options)

    assert outcome.code == 1
    assert outcome.planned == 0
    assert len(outcome.errors.splitlines()) == 1
    assert "QEMU_VIVT: " in outcome.errors
    assert allowed in outcome.errors


def test_log_has_every_stale_read_that_was_counted(qemu: Path, selftest: Path, tmp_path: Path) -> None:
    log = tmp_path / "truth.log"

    assert emulator_selftest.run(qemu, selftest, f"mode=full,log={log}").good

    truth = emulator_log.read(log)
    assert truth.options["mode"] == "full"
    assert {read.via for read in truth.stale} == {"u", "k", "l"}
    for via, name in (("u", "stale_user"), ("k", "stale_kernel"), ("l", "stale_linear")):
        assert truth.counters[name] == sum(read.via == via for read in truth.stale) > 0
    assert all(read.observed != read.newest for read in truth.stale)


def test_full_log_is_cut_at_its_limit_and_says_how_much(qemu: Path, selftest: Path, tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.log", tmp_path / "cut.log"

    assert emulator_selftest.run(qemu, selftest, f"mode=full,log={whole}").good
    assert emulator_selftest.run(qemu, selftest, f"mode=full,log={cut},logmax=3").good

    every, some = emulator_log.read(whole), emulator_log.read(cut)
    assert len(some.stale) == 3
    assert some.counters["unlogged"] == len(every.stale) - 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "size=12345",
            "size=12345,ways=4,line=32 is not allowed (size / (ways * line) must be a power of two)",
        ),
        ("ways=0", "ways=0 is not allowed (1 to 64)"),
        ("repl=lru", "repl=lru is not allowed (rnd, rr, rrg)"),
        ("xscale,line=24", "line=24 is not allowed (16, 32)"),
    ],
)
def test_cache_that_the_emulator_refuses_is_refused_before_a_boot(qemu: Path, text: str, said: str) -> None:
    with pytest.raises(LabUsage) as refused:
        emulator.check_options(boards.load("armv5-vivt"), ["", text])
    assert str(refused.value) == f"--cache {text}: {said}"


@pytest.mark.parametrize("text", ["off", "xscale", "size=8192,line=16", "type=vipt"])
def test_cache_that_the_emulator_takes_passes(qemu: Path, text: str) -> None:
    emulator.check_options(boards.load("armv5-vivt"), [text])


def test_cache_of_an_emulator_that_is_not_built_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PCMSTRESS_CACHE", str(tmp_path))
    emulator.check_options(boards.load("armv5-vivt"), ["size=12345"])
    with pytest.raises(LabUsage, match="no modelled cache"):
        emulator.check_options(boards.load("armv5"), ["size=8192"])
