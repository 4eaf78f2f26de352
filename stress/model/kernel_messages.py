# SPDX-License-Identifier: MIT
"""Which messages of the kernel say that something broke while a burst ran."""

from __future__ import annotations

import re
from collections.abc import Iterable

# The kernel itself is broken: nothing that runs on it proves anything afterwards. Source: the words of
# Linux' own reports (lib/dump_stack.c callers: arch/*/mm/fault.c, kernel/panic.c, kernel/watchdog.c,
# kernel/rcu/tree_stall.h, mm/kasan/report.c). More: a message of a driver makes every run
# INCONCLUSIVE; fewer: a PASS on a kernel that has lost its memory.
_OOPS = re.compile(
    r"\bOops\b|\bBUG: |kernel BUG at|Kernel panic|Unable to handle kernel|general protection fault|"
    r"soft lockup|hard LOCKUP|detected stalls? on CPUs|self-detected stall|Internal error: "
)
# The device, its bus or the driver had trouble; the words are those of drivers/usb/core, the host
# controllers and sound/usb. They explain lost data and are told beside the verdict.
_USB = re.compile(
    r"\b(?:usb|xhci|ehci|ohci|dwc2|dwc3|musb|snd|ALSA)[\w-]*\b.*"
    r"(?:\berrors?\b|\bfail|\bcannot\b|can't|timed? ?out|\breset\b|disconnect|\bstall|underrun|overrun|"
    r"\blost\b|\bdead\b|not responding)",
    re.IGNORECASE,
)
# A message that may not be read is none.
NOT_READ = "kernel messages are not in the record: "


def oopses(lines: Iterable[str]) -> list[str]:
    """Return the messages that say that the kernel is broken."""
    return [line for line in lines if not line.startswith(NOT_READ) and _OOPS.search(line)]


def usb_errors(lines: Iterable[str]) -> list[str]:
    """Return the messages that say that USB or sound had trouble."""
    return [
        line
        for line in lines
        if not line.startswith(NOT_READ) and not _OOPS.search(line) and _USB.search(line)
    ]
