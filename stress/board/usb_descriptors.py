# SPDX-License-Identifier: MIT
"""Isochronous endpoints of audio interfaces, from a device's raw descriptors.

Source: USB 2.0 section 9.6.6 and table 9-13 (bmAttributes); UAC1 table 4-20
(bSynchAddress); Linux sound/usb/stream.c, snd_usb_parse_audio_interface (the
first endpoint of an alternate setting carries the audio) and sound/usb/helper.c,
snd_usb_parse_datainterval.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

_CONFIGURATION, _INTERFACE, _ENDPOINT = 2, 4, 5
_AUDIO, _STREAMING, _VENDOR = 1, 2, 0xFF
_ISOCHRONOUS = 1
SYNC_TYPES = ("NONE", "ASYNC", "ADAPTIVE", "SYNC")
# Usage of an isochronous endpoint, bits 5..4 of bmAttributes.
_FEEDBACK, _IMPLICIT = 1, 2
FULL_SPEED_MBPS = 12.0
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
        offered |= {end[2] for end in ends if end[2] & 0x80 and _usage(end) == _IMPLICIT}
    return tuple(_with_implicit(found, offered))


def _altsets(raw: bytes, wanted: int) -> Iterator[tuple[tuple[int, int, bool], list[bytes]]]:
    # Alternate settings of the wanted configuration that stream, with their isochronous endpoints.
    active, head, ends = not wanted, (0, 0, False), list[bytes]()
    streams, seen = False, False
    for kind, body in _descriptors(raw):
        if kind in (_CONFIGURATION, _INTERFACE):
            if streams and ends:
                yield head, ends
            streams, ends = False, []
        if kind == _CONFIGURATION and len(body) > 5:
            active, seen = body[5] == wanted if wanted else not seen, True
        elif kind == _INTERFACE and len(body) > 6:
            audio = body[5] == _AUDIO and body[6] == _STREAMING
            streams = active and (audio or body[5] == _VENDOR)
            head = body[2], body[3], audio
        elif kind == _ENDPOINT and len(body) > 6 and body[3] & 3 == _ISOCHRONOUS:
            ends.append(body)
    if streams and ends:
        yield head, ends


def _descriptors(raw: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 2 <= len(raw):
        length = raw[at]
        if length < 2:
            return
        yield raw[at + 1], raw[at : at + length]
        at += length


def _of_altset(
    interface: int, altset: int, audio: bool, ends: list[bytes], speed_mbps: float
) -> list[Described]:
    # The driver streams on the first endpoint that is not marked as feedback; the others pace it.
    data = next((end for end in ends if _usage(end) != _FEEDBACK), None)
    paces = [end for end in ends if end is not data]
    found = []
    for end in ends:
        feedback = EXPLICIT if end is data and paces else ""
        found.append(
            Described(
                interface=interface,
                altset=altset,
                audio=audio,
                address=end[2],
                sync=SYNC_TYPES[end[3] >> 2 & 3],
                packet_us=_interval_us(end[6], speed_mbps),
                max_packet=(end[4] | (end[5] & 7) << 8) * ((end[5] >> 3 & 3) + 1),
                carries_audio=end is data,
                feedback=feedback,
                feedback_from=paces[0][2] if feedback else 0,
            )
        )
    return found


def _usage(end: bytes) -> int:
    return end[3] >> 4 & 3


def _interval_us(interval: int, speed_mbps: float) -> int:
    if speed_mbps <= FULL_SPEED_MBPS:
        return 1000
    return 125 << (interval - 1 if 1 <= interval <= 4 else 0)


def _with_implicit(found: list[Described], offered: set[int]) -> list[Described]:
    # An asynchronous OUT endpoint without feedback of its own follows an IN endpoint that offers itself.
    sources = [end for end in found if end.carries_audio and end.address in offered]
    result = []
    for end in found:
        alone = end.carries_audio and end.direction == "playback" and end.sync == "ASYNC"
        if alone and not end.feedback and sources:
            end = dataclasses.replace(end, feedback=IMPLICIT, feedback_from=sources[0].address)
        result.append(end)
    return result
