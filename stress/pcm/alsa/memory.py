# SPDX-License-Identifier: MIT
"""Buffers of a burst: touched, locked, and their addresses."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stress.errors import StreamStateError
from stress.model.arrays import Bytes

if TYPE_CHECKING:
    from stress.pcm.alsa._lib import Libc

PAGE_BYTES = 4096


def frames_of(name: str, buffer: Bytes, frame_bytes: int) -> int:
    """Return the whole frames of a burst buffer [frames].

    Parameters
    ----------
    buffer : (n * frame_bytes,) uint8.

    Raises
    ------
    StreamStateError : it is not contiguous bytes, or ends inside a frame.
    """
    if buffer.dtype.itemsize != 1 or buffer.ndim != 1 or not buffer.flags["C_CONTIGUOUS"]:
        raise StreamStateError(f"{name} buffer must be one contiguous row of bytes")
    if buffer.size % frame_bytes:
        raise StreamStateError(f"{name} buffer of {buffer.size} bytes ends inside a {frame_bytes}-byte frame")
    return int(buffer.size) // frame_bytes


@contextmanager
def resident(libc: Libc, play: Bytes, captured: Bytes) -> Iterator[str]:
    """Touch and lock both buffers; yield "" or one line saying what was refused.

    The lock keeps page reclaim out of the burst. Unlocking splits no mapping
    that the burst still uses and unmaps nothing.

    Parameters
    ----------
    play, captured : (n,) and (m,) uint8.
    """
    if play.size:
        int(play[::PAGE_BYTES].max())
    if captured.size:
        captured[::PAGE_BYTES] = captured[::PAGE_BYTES].copy()
    ranges = [(buffer.ctypes.data, buffer.size) for buffer in (play, captured) if buffer.size]
    refusals = [libc.lock(address, size) for address, size in ranges]
    refused = next((error for error in refusals if error), 0)
    try:
        yield _words(refused, sum(size for _, size in ranges)) if refused else ""
    finally:
        for (address, size), error in zip(ranges, refusals):
            if not error:
                libc.unlock(address, size)


def _words(error: int, size: int) -> str:
    return (
        f"buffers not locked into memory ({os.strerror(error)}): {size // 1024 + 1} KB wanted; "
        "raise 'memlock' in limits.conf or grant CAP_IPC_LOCK"
    )
