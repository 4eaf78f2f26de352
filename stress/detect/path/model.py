# SPDX-License-Identifier: MIT
"""The capture as numbers, and what the path makes of any position: one form for every path."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from stress.detect.path.bitmap import Inverse, planes
from stress.detect.path.forward import bounds
from stress.detect.path.ordered import Ordered
from stress.detect.path.recoded import recoded
from stress.detect.path.sources import ODD, Sources, index_of, numbers
from stress.model.arrays import Bytes, Flags, Floats, Ints
from stress.model.stimulus import POSITIONS
from stress.patterns.word import Pattern

if TYPE_CHECKING:
    from stress.detect.path.estimated import Estimate


class Model(Protocol):
    """What one path makes of the pattern.

    Attributes
    ----------
    sent : the pattern whose frames are put back.
    ahead, behind : captured frames that belong to a frame beside its own.
    bits : of a frame that arrive, about.
    """

    sent: Pattern
    ahead: int
    behind: int
    bits: int

    def seen(self, raw: Bytes) -> Ints:
        """Return captured frames as numbers.

        Parameters
        ----------
        raw : uint8 of shape ((behind + n + ahead) * frame_bytes,), of the capture.

        Returns
        -------
        (n, k) int64, without `behind` at the front and `ahead` at the end.
        """

    def made(self, positions: Ints) -> Floats:
        """Return the numbers that any positions give before rounding.

        Parameters
        ----------
        positions : (n,) int64 of the pattern, any.

        Returns
        -------
        (n, k) float64.
        """

    def same(self, seen: Ints, made: Floats) -> Flags:
        """Tell which of the frames may be what the path makes.

        Parameters
        ----------
        seen : (n, k) int64, or (k,) of one frame beside many.
        made : (n, k) float64.

        Returns
        -------
        (n,) bool.
        """

    def ordered(self, made: Floats) -> Ordered:
        """Return `made`, (n, k) float64, in an order in which `key` of a captured frame finds its places."""

    def key(self, seen: Ints) -> float:
        """Return the number by which one captured frame, `seen`, (k,) int64, is looked for."""

    def strange(self, seen: Ints, due: Floats, positions: Ints) -> Bytes:
        """Return frames that fit nothing, as they would have been sent.

        Parameters
        ----------
        seen : (n, k) int64.
        due : (n, k) float64, what the path makes of `positions`.
        positions : (n,) int64.

        Returns
        -------
        (n, frame_bytes) uint8 of `sent`.
        """


class Arithmetic:
    """A path that multiplies, adds, rounds and reorders channels; see `Model`."""

    def __init__(self, found: Estimate, captured: Pattern) -> None:
        self._captured, self._forward, self._encoding = captured, found.forward, found.encoding
        self._used = [c for c, one in enumerate(found.forward) if one.terms]
        sources = [term.source for one in found.forward for term in one.terms]
        odd = [source for source in sources if source >= ODD]
        most = max(index_of(source) for source in sources) + 1
        even = max(captured.channels, most + most % 2 if captured.channels == 1 else most)
        self.sent = Pattern(captured.name, captured.fmt, index_of(odd[0]) + 1 if odd else even)
        self._sources = Sources(captured.name, captured.fmt, found.kept)
        self._delay = [min(term.delay for term in found.forward[c].terms) for c in self._used]
        self.ahead, self.behind = max(0, *self._delay), max(0, *(-d for d in self._delay))
        # Where the low half is captured as well it settles the position, and the high half is exact.
        low = any(t.source % 2 == 0 or t.source >= ODD for f in found.forward for t in f.terms)
        if low:
            every = (replace(f, slack=min(f.slack, f.step)) for f in self._forward)
            self._forward = tuple(every)
        # Copies of one channel prove nothing more.
        once = {found.forward[c].terms[0].source: c for c in self._used}
        self.bits = sum(found.path.bits[c] for c in once.values())

    def seen(self, raw: Bytes) -> Ints:
        """Return the captured numbers of each channel, its delay taken off; shapes: see `Model`."""
        fmt = self._captured.fmt
        every = numbers(recoded(raw, fmt, self._encoding), fmt, self._captured.channels)
        frames = len(every) - self.ahead - self.behind
        first = [self.behind + delay for delay in self._delay]
        return np.stack([every[at : at + frames, c] for at, c in zip(first, self._used)], axis=1)

    def made(self, positions: Ints) -> Floats:
        """Return what comes of any positions, not rounded and without the constant; see `Model`."""
        out = np.empty((len(positions), len(self._used)))
        cache: dict[tuple[int, int], Ints] = {}
        for column, c in enumerate(self._used):
            one, base = self._forward[c], self._delay[column]
            due = np.empty((len(positions), len(one.terms)))
            for n, term in enumerate(one.terms):
                key = (self._channels(term.source), term.delay - base)
                if key not in cache:
                    cache[key] = self._samples(key[0], positions - key[1])
                due[:, n] = cache[key][:, index_of(term.source)]
            out[:, column] = one.exactly(due)
        return out

    def same(self, seen: Ints, made: Floats) -> Flags:
        """Tell which frames any rounding of `made` gives; see `Model`."""
        ok = np.ones(len(made), bool)
        for column, c in enumerate(self._used):
            least, most = bounds(self._forward[c], made[:, column])
            ok &= (seen[..., column] >= least) & (seen[..., column] <= most)
        return ok

    def ordered(self, made: Floats) -> Ordered:
        """Return `made` by the numbers of its first column; see `Model`."""
        order = np.argsort(made[:, 0], kind="stable")
        least, most = bounds(self._forward[self._used[0]], made[order, 0])
        return Ordered(order, least, most)

    def key(self, seen: Ints) -> float:
        """Return the sample of the first column; see `Model`."""
        return float(seen[0])

    def _channels(self, source: int) -> int:
        return index_of(source) + 1 if source >= ODD else 2 * (source // 2) + 2

    def _samples(self, channels: int, positions: Ints) -> Ints:
        pattern = self._sources.pattern(channels)
        n = len(positions)
        if n and int(positions[-1]) - int(positions[0]) == n - 1 and (np.diff(positions) == 1).all():
            raw = pattern.bytes_at(int(positions[0]) % POSITIONS, n)
        else:
            raw = pattern.image((positions % POSITIONS).astype(np.uint32)).reshape(-1)
        return numbers(raw, pattern.fmt, channels) & ~self._sources.below

    def strange(self, seen: Ints, due: Floats, positions: Ints) -> Bytes:
        """Return frames with each number taken back through the arithmetic; see `Model`."""
        fmt, channels = self.sent.fmt, self.sent.channels
        sent = numbers(self.sent.image((positions % POSITIONS).astype(np.uint32)).reshape(-1), fmt, channels)
        full, below = 1 << (fmt.bits - 1), self._sources.below
        for column, c in enumerate(self._used):
            one = self._forward[c]
            lead = max(one.terms, key=lambda term: abs(term.gain))
            at = index_of(lead.source)
            if len(one.terms) == 1:
                back = np.rint((seen[:, column] - one.offset) / lead.gain)
            else:
                back = np.rint((sent[:, at] & ~below) + (seen[:, column] - due[:, column]) / lead.gain)
            back = np.clip(back, -full, full - 1).astype(np.int64)
            sent[:, at] = self._whole(
                self._flipped(c, seen[:, column], sent[:, at] & ~below, back), sent[:, at]
            )
        # Silence behind a sum or dither is silence.
        idle = np.array([one.offset for one in (self._forward[c] for c in self._used)])
        off = np.array([self._forward[c].off for c in self._used])
        sent[(np.abs(seen - idle) <= off).all(axis=1)] = 0
        return packed(sent, self.sent)

    def _whole(self, played: Ints, sent: Ints) -> Ints:
        # Bits that were not played are none of the damage: they are put back as they are due.
        below = self._sources.below
        return ((played + (below + 1) // 2) & ~below) | (sent & below) if below else played

    def _flipped(self, channel: int, seen: Ints, sent: Ints, back: Ints) -> Ints:
        # One bit of the sample sent, or of the one captured, explains more than a rounded value.
        one, out = self._forward[channel], back.copy()
        if len(one.terms) != 1:
            return out
        for word in (sent, *(sent ^ (1 << bit) for bit in range(self.sent.fmt.bits))):
            signed = _signed(word, self.sent.fmt.bits)
            least, most = bounds(one, signed.astype(np.float64) * one.terms[0].gain)
            near = np.abs(back - signed) <= 4 / abs(one.terms[0].gain)
            fits = (seen >= least) & (seen <= most) & near
            out[fits] = signed[fits]
        return out


def _signed(words: Ints, bits: int) -> Ints:
    kept = words & ((1 << bits) - 1)
    return np.where(kept >> (bits - 1), kept - (1 << bits), kept)


# Bytes of a frame that make one number without a rounding.
KEY_BYTES = 6
_WEIGHTS = 256.0 ** np.arange(KEY_BYTES)


class Wired:
    """A path that moves bits; see `Model`.

    Raises
    ------
    ValueError : the path is no wiring.
    """

    def __init__(self, found: Estimate, captured: Pattern) -> None:
        if found.wires is None:
            raise ValueError("the path is no wiring")
        self.sent = captured
        self._inverse = Inverse(found.wires, captured)
        self._mask = self._inverse.mask()
        self.ahead = self.behind = 1
        self.bits = int(planes(self._mask, captured.frame_bytes).sum())
        self._blank = np.zeros(0, np.uint8)

    def seen(self, raw: Bytes) -> Ints:
        """Return the bytes of frames as they were sent, 0 in bits that do not arrive; see `Model`."""
        size = self.sent.frame_bytes
        if self._blank.size < raw.size - 2 * size:
            self._blank = np.zeros(raw.size - 2 * size, np.uint8)
        back = self._inverse.frames(raw, self._blank[: raw.size - 2 * size])
        return back.reshape(-1, size).astype(np.int64)

    def made(self, positions: Ints) -> Floats:
        """Return the bytes of any positions, under the mask of what arrives; see `Model`."""
        image = self.sent.image((positions % POSITIONS).astype(np.uint32))
        return (image & self._mask).astype(np.float64)

    def same(self, seen: Ints, made: Floats) -> Flags:
        """Tell which frames have the bytes of `made`; see `Model`."""
        same: Flags = (seen == made).all(axis=-1)
        return same

    def ordered(self, made: Floats) -> Ordered:
        """Return `made` by the first bytes of its frames; see `Model`."""
        keys = made[:, :KEY_BYTES] @ _WEIGHTS[: made[:, :KEY_BYTES].shape[1]]
        order = np.argsort(keys, kind="stable")
        return Ordered(order, keys[order], keys[order])

    def key(self, seen: Ints) -> float:
        """Return the first bytes as one number; see `Model`."""
        return float(seen[:KEY_BYTES] @ _WEIGHTS[: seen[:KEY_BYTES].size])

    def strange(self, seen: Ints, due: Floats, positions: Ints) -> Bytes:
        """Return the bits that arrived, the others as they are due; see `Model`."""
        image = self.sent.image((positions % POSITIONS).astype(np.uint32))
        made: Bytes = (seen.astype(np.uint8) & self._mask) | (image & ~self._mask)
        made[~seen.any(axis=1)] = 0
        return made


def model_of(found: Estimate, captured: Pattern) -> Model:
    """Return the model of a path that can be inverted."""
    return Wired(found, captured) if found.wires is not None else Arithmetic(found, captured)


def packed(samples: Ints, pattern: Pattern) -> Bytes:
    """Return integer samples as frames, (n, frame_bytes) uint8."""
    raw = samples.astype("<i4").reshape(-1).view(np.uint8).reshape(-1, 4)[:, : pattern.fmt.sample_bytes]
    return np.ascontiguousarray(raw).reshape(len(samples), pattern.frame_bytes)
