# SPDX-License-Identifier: MIT
"""Isochronous URBs that wait in the card, and how they are given back."""

from __future__ import annotations

from collections import deque

from tools.softcardkit.wire import Submit, iso_layout, iso_result, ret_submit

# Packet patterns repeat (all 48 frames, or 44 and 45 in a cycle): more than this many
# means that something varies which should not, and memory must not grow with it.
_CACHE_ENTRIES = 4096
# URBs of one endpoint that a host has under way at most. Source: sound/usb/card.h, MAX_URBS 12.
_RECENT = 32


class IsoCodec:
    """Packet descriptors, cached by content: a third of the cost of a URB."""

    def __init__(self) -> None:
        self._layouts: dict[bytes, tuple[tuple[int, ...], tuple[int, ...]]] = {}
        self._results: dict[tuple[bytes, tuple[int, ...]], bytes] = {}

    def layout(self, iso: bytes) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return offsets and lengths [bytes] of the packets."""
        known = self._layouts.get(iso)
        if known is None:
            if len(self._layouts) >= _CACHE_ENTRIES:
                self._layouts.clear()
            known = self._layouts[iso] = iso_layout(iso)
        return known

    def result(self, iso: bytes, actual: tuple[int, ...]) -> bytes:
        """Return descriptors for packets that all ended with status 0."""
        key = (iso, actual)
        known = self._results.get(key)
        if known is None:
            if len(self._results) >= _CACHE_ENTRIES:
                self._results.clear()
            offsets, lengths = self.layout(iso)
            known = self._results[key] = iso_result(offsets, lengths, actual, (0,) * len(actual))
        return known


class Urb:
    """One isochronous URB, served packet by packet."""

    __slots__ = (
        "actual",
        "chunks",
        "count",
        "data",
        "index",
        "iso",
        "lengths",
        "offsets",
        "seqnum",
        "statuses",
    )

    def __init__(self, submit: Submit, codec: IsoCodec) -> None:
        self.seqnum, self.data, self.iso = submit.seqnum, submit.data, submit.iso
        self.offsets, self.lengths = codec.layout(submit.iso)
        self.count, self.index = submit.packets, 0
        self.chunks: list[bytes | bytearray] = []
        self.actual: list[int] = []
        self.statuses: dict[int, int] | None = None

    def packet(self) -> bytes:
        """Return the OUT packet whose turn it is."""
        start = self.offsets[self.index]
        return self.data[start : start + self.lengths[self.index]]

    def _note(self, status: int) -> None:
        if self.statuses is None:
            self.statuses = {}
        self.statuses[self.index] = status

    def accept(self, status: int) -> None:
        """Finish the OUT packet whose turn it is."""
        if status:
            self._note(status)
        self.actual.append(0 if status else self.lengths[self.index])
        self.index += 1

    def fill(self, chunk: bytes | bytearray, status: int) -> None:
        """Finish the IN packet whose turn it is with `chunk`."""
        if status:
            self._note(status)
        self.actual.append(len(chunk))
        self.chunks.append(chunk)
        self.index += 1

    def reply(self, codec: IsoCodec) -> bytes:
        """Return the PDU that gives the whole URB back."""
        actual = tuple(self.actual)
        bad = self.statuses
        head = ret_submit(self.seqnum, 0, sum(actual), self.count, len(bad) if bad else 0)
        if not bad:
            return b"".join((head, *self.chunks, codec.result(self.iso, actual)))
        statuses = [bad.get(number, 0) for number in range(self.count)]
        return b"".join((head, *self.chunks, iso_result(self.offsets, self.lengths, actual, statuses)))


class Endpoint:
    """The URBs of one isochronous endpoint and its running stream.

    A stream is what lies between SET_INTERFACE or an unlink and the next of them;
    ``stream`` counts them from 1, ``frames`` and ``packets`` count within one. A ``live``
    endpoint takes part in the bus clock.
    """

    def __init__(self) -> None:
        self.queue: deque[Urb] = deque()
        # Sequence numbers of the last URBs: a host may take back one that was given back a moment ago.
        self.recent: deque[int] = deque(maxlen=_RECENT)
        self.live = False
        self.started = False
        self.alternate = 0
        self.frame_bytes = 0
        self.stream = self.frames = self.packets = self.urbs = 0

    @property
    def newest(self) -> int:
        """Sequence number of the last URB, -1 before the first."""
        return self.recent[-1] if self.recent else -1

    def submit(self, urb: Urb) -> None:
        """Queue one URB; the first makes the endpoint live."""
        self.queue.append(urb)
        self.recent.append(urb.seqnum)
        self.live = True
        self.urbs += 1

    def begin(self) -> None:
        """Count a new stream, at its first packet."""
        self.started = True
        self.stream += 1
        self.frames = self.packets = 0

    def end(self) -> bool:
        """Stop being live; return whether a stream had begun."""
        had, self.started, self.live = self.started, False, False
        return had

    def remove(self, seqnum: int) -> bool:
        """Take back the URB `seqnum`; False when it is not here."""
        for urb in self.queue:
            if urb.seqnum == seqnum:
                self.queue.remove(urb)
                return True
        return False
