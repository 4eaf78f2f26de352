# SPDX-License-Identifier: MIT
"""Isochronous endpoints of audio interfaces, from a device's raw descriptors.

Source: USB 2.0 section 9.6.6 and table 9-13 (bmAttributes); USB 3.2 section
9.6.7 and 9.6.8 (companions); UAC1 table 4-20 (bSynchAddress); Linux
sound/usb/stream.c, snd_usb_parse_audio_interface (the first endpoint of an
alternate setting carries the audio), sound/usb/implicit.c (the neighbour of an
interface paces it) and sound/usb/helper.c, snd_usb_parse_datainterval.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

_CONFIGURATION, _INTERFACE, _ENDPOINT = 2, 4, 5
# What follows an endpoint of a super-speed device: bytes of an interval in 16 bits, or in 32.
_COMPANION, _ISO_COMPANION = 0x30, 0x31
_AUDIO, _STREAMING, _VENDOR = 1, 2, 0xFF
_ISOCHRONOUS = 1
SYNC_TYPES = ("NONE", "ASYNC", "ADAPTIVE", "SYNC")
# Usage of an isochronous endpoint, bits 5..4 of bmAttributes.
_FEEDBACK, _IMPLICIT = 1, 2
# Largest packet of an endpoint that only paces: a figure of 3 or 4 bytes, which some devices
# declare with a word to spare. Source: UAC1 5.12.4.2; audio needs 16 bytes for 8 kHz mono.
# Higher: a second audio endpoint is lost; lower: such a figure is taken for audio.
_MOST_FIGURE = 8
FULL_SPEED_MBPS = 12.0
HIGH_SPEED_MBPS = 480.0
EXPLICIT, IMPLICIT = "explicit", "implicit"


@dataclass(frozen=True)
class Described:
    """One isochronous endpoint as one alternate setting describes it.

    Parameters
    ----------
    audio : the interface has the class AudioStreaming; False: vendor-specific.
    sync : one of `SYNC_TYPES`.
    packet_us : data packet interval [us].
    max_packet : largest packet of one interval [bytes].
    carries_audio : False for an endpoint that only paces another one.
    feedback : "explicit", "implicit" or "": what paces this endpoint.
    feedback_from : address of the endpoint that paces it, 0 where there is none.
    """

    interface: int
    altset: int
    audio: bool
    address: int
    sync: str
    packet_us: int
    max_packet: int
    carries_audio: bool
    feedback: str = ""
    feedback_from: int = 0

    @property
    def direction(self) -> str:
        """Return "capture" for an IN endpoint, else "playback"."""
        return "capture" if self.address & 0x80 else "playback"


@dataclass(frozen=True)
class _End:
    # One isochronous endpoint descriptor with its companion, if it has one.
    body: bytes
    interval_bytes: int = 0

    @property
    def address(self) -> int:
        return self.body[2]

    @property
    def sync(self) -> str:
        return SYNC_TYPES[self.body[3] >> 2 & 3]

    @property
    def usage(self) -> int:
        return self.body[3] >> 4 & 3

    @property
    def declared(self) -> int:
        return self.body[4] | (self.body[5] & 7) << 8

    def largest(self, speed_mbps: float) -> int:
        if speed_mbps > HIGH_SPEED_MBPS:
            return self.interval_bytes or self.declared
        # Only a high-speed endpoint has several transactions in a microframe.
        return self.declared * ((self.body[5] >> 3 & 3) + 1 if speed_mbps > FULL_SPEED_MBPS else 1)


def parse_descriptors(raw: bytes, speed_mbps: float, configuration: int = 0) -> tuple[Described, ...]:
    """Return the isochronous endpoints of audio and vendor-specific interfaces.

    Parameters
    ----------
    raw : device descriptor and configurations, as in sysfs `descriptors`; may be cut short.
    speed_mbps : of the device; at full speed an interval counts in frames of 1 ms.
    configuration : bConfigurationValue of the active one, 0 for the first.
    """
    found: list[Described] = []
    offered: set[int] = set()
    for (interface, altset, audio), ends in _altsets(raw, configuration):
        found += _of_altset(interface, altset, audio, ends, speed_mbps)
        offered |= {end.address for end in ends if end.address & 0x80 and end.usage == _IMPLICIT}
    return tuple(_with_implicit(found, offered))


def _altsets(raw: bytes, wanted: int) -> Iterator[tuple[tuple[int, int, bool], list[_End]]]:
    # Alternate settings of the wanted configuration that stream, with their isochronous endpoints.
    active, head, ends = not wanted, (0, 0, False), list[_End]()
    streams, seen, companions = False, False, False
    for kind, body in _descriptors(raw):
        if kind in (_CONFIGURATION, _INTERFACE):
            if streams and ends:
                yield head, ends
            streams, ends, companions = False, [], False
        if kind == _CONFIGURATION and len(body) > 5:
            active, seen = body[5] == wanted if wanted else not seen, True
        elif kind == _INTERFACE and len(body) > 6:
            audio = body[5] == _AUDIO and body[6] in (_STREAMING, _VENDOR)
            streams = active and (audio or body[5] == _VENDOR)
            head = body[2], body[3], audio
        elif kind == _ENDPOINT and len(body) > 6:
            companions = body[3] & 3 == _ISOCHRONOUS
            ends += [_End(body)] if companions else []
        elif companions and kind in (_COMPANION, _ISO_COMPANION):
            ends[-1] = dataclasses.replace(ends[-1], interval_bytes=_interval_bytes(kind, body))
    if streams and ends:
        yield head, ends


def _interval_bytes(kind: int, body: bytes) -> int:
    return int.from_bytes(body[4:6] if kind == _COMPANION else body[4:8], "little")


def _descriptors(raw: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 2 <= len(raw):
        length = raw[at]
        if length < 2:
            return
        yield raw[at + 1], raw[at : at + length]
        at += length


def _of_altset(
    interface: int, altset: int, audio: bool, ends: list[_End], speed_mbps: float
) -> list[Described]:
    # The driver streams on the first endpoint that is not marked as feedback; the others pace it.
    # A setting whose packets are empty reserves no bandwidth, and the driver skips it.
    data = next((end for end in ends if end.usage != _FEEDBACK and end.declared), None)
    paces = [end for end in ends if end is not data and _opposite(end, data)]
    carrying = [end for end in paces if _carries_itself(end)]
    found = []
    for end in ends:
        feedback = _paced_by(paces[0], paces[0] in carrying) if end is data and paces else ""
        found.append(
            Described(
                interface=interface,
                altset=altset,
                audio=audio,
                address=end.address,
                sync=end.sync,
                packet_us=_interval_us(end.body[6], speed_mbps),
                max_packet=end.largest(speed_mbps),
                carries_audio=end is data or end in carrying,
                feedback=feedback,
                feedback_from=paces[0].address if feedback else 0,
            )
        )
    return found


def _paced_by(other: _End, carries: bool) -> str:
    # Where both carry audio it is the host that follows the device, never the device its host.
    if not carries:
        return EXPLICIT
    return IMPLICIT if other.address & 0x80 else ""


def _opposite(end: _End, data: _End | None) -> bool:
    return data is not None and (end.address ^ data.address) & 0x80 != 0


def _carries_itself(end: _End) -> bool:
    # Both directions in one setting (DJ mixers): an endpoint of data, large enough for more than a figure.
    # A UAC1 feedback endpoint is marked as data too, but has no synchronisation type of its own.
    marked = end.usage == _IMPLICIT or (not end.usage and end.sync != SYNC_TYPES[0])
    return marked and end.declared > _MOST_FIGURE


def _interval_us(interval: int, speed_mbps: float) -> int:
    if speed_mbps <= FULL_SPEED_MBPS:
        return 1000
    return 125 << (interval - 1 if 1 <= interval <= 4 else 0)


def _with_implicit(found: list[Described], offered: set[int]) -> list[Described]:
    # An asynchronous OUT endpoint without feedback of its own follows an IN endpoint that offers itself,
    # that of the next interface first.
    sources = [end for end in found if end.carries_audio and end.address in offered]
    result = []
    for end in found:
        alone = end.carries_audio and end.direction == "playback" and end.sync == "ASYNC"
        if alone and not end.feedback and sources:
            source = min(sources, key=lambda one: _distance(end, one))
            end = dataclasses.replace(end, feedback=IMPLICIT, feedback_from=source.address)
        result.append(end)
    return result


def _distance(end: Described, source: Described) -> tuple[bool, int, bool]:
    # A later interface before an earlier one, the nearest first, the same alternate setting first.
    away = source.interface - end.interface
    return away < 0, abs(away), source.altset != end.altset
