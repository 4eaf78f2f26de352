# SPDX-License-Identifier: MIT
"""`run --loopback`: what judges, and what happens where nothing can."""

from __future__ import annotations

import json

import pytest

from stress.cli import backend, main
from stress.record.reader import read_events

PLAN = """
bound = 1e-2
[[arm]]
name = "small"
playback_buffer = 192
capture_buffer = 240
burst_s = "250ms"
"""


def _run(tmp_path, *more):
    (tmp_path / "plan.toml").write_text(PLAN)
    base = ["run", "--backend", "virtual", "--board", "cortex-a", "--plan", str(tmp_path / "plan.toml")]
    return main.main([*base, "--seed", "1", "--json", "--out", str(tmp_path / "run"), *more])


def test_none_judges_by_the_wire_and_is_recorded(tmp_path, capsys):
    assert _run(tmp_path, "--loopback", "none") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["verdict"] == "PASS"
    assert any("USB bus only" in reason for reason in report["reasons"])
    assert report["total"]["wire"]["judged"] == 1
    assert json.loads((tmp_path / "run/config.json").read_text())["loopback"] == "none"


def test_card_that_only_plays_is_said_nothing_of_capture(tmp_path, capsys):
    assert _run(tmp_path, "--set", "usb.captures=false") == 0
    reasons = json.loads(capsys.readouterr().out)["reasons"]
    assert reasons[0].startswith("for mmap (playback store): ")
    assert "judged from the USB bus only: the host's playback ring is correct" in reasons[2]


def test_digital_judges_by_what_comes_back(tmp_path, capsys):
    assert _run(tmp_path, "--loopback", "digital") == 0
    report = json.loads(capsys.readouterr().out)
    assert not any("USB bus only" in reason for reason in report["reasons"])
    assert "judged" not in report["total"]["wire"]
    assert report["total"]["wire"]["bursts"] == 1


def test_none_where_the_wire_cannot_be_seen_is_a_skip_with_the_reason(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(backend, "tap", lambda args, found: (None, "no right to watch the bus"))
    assert _run(tmp_path, "--loopback", "none") == 4
    report = json.loads(capsys.readouterr().out)
    assert report["verdict"] == "SKIP"
    assert "no right to watch the bus" in report["reasons"][0]


def test_auto_goes_on_without_the_wire_and_says_so(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(backend, "tap", lambda args, found: (None, "no right to watch the bus"))
    (tmp_path / "plan.toml").write_text(PLAN)
    base = ["run", "--backend", "virtual", "--board", "cortex-a", "--plan", str(tmp_path / "plan.toml")]
    assert main.main([*base, "--out", str(tmp_path / "run")]) == 0
    assert "USB bus: not seen: no right to watch the bus" in capsys.readouterr().out


@pytest.mark.parametrize("channels", ["2,1", "1,2"])
def test_auto_recognises_an_analog_cable_between_directions_of_different_channels(tmp_path, channels):
    more = ["--set", "analog.enabled=true", "--channels", channels, "--set", "usb.packet_us=1000"]
    _run(tmp_path, *more)
    said = [event for event in read_events(tmp_path / "run") if event["event"] == "loopback"]
    assert [(event["kind"], event["detector"]) for event in said] == [("analog", "spectral")]
