# SPDX-License-Identifier: MIT
"""Facts read from files captured in a real ARMv5 kernel."""

from __future__ import annotations

from pathlib import Path

from stress.board import cards, usb
from stress.board.cpu import Indexing, parse_cpuinfo

DATA = Path(__file__).parent / "data" / "armv5-versatile-6.1"


def _text(name):
    return (DATA / name).read_text()


def test_captured_cpuinfo_and_boot_log_name_core_and_cache():
    facts = parse_cpuinfo(_text("cpuinfo"), "armv5tejl", _text("dmesg"))
    assert (facts.core, facts.architecture, facts.indexing) == ("ARM926EJ-S", "5TEJ", Indexing.VIVT)
    assert facts.boot_line == "CPU: VIVT data cache, VIVT instruction cache"


def test_captured_cpuinfo_alone_says_the_same():
    assert parse_cpuinfo(_text("cpuinfo"), "armv5tejl").indexing is Indexing.VIVT


def test_captured_cards_are_aloop_and_the_softcard(tmp_path):
    (tmp_path / "cards").write_text(_text("cards"))
    found = cards.cards(tmp_path)
    assert [(card.id, card.driver) for card in found] == [("Loopback", "Loopback"), ("softcard", "USB-Audio")]


def test_captured_stream_has_both_endpoints_with_their_sync():
    ends = usb.parse_stream(_text("stream0"))
    assert [(end.address, end.direction, end.sync) for end in ends] == [
        (0x01, "playback", "ADAPTIVE"),
        (0x82, "capture", "ASYNC"),
    ]
