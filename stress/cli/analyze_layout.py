# SPDX-License-Identifier: MIT
"""Frames whose format or channels an option or a header names wrong: tell what they are."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from stress.detect.exact.survey import survey
from stress.model.arrays import Bytes
from stress.model.formats import FORMATS
from stress.model.words import counted
from stress.patterns.word import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stress.files.audio import AudioSource

# Channels that are tried. Source: mono to 7.1 and two quads between. Higher: time; lower: a
# multichannel capture is told by nobody.
CHANNELS = (2, 1, 4, 6, 8, 3, 5, 10, 12, 16)
# Frames that are looked at, in blocks. Source: a second and a third of 48 kHz. Higher: time; lower:
# silence at the beginning hides the pattern.
BLOCK_FRAMES, BLOCKS = 1 << 14, 4
# Frames of the quick look before a path is looked for. Source: 64 in step show a layout. Higher: time for
# every capture behind a volume; lower: a click in front of the pattern hides it (the long look follows).
QUICK_FRAMES = 1 << 12


def named_wrong(source: AudioSource, blocks: int = BLOCKS, frames: int = BLOCK_FRAMES) -> str:
    """Return what the frames of a file are, with the options that say so; "" where nobody can tell.

    Parameters
    ----------
    blocks, frames : how many blocks are looked at from the first sound on, and frames of each.
    """
    named = (source.fmt.name, source.stored_channels)
    for channels in CHANNELS:
        for fmt in FORMATS.values():
            other = source.laid_out(fmt, channels)
            if other is None or (fmt.name, channels) == named:
                continue
            if survey(islice(_sounding(other, frames), blocks), Pattern("mix1", fmt, channels)).spans:
                held = f"it holds {fmt.name} in {counted(channels, 'channel')}"
                return f"{held}: repeat with --format {fmt.name} --channels {channels}"
    return ""


def _sounding(source: AudioSource, frames: int) -> Iterator[Bytes]:
    # Blocks from the first that is not silent on.
    silent = True
    for block in source.blocks(frames):
        silent = silent and not block.any()
        if not silent:
            yield block
