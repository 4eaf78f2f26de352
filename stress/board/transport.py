# SPDX-License-Identifier: MIT
"""Which transport a card has: from sysfs, its driver's name, and the facts of the machine."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path
from typing import TYPE_CHECKING

from stress.model import transport
from stress.model.transport import TransportRecord

if TYPE_CHECKING:
    from stress.board.facts import BoardFacts, CardFacts

# Machines on which memory, caches and devices agree by architecture; elsewhere it depends on the SoC.
# Source: dma_map_ops of arch/x86 and arch/s390. One more: lost laps are called so where a cache is at
# fault; one less: they may be called mmap attributes of the driver.
SNOOPED_MACHINES = ("x86_64", "i386", "i486", "i586", "i686", "s390x")
# Platform devices that reach no serial port: software, and sound that the firmware of a Raspberry Pi plays.
# Source: sound/drivers/{dummy,pcmtest}.c, sound/drivers/pcsp, drivers/staging/vc04_services/bcm2835-audio.
_NO_PORT = re.compile(r"Dummy|PCM-TEST|PC-Speaker|bcm2835[ _](?:audio|alsa|hdmi|headphones)", re.IGNORECASE)
_BUSES = {"usb": transport.USB, "pci": transport.PCI, "virtio": transport.VIRTIO, "hdaudio": transport.PCI}


def of_card(board: BoardFacts, number: int | None, sys: Path = Path("/sys")) -> TransportRecord:
    """Return what carries the sound of ALSA card `number`, None where there is none.

    Parameters
    ----------
    board : facts of the machine and of its cards.
    """
    card = next((entry for entry in board.cards if entry.card.number == number), None)
    processor = board.cpu
    page = processor.page_bytes
    facts = card.usb if card else None
    playing = [end for end in facts.endpoints if end.direction == "playback"] if facts else []
    first = playing[0] if playing else None
    return TransportRecord(
        kind=_kind(card, sys),
        driver=card.card.driver if card else "",
        host=facts.host if facts else "",
        speed_mbps=facts.speed_mbps if facts else 0.0,
        packet_us=first.packet_us if first else 0,
        sync=first.sync if first else "",
        feedback=first.feedback if first else "",
        kernel=board.kernel.release,
        core=processor.core,
        indexing=processor.indexing.value,
        snooped=platform.machine() in SNOOPED_MACHINES,
        cpus=os.cpu_count() or 0,
        colours=max(1, processor.way_bytes // page) if processor.way_bytes else 0,
    )


def _kind(card: CardFacts | None, sys: Path) -> str:
    if card is None:
        return transport.UNKNOWN
    if card.usb is not None or card.card.driver == "USB-Audio":
        return transport.USB
    if card.card.driver == "Loopback":
        return transport.ALOOP
    if _NO_PORT.match(card.card.driver):
        return transport.UNKNOWN
    bus = (sys / "class" / "sound" / f"card{card.card.number}" / "device" / "subsystem").resolve().name
    # ASoC cards hang on the platform bus, or on the of_node of the machine driver.
    return _BUSES.get(bus, transport.SOC if bus in ("platform", "soc", "amba") else transport.UNKNOWN)
