# SPDX-License-Identifier: MIT
"""What carries the sound of a run: a bus, a serial port or nothing but memory.

Causes are drawn from it: a lost packet needs packets, a slip of channels a
serial port, and old lines a cache that can hold two copies.
"""

from __future__ import annotations

from dataclasses import dataclass

from stress.model import shape

USB, ALOOP, SOC, PCI, VIRTIO, UNKNOWN = "usb", "aloop", "soc", "pci", "virtio", "unknown"
KINDS = (USB, ALOOP, SOC, PCI, VIRTIO, UNKNOWN)
WORDS = {
    USB: "USB",
    ALOOP: "snd-aloop",
    SOC: "a serial port of the SoC",
    PCI: "PCI",
    VIRTIO: "virtio-snd",
    UNKNOWN: "an unknown transport",
}
# How the D-cache finds a line, in the words of `stress.board.dcache.Indexing`.
VIVT, VIPT_ALIASING, COHERENT = "VIVT", "VIPT aliasing", "PIPT or VIPT non-aliasing"
# Two mappings of a page may hold different data.
ALIASING = (VIVT, VIPT_ALIASING)


@dataclass(frozen=True)
class TransportRecord:
    """What carries the sound, and the machine around it.

    Attributes
    ----------
    kind : one of `KINDS`.
    driver : of the card, as the kernel names it ("USB-Audio", "Loopback").
    host : driver of the USB host controller ("dwc2", "xhci_hcd"), "" elsewhere.
    speed_mbps : of a USB device, 0 elsewhere.
    packet_us : interval of its packets [us], 0 where unknown.
    sync, feedback : of the playback endpoint, as `stress.board.usb.UsbEndpoint` has them.
    kernel : release, "" where unknown.
    core, indexing : of the CPU; "" where unknown.
    snooped : devices see the caches by architecture, as on x86.
    cpus : processors online, 0 where unknown.
    colours : pages in a way of the D-cache: places a page can lie in, 0 where unknown.
    """

    kind: str = shape.field(shape.among(KINDS), UNKNOWN)
    driver: str = shape.text("")
    host: str = shape.text("")
    speed_mbps: float = shape.number(0.0)
    packet_us: int = shape.count(0)
    sync: str = shape.text("")
    feedback: str = shape.text("")
    kernel: str = shape.text("")
    core: str = shape.text("")
    indexing: str = shape.text("")
    snooped: bool = shape.flag(False)
    cpus: int = shape.count(0)
    colours: int = shape.count(0)

    @property
    def words(self) -> str:
        """The transport for people, with the host controller where there is one."""
        host = f" on {self.host}" if self.host else ""
        speed = {12.0: " full speed", 480.0: " high speed"}.get(self.speed_mbps, "")
        return f"{WORDS[self.kind]}{speed}{host}"

    @property
    def drawn_colours(self) -> int:
        """Page colours that an allocation of a ring is drawn from, 0 where they do not matter."""
        return max(2, self.colours) if self.indexing == VIPT_ALIASING else 0

    @property
    def alias_possible(self) -> bool:
        """True unless the core is known to keep one copy of each line."""
        return self.indexing != COHERENT


#: Nothing is known of what carries the sound.
NO_TRANSPORT = TransportRecord()
