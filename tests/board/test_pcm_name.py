# SPDX-License-Identifier: MIT
"""Names of hardware PCMs in every form that alsa-lib takes."""

from __future__ import annotations

import pytest

from stress.board.pcm_name import HwName, parse_hw, why_not


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("hw:0", "hw:0"),
        ("hw:softcard", "hw:softcard"),
        ("hw:1,0", "hw:1,0"),
        ("hw:Loopback,1,3", "hw:Loopback,1,3"),
        ("hw:CARD=softcard,DEV=0", "hw:softcard,0"),
        ("hw:CARD=Audio_1", "hw:Audio_1"),
        ("hw:DEV=2,CARD=X", "hw:X,2"),
        ("hw:CARD=X,SUBDEV=4", "hw:X,0,4"),
        ("hw:X,DEV=1,SUBDEV=2", "hw:X,1,2"),
        ("hw:card=X,dev=1", "hw:X,1"),
        ("hw:US-122L,0", "hw:US-122L,0"),
    ],
)
def test_hw_name_in_any_form_has_one_short_form(name, text):
    assert str(parse_hw(name)) == text
    assert str(parse_hw(text)) == text


@pytest.mark.parametrize(
    "name",
    ["", "hw:", "hw", "hw:a b", "hw:0,0,0,0", "hw:CARD=", "hw:DEV=0", "hw:CARD=X,CARD=Y", "hw:X,-1", "hw:X,a",
     "hw:X,\u00b2", "hw:X,\u0662", "hw:X," + "9" * 5000, "hw:CARD=X,DEV=1_0",
     "hw:X,FOO=1", "hw:,0", "plughw:0,0", "default", "HW:0"],
)  # fmt: skip
def test_other_names_are_none(name):
    assert parse_hw(name) is None


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("plughw:CARD=softcard,DEV=0", "hw:softcard,0"),
        ("plughw:1,0", "hw:1,0"),
        ("front:CARD=PCH,DEV=0", "hw:PCH,0"),
        ("sysdefault:CARD=PCH", "hw:PCH"),
        ("dmix:CARD=PCH,DEV=3", "hw:PCH,3"),
        ("default:CARD=PCH", "hw:PCH"),
        ("usbstream:CARD=Device", "hw:Device"),
        ("default", "hw:CARD,DEVICE"),
        ("pulse", "hw:CARD,DEVICE"),
    ],
)
def test_plugin_names_are_refused_with_the_name_to_use(name, instead):
    text = why_not(name)
    assert f"use {instead}, or ask for it as pcm:{name}" in text


def test_what_is_no_pcm_at_all_is_called_so():
    assert why_not("a;b") == "'a;b' is not a card"
    assert why_not("hw:") == "'hw:' is not a hw: name"


def test_subdevice_without_a_device_means_device_zero():
    assert str(HwName("X", None, 1)) == "hw:X,0,1"


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("plug:hw:1,0", "use hw:1,0,"),
        ("plug:'hw:1,3'", "use hw:1,3,"),
        ("plug:SLAVE='hw:CARD=USB,DEV=1'", "use hw:USB,1,"),
        ("softvol:hw:1", "use hw:1,"),
        ("dmix:{", "use hw:CARD,DEVICE,"),
        ("samplerate", "use hw:CARD,DEVICE,"),
        ("null", "use hw:CARD,DEVICE,"),
        ("card1", "use hw:1"),
        ("/dev/snd/pcmC1D3c", "use hw:1,3"),
        ("pcmC10D0p", "use hw:10,0"),
        ("/dev/snd/controlC2", "use hw:2"),
        ("/proc/asound/card3", "use hw:3"),
    ],
)
def test_name_that_holds_a_device_is_refused_with_that_device(name, instead):
    assert instead in why_not(name)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("1235:8210", "is a USB id; use the card that has it"),
        ("1,0", "is not a card; use hw:1,0"),
        ("USB,0,1", "is not a card; use hw:USB,0,1"),
        ("HW:1,0", "is not a card; use hw:1,0"),
        ("'hw:1,0'", "is not a card; use hw:1,0"),
        ('"hw:1,0"', "is not a card; use hw:1,0"),
        ("USB Audio: Device (hw:1,0)", "is not a card; use hw:1,0"),
        (" 1 [USB            ]: USB-Audio - Scarlett 2i2 USB", "is not a card"),
        ("Bus 001 Device 004: ID 1235:8210 Focusrite", "is not a card"),
        ("Focusrite Scarlett at usb-0000:00:14.0-2, high speed", "is not a card"),
    ],
)
def test_what_other_programs_print_is_no_pcm_of_alsa_lib(name, words):
    told = why_not(name)
    assert words in told and "alsa-lib" not in told


@pytest.mark.parametrize("name", ["hdmi:CARD=PCH,DEV=1", "iec958:CARD=PCH,DEV=0", "spdif:PCH,0"])
def test_output_that_alsa_lib_counts_by_itself_is_not_taken_for_a_device_number(name):
    assert "use hw:PCH,DEVICE (`aplay -l` lists its devices)" in why_not(name)
    assert "use hw:PCH,1," in why_not("front:CARD=PCH,DEV=1")
