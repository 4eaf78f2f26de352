# SPDX-License-Identifier: MIT
"""A softcard with its server and a host without a kernel, for the tests of the loop."""

from __future__ import annotations

import io
import json
import socket
from collections.abc import Callable, Sequence

from tests.tools.softcard_host import FakeHost
from tools.softcardkit.card import SoftCard
from tools.softcardkit.config import CardConfig
from tools.softcardkit.faultspec import parse_fault, parse_rate
from tools.softcardkit.inject import Injected
from tools.softcardkit.log import EventLog
from tools.softcardkit.serve import Server

PACKET = 48
LATENCY = 96


class Bench:
    """A card, its server and a host on the two ends of a socket pair."""

    def __init__(
        self, config: CardConfig, faults: Sequence[str] = (), rates: Sequence[str] = (), seed: int = 0
    ) -> None:
        self.config = config
        self._text = io.StringIO()
        self.card = SoftCard(
            config,
            injected=Injected(
                [parse_fault(text) for text in faults], [parse_rate(text) for text in rates], seed
            ),
            log=EventLog(self._text),
        )
        ours, self._theirs = socket.socketpair()
        self.server = Server(self.card, ours, pace=0)
        self.host = FakeHost(self._theirs, self.server.step)
        self.size = config.formats[0].frame_bytes(config.channels)
        self.open = True

    def close(self) -> None:
        """Close both ends."""
        self.server.close()
        self.server.release()
        self._theirs.close()

    def start(self, rate: int = 48000) -> None:
        """Select the first format of both directions at `rate`."""
        assert self.host.control((0x22, 0x01, 0x0100, 0x01, 3), rate.to_bytes(3, "little"))[0] == 0
        for interface in (1, 2):
            self.host.set_interface(interface, 1)

    def loop(
        self, data: bytes, packet: int = PACKET, urb_packets: int = 6, more: int = 40, room: int = 0
    ) -> bytes:
        """Play `data` and `more` packets of silence; return all that was captured."""
        room = room or packet * 3 // 2 * self.size
        step = packet * self.size
        padded = data + bytes(-len(data) % step + more * step)
        packets = [padded[at : at + step] for at in range(0, len(padded), step)]
        packets += [bytes(step)] * (-len(packets) % urb_packets)
        sent = captured = 0
        while (sent < len(packets) or self.host.pending(1, 0)) and self.open:
            while sent < len(packets) and self.host.pending(1, 0) < 3:
                self.host.play(packets[sent : sent + urb_packets])
                sent += urb_packets
            while captured < len(packets) and self.host.pending(2, 1) < 12:
                self.host.capture(1, room)
                captured += 1
            self.open = self.host.exchange()
        return bytes(self.host.received.data)

    def events(self, name: str) -> list[dict[str, object]]:
        """Return the log's events of one name."""
        lines = [json.loads(line) for line in self._text.getvalue().splitlines()]
        return [line for line in lines if line["event"] == name]

    def fault(self) -> dict[str, object]:
        """Return the only fault logged."""
        (only,) = self.events("fault")
        return only


MakeBench = Callable[..., Bench]


def pattern(frames: int, size: int = 4, seed: int = 1) -> bytes:
    """Return frames that all differ: a linear congruential walk, little endian."""
    out, word = bytearray(), seed
    for _ in range(frames):
        word = (word * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        out += (word.to_bytes(8, "little") * 3)[:size]
    return bytes(out)


def frames_of(data: bytes, size: int = 4) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def expected(data: bytes, length: int, latency: int = LATENCY, size: int = 4) -> bytes:
    """What a clean card gives back: the latency in zeros, the data, zeros."""
    return (bytes(latency * size) + data).ljust(length, b"\0")[:length]


def faulty(
    make: MakeBench, spec: str, data: bytes, config: CardConfig | None = None
) -> tuple[Bench, list[bytes]]:
    bench = make(config or CardConfig(), [spec])
    got = bench.loop(data)
    return bench, frames_of(got, bench.size)[LATENCY:]
