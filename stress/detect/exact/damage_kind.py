# SPDX-License-Identifier: MIT
"""Name what is wrong with frames that are no pattern data at all.

Exact explanations come first (zeros, a held frame, exchanged channels, a byte
stream out of step, single bits); approximate ones (gain, dither) need enough
frames to be told from damage. What fits nothing is `unknown`: never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from stress.detect.exact.decode import Decoder
from stress.model.arrays import Bytes, Flags, Floats
from stress.model.finding import Kind
from stress.model.stimulus import POSITIONS

# Bits of one frame that may differ in a bit flip. Source: a memory or bus fault
# hits one bit, a burst a few. Higher: dither and small gains are called flips;
# lower: two flips in one frame are unknown.
MOST_FLIPS = 4

# Shortest stretch judged by a fit [frames]. Source: 4 frames of stereo are 8
# samples for one gain. Higher: a scaled line is unknown; lower: noise fits.
SHORTEST_FIT = 4

# Shortest stretch called dither [frames]. Higher: short dither is called flips;
# lower: a few flipped low bits are called dither.
SHORTEST_DITHER = 16

# Frames in a row that differ in one and the same bit, and not the lowest, before that is no dither. Source:
# dither of one step changes the lowest bit of each sample it changes. Higher: a short held low bit is called
# dither; lower: a short dither is called flips.
FEWEST_SAME_BIT = 10

# Gaps of right frames a dither of its share of them makes by chance. Source: one
# wrong split in 1e4 dithers. Higher: dither falls in two; lower: a flip of low bits
# a few frames behind dither belongs to it.
RARE_GAP = 1e-4

# Largest difference that dither may make, in steps of 16 bits. Source: shaped
# dither stays below 10. Higher: small gains are called dither; lower: unknown.
LARGEST_DITHER = 16

# Residual a gain may leave, in steps of 16 bits. Source: rounding 0.5, with
# triangular dither 1.5. Higher: noise passes for gain; lower: dithered gain fails.
GAIN_RESIDUAL = 2.0

# Gains nearer to 0 dB are no gain. Source: 0.01 dB moves a sample by 38 steps of 16
# bits at most. Higher: small gains are dither or unknown; lower: dither is a gain.
SMALLEST_GAIN_DB = 0.01

# Names that may fail in one stretch before the rest is unknown without a try. Source:
# a part of damage takes five. Higher: seconds on a burst of noise; lower: a flip in a
# stretch with much damage is unknown.
MOST_FAILED = 256

# Times that the end of a kind inside a part is looked for, by halving: so many at once, and one more for
# so many frames. Source: a fade of a second asks for 9000, 12 s of work for 2 s of
# sound. Higher: slow changes of level take minutes; lower: damage that changes its kind often is unknown.
MOST_REACHES, FRAMES_A_REACH = 64, 16384

# Wrong bytes that zeros inside a frame need to be called zero. Source: four bytes that are all zero by
# chance are one in 4e9. Higher: a zeroed sample of 32 bits is unknown; lower: damage is called zero.
FEWEST_ZEROS = 4

# Frames that a line of zeros shorter than a frame may touch.
MOST_PARTIAL = 2

LISTED = 16  #: wrong bytes whose flipped bits are listed one by one

_ONES = np.array([bin(value).count("1") for value in range(256)], np.uint8)


@dataclass(frozen=True)
class Part:
    """One named part of a stretch of wrong frames, relative to its start."""

    start: int
    end: int
    kind: Kind
    details: Mapping[str, Any] = field(default_factory=dict)


class Namer:
    """Names stretches of wrong frames of one capture.

    Parameters
    ----------
    decoder : pattern, mask and format.
    """

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._layout = decoder.pattern.layout
        self._failed = self._unlike = 0
        self._reaches, self._named_to = float(MOST_REACHES), 0

    def begin(self) -> None:
        """Take note that a new stretch begins."""
        self._failed = self._unlike = 0

    def parts(self, rows: Bytes, before: Bytes | None, position: int) -> list[Part]:
        """Return the named parts of a stretch.

        Parameters
        ----------
        rows : (n, frame_bytes) uint8, masked.
        before : the frame before the stretch, (frame_bytes,) uint8.
        position : due at the first of `rows`.
        """
        out = []
        # Frames may be named more than once; only new ones give more tries.
        new = (position + len(rows) - self._named_to) % POSITIONS
        if new < POSITIONS // 2:
            self._reaches = min(MOST_REACHES, self._reaches + new / FRAMES_A_REACH)
            self._named_to = (position + len(rows)) % POSITIONS
        for start, end, tag in self._with_part_zeros(rows, self._tags(rows, before), position):
            if tag is not None:
                out.append(Part(start, end, tag))
                continue
            out += self._pieces(rows, start, end, position)
        return out

    def _pieces(self, rows: Bytes, start: int, end: int, position: int) -> list[Part]:
        # The whole, or the longest explained head or tail and the rest.
        kind, details = self.name(rows[start:end], position + start)
        if kind is not Kind.UNKNOWN:
            return [Part(start, end, kind, details)]
        for probe in (SHORTEST_DITHER, SHORTEST_FIT):
            if end - start <= probe:
                continue
            length = self._reach(rows[start:end], position + start, probe, head=True)
            if length is not None:
                cut = start + length
                head = Part(start, cut, *self.name(rows[start:cut], position + start))
                return [head, *self._pieces(rows, cut, end, position)]
            length = self._reach(rows[start:end], position + start, probe, head=False)
            if length is not None:
                cut = end - length
                tail = Part(cut, end, *self.name(rows[cut:end], position + cut))
                return [*self._pieces(rows, start, cut, position), tail]
        return [Part(start, end, kind, details)]

    def _reach(self, rows: Bytes, position: int, probe: int, head: bool) -> int | None:
        # How many frames from one end of the stretch one kind explains: bisection.
        def kind_of(length: int) -> Kind:
            first = 0 if head else len(rows) - length
            return self.name(rows[first : first + length], position + first)[0]

        if self._reaches < 1:
            return None
        kind = kind_of(probe)
        if kind in (Kind.UNKNOWN, Kind.BITFLIP):
            return None
        self._reaches -= 1
        low, high = probe, len(rows)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if kind_of(middle) is kind else (low, middle)
        return low

    def fit(self, rows: Bytes, position: int) -> tuple[Kind, dict[str, Any]] | None:
        """Return the kind that explains all of `rows`, None when none does.

        A byte shift comes before gain: a byte of padding makes it look scaled.

        Parameters
        ----------
        rows : (n, frame_bytes) uint8, masked.
        position : due in the first row.
        """
        due = self._decoder.expected(position, len(rows))
        exact = self._byteshift(rows, position) or self._swap(rows, due) or self._same_bit(rows, due)
        if exact is not None:
            return exact
        step = float(1 << 16)
        seen = self._layout.samples(np.ascontiguousarray(rows)) / step
        sent = self._layout.samples(due) / step
        return _dither(seen, sent, self._layout.fmt.bits) or _gain(seen, sent)

    def two(self, rows: Bytes, position: int) -> bool:
        """Tell whether right frames part what fits as dither into two things.

        Parameters
        ----------
        rows : (n, frame_bytes) uint8, masked.
        position : due in the first row.
        """
        due = self._decoder.expected(position, len(rows))
        places = np.flatnonzero((rows != due).any(axis=1))
        gaps = np.diff(places) - 1
        if not gaps.size or not gaps.max():
            return False
        at, gap, n = int(places[np.argmax(gaps)]) + 1, int(gaps.max()), len(rows)
        # How many such gaps the share of right frames elsewhere would make by chance.
        usual = (n - len(places) - gap + 1) / (n - gap + 2)
        by_chance = n * usual**gap
        seen, sent = self._layout.samples(np.ascontiguousarray(rows)), self._layout.samples(due)
        off = np.abs(seen.astype(np.int64) - sent).max(axis=1)
        less, more = sorted((int(off[:at].max()), int(off[at:].max())))
        return by_chance < RARE_GAP or (by_chance < 1 and more > 2 * less)

    def _tags(self, rows: Bytes, before: Bytes | None) -> list[tuple[int, int, Kind | None]]:
        # Runs of zeros, of a repeated frame, and of anything else.
        zero = ~rows.any(axis=1)
        held = np.zeros(len(rows), bool)
        held[1:] = (rows[1:] == rows[:-1]).all(axis=1)
        if before is not None:
            held[0] = bool((rows[0] == before).all())
        held &= ~self.clipped(rows)
        tags = np.where(zero, 1, np.where(held, 2, 0))
        edges = np.flatnonzero(tags[1:] != tags[:-1]) + 1
        starts = [0, *edges.tolist()]
        ends = [*edges.tolist(), len(rows)]
        names = (None, Kind.ZERO, Kind.HOLD)
        return [(start, end, names[int(tags[start])]) for start, end in zip(starts, ends)]

    def _with_part_zeros(
        self, rows: Bytes, tags: list[tuple[int, int, Kind | None]], position: int
    ) -> list[tuple[int, int, Kind | None]]:
        # A zeroed cache line need not hold whole frames: those at its ends are right up to it.
        out: list[tuple[int, int, Kind | None]] = []
        for at, (start, end, tag) in enumerate(tags):
            behind = tags[at + 1] if at + 1 < len(tags) else None
            if tag is None:
                if out and out[-1][2] is Kind.ZERO and self._begins(rows, start, position, 1):
                    out[-1] = (out[-1][0], start + 1, Kind.ZERO)
                    start += 1
                if start < end and behind and behind[2] is Kind.ZERO:
                    cut = end - self._begins(rows, end - 1, position, -1)
                    out += [(start, cut, None)] if start < cut else []
                    out += [(cut, end, Kind.ZERO)] if cut < end else []
                    continue
                if not start < end:
                    continue
                tag = Kind.ZERO if self._within(rows, start, end, position) else None
            if tag is Kind.ZERO and out and out[-1][1:] == (start, Kind.ZERO):
                out[-1] = (out[-1][0], end, Kind.ZERO)
            else:
                out.append((start, end, tag))
        return out

    def _begins(self, rows: Bytes, frame: int, position: int, side: int) -> bool:
        """Tell whether a frame is zero from one end on (1: the first byte) and right beyond."""
        row = rows[frame][::side]
        zeros = int(np.argmax(row != 0))  # The row holds something else than zeros.
        if not zeros or self._unlike >= MOST_FAILED:
            return False
        due = self._decoder.expected(position + frame, 1)[0][::side]
        same = bool((row[zeros:] == due[zeros:]).all())
        self._unlike += not same
        return same

    def _within(self, rows: Bytes, start: int, end: int, position: int) -> bool:
        """Tell whether all that is wrong in a few frames is one piece of zeros."""
        if end - start > MOST_PARTIAL or self._unlike >= MOST_FAILED:
            return False
        seen = rows[start:end].ravel()
        wrong = seen ^ self._decoder.expected(position + start, end - start).ravel()
        places = np.flatnonzero(wrong)
        few = len(places) < FEWEST_ZEROS or _ONES[wrong].sum() <= MOST_FLIPS
        zeros = not few and not seen[places[0] : places[-1] + 1].any()
        self._unlike += not zeros
        return zeros

    def name(self, rows: Bytes, position: int) -> tuple[Kind, dict[str, Any]]:
        """Return the kind and details of a stretch that is neither zero nor held.

        Parameters
        ----------
        rows : (n, frame_bytes) uint8, masked.
        position : due in the first row.
        """
        if self._failed >= MOST_FAILED:
            return Kind.UNKNOWN, {}
        due = self._decoder.expected(position, len(rows))
        named = (
            self._byteshift(rows, position)
            or self._swap(rows, due)
            or (self.fit(rows, position) if len(rows) >= SHORTEST_DITHER else None)
            or _bitflip(rows, due)
            or (self.fit(rows, position) if len(rows) >= SHORTEST_FIT else None)
        )
        self._failed += named is None
        return named or (Kind.UNKNOWN, {})

    def _same_bit(self, rows: Bytes, due: Bytes) -> tuple[Kind, dict[str, Any]] | None:
        fmt, wrong = self._decoder.pattern.fmt, rows ^ due
        every = np.bitwise_or.reduce(wrong.reshape(-1, fmt.sample_bytes), axis=0)
        if len(rows) < FEWEST_SAME_BIT or _ONES[every].sum() != 1 or not wrong.any(axis=1).all():
            return None
        lowest = 1 << 32 - fmt.bits
        return None if np.isin(self._layout.samples(wrong[:1]), (0, lowest)).all() else _bitflip(rows, due)

    def clipped(self, rows: Bytes) -> Flags:
        """Tell which frames have all samples at the rails: equal neighbours say nothing there.

        Parameters
        ----------
        rows : (n, frame_bytes) uint8, masked.

        Returns
        -------
        (n,) bool.
        """
        wide = self._layout.samples(np.ascontiguousarray(rows)) >> np.int32(32 - self._layout.fmt.bits)
        top = (1 << (self._layout.fmt.bits - 1)) - 1
        clipped: Flags = ((wide == top) | (wide == -top - 1)).all(axis=1)
        return clipped

    def _swap(self, rows: Bytes, due: Bytes) -> tuple[Kind, dict[str, Any]] | None:
        # Each channel must equal one channel of what was due, not all of them their own.
        n, channels = len(rows), self._layout.channels
        if channels < 2:
            return None
        size = self._layout.fmt.sample_bytes
        seen, sent = rows.reshape(n, channels, size), due.reshape(n, channels, size)
        same = (seen[:, :, None, :] == sent[:, None, :, :]).all(axis=(0, 3))
        if not same.any(axis=1).all():
            return None
        source = [c if same[c, c] else int(np.argmax(same[c])) for c in range(channels)]
        return None if source == list(range(channels)) else (Kind.SWAP, {"source": source})

    def _byteshift(self, rows: Bytes, position: int) -> tuple[Kind, dict[str, Any]] | None:
        size = self._layout.frame_bytes
        around = self._decoder.pattern.bytes_at(position - 1, len(rows) + 2)
        seen = rows.ravel()
        right = seen == around[size : size + seen.size]
        for shift in (1, -1, 2, -2, 3, -3):
            if abs(shift) >= size:
                continue
            moved = seen == around[size - shift : size - shift + seen.size]
            # The shift may begin and end inside a frame: its edges may be right. What it
            # takes in from beyond its edge may be damaged.
            inner = moved[size:-size] if len(rows) > 2 else moved
            strange = ~(moved | right)
            amid = strange[shift:] if shift > 0 else strange[:shift]
            own = moved & ~right
            edges = own[:size].any() and own[-size:].any()
            if inner.all() and edges and not amid.any() and moved.sum() > right.sum() + 2 * strange.sum():
                return Kind.BYTESHIFT, {"bytes": shift}
        return None


def _bitflip(rows: Bytes, due: Bytes) -> tuple[Kind, dict[str, Any]] | None:
    wrong = rows ^ due
    counts = _ONES[wrong].sum(axis=1)
    if counts.max() > MOST_FLIPS:
        return None
    frames, places = np.nonzero(wrong)
    bits = [
        [int(f), int(8 * b + bit)]
        for f, b in list(zip(frames, places))[:LISTED]
        for bit in range(8)
        if wrong[f, b] >> bit & 1
    ]
    return Kind.BITFLIP, {"bits": bits, "flips": int(counts.sum())}


def _dither(seen: Floats, sent: Floats, bits: int) -> tuple[Kind, dict[str, Any]] | None:
    if len(seen) < SHORTEST_DITHER:
        return None
    off = np.abs(seen - sent).max()
    if off > LARGEST_DITHER:
        return None
    return Kind.DITHER, {"lsb": int(round(off * (1 << (bits - 16))))}


def _gain(seen: Floats, sent: Floats) -> tuple[Kind, dict[str, Any]] | None:
    free = np.abs(seen) < (1 << 15) - 1.5  # samples that are not clipped
    power = np.where(free, sent * sent, 0.0).sum(axis=0)
    if not power.all():
        return None
    factor = np.where(free, seen * sent, 0.0).sum(axis=0) / power
    residual = np.where(free, seen - factor * sent, 0.0)
    if np.abs(residual).max() > GAIN_RESIDUAL or not factor.all():
        return None
    level = 20 * np.log10(np.abs(factor))
    even = bool(np.abs(level).max() < SMALLEST_GAIN_DB)
    if even and (factor > 0).all():
        return None
    details: dict[str, Any] = {"gain_db": round(float(level.mean()), 3)}
    if np.ptp(level) > 0.05:
        details["channels_db"] = [round(float(value), 3) for value in level]
    negative = np.flatnonzero(factor < 0)
    if negative.size:
        details["inverted"] = True if negative.size == factor.size else [int(c) for c in negative]
    return Kind.POLARITY if even else Kind.GAIN, details
