"""From the steps of a burst to accesses of one cache line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stress.virtual import trace as ops
from stress.virtual.layout import (
    BUFFER_SPAN_BYTES,
    CAPTURED,
    KERNEL,
    NOISE,
    NOISE_SPAN_BYTES,
    SOURCE,
    RingPlace,
)
from stress.virtual.steps import Step
from stress.virtual.trace import Trace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

USER_SIDE = -1  # stands for the mapping that serves the user
PLAYBACK, CAPTURE, NO_RING = 0, 1, -1
# Kind of step: ring, op on the ring, mapping, flags.
_TABLE = {
    Step.NOISE: (NO_RING, ops.LOAD, KERNEL, 0),
    Step.FLUSH: (NO_RING, ops.FLUSH, KERNEL, 0),
    Step.ZERO_PLAYBACK: (PLAYBACK, ops.STORE, KERNEL, ops.ZEROS),
    Step.ZERO_CAPTURE: (CAPTURE, ops.STORE, KERNEL, ops.ZEROS),
    Step.KERNEL_LOAD: (PLAYBACK, ops.LOAD, KERNEL, ops.DELIVER),
    Step.KERNEL_STORE: (CAPTURE, ops.STORE, KERNEL, 0),
    Step.USER_STORE: (PLAYBACK, ops.STORE, USER_SIDE, 0),
    Step.USER_RMW: (PLAYBACK, ops.STORE, USER_SIDE, 0),
    Step.USER_CLEAN: (PLAYBACK, ops.CLEAN, USER_SIDE, 0),
    Step.USER_READ: (CAPTURE, ops.LOAD, USER_SIDE, ops.DELIVER),
    Step.USER_AHEAD: (CAPTURE, ops.LOAD, USER_SIDE, ops.PRETOUCH),
}
_COLUMNS = np.array([_TABLE[kind] for kind in Step], dtype=np.int64).T


class AccessMaker:
    """Expand steps into traces, one burst after the other.

    Parameters
    ----------
    places : playback and capture ring.
    frame_bytes : of both streams [bytes].
    random : source of the background's addresses.
    captured_fills : stores to the captured buffer allocate lines.
    """

    def __init__(
        self,
        places: tuple[RingPlace, RingPlace],
        frame_bytes: tuple[int, int],
        random: np.random.RandomState,
        captured_fills: bool,
    ) -> None:
        self.places = places
        self._frame_bytes = frame_bytes
        self._random = random
        self._captured_fills = captured_fills

    def trace(self, steps: list[int], bases: tuple[int, int]) -> Trace:
        """Return the accesses of `steps`, flat triples in order.

        Parameters
        ----------
        bases : per ring, what is added to a stream position [granules].
        """
        table = np.array(steps, dtype=np.int64).reshape(-1, 3)
        kind, first, end = table.T
        ring = _COLUMNS[0][kind]
        scale = np.array([*self._frame_bytes, 1], dtype=np.int64)[ring]
        first, end = first * scale, end * scale
        unit, count = self._units(ring, first, end)
        step = np.repeat(np.arange(len(table), dtype=np.int64), count)
        unit = np.arange(len(step), dtype=np.int64) - np.repeat(np.cumsum(count) - count, count) + unit[step]
        return self._rows(kind[step], ring[step], unit, first[step], end[step], bases)

    def _units(self, ring: Ints, first: Ints, end: Ints) -> tuple[Ints, Ints]:
        # A unit is what of a step lies in one line; a background line is one by itself.
        unit, count = np.zeros_like(first), end - first
        for which, place in enumerate(self.places):
            mine = np.flatnonzero(ring == which)
            unit[mine] = _unit_of(first[mine], place)
            count[mine] = _unit_of(end[mine] - 1, place) - unit[mine] + 1
        return unit, count

    def _rows(
        self, kind: Ints, ring: Ints, unit: Ints, first: Ints, end: Ints, bases: tuple[int, int]
    ) -> Trace:
        writes = (kind == Step.USER_STORE) | (kind == Step.USER_RMW)
        loads_first = kind == Step.USER_RMW
        before = writes.astype(np.int64) + loads_first
        after = (kind == Step.USER_READ).astype(np.int64) * self._captured_fills
        place = np.cumsum(before + after + 1) - after - 1
        total = int(place[-1] + after[-1] + 1) if len(place) else 0
        op, vline = np.zeros(total, dtype=np.uint8), np.zeros(total, dtype=np.int64)
        op[place] = _COLUMNS[1][kind]
        noise = place[kind == Step.NOISE]
        line = self.places[0].line_bytes
        vline[noise] = NOISE // line + self._random.randint(0, NOISE_SPAN_BYTES // line, size=len(noise))
        rows = []
        for which, ring_place in enumerate(self.places):
            mine = np.flatnonzero(ring == which)
            rows.append(_Extent(ring_place, unit[mine], first[mine], end[mine], bases[which], mine))
        self._buffers(op, vline, rows, place, writes, before, after)
        return self._assemble(op, vline, rows, place, kind, loads_first)

    def _buffers(
        self,
        op: NDArray[np.uint8],
        vline: Ints,
        rows: list[_Extent],
        place: Ints,
        writes: NDArray[np.bool_],
        before: Ints,
        after: Ints,
    ) -> None:
        # The tester's own buffers: a load per stored unit, a store per unit read.
        line = rows[0].place.line_bytes
        stored = writes[rows[0].of]
        at = rows[0].of[stored]
        vline[place[at] - before[at]] = (SOURCE + rows[0].start[stored] % BUFFER_SPAN_BYTES) // line
        if self._captured_fills:
            read = after[rows[1].of] > 0
            at = place[rows[1].of[read]] + 1
            vline[at] = (CAPTURED + rows[1].start[read] % BUFFER_SPAN_BYTES) // line
            op[at] = ops.STORE

    def _assemble(
        self,
        op: NDArray[np.uint8],
        vline: Ints,
        rows: list[_Extent],
        place: Ints,
        kind: Ints,
        loads_first: NDArray[np.bool_],
    ) -> Trace:
        parts = []
        for row in rows:
            of = kind[row.of]
            alias = np.where(_COLUMNS[2][of] == USER_SIDE, row.place.user_alias, KERNEL)
            parts.append(row.columns(place[row.of], alias, _COLUMNS[3][of]))
            again = np.flatnonzero(loads_first[row.of])
            if len(again):
                parts.append(row.columns(place[row.of] - 1, alias, np.zeros_like(of))[:, again])
        table = np.concatenate(parts, axis=1)
        table = table[:, np.argsort(table[0], kind="stable")]
        at, pline, alias, lo, hi, value, flags, lines = table
        vline[at] = lines
        return Trace(op, vline, at, pline, alias, lo, hi, value, flags.astype(np.uint8))


class _Extent:
    # The units of one ring: which bytes of the stream, and where they lie.
    def __init__(self, place: RingPlace, unit: Ints, first: Ints, end: Ints, base: int, of: Ints) -> None:
        self.place, self.of, self._base = place, of, base
        ring, line = place.ring_bytes, place.line_bytes
        lap_lines = -(-ring // line)
        lap = unit // lap_lines
        self._line = unit - lap * lap_lines
        begin = lap * ring + self._line * line
        self.start = np.maximum(begin, first)
        stop = np.minimum(np.minimum(begin + line, (lap + 1) * ring), end)
        granule = place.granule_bytes
        self._lo = (self.start - begin) // granule
        self._hi = -(-(stop - begin) // granule)
        self._value = lap * place.ring_granules + self._line * line // granule + self._lo

    def columns(self, at: Ints, alias: Ints, flags: Ints) -> Ints:
        place = self.place
        uncached = np.array(place.uncached, dtype=np.int64)[alias] * ops.UNCACHED
        vline = np.array(place.vlines, dtype=np.int64)[alias] + self._line
        pline, value = place.pline + self._line, self._value + self._base + 1
        return np.stack([at, pline, alias, self._lo, self._hi, value, flags | uncached, vline])


def _unit_of(position: Ints, place: RingPlace) -> Ints:
    ring, line = place.ring_bytes, place.line_bytes
    if ring % line == 0:
        return position // line
    return position // ring * -(-ring // line) + position % ring // line
