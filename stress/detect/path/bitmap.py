# SPDX-License-Identifier: MIT
"""Which bit of what was sent each captured bit is: the path as wiring.

Orders of bytes, shifts, exchanged halves, stuck and inverted bits only move bits. Each
captured bit is compared with each bit that was sent in the frame, before and behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stress.model.arrays import Bytes, Flags, Ints, Signal
from stress.model.stimulus import POSITIONS

if TYPE_CHECKING:
    from stress.patterns.word import Pattern

# Frames that are compared. Source: 2^-40 per pair of bits by chance at `AGREE`. Higher: time;
# lower: chance.
FRAMES = 2048

# Agreement of a captured bit with a sent one, 1 for all frames. Source: a line in ten is stale
# where the alignment is plain, half of whose bits are right. Higher: damage hides the wiring;
# lower: bits that rounding changes are taken for wires.
AGREE = 0.85

# Agreements this near to each other are the same. Source: 2048 frames with a line in ten stale. Higher: a
# bit whose neighbour is nearly always alike is taken from there; lower: damage decides.
TIED = 0.03

# Mean of a bit that never changes, likewise.
CONSTANT = 0.97

_AROUND = (0, -1, 1)  # frames a bit may come from, the likeliest first

# Share of the captured bits that one move of the whole stream explains. Source: stuck and rounded
# bits are fewer. Higher: a shift beside a lost bit is told bit by bit; lower: an exchange is a shift.
MOVED = 0.8


@dataclass(frozen=True)
class BitMap:
    """The wiring of one frame.

    Parameters
    ----------
    source : (planes,) for each captured bit the sent one, -1 for none; bits of a frame are
        counted from the first byte's lowest.
    frame : (planes,) frames by which the sent bit is older, -1 to 1.
    inverted : (planes,) bool.
    constant : (planes,) 0 or 1 for a bit that never changes, else -1.
    level : mean agreement of the captured bits with those sent, 1 for all frames.
    """

    source: Ints
    frame: Ints
    inverted: Flags
    constant: Ints
    level: float = 1.0

    @property
    def wired(self) -> float:
        """Share of the captured bits that are a sent one or never change."""
        return float(((self.source >= 0) | (self.constant >= 0)).mean())


def planes(raw: Bytes, frame_bytes: int) -> Bytes:
    """Return the bits of frames.

    Parameters
    ----------
    raw : (n * frame_bytes,) uint8.

    Returns
    -------
    (n, 8 * frame_bytes) uint8, the lowest bit of each byte first.
    """
    return np.unpackbits(raw.reshape(-1, frame_bytes), axis=1, bitorder="little")


def wiring(raw: Bytes, position: int, pattern: Pattern) -> BitMap:
    """Return where each captured bit comes from.

    Parameters
    ----------
    raw : (n * frame_bytes,) uint8 of the capture.
    position : of the pattern at its first frame.
    """
    size = pattern.frame_bytes
    frames = min(FRAMES, raw.size // size)
    seen = planes(raw[: frames * size], size)
    sent = planes(pattern.bytes_at((position - 1) % POSITIONS, frames + 2), size)
    signs: Signal = 1 - 2 * seen.astype(np.float32)
    due: Signal = 1 - 2 * sent.astype(np.float32)
    count = seen.shape[1]
    agree: Signal = np.stack([signs.T @ due[1 - d : 1 - d + frames] for d in _AROUND], axis=1)
    agree = agree / np.float32(frames)
    own = np.arange(count)
    # Padding repeats the sign: its own place first, then one in the same frame.
    agree[own, 0, own] *= 1.02
    best = agree.reshape(count, -1)
    # Words of channel pairs differ by a constant: a bit is found in each pair, in some inverted.
    # Where one move explains most of them, that is what happened to each that it explains.
    at = np.argmax(np.abs(best), axis=1)
    step = _moved(agree, own)
    if step is not None:
        as_well = best[own, step] > np.abs(best[own, at]) - TIED
        at = np.where((best[own, step] > AGREE) & as_well, step, at)
    level = best[own, at]
    mean = signs.mean(axis=0)
    constant = np.where(np.abs(mean) > CONSTANT, (mean < 0).astype(np.int64), -1)
    found = (np.abs(level) > AGREE) & (constant < 0)
    return BitMap(
        np.where(found, at % count, -1),
        np.where(found, np.array(_AROUND)[at // count], 0),
        found & (level < 0),
        constant,
        float(np.minimum(np.abs(level[found]), 1.0).mean()) if found.any() else 0.0,
    )


def _moved(agree: Signal, own: Ints) -> Ints | None:
    # The sent bit of each captured one where the whole stream is moved by some bits, as an index of
    # (frame, bit); None where no move explains most of them.
    count = len(own)
    right = agree > AGREE
    seen, around, sent = np.nonzero(right)
    moves = seen - sent + np.array(_AROUND)[around] * count
    value, often = np.unique(moves, return_counts=True)
    if not len(value) or often.max() < MOVED * count:
        return None
    # The least move of those that explain as many.
    likely = value[often == often.max()]
    move = int(likely[np.argmin(np.abs(likely))])
    place = own - move
    older = -(place // count)
    known = np.abs(older) <= 1
    index = np.array([_AROUND.index(int(one)) if ok else 0 for one, ok in zip(older, known)])
    return np.where(known, index * count + place % count, own)


class Inverse:
    """Puts the bits of captured frames back where they were when they were sent.

    Parameters
    ----------
    wires : of the capture.
    pattern : what was sent.
    """

    def __init__(self, wires: BitMap, pattern: Pattern) -> None:
        self._size, self._fmt, self._channels = pattern.frame_bytes, pattern.fmt, pattern.channels
        count = 8 * self._size
        self._plane = np.full(count, -1)
        self._frame = np.zeros(count, np.int64)
        self._flip = np.zeros(count, np.uint8)
        for seen in np.flatnonzero(wires.source >= 0)[::-1]:
            sent = int(wires.source[seen])
            self._plane[sent] = seen
            self._frame[sent], self._flip[sent] = wires.frame[seen], wires.inverted[seen]
        self.carried: Flags = self._plane >= 0

    def mask(self) -> Bytes:
        """Return the bits of a frame that arrive, (frame_bytes,) uint8."""
        return np.packbits(self.carried, bitorder="little")

    def frames(self, raw: Bytes, due: Bytes) -> Bytes:
        """Return frames as they were sent, of `due` where a bit does not arrive.

        Parameters
        ----------
        raw : uint8 of shape ((n + 2) * frame_bytes,), with the frame before and the one behind.
        due : (n * frame_bytes,) uint8.

        Returns
        -------
        (n * frame_bytes,) uint8.
        """
        seen = planes(raw, self._size)
        out = planes(due, self._size)
        n = len(out)
        for delay in (0, -1, 1):
            some = np.flatnonzero(self.carried & (self._frame == delay))
            if len(some):
                out[:, some] = seen[1 + delay : 1 + delay + n, self._plane[some]] ^ self._flip[some]
        return np.packbits(out, axis=1, bitorder="little").reshape(-1)
