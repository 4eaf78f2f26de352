# SPDX-License-Identifier: MIT
"""What the tests of the virtual board share: parameters, data, bursts."""

from __future__ import annotations

from typing import Any

import numpy as np

from stress.model.formats import FORMATS
from stress.model.pcm import Access, StreamParams
from stress.virtual.board import Board, BoardBurst
from stress.virtual.spec import BoardSpec


def stream(
    ring: int,
    period: int = 48,
    rate: int = 48000,
    fmt: str = "S16_LE",
    channels: int = 2,
    access: Access = Access.MMAP,
) -> StreamParams:
    """Return parameters; sizes in frames."""
    return StreamParams(rate, channels, FORMATS[fmt], access, period, ring)


def board(name: str, playback: StreamParams, capture: StreamParams, seed: int = 1, **changes: Any) -> Board:
    """Return a configured board; a double underscore stands for the dot of a key."""
    spec = BoardSpec.load(name, {key.replace("__", "."): value for key, value in changes.items()})
    made = Board(spec, seed)
    made.configure(playback, capture)
    return made


def noise(frames: int, frame_bytes: int, seed: int = 0) -> np.ndarray:
    """Return random frames, (frames, frame_bytes) uint8, no byte zero."""
    return np.random.RandomState(seed).randint(1, 256, size=(frames, frame_bytes)).astype(np.uint8)


def ideal(outcome: BoardBurst, play: np.ndarray) -> np.ndarray:
    """Return what a bit-exact path without faults would have captured."""
    out = np.zeros_like(outcome.captured)
    count = max(0, min(len(out) - outcome.lead, outcome.timeline.playing.hw, len(play)))
    out[outcome.lead : outcome.lead + count] = play[:count]
    return out
