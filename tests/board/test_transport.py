# SPDX-License-Identifier: MIT
"""What carries the sound of a card, by its place in sysfs and its driver."""

from __future__ import annotations

import pytest

from stress.board.cards import Card
from stress.board.cpu import parse_cpuinfo
from stress.board.facts import BoardFacts, CardFacts
from stress.board.kernel import KernelFacts
from stress.board.load import LoadFacts
from stress.board.transport import of_card
from stress.board.usb import UsbEndpoint, UsbFacts
from stress.model.transport import ALOOP, PCI, SOC, UNKNOWN, USB, VIRTIO

DWC2 = UsbFacts(
    1, 2, "1-1", "", "", "", 480.0, "dwc2", (UsbEndpoint(1, "playback", "ASYNC", 125, "explicit", 0x81),)
)


def _board(
    *cards, machine="mips", log="Primary data cache 32kB, 4-way, VIPT, cache aliases, linesize 32 bytes"
):
    cpu = parse_cpuinfo("cpu model\t\t: MIPS 24Kc V7.4\n", machine, log)
    kernel = KernelFacts("6.1.0", True, True, "", {})
    return BoardFacts(cpu, kernel, LoadFacts(1, 0.0, None, ()), cards, "", ())


def test_usb_card_has_its_host_speed_and_pacing():
    found = of_card(_board(CardFacts(Card(1, "X", "USB-Audio", ""), DWC2)), 1)
    assert (found.kind, found.host, found.speed_mbps, found.packet_us) == (USB, "dwc2", 480.0, 125)
    assert (found.sync, found.feedback, found.kernel) == ("ASYNC", "explicit", "6.1.0")
    assert (found.core, found.indexing, found.colours) == ("MIPS 24Kc V7.4", "VIPT aliasing", 2)
    assert found.words == "USB high speed on dwc2"
    assert found.alias_possible


@pytest.mark.parametrize(
    ("driver", "bus", "kind"),
    [
        ("Loopback", "platform", ALOOP),
        ("HDA-Intel", "pci", PCI),
        ("bcm2835-i2s", "platform", SOC),
        ("virtio_snd", "virtio", VIRTIO),
        ("snd_rpi_hifiberry_dac", "platform", SOC),
        ("Dummy", "platform", UNKNOWN),
        ("PCM-TEST Driver", "platform", UNKNOWN),
        ("bcm2835_audio", "platform", UNKNOWN),
        ("bcm2835 Headphones", "vchiq-bus", UNKNOWN),
        ("UAC2_Gadget", "gadget", UNKNOWN),
        ("Loopback", "faux", ALOOP),
        ("FireWire", "firewire", UNKNOWN),
        ("USB-Audio", "usb", USB),
    ],
)
def test_other_cards_are_known_by_driver_and_bus(tmp_path, driver, bus, kind):
    (tmp_path / "bus" / bus).mkdir(parents=True)
    device = tmp_path / "class/sound/card0/device"
    device.mkdir(parents=True)
    (device / "subsystem").symlink_to(tmp_path / "bus" / bus)
    assert of_card(_board(CardFacts(Card(0, "X", driver, ""), None)), 0, tmp_path).kind == kind


def test_card_that_is_not_listed_has_an_unknown_transport():
    found = of_card(_board(), None)
    assert (found.kind, found.words) == (UNKNOWN, "an unknown transport")
