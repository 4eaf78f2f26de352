# SPDX-License-Identifier: MIT
"""Interrupts of the USB host controllers: which they are, where they run, where to put them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from stress.board.text import text_of

# drivers/usb/core/hcd.c names an interrupt "<description>:usb<bus>"; with MSI the xHCI driver names
# its own, and dual-role controllers keep the name of their driver.
_HOST = re.compile(r":usb\d+\b|\b(?:[eoux]hci|dwc2|musb)[\w-]*")
_LINE = re.compile(r"\s*(\d+):((?:\s+\d+)+)\s+(.*)")


@dataclass(frozen=True)
class Interrupt:
    """One interrupt: number, what /proc/interrupts says of it, and CPUs ("" where it cannot be moved)."""

    number: int
    name: str
    cpus: str

    def text(self) -> str:
        """Return it in words."""
        return f"interrupt {self.number} ({self.name}) on CPUs {self.cpus or '0, fixed'}"


def usb_hosts(proc: Path = Path("/proc")) -> list[Interrupt]:
    """Return the interrupts of USB host controllers, none for controllers in software (vhci)."""
    found = []
    for line in text_of(proc / "interrupts").splitlines():
        match = _LINE.fullmatch(line)
        name = _HOST.search(match[3]) if match else None
        if match and name:
            place = proc / "irq" / match[1] / "smp_affinity_list"
            found.append(Interrupt(int(match[1]), match[3].split()[-1], text_of(place).strip()))
    return found


def move(number: int, cpus: str, proc: Path = Path("/proc")) -> None:
    """Put an interrupt on `cpus`, as in smp_affinity_list.

    Raises
    ------
    OSError : no right, no such CPU, or an interrupt that cannot be moved.
    """
    handle = os.open(proc / "irq" / str(number) / "smp_affinity_list", os.O_WRONLY)
    try:
        os.write(handle, cpus.encode())
    finally:
        os.close(handle)
