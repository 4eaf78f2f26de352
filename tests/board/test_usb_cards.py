# SPDX-License-Identifier: MIT
"""Audio endpoints of cards of every form of synchronisation, by descriptors, by streamM, by both."""

from __future__ import annotations

import pytest

from stress.board import usb
from stress.board.usb import agreed
from stress.board.usb_descriptors import parse_descriptors
from stress.board.usb_stream import parse_listed
from tests.board.usb_cards import CARDS, FORMS, HIGH, Setting, text

each_card = pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)


def _ends(found):
    return [(end.address, end.sync, end.packet_us, end.feedback) for end in found]


@each_card
@pytest.mark.parametrize("running", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_both_together_give_the_audio_endpoints_in_every_form(card, form, running):
    listed = parse_listed(text(card.settings, form, card.speed, running))
    assert len(listed) == len(card.settings)
    found, notes = agreed(parse_descriptors(card.raw, card.speed), listed)
    assert _ends(found) == list(card.ends)
    assert notes == ()
    assert not {end.address for end in found} & set(card.paces)


@each_card
@pytest.mark.parametrize("form", FORMS)
def test_stream_file_alone_gives_the_same_endpoints_and_never_one_that_paces(card, form):
    found, notes = agreed((), parse_listed(text(card.settings, form, card.speed)))
    assert [(end.address, end.sync) for end in found] == [end[:2] for end in card.ends]
    assert notes == ()
    if form == "5.11":
        assert [end.feedback for end in found] == [end[3] for end in card.ends]


@each_card
def test_descriptors_alone_give_the_same_endpoints_and_sizes(card):
    found, _ = agreed(parse_descriptors(card.raw, card.speed), ())
    mine = {end[0] for end in card.ends}
    # An interface that the driver made no PCM of is an audio interface all the same.
    assert [end for end in _ends(found) if end[0] in mine] == list(card.ends)
    sizes = {end.address: end.max_packet for end in found}
    assert {address: sizes[address] for address in card.packet_bytes} == card.packet_bytes


def test_newer_kernel_that_names_no_sync_endpoint_uses_none():
    card = next(card for card in CARDS if card.name.startswith("uac2 with an association"))
    unused = tuple(Setting(one.interface, one.altset, one.address, one.attributes) for one in card.settings)
    for form, feedback in (("5.4", "explicit"), ("5.11", "")):
        found, _ = agreed(parse_descriptors(card.raw, HIGH), parse_listed(text(unused, form)))
        assert found[0].feedback == feedback


def test_card_named_like_a_line_of_the_file_is_no_endpoint():
    whole = text(CARDS[0].settings, "5.4")
    named = "Endpoint: 5 OUT (ASYNC) at usb-1" + whole[whole.index("\n") :]
    assert parse_listed(named) == parse_listed(whole)


def _tree(tmp_path, card, inside=True, driver="snd-usb-audio"):
    device = tmp_path / "sys/devices/pci0/usb1/1-3"
    belongs = device / "1-3:1.0" if inside else device
    belongs.mkdir(parents=True)
    values = {"busnum": "1", "devnum": "7", "speed": f"{card.speed:.0f}", "bConfigurationValue": "1"}
    for name, value in values.items():
        (device / name).write_text(value + "\n")
        (device.parent / name).write_text("1\n")
    (device / "descriptors").write_bytes(card.raw)
    (tmp_path / "drivers" / driver).mkdir(parents=True)
    (belongs / "driver").symlink_to(tmp_path / "drivers" / driver)
    (tmp_path / "sys/class/sound/card2").mkdir(parents=True)
    (tmp_path / "sys/class/sound/card2/device").symlink_to(belongs)
    folder = tmp_path / "proc/asound/card2"
    folder.mkdir(parents=True)
    return folder


@each_card
def test_tree_of_the_kernel_gives_the_endpoints_device_and_driver(tmp_path, card):
    (_tree(tmp_path, card) / "stream0").write_text(text(card.settings, "5.4", card.speed))
    facts = usb.read(2, tmp_path / "sys", tmp_path / "proc")
    assert _ends(facts.endpoints) == list(card.ends)
    assert (facts.bus, facts.device, facts.path, facts.driver) == (1, 7, "1-3", "snd-usb-audio")


def test_card_that_belongs_to_the_device_itself_is_not_taken_for_its_hub(tmp_path):
    _tree(tmp_path, CARDS[0], inside=False, driver="usb")
    facts = usb.read(2, tmp_path / "sys", tmp_path / "proc")
    assert (facts.device, facts.path, facts.driver) == (7, "1-3", "usb")


def test_all_pcm_devices_are_read_unless_one_is_asked_for(tmp_path):
    folder = _tree(tmp_path, CARDS[0])
    first, second = CARDS[0].settings
    (folder / "stream0").write_text(text([first], "5.11"))
    (folder / "stream1").write_text(text([second], "5.11"))
    (folder / "midi0").write_text("Endpoint\n")
    asked = {
        number: [end.address for end in usb.read(2, tmp_path / "sys", tmp_path / "proc", number).endpoints]
        for number in (None, 0, 1)
    }
    assert asked == {None: [0x01, 0x82], 0: [0x01], 1: [0x82]}
