# SPDX-License-Identifier: MIT
"""The buffers of the bursts of one open PCM: what is played, what the card gets of it, what comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stress.experiment import middle
from stress.model.arrays import Bytes

if TYPE_CHECKING:
    from stress.model.pcm import Granted
    from stress.model.stimulus import Source
    from stress.patterns.shared import Shared

# Frames of silence after the pattern beyond both rings, as time. A playback
# stream is never drained (drain on snd-usb-audio pads with old data), so the
# last ring-full stays unplayed; this much lies beyond the pattern.
TAIL_S = 0.05
# Leading silence a capture may hold before the pattern arrives: capture starts
# first. Measured on real drivers: up to 1200 frames.
LEAD_S = 0.1
PAGE_BYTES = 4096


class BurstBuffers:
    """Allocated and touched once, before the first burst.

    Parameters
    ----------
    stimulus : fills what is played.
    frames : pattern frames of a burst.
    shared : how the frames of the stimulus lie in those of each direction; None where they are the same.
    still_s : how long a stream stands still in the middle of a burst at most, 0 where none does [s].

    Attributes
    ----------
    play : (n,) uint8, the stimulus and the silence behind it.
    out : (n,) uint8, what the card gets: the same buffer where both know the same frames.
    captured : (n,) uint8, what the card gave.
    """

    def __init__(
        self,
        granted: Granted,
        stimulus: Source,
        frames: int,
        shared: Shared | None = None,
        still_s: float = 0.0,
    ) -> None:
        rate = granted.playback.rate
        rings = granted.playback.buffer_size + granted.capture.buffer_size
        tail = rings + round(TAIL_S * rate)
        # A stream that stood still goes on behind it: both directions take longer.
        lead = rings + round((LEAD_S + (still_s + middle.EXTRA_S if still_s else 0.0)) * rate)
        self._stimulus, self._shared, self._capture_bytes = stimulus, shared, granted.capture.frame_bytes
        self.play: Bytes = _touched((frames + tail + lead) * stimulus.frame_bytes)
        self.out = self.play
        if shared is not None and not shared.playback.identity:
            self.out = _touched((frames + tail + lead) * granted.playback.frame_bytes)
        self.captured: Bytes = _touched((frames + lead) * self._capture_bytes)

    @property
    def longest(self) -> int:
        """Frames of pattern that a burst may take."""
        return self.play.size // self._stimulus.frame_bytes

    def fill(self, position: int, frames: int) -> None:
        """Have so many frames of the stimulus from `position` on be played, and silence behind them."""
        end = frames * self._stimulus.frame_bytes
        self._stimulus.fill(position, self.play[:end])
        self.play[end:] = 0

    def ready(self) -> None:
        """Lay what is played as the card takes it, and forget what came back before."""
        if self._shared is not None and self.out is not self.play:
            self._shared.playback.spread(self.play, self.out)
        self.captured[:] = 0

    def raw(self, frames: int) -> Bytes:
        """Return the first captured frames as the card gave them, (frames * bytes of its frame,) uint8."""
        return self.captured[: frames * self._capture_bytes]

    def returned(self, frames: int) -> Bytes:
        """Return the first captured frames as frames of the stimulus, (frames * bytes of those,) uint8."""
        raw = self.raw(frames)
        return self._shared.capture.gather(raw) if self._shared else raw

    def cut(self, gap: middle.Gap, frames: int) -> None:
        """Take a gap out of the first captured frames: what follows it moves up."""
        step = self._capture_bytes
        rest = self.captured[(gap.at + gap.frames) * step : frames * step].copy()
        self.captured[gap.at * step : gap.at * step + rest.size] = rest


def _touched(size: int) -> Bytes:
    buffer = np.zeros(size, dtype=np.uint8)
    # np.zeros maps the shared zero page; a write to each page makes it ours before the burst.
    buffer[::PAGE_BYTES] = 0
    return buffer
