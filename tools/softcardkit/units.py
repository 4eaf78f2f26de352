# SPDX-License-Identifier: MIT
"""What descriptors of both audio classes are made of: numbers, and the frame of a descriptor."""

from __future__ import annotations

import struct

CS_INTERFACE, CS_ENDPOINT = 0x24, 0x25
AUDIO, AUDIOCONTROL, AUDIOSTREAMING = 1, 1, 2
USB_STREAMING, DIGITAL_INTERFACE = 0x0101, 0x0602
PLAYBACK_IN, PLAYBACK_OUT, CAPTURE_IN, CAPTURE_OUT, PLAYBACK_VOLUME = 1, 2, 3, 4, 5
_INTERFACE = 4


def descriptor(kind: int, layout: str, *fields: int | bytes) -> bytes:
    """Return one descriptor: its length, its kind and `fields` as `layout` says, little-endian."""
    body = struct.pack("<" + layout, *fields)
    return struct.pack("<BB", 2 + len(body), kind) + body


def interface(number: int, alternate: int, endpoints: int, subclass: int, protocol: int = 0) -> bytes:
    """Return an interface descriptor of the audio class."""
    return descriptor(_INTERFACE, "BBBBBBB", number, alternate, endpoints, AUDIO, subclass, protocol, 0)


def places_of(channels: int) -> int:
    """Return the channel places: front left and front right; other counts leave them undefined."""
    return 0x0003 if channels == 2 else 0
