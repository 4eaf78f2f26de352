# SPDX-License-Identifier: MIT
"""What can be done to audio on purpose: one vocabulary of faults for every place that injects any.

The virtual board (`stress.virtual.spec`), the virtual USB card of ``tools/softcard`` and
the bench each know some of them. A name means the same everywhere; what a fault needs
beside it (bit, gain, age, ...) each place says for itself. What a detector makes of a
fault is a `stress.model.finding.Kind`, which has names of its own only where the two
differ: a fault ``stale`` is found as ``stale``, a fault ``zeropacket`` as ``zero``.
"""

from __future__ import annotations

from enum import Enum


class FaultKind(str, Enum):
    """One way to spoil a stream."""

    ZERO = "zero"  #: frames are replaced by zeros
    HOLD = "hold"  #: frames are replaced by the frame before them
    STALE = "stale"  #: frames are replaced by what was sent so many frames earlier
    STALE_DMA = "stale-dma"  #: one DMA line of 32 bytes is replaced by what it held before
    STALE_PLAYBACK = "stale-playback"  #: lines of the playback ring, whole laps old
    STALE_CAPTURE = "stale-capture"  #: lines of the capture ring, whole laps old
    STALE_TAIL = "stale-tail"  #: the tail of a ring line, as a read that ends inside a line leaves it
    EARLIER_BURST = "earlier-burst"  #: lines left from an earlier burst
    MISPLACED = "misplaced"  #: a part of a line whose age is no whole lap
    DROP = "drop"  #: frames or packets are lost, and nothing tells
    REPEAT = "repeat"  #: frames or packets come twice
    INSERT = "insert"  #: frames that were never sent, between right ones
    BITFLIP = "bitflip"  #: bits are inverted
    BYTESHIFT = "byteshift"  #: the byte stream is late or early by some bytes
    ROTATE = "rotate"  #: every channel moves on by some places, from there on
    SLIP_BYTES = "slip-bytes"  #: the byte stream is late by some bytes, from there to the end
    PACKET_SHIFT = "packet-shift"  #: packets off the word boundary are late by some bytes
    MISSED = "missed"  #: the host missed the slot of a packet, and nothing went out in it
    LOST_PACKET = "lost-packet"  #: a packet fails on the bus
    SWAP = "swap"  #: two channels are exchanged
    GAIN = "gain"  #: samples are scaled
    DITHER = "dither"  #: triangular dither of a few LSB is added
    MUTE = "mute"  #: zeros from there to the end
    RESAMPLE = "resample"  #: frames are played at another rate
    PPM = "ppm"  #: the sample clock of the card is off from there on
    ZEROPACKET = "zeropacket"  #: whole packets are replaced by zeros
    SHORT = "short"  #: a packet loses its last frames
    MISSING = "missing"  #: capture packets of length 0, their data lost
    ERROR = "error"  #: packets end in an error status, their data lost
    PLAYBACK_STOP = "playback-stop"  #: the playback stream stops
    CAPTURE_STOP = "capture-stop"  #: the capture stream stops
    FREEZE = "freeze"  #: both streams stop moving
    UNPLUG = "unplug"  #: the card leaves the bus
