# SPDX-License-Identifier: MIT
"""A recording to be played, from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stress.errors import CaptureFileError
from stress.files.audio import open_audio
from stress.patterns.recording import Recording

if TYPE_CHECKING:
    from stress.plan.plan import Plan

BLOCK_FRAMES = 1 << 16
# Longest recording [bytes]: it is held in memory while it is played, and a board has little.
MOST_BYTES = 1 << 28


def load(path: str, plan: Plan | None = None) -> Recording:
    """Return the recording in a WAV file.

    Parameters
    ----------
    plan : what the card will be asked for and the file has to agree with.

    Raises
    ------
    CaptureFileError : no such file, no WAV, too long, or not what the plan asks for.
    ConfigError : too short to lock to, or silent.
    """
    with open_audio(path) as source:
        if plan is not None:
            _agree(path, "format", source.fmt.name, plan.format)
            _agree(path, "rate", source.rate, plan.rate)
            _agree(path, "channels", source.channels, plan.channels)
        size = source.frames * source.frame_bytes
        if size > MOST_BYTES:
            raise CaptureFileError(
                path, f"holds {size} bytes of audio; a stimulus is held in memory, at most {MOST_BYTES}"
            )
        frames = np.concatenate([block.copy() for block in source.blocks(BLOCK_FRAMES)])
        return Recording(frames, source.fmt, source.channels, source.rate, path)


def _agree(path: str, what: str, found: object, asked: object) -> None:
    if found != asked:
        raise CaptureFileError(
            path,
            f"has {what} {found}, the plan asks the card for {asked} (without --plan the file's is taken)",
        )
