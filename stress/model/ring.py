# SPDX-License-Identifier: MIT
"""Where the rings are, for whoever turns a frame into a ring offset."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rings:
    """Sizes of both rings and where a capture starts [frames].

    Playback always starts at offset 0: each burst is prepared, which puts both
    pointers there (snd_pcm_lib_ioctl_reset, sound/core/pcm_lib.c).

    Parameters
    ----------
    playback, capture : ring sizes, None where unknown.
    capture_start : capture ring offset of the first captured frame; other than 0
        for an excerpt.
    playback_bytes, capture_bytes : of a frame in each ring, None for those of the
        frames that are judged.
    """

    playback: int | None = None
    capture: int | None = None
    capture_start: int = 0
    playback_bytes: int | None = None
    capture_bytes: int | None = None

    @property
    def largest(self) -> int:
        """The larger ring, 0 when none is known."""
        return max(self.playback or 0, self.capture or 0)
