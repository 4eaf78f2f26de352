# SPDX-License-Identifier: MIT
"""What lies beside the pattern: silence, idle noise, a constant, old frames of a ring, or something loud."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from stress.detect.exact.decode import NONE, Decoder
from stress.detect.exact.valid_bits import top_mask
from stress.model.arrays import Bytes, Flags, Samples
from stress.model.ring import Rings
from stress.model.stimulus import POSITIONS
from stress.patterns.word import Pattern

# Idle frames that end the pattern, or part one pass from the next. Source: 10 ms at
# 48 kHz, longer than any stale line (as SHORTEST_MUTE). Higher: the end of a short tail
# is not told; lower: zero lines are called the end.
LEAST_IDLE = 480
# Largest step from frame to frame of an idle input, of full scale. Source: idle noise of
# consumer inputs is below -60 dBFS peak. Higher: a faded pattern is called idle; lower:
# a noisy input is called damage.
LARGEST_STEP = 2.0**-10
# Frames that are idle or not together, and steps among them that do not matter: a plug,
# a mute or a new level is one or two. Source: 1 ms at 48 kHz. Higher: short damage at
# the end is called idle; lower: noise with single steps is not.
TILE, MOST_STEPS = 48, 2
# Frames that show whether what looks idle is the pattern, faded; and the correlation
# that shows it. Source: 4096 independent samples correlate to 0.016 by chance, a
# tenth is six times that. Higher: a pattern in noise is idle; lower: chance decides.
PROBE, FADED = 4096, 0.1


@dataclass(frozen=True)
class Region:
    """What a stretch of captured frames holds beside the pattern.

    Parameters
    ----------
    start, end : captured frames.
    loud : captured frames (first, last + 1) that are neither idle nor old, None without.
    idle_before, idle_after : idle frames before the first loud one and behind the last;
        all of them in both where nothing is loud.
    old, old_at : frames of old pattern among them, and the first of those.
    content : what the other frames are: "silence", "a constant" or "idle input".
    """

    start: int
    end: int
    loud: tuple[int, int] | None
    idle_before: int
    idle_after: int
    old: int
    old_at: int | None
    content: str

    @property
    def frames(self) -> int:
        """Length."""
        return self.end - self.start


class _Level:
    # Whether idle frames are all the same, and zero.
    def __init__(self) -> None:
        self._row: Bytes | None = None
        self.name = "silence"

    def take(self, rows: Bytes) -> None:
        if not len(rows) or self.name == "idle input":
            return
        if self._row is None:
            self._row = rows[0].copy()
        same = bool((rows == self._row).all())
        self.name = "idle input" if not same else "a constant" if self._row.any() else "silence"


def moving(samples: Samples, aged: Flags | None = None) -> Flags:
    """Tell which frames lie where the level moves all the time.

    Parameters
    ----------
    samples : (n, channels) int32, left-justified.
    aged : (n,) bool, old frames: the step behind one is its end.

    Returns
    -------
    (n,) bool.
    """
    wide = samples.astype(np.int64)
    steps = np.zeros(len(wide), bool)
    steps[1:] = (np.abs(np.diff(wide, axis=0)) > LARGEST_STEP * (1 << 31)).any(axis=1)
    # Nothing is before the first frame: it moves where the next one does.
    if len(steps) > 1:
        steps[0] = steps[1]
    if aged is not None:
        steps[1:] &= ~aged[:-1]
    tiles = -(-len(steps) // TILE)
    padded = np.zeros(tiles * TILE, bool)
    padded[: len(steps)] = steps
    many = padded.reshape(tiles, TILE).sum(axis=1) > MOST_STEPS
    out: Flags = (padded.reshape(tiles, TILE) & many[:, None]).ravel()[: len(steps)]
    return out


def _up_to_silence(rows: Bytes) -> Flags:
    # All frames up to the last that is not zero.
    sounding = np.flatnonzero(rows.any(axis=1))
    out: Flags = np.arange(len(rows)) <= (sounding[-1] if sounding.size else -1)
    return out


class RegionReader:
    """Looks at stretches of frames; one per capture.

    Parameters
    ----------
    pattern : what was played.
    """

    def __init__(self, pattern: Pattern) -> None:
        self._pattern = pattern
        self._decoder = Decoder(pattern, Rings(), top_mask(pattern))

    def read(self, blocks: Iterable[Bytes], start: int, due: int | None = None) -> Region:
        """Return what `blocks` hold.

        Parameters
        ----------
        blocks : the frames from captured frame `start` on, (n * frame_bytes,) uint8 each.
        due : position that would be due at `start`, to tell a faded pattern from an idle input.
        """
        at, first, last, old, level = start, None, start, 0, _Level()
        old_at: int | None = None
        faded = due is not None
        for block in blocks:
            n = len(block) // self._pattern.frame_bytes
            aged = self._old(block, None if due is None else due + at - start)
            # Old frames are no fade: the pattern correlates with itself at other places.
            faded = faded and not aged.any() and self._faded(block, (due or 0) + at - start)
            if faded:
                loud = _up_to_silence(block.reshape(n, -1))
            else:
                old += int(aged.sum())
                if old_at is None and aged.any():
                    old_at = at + int(np.argmax(aged))
                loud = moving(self._pattern.layout.samples(block), aged) & ~aged
                level.take(self._decoder.rows(block)[~(loud | aged)])
            places = np.flatnonzero(loud)
            if places.size:
                first = at + int(places[0]) if first is None else first
                last = at + int(places[-1]) + 1
            at += n
        if first is None:
            return Region(start, at, None, at - start, at - start, old, old_at, level.name)
        return Region(start, at, (first, last), first - start, at - last, old, old_at, level.name)

    def shows_channel(self, blocks: Iterable[Bytes], due: int) -> bool:
        """Tell whether a channel is right in most frames, whatever the others hold.

        Parameters
        ----------
        blocks : (n * frame_bytes,) uint8 each.
        due : position of the first frame.
        """
        layout, frames, right = self._pattern.layout, 0, np.zeros(self._pattern.channels, np.int64)
        for block in blocks:
            seen = layout.samples(block)
            sent = layout.samples(self._pattern.bytes_at((due + frames) % POSITIONS, len(seen)))
            right += (seen == sent).sum(axis=0)
            frames += len(seen)
        return bool((2 * right > frames).any())

    def _old(self, block: Bytes, due: int | None) -> Flags:
        lags, rows = self._decoder.lags(block, 0, anywhere=True), self._decoder.rows(block)
        # Zeros decode to a position as any frame does.
        old: Flags = (lags != NONE) & rows.any(axis=1)
        if due is not None and self._pattern.channels > 1:
            # What was due but for a held bit is that of another position, frame after frame.
            there = np.flatnonzero(old)
            flipped = self._decoder.flipped(rows[there], (there + due) % POSITIONS)
            # Half of the samples have that bit anyway.
            right = (self._decoder.image((there + due) % POSITIONS) == rows[there]).all(axis=1)
            old[there[flipped | (right & flipped.any())]] = False
        return old

    def _faded(self, block: Bytes, due: int) -> bool:
        size = self._pattern.frame_bytes
        n = min(PROBE, len(block) // size)
        if n < PROBE // 8:
            return False
        seen = self._pattern.layout.samples(block[: n * size]).astype(np.float64)
        sent = self._pattern.layout.samples(self._pattern.bytes_at(due, n)).astype(np.float64)
        seen -= seen.mean(axis=0)
        power = np.sqrt((seen * seen).sum(axis=0) * (sent * sent).sum(axis=0))
        along = np.abs((seen * sent).sum(axis=0))
        return bool((along > FADED * np.maximum(power, 1.0)).any())
