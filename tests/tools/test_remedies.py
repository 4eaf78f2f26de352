# SPDX-License-Identifier: MIT
"""Remedies: each is in the patch, and the tables say what is wrong, clean, unexpected or not run."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from tools.labkit import boards, command, kernel, patches, remedies, remedy_run, remedy_table
from tools.labkit.experiments import Booted
from tools.labkit.remedy_run import ArmResult, CardResult

PATCH = remedies.FOLDER / "linux-6.1.patch"


def _arm(wrong: int = 0, **more: object) -> ArmResult:
    values = {"verdict": "FAIL" if wrong else "PASS", "lines": 3000, "checked": 24000, "wrong": wrong, **more}
    return ArmResult(**values)  # type: ignore[arg-type]


def _card(**wrong: int) -> CardResult:
    arms = {name: _arm(wrong.get(name, 0)) for name in remedies.PLAYBACK + remedies.CAPTURE}
    return CardResult(arms, "FAIL" if any(wrong.values()) else "PASS", "cache alias" if wrong else "none")


@pytest.mark.parametrize("patch", sorted(remedies.FOLDER.glob("linux-*.patch")), ids=lambda path: path.stem)
def test_every_remedy_that_needs_the_patch_is_in_it(patch: Path) -> None:
    in_patch = set(re.findall(r'^\+\t\{ "([\w-]+)",', patch.read_text(), re.M))
    named = {remedy.name for remedy in remedies.REMEDIES if remedy.patched}
    assert in_patch - {"stock"} == named
    for remedy in remedies.REMEDIES:
        if remedy.patched:
            assert remedy.append == (f"{remedies.ARGUMENT}={remedy.name}",)


@pytest.mark.parametrize("patch", sorted(remedies.FOLDER.glob("linux-*.patch")), ids=lambda path: path.stem)
def test_patch_touches_only_sound(patch: Path) -> None:
    assert all(path.startswith(("sound/", "include/sound/")) for path in patches.touched(patch))


def test_patched_kernel_has_a_cache_entry_of_its_own() -> None:
    stock = boards.load("armv5-vivt")
    changed = remedies.patched(stock, [PATCH])
    assert kernel.name(changed.kernel) != kernel.name(stock.kernel)
    assert kernel.name(changed.kernel) == kernel.name(remedies.patched(stock, [PATCH]).kernel)


def test_patch_text_decides_the_cache_entry_not_its_place(tmp_path: Path) -> None:
    stock = boards.load("armv5-vivt")
    copy, other = tmp_path / "copy.patch", tmp_path / "other.patch"
    copy.write_text(PATCH.read_text())
    other.write_text(PATCH.read_text() + "\n")
    names = [kernel.name(remedies.patched(stock, [path]).kernel) for path in (PATCH, copy, other)]
    assert names[0] == names[1] != names[2]


def test_card_that_only_plays_gets_the_plan_without_recorders() -> None:
    arms = {card: [arm.name for arm in remedy_run.plan_for(card).arm] for card in remedies.CARDS}
    assert set(remedies.PLAYBACK + remedies.CAPTURE) <= set(arms["aloop"])
    assert arms["usb"] == ["mixer", "mixer-cacheflush", "player", "player-rw"]


def test_kernel_without_a_patch_is_asked_stock_and_coherent_memory_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    booted: list[tuple[str, tuple[str, ...]]] = []

    def measured(board: boards.Board, card: str, how: Booted, *_: object, **__: object) -> CardResult:
        booted.append((card, tuple(how.append)))
        return _card() if how.append else _card(player=800, mixer=80, recorder=900, ahead=80)

    monkeypatch.setattr(remedy_run, "measured", measured)
    monkeypatch.setattr(remedies, "FOLDER", tmp_path)
    argv = ["remedies", "armv5-vivt", "--card", "usb", "--out", str(tmp_path)]
    assert command.main(argv) == 0
    assert booted == [("usb", ()), ("usb", ("snd_usb_audio.use_vmalloc=0",))]
    assert command.main([*argv[:2], "both-uncached", *argv[2:]]) == 70
    assert "no remedies are written for linux-source-6.1" in capsys.readouterr().err


def test_surprise_is_a_clean_arm_that_should_be_wrong_and_the_reverse() -> None:
    user = next(remedy for remedy in remedies.REMEDIES if remedy.name == "user-uncached")
    as_expected = _card(player=900, mixer=100)
    assert remedy_table.surprises(user, "aloop", as_expected) == []
    assert remedy_table.surprises(user, "aloop", _card(player=900, recorder=8)) == ["recorder"]
    assert remedy_table.surprises(user, "aloop", _card()) == ["player"]


def test_coherent_memory_is_expected_to_mend_usb_alone() -> None:
    coherent = next(remedy for remedy in remedies.REMEDIES if remedy.name == "use_vmalloc=0")
    assert coherent.mends("usb", "player")
    assert not coherent.mends("aloop", "player")


def test_comparison_says_before_after_bound_and_what_did_not_run() -> None:
    after = _card(mixer=80)
    after.arms["ahead"] = ArmResult(reason="no capture")
    lines = remedy_table.comparison({"usb": _card(player=2400, mixer=80)}, {"usb": after})
    player = next(line for line in lines if "P1" in line)
    assert re.search(r"FAIL 10\.00 % +PASS +0 of 24000 +1\.0e-03 +0$", player)
    assert re.search(
        r"FAIL 0\.33 % +FAIL 0\.33 % +80 of 24000 +- ", next(line for line in lines if "P2" in line)
    )
    assert "USB ahead: not run: no capture" in lines


def test_rows_say_what_is_mended_what_is_left_and_the_cost_beside_stock() -> None:
    by_name = {remedy.name: remedy for remedy in remedies.REMEDIES}
    stock = _card(player=2400, mixer=80, recorder=90, ahead=8)
    half, whole = _card(player=900), _card()
    half.arms["ahead"] = ArmResult(reason="no capture")
    for card, instructions in ((stock, 4000), (half, 4500), (whole, 3999)):
        card.arms["player"] = dataclasses.replace(
            card.arms["player"], frames=100, counters={"instructions": instructions}
        )
    rows = [
        remedy_table.Row(by_name[name], {"aloop": card})
        for name, card in (("stock", stock), ("user-uncached", half), ("both-uncached", whole))
    ]
    told = [re.split(r" {2,}", line)[2:4] for line in remedy_table.causes(rows)[3:]]
    assert told == [
        ["-", "player, mixer, recorder, ahead"],
        ["mixer, recorder", "player"],
        ["player, mixer, recorder, ahead", "nothing"],
    ]
    beside = [re.split(r" {2,}", line)[3:5] for line in remedy_table.costs(rows)[3:]]
    assert beside == [["40", "+0.0 %"], ["45", "+12.5 %"], ["40", "-0.0 %"]]
    assert re.split(r" {2,}", remedy_table.causes(rows[1:])[3])[2:4] == ["-", "player"]


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("WARNING: CPU: 0 PID: 61 at sound/core/pcm_native.c:7 snd_pcm_x+0x1/0x2", True),
        ("Unable to handle kernel NULL pointer dereference at virtual address 00000000", True),
        ("BUG: sleeping function called from invalid context at mm/page_alloc.c:1", True),
        ("usb 1-1: Warning! Unlikely big volume range (=4096), cval->res is probably wrong.", False),
    ],
)
def test_complaint_of_the_changed_kernel_is_under_the_table(tmp_path: Path, said: str, found: bool) -> None:
    log = tmp_path / "dmesg.log"
    more = "[   13.0] WARNING: another\n" if found else ""
    log.write_text(f"[    1.0] booting\n[   12.345678] {said}\n{more}")
    text = remedy_run.splat(log)
    assert text == (f"{said} (its log: {log})" if found else "")
    after = {"usb": dataclasses.replace(_card(), splat=text)}
    lines = remedy_table.comparison({"usb": _card(player=8)}, after)
    assert any("THE CHANGED KERNEL COMPLAINED" in line for line in lines) == found
    assert not any("COMPLAINED" in line for line in remedy_table.comparison(after, after))


def test_agreement_disagrees_where_a_frame_is_unexplained() -> None:
    good = CardResult({"player": _arm(8, served=8)}, "FAIL", "")
    bad = CardResult({"player": _arm(8, served=7, unexplained=1)}, "FAIL", "")
    assert remedy_table.agreement([good])[0].endswith("explains every wrong frame")
    assert "DISAGREES" in remedy_table.agreement([good, bad])[0]


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["try", "armv5-vivt"], "nothing to try"),
        (["try", "armv5-vivt", "--patch", "/no/such.patch"], "no such file"),
        (["try", "armv5-vivt", "--config", "/no/such.config"], "no such file"),
        (["try", "armv5-vivt", "--config", "/dev/null"], "no such file"),
        (["try", "armv5-vivt", "--config", "/"], "--config /: is a folder"),
        (["try", "armv5-vivt", "--config", __file__], "no line CONFIG_NAME=VALUE"),
        (["try", "x86_64", "--patch", str(PATCH)], "board x86_64 has no modelled cache"),
        (["try", "armv5", "--patch", str(PATCH)], "board armv5 has no modelled cache"),
        (["remedies", "armv7"], "board armv7 has no modelled cache"),
        (["remedies", "armv5-vivt", "snake-oil"], "there is no remedy snake-oil"),
    ],
)
def test_wrong_request_is_one_line_and_64(
    argv: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(argv) == 64
    assert told in capsys.readouterr().err
