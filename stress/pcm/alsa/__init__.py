# SPDX-License-Identifier: MIT
"""The ALSA backends: libasound by ctypes, mmap and read/write access."""

from __future__ import annotations

from stress.pcm.alsa.pcm import AlsaPcm

__all__ = ["AlsaPcm"]
