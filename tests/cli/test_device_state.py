# SPDX-License-Identifier: MIT
"""probe --ask-device: what a USB card says of itself, in words and as JSON."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from stress.board import usb_control
from stress.board.usb_control import DeviceState, Level
from stress.board.usb_units import ClockSource, Units
from stress.cli import device_state, main
from stress.errors import DeviceError

STATE = DeviceState(
    {0x29: 44100},
    {0x29: False},
    (Level(5, True, 1, -3.0, None), Level(6, False, 0, float("-inf"), True)),
    ("mute of unit 5, channel 0: Pipe error",),
)


def _board(*cards):
    return SimpleNamespace(
        cards=[SimpleNamespace(card=SimpleNamespace(id=name, number=1), usb=usb) for name, usb in cards]
    )


def test_lines_tell_what_was_said_then_what_is_not_exact_then_what_was_refused():
    assert device_state.lines({"Device": STATE}) == [
        "Device says of itself: clock 0x29 at 44100 Hz; playback channel 1 -3.00 dB; "
        "capture master -inf dB, muted",
        "note: Device: the device says that clock 0x29 is not valid",
        "note: Device: the device sets playback, channel 1 (unit 5) to -3.00 dB; bit-exact is 0 dB",
        "note: Device: the device mutes capture, master (unit 6)",
        "note: Device does not answer: mute of unit 5, channel 0: Pipe error",
    ]


def test_json_holds_no_infinity():
    text = json.dumps(device_state.to_json({"Device": STATE}), allow_nan=False)
    assert json.loads(text)["Device"]["levels"][1]["db"] is None


def test_only_usb_cards_are_asked(monkeypatch):
    asked = []
    monkeypatch.setattr(
        usb_control, "read_state", lambda bus, device, units: asked.append((bus, device)) or STATE
    )
    usb = SimpleNamespace(bus=2, device=9, descriptors="")
    assert device_state.ask(_board(("PCH", None), ("Device", usb))) == {"Device": STATE}
    assert asked == [(2, 9)]


@pytest.mark.parametrize(
    ("told", "lies"),
    [
        (lambda rate: rate, ()),
        (lambda rate: 44100, ("ALSA set 48000 Hz, the device says 44100 Hz (clock 0x09)",)),
        (
            lambda rate: 96000,
            (
                "ALSA set 44100 Hz, the device says 96000 Hz (clock 0x09)",
                "ALSA set 48000 Hz, the device says 96000 Hz (clock 0x09)",
            ),
        ),
    ],
)
def test_device_that_tells_another_rate_than_was_set_is_reported(monkeypatch, told, lies):
    rate_now = []
    clock = ClockSource(9, 0, 2, True, False)
    monkeypatch.setattr(device_state, "parse_units", lambda raw: Units((), (clock,)))
    monkeypatch.setattr(device_state.set_rate, "offered", lambda card: [44100, 48000])
    monkeypatch.setattr(device_state.set_rate, "through_alsa", lambda card, rate: rate_now.append(rate))
    monkeypatch.setattr(
        usb_control, "read_state", lambda *where: DeviceState({9: told(rate_now[-1])}, {}, (), ())
    )
    usb = SimpleNamespace(bus=2, device=9, descriptors="")
    found = device_state.ask(_board(("Device", usb)))
    assert found["Device"].lies == lies
    notes = [line for line in device_state.lines(found) if line.startswith("note")]
    assert notes == [f"note: Device: {line}" for line in lies]
    assert rate_now == [44100, 48000]


def test_rate_of_capture_may_be_another():
    state = DeviceState({0x01: 48000, 0x82: 16000}, {}, (), ())
    assert usb_control.other_rates(state, 48000) == []


def test_board_without_a_usb_card_is_told_which_cards_it_has():
    with pytest.raises(DeviceError, match="cards here: PCH"):
        device_state.ask(_board(("PCH", None)))


def test_probe_without_a_usb_card_refuses_the_option(capsys):
    assert main.main(["probe", "--board", "arm926", "--ask-device"]) == 4
    assert "USB card" in capsys.readouterr().err
