# SPDX-License-Identifier: MIT
"""Kernel options that this tester uses, and which of them the running kernel lacks."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Option:
    """An option of the kernel's configuration.

    Parameters
    ----------
    value : what a fragment asks for; a kernel that has "m" instead of "y" has it too.
    why : what is missing without it.
    extra : only for a bench: packaging/kernel/pcmstress-extra.config.
    """

    name: str
    value: str
    why: str
    extra: bool = False

    @property
    def line(self) -> str:
        """The line for a configuration fragment."""
        return f"{self.name}={self.value}"


#: In the order of the fragments. Source: the Kconfig files of Linux 6.1 and 6.12 name each of them.
OPTIONS = (
    Option("CONFIG_SOUND", "y", "no sound at all"),
    Option("CONFIG_SND", "y", "no sound at all"),
    Option("CONFIG_SND_PCM", "y", "no PCM devices"),
    Option("CONFIG_SND_USB", "y", "no menu for USB cards"),
    Option("CONFIG_SND_USB_AUDIO", "m", "no USB card is driven"),
    Option("CONFIG_SND_DRIVERS", "y", "no menu for snd-aloop"),
    Option("CONFIG_SND_ALOOP", "m", "no loopback without hardware: the best self-contained reproducer"),
    Option("CONFIG_SND_PROC_FS", "y", "granted parameters cannot be read back"),
    Option(
        "CONFIG_SND_VERBOSE_PROCFS", "y", "whether the ring is coherent memory cannot be told from prealloc"
    ),
    Option("CONFIG_USB_MON", "m", "the bus cannot be compared: no judgement without a loopback"),
    Option("CONFIG_PROC_PAGE_MONITOR", "y", "smaps and pagemap: the mapping of the ring cannot be proven"),
    Option("CONFIG_HIGH_RES_TIMERS", "y", "sleeps are as long as a tick: more xruns"),
    Option("CONFIG_IKCONFIG", "y", "this list cannot be checked on the board"),
    Option("CONFIG_IKCONFIG_PROC", "y", "this list cannot be checked on the board"),
    Option("CONFIG_SND_DYNAMIC_MINORS", "y", "at most eight cards", extra=True),
    Option(
        "CONFIG_SND_HRTIMER", "m", "snd-aloop moves by jiffies: rings of 20 ms at least at HZ=100", extra=True
    ),
    Option("CONFIG_SND_DEBUG", "y", "no xrun_injection", extra=True),
    Option("CONFIG_SND_PCM_XRUN_DEBUG", "y", "no xrun_injection", extra=True),
    Option("CONFIG_DEBUG_FS", "y", "no debugfs for USB descriptors", extra=True),
    Option("CONFIG_USBIP_CORE", "m", "no software card", extra=True),
    Option("CONFIG_USBIP_VHCI_HCD", "m", "no software card", extra=True),
)


def lacking(config: str, *, extra: bool = False) -> list[Option]:
    """Return the options that a kernel configuration does not grant, in the fragments' order.

    Parameters
    ----------
    config : text of a ``.config``.
    extra : those of a bench too.
    """
    granted = dict(re.findall(r"^(CONFIG_\w+)=(.*)$", config, re.MULTILINE))
    wanted = [option for option in OPTIONS if extra or not option.extra]
    return [option for option in wanted if granted.get(option.name) not in ("y", "m")]


def fragment(*, extra: bool) -> str:
    """Return a fragment for scripts/kconfig/merge_config.sh: what a run uses, or what a bench adds."""
    who = "a bench adds (tools/softcard, xrun injection)" if extra else "pcmstress uses on a board"
    lines = [f"# What {who}. Made by `pcmstress probe --kernel-config`'s own list; tests compare them."]
    for option in OPTIONS:
        if option.extra == extra:
            lines += [f"# without: {option.why}", option.line]
    return "\n".join(lines) + "\n"
