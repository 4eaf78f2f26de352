# SPDX-License-Identifier: MIT
"""What a capture file may say of itself before it is refused."""

from __future__ import annotations

from stress.errors import CaptureFileError

# Channels of a file. Source: the largest multichannel interfaces have 64 a stream.
MOST_CHANNELS = 64
MOST_RATE = 10_000_000

# Bytes of chunks before the samples that are skipped. Source: metadata and cover
# art stay below. Higher: a damaged size field walks far; lower: tags are refused.
MOST_HEADER_BYTES = 64 << 20
# Chunks that are looked at. Source: files have a dozen. Higher: a file of empty
# chunks takes minutes; lower: none known.
MOST_CHUNKS = 10_000


def check_shape(path: str, channels: int, rate: int) -> None:
    """Refuse channel counts and rates that no capture can have.

    Raises
    ------
    CaptureFileError : the number and what is allowed.
    """
    if not 1 <= channels <= MOST_CHANNELS:
        raise CaptureFileError(path, f"has {channels} channels (allowed: 1 to {MOST_CHANNELS})")
    if not 1 <= rate <= MOST_RATE:
        raise CaptureFileError(path, f"has a rate of {rate} Hz (allowed: 1 to {MOST_RATE})")
