# SPDX-License-Identifier: MIT
"""USB host controllers are found by their interrupts' names."""

from __future__ import annotations

import pytest

from stress.board import irq


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (" 24:  12  0  IO-APIC 16-fasteoi  ehci_hcd:usb1, ehci_hcd:usb2", "ehci_hcd:usb2"),
        (" 31:  99     PCI-MSIX-0000:00:04.0  0-edge  xhci_hcd", "xhci_hcd"),
        (" 39:  5      INTC  20 Level  musb-hdrc.1", "musb-hdrc.1"),
        (" 40:  5      GIC  47 Level  30180000.usb, dwc2_hsotg:usb1", "dwc2_hsotg:usb1"),
    ],
)
def test_usb_host_is_recognised(tmp_path, line, name):
    (tmp_path / "interrupts").write_text(f"      CPU0\n{line}\nNMI:  0  Non-maskable interrupts\n")
    (found,) = irq.usb_hosts(tmp_path)
    assert found.name == name
    assert found.cpus == ""
    assert found.text().endswith("on CPUs 0, fixed")


@pytest.mark.parametrize(
    "line", [" 24:  12  GIC 1 Level  snd_hda_intel", "ERR:  0", " 25: 1 GIC 2 Level usbphy"]
)
def test_other_interrupts_are_none(tmp_path, line):
    (tmp_path / "interrupts").write_text(f"      CPU0\n{line}\n")
    assert irq.usb_hosts(tmp_path) == []


def test_without_a_table_there_are_none(tmp_path):
    assert irq.usb_hosts(tmp_path) == []
