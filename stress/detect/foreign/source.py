# SPDX-License-Identifier: MIT
"""A known source in the place of the pattern: what is due at each position, and which age a frame shows."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np

from stress.detect.exact.decode import NEAR, NONE, Decoder, in_a_row
from stress.model.arrays import Bytes, Ints, Words
from stress.model.formats import SampleFormat
from stress.model.ring import Rings
from stress.model.stimulus import POSITIONS
from stress.patterns.word import Pattern

# Bits that frames in a row of one age have in common, to be believed. Source: 2^-48 by chance and
# frame. Higher: a line of a mono counter has no age; lower: damage is called old data.
PROOF_BITS = 64


class KnownSource(Pattern):
    """Frames by position, as the exact detector asks the pattern for them.

    Parameters
    ----------
    told : what it is called in a sentence.

    Attributes
    ----------
    begins : position of the first frame that was ever sent, None where it is not known.
    """

    positional = False
    begins: int | None = None

    def __init__(self, told: str, fmt: SampleFormat, channels: int) -> None:
        super().__init__("mix1", fmt, channels, block=4096)
        self.name, self.told = "known", told

    @abstractmethod
    def image(self, positions: Words) -> Bytes:
        """Return the frames of any `positions`, (n, frame_bytes) uint8."""

    @abstractmethod
    def ages(self, rows: Bytes, due: Ints) -> Ints:
        """Return the lag that each frame shows by itself, `NONE` where it shows none.

        Parameters
        ----------
        rows : (n, frame_bytes) uint8.
        due : (n,) int64, position due at each.

        Returns
        -------
        (n,) int64 [frames].
        """

    @property
    @abstractmethod
    def blind(self) -> str:
        """What this source can not show, one sentence."""

    @abstractmethod
    def locked_at(self, rows: Bytes) -> tuple[int, int] | None:
        """Return a frame of `rows`, (n, frame_bytes) uint8, and the position it shows, None without one."""

    def silent_until_end(self, position: int) -> int | None:
        """Return how many silent frames end the source from `position` on, None where it goes on."""
        return None

    def lost_before(self, position: int) -> int:
        """Return how many frames before `position` are no silence, from the first of the source on."""
        return 0

    def fill(self, position: int, out: Bytes) -> None:
        """Write the frames from `position` on into `out`, (n * frame_bytes,) uint8."""
        frames = self._whole_frames(out)
        due = np.arange(position, position + frames, dtype=np.int64) % POSITIONS
        out[:] = self.image(due.astype(np.uint32)).ravel()


class SourceDecoder(Decoder):
    """Finds the lag of every frame of a stretch of a known source.

    Parameters
    ----------
    mask : (frame_bytes,) uint8 of the bits that the path carries, None for all.

    Raises
    ------
    TypeError : the pattern is no known source.
    """

    def __init__(self, pattern: Pattern, rings: Rings, mask: Bytes | None = None) -> None:
        super().__init__(pattern, rings, mask)
        if not isinstance(pattern, KnownSource):
            raise TypeError(f"{pattern.name} is no known source")
        self._source = pattern
        self._run = max(2, -(-PROOF_BITS // (pattern.fmt.bits * pattern.channels)))

    def lags(
        self,
        raw: Bytes,
        position: int,
        before: Bytes | None = None,
        *,
        anywhere: bool = False,
        slipped: Sequence[int] = (),
    ) -> Ints:
        """Return the lag of each frame when `position` is due first; see `Decoder.lags`."""
        rows = self.rows(raw)
        due = np.arange(len(rows), dtype=np.int64) + position
        lags = self._source.ages(rows, due)
        held = np.zeros(len(rows), bool)
        held[1:] = (rows[1:] == rows[:-1]).all(axis=1)
        if before is not None and len(rows):
            held[0] = bool((rows[0] == before).all())
        right = (self.image(due) == rows).all(axis=1)
        lags[right] = 0
        lags[held & ~right] = NONE
        good = right | in_a_row(lags, self._run, 1)
        return np.where(good & (np.abs(lags) < NEAR), lags, NONE)
