# SPDX-License-Identifier: MIT
"""Descriptors built field by field, and streamM files in the forms of several kernels."""

from __future__ import annotations

import struct

ISO, ASYNC, ADAPTIVE, SYNC = 1, 4, 8, 12
FEEDBACK, IMPLICIT = 0x10, 0x20


def interface(number, altset, klass=1, subclass=2, protocol=0x20):
    """Return an interface descriptor."""
    return bytes([9, 4, number, altset, 1, klass, subclass, protocol, 0])


def endpoint(address, attributes, size=200, interval=1, synch=None):
    """Return an endpoint descriptor, of 9 bytes with bSynchAddress as UAC1 has it."""
    body = bytes([5, address, attributes]) + struct.pack("<H", size) + bytes([interval])
    body += b"" if synch is None else bytes([0, synch])
    return bytes([len(body) + 1]) + body


def class_specific(size=7):
    """Return a class-specific descriptor, which a reader passes over."""
    return bytes([size, 0x24]) + bytes(size - 2)


def device(*parts, configurations=None):
    """Return a device descriptor with one configuration of `parts`, or several."""
    text = bytes([18, 1]) + bytes(16)
    for value, content in (configurations or {1: parts}).items():
        body = b"".join(content)
        text += bytes([9, 2]) + struct.pack("<H", 9 + len(body)) + bytes([2, value, 0, 0x80, 50]) + body
    return text


UAC2_EXPLICIT = device(
    interface(0, 0, subclass=1),
    class_specific(),
    interface(1, 0),
    interface(1, 1),
    class_specific(16),
    endpoint(0x01, ISO | ASYNC, 200, 1),
    class_specific(8),
    endpoint(0x81, ISO | FEEDBACK, 4, 4),
    interface(2, 0),
    interface(2, 1),
    endpoint(0x82, ISO | ASYNC, 200, 1),
)
UAC2_IMPLICIT = device(
    interface(1, 1),
    endpoint(0x05, ISO | ASYNC, 200, 1),
    interface(2, 1),
    endpoint(0x85, ISO | ASYNC | IMPLICIT, 200, 1),
)
UAC1_SYNCH = device(
    interface(1, 1, protocol=0),
    endpoint(0x03, ISO | ASYNC, 200, 1, synch=0x83),
    endpoint(0x83, ISO, 3, 1, synch=0),
    interface(2, 1, protocol=0),
    endpoint(0x84, ISO | ADAPTIVE, 200, 1, synch=0x04),
    endpoint(0x04, ISO, 3, 1, synch=0),
)
VENDOR = device(
    interface(0, 1, klass=0xFF, subclass=0, protocol=0), endpoint(0x01, ISO | ASYNC, 400, 2),
    interface(1, 1, klass=0xFF, subclass=0, protocol=0), endpoint(0x81, ISO | ASYNC, 400, 2),
)  # fmt: skip

# As sound/usb/usbaudio.c of 2.6 wrote it, while the stream runs.
STREAM_2_6 = """C-Media USB Audio Device at usb-0000:00:1d.0-1, full speed : USB Audio

Playback:
  Status: Running
    Interface = 1
    Altset = 1
    URBs = 2 [ 8 8 ]
    Packet Size = 200
    Momentary freq = 48000 Hz (0x30.0000)
  Interface 1
    Altset 1
    Format: S16_LE
    Channels: 2
    Endpoint: 1 OUT (ADAPTIVE)
    Rates: 8000 - 48000 (continuous)

Capture:
  Status: Stop
  Interface 2
    Altset 1
    Format: S16_LE
    Channels: 1
    Endpoint: 2 IN (ASYNC)
    Rates: 44100, 48000
"""
STREAM_5_4 = """Headphone amplifier at usb-1.3, high speed : USB Audio

Playback:
  Status: Stop
  Interface 1
    Altset 1
    Format: S16_LE
    Channels: 2
    Endpoint: 4 OUT (ASYNC)
    Rates: 44100, 48000
    Data packet interval: 125 us
    Bits: 16
  Interface 1
    Altset 2
    Format: SPECIAL DSD_U32_BE
    Channels: 2
    Endpoint: 4 OUT (ASYNC)
    Rates: 88200, 176400
    Data packet interval: 1000 us
    Bits: 32
    DSD raw: DOP=0, bitrev=0
"""
STREAM_6_1 = """Interface at usb-2, high speed : USB Audio

Playback:
  Status: Running
    Interface = 1
    Altset = 1
    Packet Size = 216
    Momentary freq = 48000 Hz (0x6.0000)
    Feedback Format = 16.16
  Interface 1
    Altset 1
    Format: S32_LE
    Channels: 2
    Endpoint: 0x01 (1 OUT) (ASYNC)
    Rates: 44100, 48000
    Data packet interval: 125 us
    Bits: 24
    Channel map: FL FR
    Sync Endpoint: 0x81 (1 IN)
    Sync EP Interface: 1
    Sync EP Altset: 1
    Implicit Feedback Mode: No

Capture:
  Status: Stop
  Interface 2
    Altset 1
    Format: S32_LE
    Channels: 10
    Endpoint: 0x82 (2 IN) (ASYNC)
    Rates: 44100, 48000
    Data packet interval: 125 us
"""
