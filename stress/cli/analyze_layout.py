# SPDX-License-Identifier: MIT
"""Raw frames whose format or channels were named wrong: tell from the pattern what they are."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from stress.detect.exact.survey import survey
from stress.files.audio import open_audio
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


def named_wrong(source: AudioSource) -> str:
    """Return what the frames of a raw file are, with the options that say so; "" where nobody can tell."""
    if source.container:
        return ""
    for channels in CHANNELS:
        for fmt in FORMATS.values():
            if (fmt.name, channels) == (source.fmt.name, source.channels):
                continue
            with open_audio(source.path, fmt=fmt, channels=channels, rate=source.rate) as other:
                pattern = Pattern("mix1", fmt, channels)
                if survey(islice(_sounding(other), BLOCKS), pattern).spans:
                    held = f"it holds {fmt.name} in {counted(channels, 'channel')}"
                    return f"{held}: repeat with --format {fmt.name} --channels {channels}"
    return ""


def _sounding(source: AudioSource) -> Iterator[Bytes]:
    # Blocks from the first that is not silent on.
    silent = True
    for block in source.blocks(BLOCK_FRAMES):
        silent = silent and not block.any()
        if not silent:
            yield block
