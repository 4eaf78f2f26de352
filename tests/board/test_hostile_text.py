# SPDX-License-Identifier: MIT
"""Text of /sys and /proc that is not what a driver usually writes."""

from __future__ import annotations

import pytest

from stress.board import cards, kernel, usb
from stress.board.text import number_of

LONG = "9" * 4400


@pytest.mark.parametrize("text", ["", "unknown", "-1", LONG, "\u0661", "0x10", "nan", "1e400"])
def test_attribute_that_holds_no_number_is_0(tmp_path, text):
    (tmp_path / "speed").write_text(text, encoding="utf-8")
    assert number_of(tmp_path / "speed") == 0


@pytest.mark.parametrize(("text", "number"), [("480\n", 480), ("1.5\n", 1.5), ("0", 0)])
def test_attribute_is_the_number_it_holds(tmp_path, text, number):
    (tmp_path / "speed").write_text(text)
    assert number_of(tmp_path / "speed") == number


@pytest.mark.parametrize("odd", ["unknown\n", "", LONG, "x"])
@pytest.mark.parametrize("name", ["speed", "devnum", "bConfigurationValue"])
def test_usb_card_with_an_odd_attribute_is_still_described(tmp_path, name, odd):
    device = tmp_path / "sys/devices/usb1/1-1"
    (device / "1-1:1.0").mkdir(parents=True)
    (tmp_path / "sys/class/sound/card1").mkdir(parents=True)
    (tmp_path / "sys/class/sound/card1/device").symlink_to(device / "1-1:1.0")
    sound = {
        "busnum": "1\n",
        "devnum": "5\n",
        "speed": "480\n",
        "bConfigurationValue": "1\n",
        "product": "c\n",
    }
    for key, value in {**sound, name: odd}.items():
        (device / key).write_text(value)
    facts = usb.read(1, tmp_path / "sys", tmp_path / "proc")
    assert facts is not None
    assert (facts.bus, facts.name) == (1, "c")
    assert (facts.device, facts.speed_mbps) == (0 if name == "devnum" else 5, 0 if name == "speed" else 480)


def test_numbers_of_thousands_of_digits_are_no_card_and_no_endpoint(tmp_path):
    (tmp_path / "cards").write_text(f" {LONG} [X ]: Y - Z\n")
    assert cards.cards(tmp_path) == []
    usb.parse_stream(f"Interface {LONG}\n Altset {LONG}\n Endpoint: {LONG} IN (ASYNC)\n")
    assert kernel.version(f"{LONG}.{LONG}") == (0, 0, 0)


def test_parameter_that_is_no_utf8_is_not_yes(tmp_path):
    path = tmp_path / "module/snd_usb_audio/parameters/use_vmalloc"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\xff\xfe\n")
    assert kernel.use_vmalloc(tmp_path) == (False, True)
