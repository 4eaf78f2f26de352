# SPDX-License-Identifier: MIT
"""Cards as the kernel lists them, and which PCM devices a name means."""

from __future__ import annotations

import pytest

from stress.board.cards import Card, Pair, captures, cards, choice, pair, played_card
from stress.errors import ConfigError

KNOWN = [Card(1, "Audio", "USB-Audio", "")]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("hw:Audio,0", False),
        ("hw:1", False),
        ("hw:Audio,1", True),
        ("hw:Audio,1,0", True),
        ("hw:9,0", True),
        ("hw:CARD=Audio,DEV=1", True),
        ("hw:CARD=Audio", False),
    ],
)
def test_card_captures_where_the_kernel_lists_the_device(tmp_path, name, expected):
    for device in ("pcm0p", "pcm1p", "pcm1c"):
        (tmp_path / "card1" / device).mkdir(parents=True)
    assert captures(name, KNOWN, tmp_path) is expected


LISTED = """ 0 [ICH6           ]: ICH4 - Intel ICH6
                      Intel ICH6 at irq 21
 1 [US122L         ]: USB US-122L - TASCAM US-122L
                      TASCAM US-122L (644:800e if 0 at 001/004)
 2 [UART           ]: MPU-401 UART - MPU-401 UART
                      MPU-401 UART at 0x330, irq 5
 3 [Device_1       ]: USB-Audio - USB Audio Device - 2
                      C-Media USB Audio Device at usb-1, full speed
 4 [S              ]: H3-Audio-Codec -
                      H3
10 [Loopback       ]: Loopback - Loopback
                      Loopback 1
32 [               ]: x -y- z - [odd] name
"""


def _listed(tmp_path):
    (tmp_path / "cards").write_text(LISTED)
    return cards(tmp_path)


def test_every_line_of_the_list_is_a_card_whatever_its_driver_is_called(tmp_path):
    assert [(card.number, card.id, card.driver, card.name) for card in _listed(tmp_path)] == [
        (0, "ICH6", "ICH4", "Intel ICH6"),
        (1, "US122L", "USB US-122L", "TASCAM US-122L"),
        (2, "UART", "MPU-401 UART", "MPU-401 UART"),
        (3, "Device_1", "USB-Audio", "USB Audio Device - 2"),
        (4, "S", "H3-Audio-Codec", ""),
        (10, "Loopback", "Loopback", "Loopback"),
        (32, "", "x -y- z", "[odd] name"),
    ]


def test_no_list_means_no_cards(tmp_path):
    (tmp_path / "cards").write_text("--- no soundcards ---\n")
    assert cards(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "devices"),
    [
        ("TASCAM US-122L", ("hw:US122L,0", "hw:US122L,0")),
        ("usb audio device - 2", ("hw:Device_1,0", "hw:Device_1,0")),
        ("hw:CARD=Device_1,DEV=1", ("hw:Device_1,1", "hw:Device_1,1")),
        ("hw:Device_1", ("hw:Device_1,0", "hw:Device_1,0")),
        ("hw:Loopback", ("hw:Loopback,0,0", "hw:Loopback,1,0")),
        ("hw:CARD=Loopback,DEV=0,SUBDEV=3", ("hw:Loopback,0,3", "hw:Loopback,1,3")),
        ("hw:10,1", ("hw:10,1,0", "hw:10,0,0")),
        ("hw:CARD=Loopback,DEV=0/hw:3", ("hw:Loopback,0", "hw:3")),
        ("pcm:default", ("pcm:default", "pcm:default")),
        ("pcm:plughw:1,0/pcm:dsnoop:CARD=A,DEV=0", ("pcm:plughw:1,0", "pcm:dsnoop:CARD=A,DEV=0")),
    ],
)
def test_pair_takes_every_form_of_a_name(tmp_path, name, devices):
    found = pair(name, _listed(tmp_path))
    assert (found.playback, found.capture) == devices


@pytest.mark.parametrize("name", ["plughw:CARD=UART,DEV=0", "front:CARD=UART", "hw:UART/plughw:0"])
def test_pair_refuses_a_plugin_and_names_what_to_use(tmp_path, name):
    with pytest.raises(ConfigError, match="ask for it as pcm:"):
        pair(name, _listed(tmp_path))


def test_pair_of_a_name_that_two_cards_have_asks_for_the_id():
    known = [Card(0, "A", "USB-Audio", "Twin"), Card(1, "B", "USB-Audio", "Twin")]
    with pytest.raises(ConfigError, match=r"0 \(A\), 1 \(B\)"):
        pair("Twin", known)


def test_choice_is_told_where_there_were_several(tmp_path):
    known = [Card(0, "Loopback", "Loopback", ""), Card(1, "softcard", "USB-Audio", "")]
    taken = pair("", known)
    assert choice("", known, taken) == "card: hw:softcard,0 (of Loopback, softcard)"
    assert choice("softcard", known, taken) == ""
    assert choice("", known[1:], taken) == ""


@pytest.mark.parametrize(
    ("there", "playback", "capture"),
    [
        (["pcm0p", "pcm0c", "pcm1p"], "hw:Audio,0", "hw:Audio,0"),
        # HDMI: no device 0.
        (["pcm3p", "pcm7p"], "hw:Audio,3", "hw:Audio,3"),
        # Out on one device, in on another; and one that has both behind one that only plays.
        (["pcm1p", "pcm0c"], "hw:Audio,1", "hw:Audio,0"),
        (["pcm0p", "pcm10p", "pcm10c"], "hw:Audio,10", "hw:Audio,10"),
        (["pcm2c"], "hw:Audio,2", "hw:Audio,2"),
        ([], "hw:Audio,0", "hw:Audio,0"),
    ],
)
@pytest.mark.parametrize("name", ["1", "Audio", ""])
def test_card_named_alone_is_its_first_device_with_both_directions(tmp_path, name, there, playback, capture):
    for device in [*there, "midi0", "id"]:
        (tmp_path / "card1" / device).mkdir(parents=True)
    assert pair(name, KNOWN, tmp_path) == Pair(playback, capture)
    # A name of ALSA's own means what ALSA makes of it.
    assert pair("hw:Audio", KNOWN, tmp_path) == Pair("hw:Audio,0", "hw:Audio,0")


def test_pcm_whose_name_is_no_text_is_refused_before_a_record_holds_it():
    with pytest.raises(ConfigError, match="is not UTF-8"):
        pair("pcm:\udcff", KNOWN)


def test_no_name_of_a_card_is_refused_before_any_of_several_is_run():
    with pytest.raises(ConfigError, match="is not a card"):
        played_card("<script>", [])
    assert played_card("absent", []) == "absent"


@pytest.mark.parametrize("name", ["null", "pulse", "samplerate", "front", "card1", "/dev/snd/pcmC1D0p"])
def test_what_alsa_lib_and_the_kernel_name_otherwise_is_no_missing_card(name):
    with pytest.raises(ConfigError, match="use hw:"):
        pair(name, [Card(1, "Audio", "USB-Audio", "")])
    # Unless a card is called so.
    assert pair(name, [Card(1, name, "USB-Audio", "")]).playback == f"hw:{name},0"


def test_card_without_an_id_is_named_by_its_number_and_spaces_around_a_name_are_none():
    known = [Card(12, "", "Loopback", ""), Card(13, "", "USB-Audio", "")]
    assert pair(" 12 ", known) == Pair("hw:12,0,0", "hw:12,1,0")
    assert pair("13\n", known) == Pair("hw:13,0", "hw:13,0")
