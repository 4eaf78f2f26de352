# SPDX-License-Identifier: MIT
"""Whether /proc/self/mem is this process's own memory: not so in a 32-bit guest of qemu-user."""

from __future__ import annotations

import ctypes
import os

import pytest


def needs_own_memory() -> None:
    """Skip where /proc/self/mem holds something else at our addresses, as the emulator's own memory."""
    known = ctypes.create_string_buffer(b"what this process wrote here")
    try:
        file = os.open("/proc/self/mem", os.O_RDONLY)
    except OSError as error:
        # A kernel or a container without it: nothing can be read there by anyone.
        pytest.skip(f"/proc/self/mem: {error.strerror}")
    try:
        read = os.pread(file, len(known), ctypes.addressof(known))
    except OSError:
        read = b""
    finally:
        os.close(file)
    if read != known.raw:
        pytest.skip("user-mode emulation: /proc/self/mem is the emulator's memory, not ours")
