# SPDX-License-Identifier: MIT
"""What findings look like beside the kind they have: sizes, edges, how long they last.

A cause shows in these: a lost packet has the size of one, a slip of a serial port
lasts until the stream ends, a controller that cannot address odd bytes is wrong from
packet edge to packet edge.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stress.model.finding import SILENT, Kind
from stress.model.histogram import COLUMNS, STALE
from stress.model.record.burst import BurstRecord
from stress.model.record.events import OpenRecord
from stress.model.record.wire import WireRecord

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stress.model.record.events import Event
    from stress.model.record.findings import FindingRecord
    from stress.model.record.histogram import HistogramRecord

# Kinds that mean the order of bytes or channels, and those with a length in time.
ORDER = (Kind.SWAP.value, Kind.BYTESHIFT.value, "rotate")
GAPS = (Kind.DROP.value, Kind.REPEAT.value, Kind.ZERO.value, Kind.HOLD.value, Kind.INSERT.value)
# Share of what follows an instant that has to be wrong alike for a fault that lasts.
# Source: planted slips give 0.99, the rest are injected faults in between. Higher: other
# damage hides it; lower: many short ones are taken for one that lasts.
LASTS = 0.8
# Share of the gaps that have to have a size for it to be theirs.
TYPICAL = 0.6
# Time in which old data is one event [s]. Source: an episode of all damage is about as long. Higher: short
# bursts have too few of them for a contrast; lower: events that have one reason are counted as many.
BIN_S = 0.1
# Share of the runs that have to begin at a packet.
AT_PACKETS = 0.6


@dataclass(frozen=True)
class Symptoms:
    """The forms of all findings that count.

    Attributes
    ----------
    bursts, silent : of the run, and those whose capture is all zeros.
    lasting : bursts in which bytes or channels are out of order from an instant to the end.
    whole : bursts in which they are from the first frame on.
    gaps : real gaps and slips by their size [frames].
    at_packets, beside_packets : real runs that begin at a packet edge, and others (where a tap looked).
    statuses : failed packets by their error, both directions.
    lengths : OUT and IN packets by their length [bytes].
    out_frames, out_wrong : of OUT, compared with what was written.
    periods : period sizes granted [frames]; `rate` [Hz] and `frame_bytes` of the first stream opened.
    fifos : sizes of the FIFOs that the card's driver states [frames].
    lags : ages of misplaced runs [frames].
    old_rw : runs of whole laps in bursts with rw access only.
    old_sizes : all runs of whole laps by their size [frames].
    old_bins : by arm the tenths of a second in which frames were whole laps of a ring old.
    """

    bursts: int = 0
    silent: int = 0
    lasting: int = 0
    whole: int = 0
    gaps: Counter[int] = field(default_factory=Counter)
    at_packets: int = 0
    beside_packets: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    lengths: Counter[int] = field(default_factory=Counter)
    out_frames: int = 0
    out_wrong: int = 0
    periods: frozenset[int] = frozenset()
    fifos: frozenset[int] = frozenset()
    rate: int = 0
    frame_bytes: int = 0
    lags: Counter[int] = field(default_factory=Counter)
    old_rw: int = 0
    old_sizes: Counter[int] = field(default_factory=Counter)
    old_bins: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, events: Iterable[Event]) -> Symptoms:
        """Return the symptoms in the events of a run."""
        gathering = Gathering()
        for event in events:
            gathering.add(event)
        return gathering.symptoms()

    def sized(self, sizes: Iterable[int]) -> bool:
        """Tell whether most gaps are whole multiples of one of `sizes` [frames]."""
        wanted = [size for size in sizes if size > 1]
        hits = sum(n for gap, n in self.gaps.items() if any(gap % size == 0 for size in wanted))
        return bool(self.gaps) and hits >= TYPICAL * sum(self.gaps.values())

    def shorter(self, frames: float) -> bool:
        """Tell whether most gaps are at most so long."""
        hits = sum(number for gap, number in self.gaps.items() if gap <= frames)
        return bool(self.gaps) and hits >= TYPICAL * sum(self.gaps.values())

    def old_longer(self, frames: float) -> bool:
        """Tell whether most frames that are whole laps old lie in runs longer than that."""
        inside = sum(size * number for size, number in self.old_sizes.items())
        over = sum(size * number for size, number in self.old_sizes.items() if size > frames)
        return over > TYPICAL * inside

    @property
    def edged(self) -> bool:
        """True when most runs begin where a packet does; False where no tap looked."""
        return self.at_packets > AT_PACKETS * (self.at_packets + self.beside_packets)

    @property
    def odd_packets(self) -> int:
        """Packets whose length is not a whole number of words of four bytes."""
        return sum(number for size, number in self.lengths.items() if size % 4)

    @property
    def unseen_odd(self) -> bool:
        """True where no tap looked, and frames are such that some packets end inside a word."""
        return not self.lengths and bool(self.frame_bytes % 4)


@dataclass
class Gathering:
    """Gathers symptoms event by event, in memory that does not grow with the run."""

    numbers: Counter[str] = field(default_factory=Counter)
    gaps: Counter[int] = field(default_factory=Counter)
    lags: Counter[int] = field(default_factory=Counter)
    old_sizes: Counter[int] = field(default_factory=Counter)
    old_bins: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    lengths: Counter[int] = field(default_factory=Counter)
    periods: set[int] = field(default_factory=set)
    fifos: set[int] = field(default_factory=set)
    rate: int = 0
    frame_bytes: int = 0
    rw: set[str] = field(default_factory=set)

    def add(self, event: Event) -> None:
        """Add one event; those that say nothing of it are passed over."""
        if isinstance(event, OpenRecord):
            self._add_open(event)
        elif isinstance(event, BurstRecord):
            self._add_burst(event)

    def symptoms(self) -> Symptoms:
        """Return what was gathered so far."""
        return Symptoms(
            gaps=self.gaps,
            lags=self.lags,
            old_sizes=self.old_sizes,
            old_bins=self.old_bins,
            statuses=self.statuses,
            lengths=self.lengths,
            periods=frozenset(self.periods),
            fifos=frozenset(self.fifos),
            rate=self.rate,
            frame_bytes=self.frame_bytes,
            **self.numbers,
        )

    def _add_open(self, event: OpenRecord) -> None:
        sides = [side for side in (event.granted.playback, event.granted.capture) if side]
        self.periods |= {side.period_size for side in sides}
        self.fifos |= {side.fifo_frames for side in sides if side.fifo_frames}
        if sides and not self.rate:
            self.rate, self.frame_bytes = sides[0].rate, sides[0].frame_bytes
        if sides and all(side.access == "rw" for side in sides):
            self.rw.add(event.arm)

    def _add_burst(self, burst: BurstRecord) -> None:
        real = [one for one in burst.analysis.findings if one.real]
        lasts = _lasts(burst, real)
        self.numbers["bursts"] += 1
        self.numbers["silent"] += SILENT in burst.analysis.notes and not burst.exchange.playback.xruns
        if lasts:
            self.numbers[lasts] += 1
        for one in real:
            if one.kind in GAPS:
                self.gaps[one.frames] += 1
            if one.kind == Kind.STALE.value:
                self.old_sizes[one.frames] += 1
            if one.kind == Kind.MISPLACED.value and one.lag:
                self.lags[one.lag] += 1
            if one.view:
                self.numbers["at_packets" if one.says("packet_edge") else "beside_packets"] += 1
        if burst.analysis.histogram:
            self.old_bins[burst.arm] += _old_bins(burst.analysis.histogram, self.rate)
        if burst.arm in self.rw:
            self.numbers["old_rw"] += sum(one.kind == Kind.STALE.value for one in real)
        if burst.seen:
            self._add_wire(burst.seen)

    def _add_wire(self, seen: WireRecord) -> None:
        for side in (seen.out, seen.into):
            for status, number in side.statuses.items():
                self.statuses[status] += number
        for size, number in seen.out.lengths.items():
            self.lengths[int(size)] += number
        self.numbers["out_frames"] += seen.out.frames
        self.numbers["out_wrong"] += seen.out.wrong


def _old_bins(made: HistogramRecord, rate: int) -> int:
    # What of one burst is counted as one event: neighbours in time have one reason.
    columns = max(1, math.ceil(BIN_S * rate / made.column_frames))
    # Cells of rows are recorded as gaps between cell numbers, see `PlaneRecord`.
    old: set[int] = set()
    for part in made.planes:
        cells = part.cells.get(STALE, ()) if part.ring else ()
        old.update(at % COLUMNS // columns for at in itertools.accumulate(cells[::2]))
    return len(old)


def _lasts(burst: BurstRecord, found: list[FindingRecord]) -> str:
    # "lasting" from an instant on, "whole" from the first frame on, else "".
    out_of_order = [one for one in found if one.kind in ORDER]
    if not out_of_order:
        return ""
    first = min(out_of_order, key=lambda one: one.frame).frame
    begin = burst.analysis.first_frame or 0
    left = begin + burst.analysis.checked_frames - first
    if sum(one.frames for one in out_of_order) < LASTS * max(1, left):
        return ""
    return "whole" if first - begin <= 1 else "lasting"
