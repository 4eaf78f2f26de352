# SPDX-License-Identifier: MIT
"""The URB part of the USB/IP protocol, as bytes.

Every PDU is a 48-byte header in network byte order, then the payload of the
direction that carries one, then 16 bytes for each isochronous packet.
Source: Documentation/usb/usbip_protocol.rst.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

HEADER_BYTES = 48
CMD_SUBMIT, CMD_UNLINK, RET_SUBMIT, RET_UNLINK = 1, 2, 3, 4
DIR_OUT, DIR_IN = 0, 1
ISO_BYTES = 16
# The most a URB may announce. Source: usbip_common.h, USBIP_MAX_ISO_PACKETS; usb-audio's
# URBs hold some KB. Higher: one damaged length makes the buffer grow; lower: large URBs are refused.
MOST_PACKETS = 1024
MOST_BYTES = 1 << 20
#: -ECONNRESET, -EPIPE and -EPROTO as the protocol carries them.
UNLINKED, STALLED, PROTOCOL_ERROR = -104, -32, -71

_SUBMIT = struct.Struct(">5I I4i 8s")
_RET_SUBMIT = struct.Struct(">5I 5i 8x")
_UNLINK = struct.Struct(">5I I 24x")
_RET_UNLINK = struct.Struct(">5I i 24x")


class Submit(NamedTuple):
    """USBIP_CMD_SUBMIT: one URB.

    ``packets`` is 0 for a URB that is not isochronous; ``iso`` are the raw
    packet descriptors; ``data`` is empty for IN.
    """

    seqnum: int
    direction: int
    endpoint: int
    length: int
    packets: int
    setup: bytes
    data: bytes
    iso: bytes


class Unlink(NamedTuple):
    """USBIP_CMD_UNLINK: take back the URB `target`."""

    seqnum: int
    target: int


class ProtocolError(Exception):
    """The other end sent something that is not USB/IP."""


class PduReader:
    """Cut PDUs out of a byte stream.

    Write into ``space()``, say how much with ``filled(n)``, then iterate `pdus`.

    Threads: one.
    """

    def __init__(self, size: int = 1 << 16) -> None:
        self._buffer = bytearray(size)
        self._fill = 0

    def space(self) -> memoryview:
        """Return the free part of the buffer; never empty."""
        if self._fill == len(self._buffer):
            self._buffer = self._buffer + bytearray(len(self._buffer))
        return memoryview(self._buffer)[self._fill :]

    def filled(self, count: int) -> None:
        """Say that `count` bytes [bytes] were written at the start of `space`."""
        self._fill += count

    def pdus(self) -> Iterator[Submit | Unlink]:
        """Yield the whole PDUs received so far; the rest waits.

        Raises
        ------
        ProtocolError : a command that a host never sends, or a length beyond
            `MOST_BYTES` or `MOST_PACKETS`.
        """
        start, fill, buffer = 0, self._fill, self._buffer
        while fill - start >= HEADER_BYTES:
            pdu, size = _parse(buffer, start, fill)
            if pdu is None:
                break
            start += size
            yield pdu
        self._buffer[: fill - start] = self._buffer[start:fill]
        self._fill = fill - start


def _parse(buffer: bytearray, start: int, fill: int) -> tuple[Submit | Unlink | None, int]:
    fields = _SUBMIT.unpack_from(buffer, start)
    if fields[0] == CMD_UNLINK:
        return Unlink(fields[1], fields[5]), HEADER_BYTES
    if fields[0] != CMD_SUBMIT:
        raise ProtocolError(f"unknown USB/IP command {fields[0]:#x}")
    _, seqnum, _, direction, endpoint, _, length, _, packets, _, setup = fields
    packets = max(packets, 0)  # -1 says "not isochronous"
    if not 0 <= length <= MOST_BYTES or packets > MOST_PACKETS:
        raise ProtocolError(f"a URB of {length} bytes in {packets} packets")
    data_at = start + HEADER_BYTES
    iso_at = data_at + (length if direction == DIR_OUT else 0)
    end = iso_at + packets * ISO_BYTES
    if end > fill:
        return None, 0
    data, iso = bytes(buffer[data_at:iso_at]), bytes(buffer[iso_at:end])
    return Submit(seqnum, direction, endpoint, length, packets, setup, data, iso), end - start


def iso_layout(iso: bytes) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return offsets and lengths [bytes] of raw isochronous packet descriptors."""
    words = struct.unpack(f">{len(iso) // 4}I", iso)
    return words[0::4], words[1::4]


def iso_result(
    offsets: Sequence[int], lengths: Sequence[int], actual: Sequence[int], statuses: Sequence[int]
) -> bytes:
    """Return packet descriptors that report `actual` lengths [bytes] and statuses."""
    words: list[int] = []
    for group in zip(offsets, lengths, actual, statuses):
        words += group
    return struct.pack(">" + "IIIi" * len(offsets), *words)


def ret_submit(seqnum: int, status: int, actual: int, packets: int = 0, errors: int = 0) -> bytes:
    """Return the header that gives a URB back; payload and descriptors follow it.

    The kernel drops the connection unless `actual` is the sum over the packets
    (drivers/usb/usbip/usbip_common.c, usbip_recv_iso).
    """
    return _RET_SUBMIT.pack(RET_SUBMIT, seqnum, 0, 0, 0, status, actual, 0, packets, errors)


def ret_unlink(seqnum: int, status: int) -> bytes:
    """Return the answer to an unlink; -104 when the URB was still held, else 0."""
    return _RET_UNLINK.pack(RET_UNLINK, seqnum, 0, 0, 0, status)


def cmd_submit(submit: Submit, devid: int = 0) -> bytes:
    """Return a USBIP_CMD_SUBMIT, as a host sends it (for tests and a fake host)."""
    packets = submit.packets if submit.iso else -1
    head = _SUBMIT.pack(
        CMD_SUBMIT,
        submit.seqnum,
        devid,
        submit.direction,
        submit.endpoint,
        0,
        submit.length,
        0,
        packets,
        0,
        submit.setup,
    )
    return head + submit.data + submit.iso


def cmd_unlink(unlink: Unlink, devid: int = 0) -> bytes:
    """Return a USBIP_CMD_UNLINK, as a host sends it."""
    return _UNLINK.pack(CMD_UNLINK, unlink.seqnum, devid, 0, 0, unlink.target)
