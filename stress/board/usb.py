# SPDX-License-Identifier: MIT
"""The USB side of a card: device, speed, endpoints, raw descriptors; from sysfs and procfs.

The descriptors say which endpoint carries audio and which only paces another one;
/proc/asound/cardN/streamM says which interfaces the driver made a PCM of. Each is
checked against the other, and either alone will do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from stress.board.text import number_of, text_of
from stress.board.usb_descriptors import Described, parse_descriptors
from stress.board.usb_stream import Listed, parse_listed


@dataclass(frozen=True)
class UsbEndpoint:
    """One isochronous endpoint that carries the audio of a card.

    Parameters
    ----------
    direction : "playback" or "capture".
    sync : "ASYNC", "ADAPTIVE", "SYNC", "NONE", or "" where nothing says.
    packet_us : shortest data packet interval of its settings [us], 0 where nothing says.
    feedback : "explicit" (an endpoint of its own), "implicit" (the packets of the
        other direction) or "" (none is named).
    feedback_from : address of the endpoint that paces this one, 0 where there is none.
    max_packet : largest packet of its settings [bytes], 0 where nothing says.
    """

    address: int
    direction: str
    sync: str
    packet_us: int
    feedback: str = ""
    feedback_from: int = 0
    max_packet: int = 0


@dataclass(frozen=True)
class UsbFacts:
    """A USB card as the host sees it.

    Parameters
    ----------
    bus, device : numbers as in /dev/bus/usb.
    path : topology, e.g. "1-1.2" (port 2 of the hub in port 1 of bus 1).
    speed_mbps : 12 is full speed, 480 high speed.
    host : driver of the host controller, e.g. "vhci_hcd", "musb-hdrc".
    driver : of the interface that the card belongs to, e.g. "snd-usb-audio", "" where nothing says.
    endpoints : that carry audio; feedback endpoints are none of them.
    descriptors : device and configuration descriptors as the device gave them, in hex.
    notes : where descriptors and streamM differ, one line each.
    """

    bus: int
    device: int
    path: str
    vendor: str
    product: str
    name: str
    speed_mbps: float
    host: str
    endpoints: tuple[UsbEndpoint, ...]
    descriptors: str = ""
    notes: tuple[str, ...] = ()
    driver: str = ""


def read(
    card: int, sys: Path = Path("/sys"), proc: Path = Path("/proc"), pcm_device: int | None = None
) -> UsbFacts | None:
    """Return the USB facts of ALSA card `card`, None when it is not a USB card.

    Parameters
    ----------
    pcm_device : whose endpoints: each PCM device of a card has interfaces of its own; None for all of them.
    """
    interface = sys / "class" / "sound" / f"card{card}" / "device"
    try:
        belongs = interface.resolve(strict=True)
    except OSError:
        return None
    # A card belongs to an interface of its device; some drivers make it belong to the device itself.
    device = belongs if (belongs / "busnum").exists() else belongs.parent
    bus = int(number_of(device / "busnum"))
    if not bus:
        return None
    raw, speed = _bytes(device / "descriptors"), number_of(device / "speed")
    described = parse_descriptors(raw, speed, int(number_of(device / "bConfigurationValue")))
    listed = _listed(proc / "asound" / f"card{card}", pcm_device)
    endpoints, notes = agreed(described, listed)
    return UsbFacts(
        bus=bus,
        device=int(number_of(device / "devnum")),
        path=device.name,
        vendor=_attribute(device / "idVendor"),
        product=_attribute(device / "idProduct"),
        name=_attribute(device / "product"),
        speed_mbps=speed,
        host=_host(device),
        endpoints=endpoints,
        descriptors=raw.hex(),
        notes=notes,
        driver=_driver(belongs),
    )


def _listed(folder: Path, pcm_device: int | None) -> tuple[Listed, ...]:
    if pcm_device is not None:
        return parse_listed(text_of(folder / f"stream{pcm_device}"))
    try:
        names = sorted(path.name for path in folder.glob("stream[0-9]*"))
    except OSError:
        names = []
    return tuple(entry for name in names for entry in parse_listed(text_of(folder / name)))


def _attribute(path: Path) -> str:
    return text_of(path).strip()


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _host(device: Path) -> str:
    # The root hub's parent is the controller; its driver link names it.
    root = device
    while root.parent != root and not re.fullmatch(r"usb\d+", root.name):
        root = root.parent
    return _driver(root.parent)


def _driver(device: Path) -> str:
    driver = device / "driver"
    return driver.resolve().name if driver.exists() else ""


def parse_stream(text: str) -> tuple[UsbEndpoint, ...]:
    """Return the audio endpoints in the text of a streamM file, each once."""
    return agreed((), parse_listed(text))[0]


def agreed(
    described: Sequence[Described], listed: Sequence[Listed]
) -> tuple[tuple[UsbEndpoint, ...], tuple[str, ...]]:
    """Return the audio endpoints that descriptors and driver agree on, and where they differ.

    The driver says which interfaces belong to the PCM; where it says nothing
    (another driver, no procfs) every audio interface does. An endpoint that only
    the driver knows is taken as it is: a quirk makes it of another interface.
    """
    audio = [end for end in described if end.carries_audio]
    if not listed:
        # Vendor-specific interfaces count where the device has no audio interface at all.
        mine = [end for end in audio if end.audio] or audio
        return _merged(mine), ()
    notes = []
    found: list[Described | Listed] = []
    for entry in listed:
        same = [end for end in audio if end.address == entry.address]
        found += [*same, entry]
        if described and not same:
            paces = any(end.address == entry.address for end in described)
            why = "call it a feedback endpoint" if paces else "have no such audio endpoint"
            notes.append(
                f"endpoint 0x{entry.address:02x} ({entry.direction}): the driver streams on it, "
                f"the descriptors {why}; a quirk of the driver?"
            )
    return _merged(found), tuple(dict.fromkeys(notes))


def _merged(ends: Iterable[Described | Listed]) -> tuple[UsbEndpoint, ...]:
    # One entry per address: several alternate settings share it.
    groups: dict[int, list[Described | Listed]] = {}
    for end in ends:
        groups.setdefault(end.address, []).append(end)
    return tuple(_endpoint(address, group) for address, group in groups.items())


def _endpoint(address: int, group: Sequence[Described | Listed]) -> UsbEndpoint:
    # The driver's lines go first: a quirk may have changed what the descriptors say.
    group = sorted(group, key=lambda end: isinstance(end, Described))
    intervals = [end.packet_us for end in group if end.packet_us]
    # Kernels that print addresses print the sync endpoint with them: what is left out is not used.
    named = [end for end in group if isinstance(end, Listed) and end.names_sync]
    paced = next((end for end in named or group if end.feedback), None)
    return UsbEndpoint(
        address=address,
        direction=group[0].direction,
        sync=next((end.sync for end in group if end.sync), ""),
        packet_us=min(intervals, default=0),
        feedback=paced.feedback if paced else "",
        feedback_from=paced.feedback_from if paced else 0,
        max_packet=max((end.max_packet for end in group if isinstance(end, Described)), default=0),
    )
