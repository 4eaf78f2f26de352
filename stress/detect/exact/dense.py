# SPDX-License-Identifier: MIT
"""Damage in hundreds of places of a stretch, all of one kind: one finding, counted exactly.

A memory that flips bits, or a bus that loses words, hits thousands of places in a second.
Naming each by itself takes longer than the second and says nothing more: what is told is
where it began, how many frames and places it hit, and which bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from stress.detect.exact.damage_kind import (
    GAIN_RESIDUAL,
    LARGEST_DITHER,
    MOST_FLIPS,
    SHORTEST_DITHER,
    SHORTEST_FIT,
    Namer,
)
from stress.detect.exact.decode import Decoder
from stress.detect.exact.findings import LARGEST_GAP
from stress.detect.exact.track import TrackEvent
from stress.detect.exact.window import Stretch
from stress.model.arrays import Bytes, Flags, Ints
from stress.model.finding import Finding, Kind

# Places of one kind in a row that are one finding. Source: one frame in forty of a stretch; what
# is planted takes turns. Higher: seconds on damage of that density; lower: places that had a
# finding each are told as one.
MANY = 512

# Share of places whose samples are off by no more than dither is, from which on it may be dither.
FINE_SHARE = 0.9

KINDS = (None, Kind.ZERO, Kind.HOLD, Kind.BITFLIP, Kind.UNKNOWN)
_ZERO, _HOLD, _FLIP, _OTHER, _STRANGE = 1, 2, 3, 4, 5
_ONES = np.array([bin(value).count("1") for value in range(256)], np.uint8)


@dataclass(frozen=True)
class _Places:
    # Places of damage in one alignment: first and last + 1 frame, what each is, whether dither may be.
    start: Ints
    end: Ints
    what: Ints
    fine: Flags
    wrong: Bytes  # of each frame of the stretch against what was due, (frames, frame_bytes)


class DenseNamer:
    """Takes the places out of a stretch that are too many to be named one by one.

    Parameters
    ----------
    decoder, namer : of this capture.
    """

    def __init__(self, decoder: Decoder, namer: Namer) -> None:
        self._decoder, self._namer = decoder, namer

    def taken(self, stretch: Stretch, events: list[TrackEvent]) -> tuple[list[Finding], list[TrackEvent]]:
        """Return the findings of many places each, and the events that are left."""
        found: list[Finding] = []
        left: list[TrackEvent] = []
        for run in _runs(events):
            if run[0].what != "noise" or len(run) < MANY:
                left += run
                continue
            places = self._places(stretch, run)
            done = 0
            for first, last in _alike(places):
                found.append(self._finding(stretch, places, first, last, run[0].shift))
                left += run[done:first]
                done = last
            left += run[done:]
        return found, left

    def _places(self, stretch: Stretch, run: list[TrackEvent]) -> _Places:
        start = np.array([event.start for event in run], np.int64)
        end = np.array([event.end for event in run], np.int64)
        low, high = int(start[0]), int(end[-1])
        rows = stretch.rows[low:high]
        due = self._decoder.expected(stretch.due(low, run[0].shift), high - low)
        wrong = rows ^ due
        fine, scaled = self._samples(rows, due, start - low, end - low)
        frames = self._frames(rows, stretch.last(low), due, wrong)
        what = _of_events(frames, start - low, end - low)
        # A long place that fits as a whole is named by itself, and so is one shorter than that.
        long = end - start
        what[(what == _FLIP) & (long >= SHORTEST_DITHER) & (fine | scaled)] = _STRANGE
        what[(what == _OTHER) & (long >= SHORTEST_FIT) & (fine | scaled)] = _STRANGE
        whole = np.zeros_like(stretch.rows)
        whole[low:high] = wrong
        return _Places(start, end, what, fine, whole)

    def _frames(self, rows: Bytes, before: Bytes | None, due: Bytes, wrong: Bytes) -> Ints:
        # What each frame is by itself.
        held = np.zeros(len(rows), bool)
        held[1:] = (rows[1:] == rows[:-1]).all(axis=1)
        held[0] = before is not None and bool((rows[0] == before).all())
        held &= ~self._namer.clipped(rows)
        flips = _ONES[wrong].sum(axis=1) <= MOST_FLIPS
        return np.where(
            ~rows.any(axis=1),
            _ZERO,
            np.where(held, _HOLD, np.where(flips, _FLIP, np.where(self._moved(rows, due), _STRANGE, _OTHER))),
        ).astype(np.int64)

    def _moved(self, rows: Bytes, due: Bytes) -> Flags:
        # Frames of which every sample is another channel's, or every byte its neighbour.
        layout = self._decoder.pattern.layout
        n, channels, size = len(rows), layout.channels, layout.fmt.sample_bytes
        seen, sent = rows.reshape(n, channels, size), due.reshape(n, channels, size)
        swapped = np.ones(n, bool)
        for c in range(channels):
            some = np.zeros(n, bool)
            for other in range(channels):
                some |= (seen[:, c] == sent[:, other]).all(axis=1)
            swapped &= some
        stream, moved = due.ravel(), np.zeros(n, bool)
        for shift in (1, -1, 2, -2, 3, -3):
            moved |= (rows == np.roll(stream, shift).reshape(n, -1)).all(axis=1)
        return np.asarray((swapped & (channels > 1)) | moved)

    def _samples(self, rows: Bytes, due: Bytes, start: Ints, end: Ints) -> tuple[Flags, Flags]:
        # Which places are off by no more than dither, and which may be scaled as a whole.
        layout = self._decoder.pattern.layout
        seen = layout.samples(np.ascontiguousarray(rows)) / float(1 << 16)
        sent = layout.samples(due) / float(1 << 16)
        off = np.abs(seen - sent).max(axis=1)
        fine = _over(np.maximum, off, start, end) <= LARGEST_DITHER
        free = np.abs(seen) < (1 << 15) - 1.5
        cross = _over(np.add, np.where(free, seen * sent, 0.0), start, end)
        power = _over(np.add, np.where(free, sent * sent, 0.0), start, end)
        own = _over(np.add, np.where(free, seen * seen, 0.0), start, end)
        rest = own - cross * cross / np.maximum(power, 1e-9)
        most = GAIN_RESIDUAL**2 * (end - start)[:, None] + 1.0
        return fine, np.asarray((rest <= most).all(axis=1))

    def _finding(self, stretch: Stretch, places: _Places, first: int, last: int, shift: int) -> Finding:
        start, end = int(places.start[first]), int(places.end[last - 1])
        kind = KINDS[int(places.what[first])]
        frames = int((places.end[first:last] - places.start[first:last]).sum())
        details: dict[str, Any] = {"places": last - first, "span": end - start}
        wrong = places.wrong[start:end]
        if kind is Kind.BITFLIP:
            details.update(flips=int(_ONES[wrong].sum()), per_bit=self._per_bit(wrong))
        return Finding(
            kind or Kind.UNKNOWN, stretch.frame + start, frames, stretch.due(start, shift), details=details
        )

    def _per_bit(self, wrong: Bytes) -> list[int]:
        # Flipped bits by their place in a sample, lowest first.
        layout = self._decoder.pattern.layout
        each = np.unpackbits(wrong.reshape(-1, layout.fmt.sample_bytes), axis=1, bitorder="little")
        return [int(number) for number in each.sum(axis=0)]


def _runs(events: list[TrackEvent]) -> list[list[TrackEvent]]:
    # Noise in one alignment with nothing else between, and everything else one by one.
    out: list[list[TrackEvent]] = []
    for event in events:
        last = out[-1][-1] if out else None
        if last is not None and event.what == last.what == "noise" and event.shift == last.shift:
            out[-1].append(event)
        else:
            out.append([event])
    return out


def _over(reduce: Any, values: Any, start: Ints, end: Ints) -> Any:
    # `reduce` over the frames of each place.
    # 32-bit numpy takes indices of its own width only.
    edges = np.stack([start, end], axis=1).ravel().astype(np.intp, copy=False)
    padded = np.concatenate([values, values[-1:]])
    return reduce.reduceat(padded, edges, axis=0)[::2]


def _of_events(frames: Ints, start: Ints, end: Ints) -> Ints:
    # What all frames of a place are; flips among others are damage without a name.
    low, high = _over(np.minimum, frames, start, end), _over(np.maximum, frames, start, end)
    mixed = np.where((low == _FLIP) & (high == _OTHER), _OTHER, _STRANGE)
    return np.asarray(np.where(low == high, low, mixed), np.int64)


def _alike(places: _Places) -> list[tuple[int, int]]:
    # Where `MANY` places or more of one kind follow each other.
    gap = places.start[1:] - places.end[:-1]
    parts = (places.what[1:] != places.what[:-1]) | (gap > LARGEST_GAP)
    edges = [0, *(np.flatnonzero(parts) + 1).tolist(), len(places.what)]
    out = []
    for first, last in zip(edges, edges[1:]):
        fine = float(places.fine[first:last].mean()) > FINE_SHARE
        if last - first >= MANY and places.what[first] != _STRANGE and not fine:
            out.append((first, last))
    return out
