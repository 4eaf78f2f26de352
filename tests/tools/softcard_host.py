# SPDX-License-Identifier: MIT
"""A host without a kernel: submits isochronous URBs to a card and judges the answers.

It checks what the kernel's USB/IP code checks and drops the connection for, so a card
that passes here is one that vhci-hcd will talk to.
"""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tools.softcardkit.wire import (
    CMD_UNLINK,
    DIR_IN,
    DIR_OUT,
    HEADER_BYTES,
    RET_SUBMIT,
    RET_UNLINK,
    Submit,
    Unlink,
    cmd_submit,
    cmd_unlink,
)

_SEGMENT = 1 << 16


class HostError(Exception):
    """The card broke a rule that the kernel enforces."""


@dataclass
class Received:
    """What came back from the card.

    Parameters
    ----------
    data : capture bytes, packet after packet.
    lengths : [bytes] of each capture packet.
    errors : (direction, packet number, status) of packets with a status other than 0.
    played_bytes : what the card says it took.
    """

    data: bytearray = field(default_factory=bytearray)
    lengths: list[int] = field(default_factory=list)
    errors: list[tuple[int, int, int]] = field(default_factory=list)
    played_packets: int = 0
    played_bytes: int = 0


class FakeHost:
    """Speak USB/IP as vhci-hcd does.

    Parameters
    ----------
    connection : the host's end of the socket pair.
    step : lets the card work once, e.g. ``Server.step``.
    """

    def __init__(self, connection: socket.socket, step: Callable[[], None]) -> None:
        self._connection, self._step = connection, step
        self._buffer = bytearray()
        self._seqnum = 0
        self._pending: dict[int, Submit] = {}
        self.received = Received()

    def control(self, setup: Sequence[int], data: bytes = b"") -> tuple[int, bytes]:
        """Do a control transfer; `setup` is (type, request, value, index, length)."""
        packed = struct.pack("<BBHHH", *setup)
        direction = DIR_IN if setup[0] & 0x80 else DIR_OUT
        seqnum = self.submit(Submit(0, direction, 0, setup[4], 0, packed, data, b""))
        while seqnum in self._pending:
            self.exchange()
        return self._control_answer

    def set_interface(self, interface: int, alternate: int) -> None:
        """Select an alternate setting."""
        status, _ = self.control((0x01, 11, alternate, interface, 0))
        if status:
            raise HostError(f"SET_INTERFACE {interface} {alternate} ended with {status}")

    def submit(self, submit: Submit) -> int:
        """Send one URB under a new sequence number, which is returned."""
        self._seqnum += 1
        numbered = submit._replace(seqnum=self._seqnum)
        self._pending[self._seqnum] = numbered
        # A card that has left shows at the next exchange, as an unplugged one does.
        with contextlib.suppress(BrokenPipeError):
            self._connection.sendall(cmd_submit(numbered, devid=65538))
        return self._seqnum

    def play(self, packets: Sequence[bytes]) -> int:
        """Submit one OUT URB of these packets to endpoint 1."""
        iso, offset = b"", 0
        for packet in packets:
            iso += struct.pack(">4I", offset, len(packet), 0, 0)
            offset += len(packet)
        return self.submit(Submit(0, DIR_OUT, 1, offset, len(packets), bytes(8), b"".join(packets), iso))

    def capture(self, packets: int, room: int, endpoint: int = 2) -> int:
        """Submit one IN URB of `packets` packets of at most `room` bytes."""
        iso = b"".join(struct.pack(">4I", number * room, room, 0, 0) for number in range(packets))
        return self.submit(Submit(0, DIR_IN, endpoint, packets * room, packets, bytes(8), b"", iso))

    def unlink_all(self) -> None:
        """Take every pending URB back and wait for the answers."""
        for target in list(self._pending):
            self._seqnum += 1
            self._connection.sendall(cmd_unlink(Unlink(self._seqnum, target), devid=65538))
        while self._pending:
            self.exchange()

    def pending(self, endpoint: int, direction: int) -> int:
        """Return how many URBs of an endpoint the card holds."""
        wanted = (endpoint, direction)
        return sum(1 for urb in self._pending.values() if (urb.endpoint, urb.direction) == wanted)

    def exchange(self) -> bool:
        """Let the card work, then take its answers; False when it has left."""
        data = self._receive()
        if data is None:
            self._step()
            data = self._receive()
        if data is None:
            return True
        if not data:
            return False
        self._buffer += data
        while self._take_pdu():
            pass
        return True

    def _receive(self) -> bytes | None:
        # None: nothing there now; empty: the card has left.
        try:
            return self._connection.recv(_SEGMENT, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return None

    def _take_pdu(self) -> bool:
        if len(self._buffer) < HEADER_BYTES:
            return False
        command, seqnum = struct.unpack_from(">II", self._buffer)
        if command == RET_UNLINK:
            self._unlinked(struct.unpack_from(">i", self._buffer, 20)[0])
            del self._buffer[:HEADER_BYTES]
            return True
        if command != RET_SUBMIT or seqnum not in self._pending:
            raise HostError(f"answer {command} to URB {seqnum}, which is not pending")
        return self._take_result(seqnum)

    def _unlinked(self, status: int) -> None:
        # Answers come in the order of the requests, which was that of the URBs.
        if status not in (0, -104):
            raise HostError(f"status {status} after command {CMD_UNLINK}")
        del self._pending[next(iter(self._pending))]

    def _take_result(self, seqnum: int) -> bool:
        urb = self._pending[seqnum]
        status, actual, _, packets, errors = struct.unpack_from(">5i", self._buffer, 20)
        payload = actual if urb.direction == DIR_IN else 0
        end = HEADER_BYTES + payload + 16 * packets
        if len(self._buffer) < end:
            return False
        if packets != urb.packets or actual > urb.length:
            raise HostError(f"{packets} packets, {actual} bytes for {urb.packets} and {urb.length}")
        data = bytes(self._buffer[HEADER_BYTES : HEADER_BYTES + payload])
        iso = bytes(self._buffer[HEADER_BYTES + payload : end])
        del self._buffer[:end]
        del self._pending[seqnum]
        if urb.packets:
            self._take_packets(urb, data, iso, actual, errors)
        else:
            self._control_answer = status, data
        return True

    def _take_packets(self, urb: Submit, data: bytes, iso: bytes, actual: int, errors: int) -> None:
        results = list(struct.iter_unpack(">IIIi", iso))
        requested = list(struct.iter_unpack(">IIIi", urb.iso))
        if sum(result[2] for result in results) != actual:
            raise HostError("the packets do not add up to the URB")
        if [result[:2] for result in results] != [request[:2] for request in requested]:
            raise HostError("offsets or lengths were changed")
        if any(length > room for _, room, length, _ in results):
            raise HostError("a packet is longer than its room")
        bad = [(number, result[3]) for number, result in enumerate(results) if result[3]]
        if len(bad) != errors:
            raise HostError("error_count is not the number of bad packets")
        self._account(urb, data, results, bad)

    def _account(
        self, urb: Submit, data: bytes, results: list[tuple[int, ...]], bad: list[tuple[int, int]]
    ) -> None:
        got = self.received
        before = len(got.lengths) if urb.direction == DIR_IN else got.played_packets
        got.errors += [(urb.direction, before + number, status) for number, status in bad]
        if urb.direction == DIR_OUT:
            got.played_packets += urb.packets
            got.played_bytes += sum(result[2] for result in results)
        elif urb.endpoint == 2:
            got.data += data
            got.lengths += [result[2] for result in results]
        else:
            self.feedback = data
