# SPDX-License-Identifier: MIT
"""Facts from a made-up file tree: what is there is read, what is not is said."""

from __future__ import annotations

import gzip

import pytest

from stress.board import cards, facts, kernel, usb
from stress.errors import ConfigError, DeviceError

CARDS = """ 0 [Loopback       ]: Loopback - Loopback
                      Loopback 1
 1 [softcard       ]: USB-Audio - softcard
                      pcmstress softcard at usb-vhci_hcd.0-1, full speed
"""
STREAM = """pcmstress softcard at usb-vhci_hcd.0-1, full speed : USB Audio

Playback:
  Status: Stop
  Interface 1
    Altset 1
    Format: S16_LE
    Channels: 2
    Endpoint: 0x01 (1 OUT) (ADAPTIVE)
    Rates: 48000
    Data packet interval: 1000 us

Capture:
  Status: Stop
  Interface 2
    Altset 1
    Endpoint: 0x82 (2 IN) (ASYNC)
    Rates: 48000
    Data packet interval: 125 us
"""


@pytest.fixture
def root(tmp_path):
    def put(path, text):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    put("proc/cpuinfo", "CPU implementer\t: 0x41\nCPU architecture: 5TEJ\nCPU part\t: 0x926\n")
    put("proc/asound/cards", CARDS)
    put("proc/asound/card1/stream0", STREAM)
    device = "sys/devices/platform/vhci_hcd.0/usb1/1-1"
    for name, text in (("busnum", "1"), ("devnum", "2"), ("speed", "12"), ("product", "softcard")):
        put(f"{device}/{name}", f"{text}\n")
    (tmp_path / device / "descriptors").write_bytes(bytes.fromhex("1201000200000040"))
    (tmp_path / device / "1-1:1.0").mkdir()
    card = tmp_path / "sys/class/sound/card1"
    card.mkdir(parents=True)
    (card / "device").symlink_to(tmp_path / device / "1-1:1.0")
    return tmp_path


def _vmalloc(root, value):
    path = root / "sys/module/snd_usb_audio/parameters"
    path.mkdir(parents=True)
    (path / "use_vmalloc").write_text(value)


def test_gather_on_vivt_with_vmalloc_expects_the_defect(root):
    _vmalloc(root, "Y\n")
    board = facts.gather(root, "[0] CPU: VIVT data cache, VIVT instruction cache")
    assert board.expectation.startswith("ARM926EJ-S: VIVT; this kernel maps the ring cached on both sides; ")
    assert "; the defect is expected; " in board.expectation


def test_gather_on_vivt_with_coherent_memory_expects_nothing(root):
    _vmalloc(root, "N\n")
    assert "no corruption is expected" in facts.gather(root, "").expectation


def test_gather_json_is_plain(root):
    board = facts.gather(root, "").to_json()
    assert board["cpu"]["indexing"] == "VIVT"
    assert board["cards"][1]["usb"]["speed_mbps"] == 12.0


def test_usb_read_finds_endpoints_with_sync_and_interval(root):
    found = usb.read(1, root / "sys", root / "proc")
    assert (found.bus, found.device, found.path) == (1, 2, "1-1")
    assert found.descriptors == "1201000200000040"
    assert found.endpoints == (
        usb.UsbEndpoint(1, "playback", "ADAPTIVE", 1000),
        usb.UsbEndpoint(0x82, "capture", "ASYNC", 125),
    )
    assert usb.read(0, root / "sys", root / "proc") is None


@pytest.mark.parametrize(
    ("release", "words"),
    [
        ("3.4.61", "since 4.18 only"),
        ("4.17.19", "since 4.18 only"),
        ("4.19.0-21-marvell", "use_vmalloc=0 of snd-usb-audio"),
        ("5.4.111", "does not work in 5.x before 5.10.20"),
        ("5.10.19", "does not work in 5.x before 5.10.20"),
        ("5.10.20", "use_vmalloc=0 of snd-usb-audio"),
        ("6.1.0-18-armmp", "use_vmalloc=0 of snd-usb-audio"),
        ("modelled after Linux 6.1", "use_vmalloc=0 of snd-usb-audio"),
    ],
)
def test_remedy_follows_the_kernel(release, words):
    assert words in kernel.vmalloc_remedy(release)


def test_kernel_use_vmalloc_absent_is_told_from_not_loaded(tmp_path):
    assert kernel.use_vmalloc(tmp_path) == (None, False)
    (tmp_path / "module/snd_usb_audio").mkdir(parents=True)
    assert kernel.use_vmalloc(tmp_path) == (None, True)


def test_kernel_config_reads_options_and_survives_a_torn_file(tmp_path):
    (tmp_path / "proc").mkdir()
    whole = gzip.compress(b"CONFIG_USB_MON=m\nCONFIG_HZ=100\n# CONFIG_PREEMPT is not set\n")
    (tmp_path / "proc/config.gz").write_bytes(whole)
    options = kernel.config("6.1", tmp_path)
    assert (options["CONFIG_USB_MON"], options["CONFIG_HZ"], options["CONFIG_PREEMPT"]) == ("m", "100", "n")
    (tmp_path / "proc/config.gz").write_bytes(whole[:20])
    assert kernel.config("6.1", tmp_path) == {}


@pytest.mark.parametrize(
    ("name", "devices"),
    [
        ("softcard", ("hw:softcard,0", "hw:softcard,0")),
        ("1", ("hw:softcard,0", "hw:softcard,0")),
        ("Loopback", ("hw:Loopback,0,0", "hw:Loopback,1,0")),
        ("hw:3,0", ("hw:3,0", "hw:3,0")),
        ("hw:Loopback,0,2/hw:Loopback,1,2", ("hw:Loopback,0,2", "hw:Loopback,1,2")),
        ("", ("hw:softcard,0", "hw:softcard,0")),
    ],
)
def test_pair_understands_the_names_people_use(root, name, devices):
    found = cards.pair(name, cards.cards(root / "proc/asound"))
    assert (found.playback, found.capture) == devices


def test_pair_unknown_card_is_a_device_error_that_lists_the_cards(root):
    with pytest.raises(DeviceError, match="0 Loopback, 1 softcard"):
        cards.pair("Nothing", cards.cards(root / "proc/asound"))


@pytest.mark.parametrize("name", ["default", "plughw:1,0", "hw:1,0/plug:x", "hw:", "a b"])
def test_pair_anything_but_hardware_is_refused(name):
    with pytest.raises((ConfigError, DeviceError)):
        cards.pair(name, [])


def test_pair_without_any_card_says_so():
    with pytest.raises(DeviceError, match="no sound card here"):
        cards.pair("", [])
