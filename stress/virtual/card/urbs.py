# SPDX-License-Identifier: MIT
"""Packets and URBs as snd-usb-audio cuts them.

Source: sound/usb/endpoint.c:data_ep_set_params and next_packet_size, Linux
6.1; endpoints without feedback, so packet sizes follow the nominal rate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

MAX_URBS = 12
MAX_QUEUE_MS = 18
MAX_URB_MS = 6  # MAX_PACKS on full speed, MAX_PACKS_HS / 8 on high speed


@dataclass(frozen=True)
class PacketClock:
    """Frames that isochronous packets have carried, on the card's clock.

    Parameters
    ----------
    rate : nominal [Hz].
    packet_us : interval [us].
    ratio_ppm : card clock against nominal [ppm].
    """

    rate: int
    packet_us: int
    ratio_ppm: int = 0

    def table(self, packets: int) -> list[int]:
        """Return the frames carried by 0, 1, ... `packets` packets."""
        up, down = self._per_packet()
        return [count * up // down for count in range(packets + 1)]

    @property
    def cycle_packets(self) -> int:
        """Packets after which the packet sizes repeat."""
        return self._per_packet()[1]

    @property
    def nominal_frames(self) -> int:
        """Frames of a short packet."""
        return self.rate * self.packet_us // 1000000

    def _per_packet(self) -> tuple[int, int]:
        up, down = self.rate * (1000000 + self.ratio_ppm) * self.packet_us, 10**12
        common = math.gcd(up, down)
        return up // common, down // common


@dataclass(frozen=True)
class UrbShape:
    """How one endpoint's packets fall into URBs.

    Parameters
    ----------
    packets : packets per URB at most.
    urbs : URBs in flight at most.
    frames : frames per URB at most (playback only).
    """

    packets: int
    urbs: int
    frames: int = 0


def playback_urbs(clock: PacketClock, period_size: int, buffer_size: int, packets: int = 0) -> UrbShape:
    """Return the URBs of a playback endpoint: a whole number per period.

    Parameters
    ----------
    period_size, buffer_size : [frames].
    packets : packets per URB where it is set by hand, 0 = the driver's way.
    """
    per_ms = 1000 // clock.packet_us
    per_period = -(-period_size // max(1, clock.nominal_frames))
    urbs_per_period = -(-per_period // (packets or MAX_URB_MS * per_ms))
    in_urb = -(-per_period // urbs_per_period)
    urbs = min(MAX_URBS, MAX_QUEUE_MS * per_ms // in_urb, urbs_per_period * (buffer_size // period_size))
    return UrbShape(in_urb, max(1, urbs), -(-period_size // urbs_per_period))


def capture_urbs(clock: PacketClock, period_size: int, packets: int = 0) -> UrbShape:
    """Return the URBs of a capture endpoint: at most 1 ms, less than a period."""
    in_urb = packets or 1000 // clock.packet_us
    # The driver leaves half a packet of head-room for a fast clock.
    largest = -(-clock.rate * clock.packet_us * 3 // 2000000)
    while not packets and in_urb > 1 and in_urb * largest >= period_size:
        in_urb //= 2
    return UrbShape(in_urb, MAX_URBS)
