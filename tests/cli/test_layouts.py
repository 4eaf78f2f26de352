# SPDX-License-Identifier: MIT
"""Runs whose directions differ: clean boards are clean, and an aliasing one is found out."""

from __future__ import annotations

import json

import pytest

from stress.cli import layout as layouts
from stress.cli import main
from stress.model.offers import Choice, Offer

PLAN = """
playback_channels = {playback}
capture_channels = {capture}
playback_format = "{played}"
capture_format = "{captured}"
bound = 0.01
[[arm]]
name = "a"
period_size = 64
playback_buffer = 256
capture_buffer = 320
burst_s = "300ms"
"""
LAYOUTS = [
    (2, 1, "S16_LE", "S16_LE"),
    (1, 2, "S16_LE", "S24_3LE"),
    (2, 10, "S32_LE", "S32_LE"),
    (2, 2, "S24_3LE", "S16_LE"),
    (4, 4, "U8", "U8"),
    (2, 2, "S16_BE", "S16_BE"),
    (2, 2, "S20_3LE", "S20_3LE"),
    (2, 2, "FLOAT_LE", "FLOAT_LE"),
    (10, 10, "S32_LE", "S32_LE"),
]


def _run(tmp_path, capsys, board, playback, capture, played, captured):
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN.format(playback=playback, capture=capture, played=played, captured=captured))
    argv = ["run", "--backend", "virtual", "--board", board, "--plan", str(plan), "--seed", "5"]
    code = main.main([*argv, "--out", str(tmp_path / "out"), "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: "-".join(map(str, layout)))
def test_run_on_a_clean_board_passes_with_its_control_in_any_layout(tmp_path, capsys, layout):
    code, found = _run(tmp_path, capsys, "x86_64", *layout)
    assert (code, found["verdict"]) == (0, "PASS"), found["reasons"]


@pytest.mark.parametrize("layout", LAYOUTS[:5], ids=lambda layout: "-".join(map(str, layout)))
def test_run_on_an_aliasing_board_fails_with_stale_lines_in_any_layout(tmp_path, capsys, layout):
    code, found = _run(tmp_path, capsys, "arm926", *layout)
    assert (code, found["verdict"]) == (1, "FAIL")
    assert "stale" in " ".join(found["reasons"])


@pytest.mark.parametrize("pair", ["1=3", "1", "1=\u00b2", "\u0661=1", "1=" + "9" * 5000])
def test_run_with_a_channel_map_that_is_none_is_one_line(tmp_path, capsys, pair):
    plan = tmp_path / "plan.toml"
    text = PLAN.format(playback=2, capture=2, played="S16_LE", captured="S16_LE")
    plan.write_text(f'channel_map = ["{pair}"]\n' + text, encoding="utf-8")
    code = main.main(["run", "--backend", "virtual", "--plan", str(plan), "--out", str(tmp_path / "out")])
    err = capsys.readouterr().err
    assert code == 64 and "channel_map" in err and err.count("\n") == 1


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--rate", "22050"], "22050 Hz: the card does not have it; it offers playback 48000 Hz; capture"),
        (["--format", "S32_LE"], "S32_LE at 48000 Hz: the card does not have it; it offers S16_LE"),
        (["--channels", "2,6"], "6 channels at 48000 Hz: the card does not have it; it offers 1 channel"),
    ],
)
def test_what_the_card_lacks_is_a_skip_with_a_record_that_names_what_it_offers(
    tmp_path, capsys, monkeypatch, asked, said
):
    def offers(card):
        return [
            Offer(
                f"hw:c,0 {way}",
                ("mmap", "rw"),
                (Choice("S16_LE", channels, (48000,), (48, 4800), (96, 48000)),),
            )
            for way, channels in (("playback", 2), ("capture", 1))
        ], ""

    monkeypatch.setattr(layouts, "offers_of", offers)
    words = [
        "run",
        "--card",
        "c",
        "--out",
        str(tmp_path / "out"),
        "--junit",
        str(tmp_path / "j.xml"),
        "--json",
    ]
    assert main.main([*words, *asked]) == 4
    found = json.loads(capsys.readouterr().out)
    assert found["verdict"] == "SKIP"
    assert said in found["reasons"][0]
    assert "skipped" in (tmp_path / "j.xml").read_text()
    assert main.main(["report", str(tmp_path / "out")]) == 0
    assert said in capsys.readouterr().out
