# SPDX-License-Identifier: MIT
"""The wire format of usbmon."""

from __future__ import annotations

import pytest

from stress.board.usbmon import format
from stress.board.usbmon.format import GET, HEADER_BYTES, parse
from tests.board.usbmon.usbmon_events import IN, OUT, raw


def test_header_has_the_64_bytes_of_the_documentation():
    header, _ = raw("S", OUT, [])
    assert len(header) == HEADER_BYTES == 64


# As `strace -e raw` shows them, or worked out from asm/ioctl.h of each architecture.
@pytest.mark.parametrize(
    ("machines", "write", "read", "none"),
    [
        ("x86_64 armv5tejl aarch64 riscv64 sh4 m68k s390x xtensa csky loongarch64", 0x40, 0x80, 0),
        ("mips mips64 ppc ppc64 ppc64le sparc sparc64 alpha", 0x80, 0x40, 0x20),
        ("parisc parisc64", 0x80, 0x40, 0),
    ],
)
def test_ioctl_numbers_have_the_direction_bits_of_their_machine(machines, write, read, none):
    for machine in machines.split():
        found = format.ioctls(machine)
        assert found.getx == write << 24 | GET.size << 16 | 0x920A
        assert found.stats == read << 24 | 0x89203 & 0xFFFFF
        assert found.ring_size == none << 24 | 0x9204


@pytest.mark.parametrize(("words", "number"), [(24, 0x4018920A), (12, 0x400C920A)])
def test_getx_number_follows_the_size_of_three_words(words, number):
    assert 1 << 30 | words << 16 | 0x920A == number
    if GET.size == words:
        assert number == format.ioctls("armv5tejl").getx


def test_stats_number_is_that_of_the_kernel():
    assert format.ioctls("armv5tejl").stats == 0x80089203


def test_parse_of_a_submission_gives_every_field():
    header, body = raw("S", OUT, [(-18, 0, 4), (-18, 4, 8)], bytes(range(12)), urb=0xFFFF888012345678)
    event = parse(header, body)
    assert (event.urb, event.kind, event.endpoint, event.device) == (0xFFFF888012345678, ord("S"), OUT, 5)
    assert [(p.status, p.offset, p.length) for p in event.packets] == [(-18, 0, 4), (-18, 4, 8)]
    assert event.data == bytes(range(12))
    assert event.slot_bytes == 128
    assert not event.truncated
    assert not event.is_in


def test_parse_of_a_transfer_that_is_not_isochronous_keeps_only_its_size():
    event = parse(*raw("S", 0x80, [], b"12345678", transfer=2))
    assert event.packets == ()
    assert event.data == b""
    assert event.slot_bytes == 128


def test_parse_of_a_cut_body_is_truncated():
    packets = [(0, 0, 8), (0, 8, 8)]
    assert parse(*raw("S", OUT, packets, bytes(16), kept=32 + 15)).truncated
    assert not parse(*raw("S", OUT, packets, bytes(16), kept=32 + 16)).truncated


def test_parse_of_empty_packets_behind_the_data_is_not_truncated():
    # The kernel keeps data up to the last packet that is not empty.
    event = parse(*raw("C", IN, [(0, 0, 24), (0, 24, 24), (0, 48, 0), (0, 72, 0)], bytes(48)))
    assert not event.truncated
    assert parse(*raw("C", IN, [(0, 0, 24), (0, 24, 24), (0, 48, 0)], bytes(47))).truncated


def test_parse_of_a_completed_out_transfer_has_no_data_and_is_not_truncated():
    assert not parse(*raw("C", OUT, [(0, 0, 192)])).truncated
    assert not parse(*raw("S", IN, [(-18, 0, 192)])).truncated
    assert parse(*raw("C", IN, [(0, 0, 192)])).truncated


def test_parse_of_a_short_header_is_refused():
    with pytest.raises(ValueError, match="64 bytes, not 48"):
        parse(bytes(48), memoryview(b""))


def test_errors_of_a_mips_are_written_by_the_numbers_of_everybody_else(monkeypatch):
    # Source: arch/mips/include/uapi/asm/errno.h.
    mips = {"EXDEV": 18, "EPROTO": 71, "EOVERFLOW": 79, "EILSEQ": 88, "ECONNRESET": 131, "ESHUTDOWN": 143}
    found = format.foreign_errors(mips)
    assert found == {-79: -75, -88: -84, -131: -104, -143: -108}
    monkeypatch.setattr(format, "_FOREIGN", found)
    event = parse(*raw("C", OUT, [(-18, 0, 4), (-88, 200, 0), (-71, 400, 0)], status=-131))
    assert event.status in format.STOPPED
    assert [part.status for part in event.packets] == [-18, -84, -71]


def test_errors_of_most_machines_are_the_generic_ones():
    assert format.foreign_errors({"EXDEV": 18, "EILSEQ": 84, "ESHUTDOWN": 108}) == {}
