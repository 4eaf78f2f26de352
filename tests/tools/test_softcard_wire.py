# SPDX-License-Identifier: MIT
"""USB/IP PDUs against bytes written by hand from Documentation/usb/usbip_protocol.rst."""

from __future__ import annotations

import struct

import pytest

from tools.softcardkit import wire
from tools.softcardkit.urbs import IsoCodec, Urb
from tools.softcardkit.wire import (
    PduReader,
    ProtocolError,
    Submit,
    Unlink,
    cmd_submit,
    cmd_unlink,
    iso_layout,
    iso_result,
    ret_submit,
    ret_unlink,
)

# GET_DESCRIPTOR(device, 64 bytes) to device 1-2: not isochronous, so -1 packets.
CONTROL_IN = bytes.fromhex(
    "00000001 00000d05 00010002 00000001 00000000"
    "00000200 00000040 00000000 ffffffff 00000000 8006000100004000"
)
# Two packets of 4 and 8 bytes to endpoint 1, with their descriptors after the data.
ISO_OUT = bytes.fromhex(
    "00000001 00000d06 00010002 00000000 00000001"
    "00000002 0000000c 00000000 00000002 00000001 0000000000000000"
    "000102030405060708090a0b"
    "00000000 00000004 00000000 ffffffee"
    "00000004 00000008 00000000 ffffffee"
)
UNLINK = bytes.fromhex("00000002 00000d07 00010002 00000000 00000000 00000d06" + "00" * 24)


def read(*pieces: bytes, size: int = 1 << 16) -> list[Submit | Unlink]:
    reader, found = PduReader(size), []
    for piece in pieces:
        while piece:
            space = reader.space()
            count = min(len(space), len(piece))
            space[:count] = piece[:count]
            space.release()
            reader.filled(count)
            piece = piece[count:]
            found += reader.pdus()
    return found


def test_control_submit_is_read_field_by_field() -> None:
    assert read(CONTROL_IN) == [Submit(0xD05, 1, 0, 64, 0, bytes.fromhex("8006000100004000"), b"", b"")]


def test_isochronous_submit_carries_data_and_packet_descriptors() -> None:
    (submit,) = read(ISO_OUT)
    assert isinstance(submit, Submit)
    assert (submit.seqnum, submit.endpoint, submit.packets) == (0xD06, 1, 2)
    assert submit.data == bytes(range(12))
    assert iso_layout(submit.iso) == ((0, 4), (4, 8))


def test_unlink_names_its_target() -> None:
    assert read(UNLINK) == [Unlink(0xD07, 0xD06)]


def test_stream_cut_anywhere_gives_the_same_pdus() -> None:
    stream = CONTROL_IN + ISO_OUT + UNLINK + ISO_OUT
    whole = read(stream)
    assert len(whole) == 4
    for cut in range(1, len(stream)):
        assert read(stream[:cut], stream[cut:]) == whole
    assert read(*(stream[at : at + 1] for at in range(len(stream)))) == whole


def test_pdu_larger_than_the_buffer_makes_it_grow() -> None:
    assert read(ISO_OUT, size=50) == read(ISO_OUT)


def test_unknown_command_is_an_error() -> None:
    with pytest.raises(ProtocolError, match="0x8003"):
        read(bytes.fromhex("00008003") + bytes(44))


def test_writer_makes_the_bytes_the_reader_reads() -> None:
    submits = [pdu for pdu in read(CONTROL_IN, ISO_OUT) if isinstance(pdu, Submit)]
    assert cmd_submit(submits[0], 0x10002)[:40] == CONTROL_IN[:20] + bytes(4) + CONTROL_IN[24:40]
    assert cmd_submit(submits[0])[40:] == CONTROL_IN[40:]
    assert read(*map(cmd_submit, submits)) == submits
    assert cmd_unlink(Unlink(0xD07, 0xD06), 0x10002) == UNLINK


def test_answer_to_a_submit_is_48_bytes_in_the_documented_order() -> None:
    assert ret_submit(0xD05, -32, 18, 3, 1) == bytes.fromhex(
        "00000003 00000d05 00000000 00000000 00000000"
        "ffffffe0 00000012 00000000 00000003 00000001 0000000000000000"
    )


def test_answer_to_an_unlink_is_48_bytes() -> None:
    assert ret_unlink(0xD07, -104) == bytes.fromhex("00000004 00000d07" + "00" * 12 + "ffffff98" + "00" * 24)


def test_packet_descriptors_report_length_and_status() -> None:
    assert iso_result((0, 4), (4, 8), (4, 0), (0, -71)) == bytes.fromhex(
        "00000000 00000004 00000004 00000000 00000004 00000008 00000000 ffffffb9"
    )


def test_finished_in_urb_carries_its_data_without_the_gaps() -> None:
    iso = bytes.fromhex("00000000 00000008 00000000 00000000 00000008 00000008 00000000 00000000")
    urb = Urb(Submit(9, 1, 2, 16, 2, bytes(8), b"", iso), IsoCodec())
    urb.fill(b"abcd", 0)
    urb.fill(b"efghij", 0)
    reply = urb.reply(IsoCodec())
    assert reply[:48] == ret_submit(9, 0, 10, 2, 0)
    assert reply[48:58] == b"abcdefghij"
    assert reply[58:] == iso_result((0, 8), (8, 8), (4, 6), (0, 0))


def test_codec_forgets_rather_than_grows() -> None:
    codec = IsoCodec()
    for length in range(5000):
        iso = iso_result((0,), (length,), (0,), (0,))
        assert codec.layout(iso) == ((0,), (length,))
        assert codec.result(iso, (length,)) == iso_result((0,), (length,), (length,), (0,))


@pytest.mark.parametrize(
    ("length", "packets"), [(-48, 1), (-1, 0), (wire.MOST_BYTES + 1, 1), (192, wire.MOST_PACKETS + 1)]
)
def test_reader_refuses_a_length_no_urb_has(length, packets):
    reader = wire.PduReader()
    head = struct.pack(">5I I4i 8s", wire.CMD_SUBMIT, 1, 0, wire.DIR_OUT, 1, 0, length, 0, packets, 0, b"")
    reader.space()[: len(head)] = head
    reader.filled(len(head))
    with pytest.raises(wire.ProtocolError, match="URB"):
        list(reader.pdus())
