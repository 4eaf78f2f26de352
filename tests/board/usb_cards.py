# SPDX-License-Identifier: MIT
"""USB cards of every form of synchronisation, as descriptors and as streamM of each kernel lists them."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from tests.board.usb_texts import ADAPTIVE, ASYNC, FEEDBACK, IMPLICIT, ISO, SYNC, device, endpoint, interface

FULL, HIGH, SUPER = 12.0, 480.0, 5000.0
SYNC_NAMES = ("NONE", "ASYNC", "ADAPTIVE", "SYNC")
# What streamM looked like in each of these kernels (sound/usb/usbaudio.c, later sound/usb/proc.c).
FORMS = ("2.6.18", "2.6.35", "3.4", "3.6", "4.19", "5.4", "5.11")


@dataclass(frozen=True)
class Setting:
    """One alternate setting as the driver keeps it.

    Parameters
    ----------
    address, attributes, interval : of the data endpoint.
    sync : address of the endpoint that paces it, 0 where the driver uses none.
    """

    interface: int
    altset: int
    address: int
    attributes: int
    interval: int = 1
    sync: int = 0
    implicit: bool = False
    dsd: bool = False


@dataclass(frozen=True)
class Card:
    """A device, what the driver makes of it, and what is right.

    Parameters
    ----------
    ends : address, synchronisation, interval [us] and feedback of each audio endpoint, in the driver's order.
    paces : endpoints that packets of figures go over.
    """

    name: str
    raw: bytes
    settings: tuple[Setting, ...]
    ends: tuple[tuple[int, str, int, str], ...]
    speed: float = HIGH
    paces: tuple[int, ...] = ()
    packet_bytes: dict[int, int] = field(default_factory=dict)


def text(settings, form, speed=HIGH, running=False):
    """Return streamM as the kernel of `form` prints it."""
    lines = ["Maker Model at usb-0000:00:14.0-3, high speed : USB Audio"]
    for title, mark in (("Playback", 0), ("Capture", 0x80)):
        mine = [one for one in settings if one.address & 0x80 == mark]
        if mine:
            lines += ["", f"{title}:", *_status(mine[0], form, running)]
            lines += [line for one in mine for line in _setting(one, form, speed)]
    return "\n".join(lines) + "\n"


def _after(form, first):
    return FORMS.index(form) >= FORMS.index(first)


def _status(one, form, running):
    if not running:
        return ["  Status: Stop"]
    ends = ["    Packet Size = 216", "    Momentary freq = 48000 Hz (0x6.0000)"]
    lines = ["  Status: Running", f"    Interface = {one.interface}", f"    Altset = {one.altset}"]
    if not _after(form, "3.4"):
        lines.append("    URBs = 3 [ 8 8 6 ]")
    lines += ends
    if _after(form, "3.4") and one.sync:
        lines += ["    Feedback Format = 16.16", *(ends if form == "3.4" else [])]
    return lines


def _setting(one, form, speed):
    number, way = one.address & 15, "IN" if one.address & 0x80 else "OUT"
    sync = SYNC_NAMES[one.attributes >> 2 & 3]
    lines = [f"  Interface {one.interface}", f"    Altset {one.altset}"]
    if form == "2.6.18":
        lines.append("    Format: 0x2")
    else:
        lines.append(f"    Format: {'SPECIAL DSD_U32_BE' if one.dsd else 'S16_LE S24_3LE'}")
    lines.append("    Channels: 2")
    shown = f"0x{one.address:02x} ({number} {way})" if _after(form, "5.11") else f"{number} {way}"
    lines += [f"    Endpoint: {shown} ({sync})", "    Rates: 44100, 48000, 88200, 96000"]
    if form != "2.6.18" and (speed > FULL if _after(form, "3.6") else speed == HIGH):
        lines.append(f"    Data packet interval: {125 << one.interval - 1} us")
    if _after(form, "4.19"):
        lines += ["    Bits: 24", *(["    DSD raw: DOP=0, bitrev=0"] if one.dsd else [])]
    if _after(form, "5.4"):
        lines.append("    Channel map: FL FR -- LFE")
    if _after(form, "5.11") and one.sync:
        lines += [
            f"    Sync Endpoint: 0x{one.sync:02x} ({one.sync & 15} {'IN' if one.sync & 0x80 else 'OUT'})",
            f"    Sync EP Interface: {one.interface}",
            f"    Sync EP Altset: {one.altset}",
            f"    Implicit Feedback Mode: {'Yes' if one.implicit else 'No'}",
        ]
    return lines


def association(first, count, klass=1):
    """Return an interface association descriptor."""
    return bytes([8, 0x0B, first, count, klass, 0, 0x20, 0])


def companion(bytes_per_interval, burst=0, mult=0):
    """Return a super-speed endpoint companion descriptor."""
    return bytes([6, 0x30, burst, mult]) + struct.pack("<H", bytes_per_interval)


def iso_companion(bytes_per_interval):
    """Return a super-speed-plus isochronous endpoint companion descriptor."""
    return bytes([8, 0x31, 0, 0]) + struct.pack("<I", bytes_per_interval)


def _uac1(name, out, into, settings, ends, paces=(), speed=FULL):
    raw = device(
        interface(0, 0, subclass=1, protocol=0),
        interface(1, 0, protocol=0), interface(1, 1, protocol=0), *out,
        interface(2, 0, protocol=0), interface(2, 1, protocol=0), *into,
        interface(3, 0, klass=3, subclass=0, protocol=0), endpoint(0x87, 3, 4, 10),
    )  # fmt: skip
    return Card(name, raw, settings, ends, speed, paces)


CARDS = (
    _uac1(
        "uac1, adaptive out, asynchronous in",
        (endpoint(0x01, ISO | ADAPTIVE, 192, 1, synch=0),),
        (endpoint(0x82, ISO | ASYNC, 100, 1, synch=0),),
        (Setting(1, 1, 0x01, ADAPTIVE), Setting(2, 1, 0x82, ASYNC)),
        ((0x01, "ADAPTIVE", 1000, ""), (0x82, "ASYNC", 1000, "")),
    ),
    _uac1(
        "uac1, synchronous both ways, endpoints of 7 bytes",
        (endpoint(0x01, ISO | SYNC, 192, 1),),
        (endpoint(0x82, ISO | SYNC, 192, 1),),
        (Setting(1, 1, 0x01, SYNC), Setting(2, 1, 0x82, SYNC)),
        ((0x01, "SYNC", 1000, ""), (0x82, "SYNC", 1000, "")),
    ),
    _uac1(
        "uac1, asynchronous out, feedback of 3 bytes named by bSynchAddress",
        (endpoint(0x03, ISO | ASYNC, 288, 1, synch=0x83), endpoint(0x83, ISO, 3, 1, synch=0)),
        (endpoint(0x82, ISO | ASYNC, 288, 1, synch=0),),
        (Setting(1, 1, 0x03, ASYNC, sync=0x83), Setting(2, 1, 0x82, ASYNC)),
        ((0x03, "ASYNC", 1000, "explicit"), (0x82, "ASYNC", 1000, "")),
        paces=(0x83,),
    ),
    _uac1(
        "uac1, no synchronisation type, feedback marked as data with a word to spare",
        (endpoint(0x03, ISO, 200, 1), endpoint(0x84, ISO | ASYNC, 8, 1)),
        (endpoint(0x82, ISO, 200, 1),),
        (Setting(1, 1, 0x03, 0, sync=0x84), Setting(2, 1, 0x82, 0)),
        ((0x03, "NONE", 1000, "explicit"), (0x82, "NONE", 1000, "")),
        paces=(0x84,),
    ),
    _uac1(
        "uac1, adaptive in, paced by an OUT endpoint",
        (endpoint(0x01, ISO | ADAPTIVE, 192, 1, synch=0),),
        (endpoint(0x82, ISO | ADAPTIVE, 192, 1, synch=0x02), endpoint(0x02, ISO, 3, 1, synch=0)),
        (Setting(1, 1, 0x01, ADAPTIVE), Setting(2, 1, 0x82, ADAPTIVE, sync=0x02)),
        ((0x01, "ADAPTIVE", 1000, ""), (0x82, "ADAPTIVE", 1000, "explicit")),
        paces=(0x02,),
    ),
    Card(
        "uac2 with an association, explicit feedback, midi and hid beside it",
        device(
            association(0, 3),
            interface(0, 0, subclass=1),
            interface(1, 0), interface(1, 1),
            endpoint(0x01, ISO | ASYNC, 416, 1), endpoint(0x81, ISO | FEEDBACK, 4, 4),
            interface(1, 2), endpoint(0x01, ISO | ASYNC, 208, 1), endpoint(0x81, ISO | FEEDBACK, 4, 4),
            interface(2, 0), interface(2, 1), endpoint(0x82, ISO | ASYNC, 416, 1),
            interface(3, 0, subclass=3, protocol=0), endpoint(0x03, 2, 512, 0), endpoint(0x83, 2, 512, 0),
            interface(4, 0, klass=3, subclass=0, protocol=0), endpoint(0x84, 3, 8, 4),
        ),
        (
            Setting(1, 1, 0x01, ASYNC, sync=0x81),
            Setting(1, 2, 0x01, ASYNC, sync=0x81, dsd=True),
            Setting(2, 1, 0x82, ASYNC),
        ),
        ((0x01, "ASYNC", 125, "explicit"), (0x82, "ASYNC", 125, "")),
        paces=(0x81,),
    ),
    Card(
        "uac2, implicit feedback of the capture interface",
        device(
            interface(1, 1), endpoint(0x05, ISO | ASYNC, 200, 2),
            interface(2, 1), endpoint(0x85, ISO | ASYNC | IMPLICIT, 200, 2),
        ),
        (Setting(1, 1, 0x05, ASYNC, 2, 0x85, True), Setting(2, 1, 0x85, ASYNC, 2)),
        ((0x05, "ASYNC", 250, "implicit"), (0x85, "ASYNC", 250, "")),
    ),
    Card(
        "uac2, playback alone, paced by the endpoint of another interface that is no PCM",
        device(
            interface(1, 1), endpoint(0x01, ISO | ASYNC, 200, 1),
            interface(2, 1), endpoint(0x81, ISO | ASYNC | IMPLICIT, 200, 1),
        ),
        (Setting(1, 1, 0x01, ASYNC, 1, 0x81, True),),
        ((0x01, "ASYNC", 125, "implicit"),),
        paces=(0x81,),
    ),
    Card(
        "uac2, two alternates with an endpoint each, of other intervals",
        device(
            interface(1, 1), endpoint(0x01, ISO | ADAPTIVE, 200, 4),
            interface(1, 2), endpoint(0x02, ISO | ASYNC, 0x0800 | 1024, 1),
            endpoint(0x82, ISO | FEEDBACK, 4, 4),
            interface(2, 1), endpoint(0x83, ISO | SYNC, 200, 3),
        ),
        (Setting(1, 1, 0x01, ADAPTIVE, 4), Setting(1, 2, 0x02, ASYNC, 1, 0x82), Setting(2, 1, 0x83, SYNC, 3)),
        ((0x01, "ADAPTIVE", 1000, ""), (0x02, "ASYNC", 125, "explicit"), (0x83, "SYNC", 500, "")),
        paces=(0x82,),
        packet_bytes={0x02: 2048},
    ),
    Card(
        "uac3 at super speed, companions behind each endpoint, feedback first",
        device(
            interface(1, 1, protocol=0x30),
            endpoint(0x81, ISO | FEEDBACK, 4, 4), companion(4),
            endpoint(0x01, ISO | ASYNC, 1024, 1), companion(3072, burst=2),
            interface(2, 1, protocol=0x30),
            endpoint(0x82, ISO | ASYNC, 1024, 1), companion(1), iso_companion(70000),
        ),
        (Setting(1, 1, 0x01, ASYNC, 1, 0x81), Setting(2, 1, 0x82, ASYNC)),
        ((0x01, "ASYNC", 125, "explicit"), (0x82, "ASYNC", 125, "")),
        speed=SUPER,
        paces=(0x81,),
        packet_bytes={0x01: 3072, 0x82: 70000},
    ),
    Card(
        "vendor interface with both directions in one setting",
        device(
            interface(0, 0, klass=0xFF, subclass=0, protocol=0),
            interface(0, 1, klass=0xFF, subclass=0, protocol=0),
            endpoint(0x01, ISO | ASYNC, 312, 1), endpoint(0x82, ISO | ASYNC, 312, 1),
        ),
        (Setting(0, 1, 0x01, ASYNC, 1, 0x82, True), Setting(0, 1, 0x82, ASYNC)),
        ((0x01, "ASYNC", 125, "implicit"), (0x82, "ASYNC", 125, "")),
    ),
    Card(
        "audio interface of a vendor's subclass, a setting without bandwidth, a camera beside it",
        device(
            association(0, 2, klass=14),
            interface(0, 0, klass=14, subclass=1, protocol=0),
            interface(1, 1, klass=14, subclass=2, protocol=0), endpoint(0x86, ISO | ASYNC, 3072, 1),
            interface(2, 1, subclass=0xFF), endpoint(0x01, ISO | ASYNC, 0, 1),
            interface(2, 2, subclass=0xFF), endpoint(0x02, ISO | ASYNC, 200, 1),
        ),
        (Setting(2, 2, 0x02, ASYNC),),
        ((0x02, "ASYNC", 125, ""),),
    ),
)  # fmt: skip
