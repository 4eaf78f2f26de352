"""The USB side of a card: device, speed, endpoints, raw descriptors; from sysfs and procfs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from stress.board.text import text_of

_ENDPOINT = re.compile(r"Endpoint: (0x[0-9a-fA-F]+) \(\d+ (IN|OUT)\)(?: \((\w+)\))?")
_INTERVAL = re.compile(r"Data packet interval: (\d+) us")


@dataclass(frozen=True)
class UsbEndpoint:
    """One isochronous endpoint of a card.

    Parameters
    ----------
    direction : "playback" or "capture".
    sync : "ASYNC", "ADAPTIVE", "SYNC" or "" as /proc/asound/cardN/stream0 says.
    packet_us : data packet interval [us], 0 where the kernel does not say.
    """

    address: int
    direction: str
    sync: str
    packet_us: int


@dataclass(frozen=True)
class UsbFacts:
    """A USB card as the host sees it.

    Parameters
    ----------
    bus, device : numbers as in /dev/bus/usb.
    path : topology, e.g. "1-1.2" (port 2 of the hub in port 1 of bus 1).
    speed_mbps : 12 is full speed, 480 high speed.
    host : driver of the host controller, e.g. "vhci_hcd", "musb-hdrc".
    descriptors : device and configuration descriptors as the device gave them, in hex.
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


def read(card: int, sys: Path = Path("/sys"), proc: Path = Path("/proc")) -> UsbFacts | None:
    """Return the USB facts of ALSA card `card`, None when it is no USB card."""
    interface = sys / "class" / "sound" / f"card{card}" / "device"
    try:
        device = interface.resolve(strict=True).parent
        bus = int((device / "busnum").read_text())
    except (OSError, ValueError):
        return None
    return UsbFacts(
        bus=bus,
        device=int(_attribute(device / "devnum") or 0),
        path=device.name,
        vendor=_attribute(device / "idVendor"),
        product=_attribute(device / "idProduct"),
        name=_attribute(device / "product"),
        speed_mbps=float(_attribute(device / "speed") or 0),
        host=_host(device),
        endpoints=parse_stream(text_of(proc / "asound" / f"card{card}" / "stream0")),
        descriptors=_bytes(device / "descriptors").hex(),
    )


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
    driver = root.parent / "driver"
    return driver.resolve().name if driver.exists() else ""


def parse_stream(text: str) -> tuple[UsbEndpoint, ...]:
    """Return the endpoints in the text of /proc/asound/cardN/stream0, each once."""
    found: dict[int, UsbEndpoint] = {}
    current: int | None = None
    for line in text.splitlines():
        endpoint = _ENDPOINT.search(line)
        if endpoint:
            current = int(endpoint.group(1), 16)
            direction = "capture" if endpoint.group(2) == "IN" else "playback"
            found[current] = UsbEndpoint(current, direction, endpoint.group(3) or "", 0)
        interval = _INTERVAL.search(line)
        if interval and current is not None:
            known = found[current]
            found[current] = UsbEndpoint(current, known.direction, known.sync, int(interval.group(1)))
    return tuple(found.values())
