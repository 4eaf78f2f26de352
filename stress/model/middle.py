# SPDX-License-Identifier: MIT
"""A life-cycle event in the middle of a burst: what is asked, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from stress.model.lifecycle import LifecycleEvent


class Middle(NamedTuple):
    """An event inside a burst.

    Parameters
    ----------
    event : `pause`.
    frames : after so many frames were written [frames].
    still_s : how long the stream stands still, at least [s].
    """

    event: LifecycleEvent
    frames: int
    still_s: float


class Stood(NamedTuple):
    """What the middle of a burst was like.

    Parameters
    ----------
    playback_ns, capture_ns : how long each direction stood still [ns].
    refused : why it was not done, "" where it was.
    """

    playback_ns: int = 0
    capture_ns: int = 0
    refused: str = ""
