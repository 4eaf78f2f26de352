# SPDX-License-Identifier: MIT
"""PCM names we accept, who holds a device, and open errors in words."""

from __future__ import annotations

import dataclasses
import errno
import os
import re
from pathlib import Path

from stress.board import permission
from stress.board.pcm_name import named_pcm, parse_hw, why_not
from stress.board.text import text_of
from stress.errors import ConfigError, DeviceBusy, DeviceError, DeviceGone

PROC = Path("/proc/asound")


def card_of(name: str, where: str = "card") -> str:
    """Return the card of a ``hw:`` name; ConfigError for any other PCM.

    Plugins (``default``, ``plughw:``, ``dmix``) convert, mix or copy: what a
    program writes there is not what reaches the mmapped ring.
    """
    asked = parse_hw(name)
    if asked is None:
        raise ConfigError(why_not(name), where=where, allowed="hw:CARD,DEVICE[,SUBDEVICE]")
    return asked.card


def checked(name: str, where: str = "card") -> None:
    """Refuse what is neither a ``hw:`` name nor asked for as ``pcm:NAME``; ConfigError."""
    if named_pcm(name) is None:
        card_of(name, where)


def renumbered(name: str, before: int, after: int) -> str:
    """Return `name` with card `after` where it names card `before` by its number; an id stays."""
    asked = parse_hw(name)
    if asked is None or asked.card != str(before):
        return name
    return str(dataclasses.replace(asked, card=str(after)))


def holders(card: int, proc: Path = PROC) -> str:
    """Name the processes that hold a PCM of `card`, this one only where no other does; empty when unknown."""
    found: dict[bool, list[str]] = {False: [], True: []}
    for status in sorted(proc.glob(f"card{card}/pcm*/sub*/status")):
        match = re.search(r"^owner_pid\s*:\s*(\d+)", text_of(status), re.MULTILINE)
        if match:
            # This process may have one direction open when the other one is refused.
            own = int(match[1]) == os.getpid()
            program = text_of(Path(f"/proc/{match[1]}/comm")).strip() or "?"
            found[own].append(f"pid {match[1]} ({program}) has {status.parent.parent.name}")
    return ", ".join(found[False] or found[True])


def open_error(name: str, direction: str, error: int, card: int) -> DeviceError:
    """Turn the negative errno of snd_pcm_open into the exception it means."""
    code = -error
    device = f"{name} {direction}"
    if code == errno.EBUSY:
        who = holders(card)
        text = f"in use{': ' + who if who else ''}; stop that program or choose another device"
        return DeviceBusy(text, errno_=code, device=device, call="snd_pcm_open")
    denied = permission.refusal(name, direction)
    if denied:
        # alsa-lib says ENOENT or ENODEV where it may not open the control device to look for the card.
        return DeviceError(denied, errno_=errno.EACCES, device=device, call="snd_pcm_open")
    if code in (errno.EACCES, errno.EPERM):
        text = "no permission; add this user to the group audio or run as root"
    elif code in (errno.ENODEV, errno.ENOENT, errno.ENXIO) and card < 0:
        text = "no such card; /proc/asound/cards lists what is there"
    elif code in (errno.ENODEV, errno.ENOENT, errno.ENXIO):
        text = f"the card has no such {direction} device; /proc/asound/pcm lists them"
    else:
        text = "cannot be opened"
    return DeviceError(text, errno_=code, device=device, call="snd_pcm_open")


def call_error(device: str, call: str, error: int) -> DeviceError:
    """Turn a negative errno of any later call into an exception."""
    if -error in (errno.ENODEV, errno.ENXIO):
        return DeviceGone("the card went away", errno_=-error, device=device, call=call)
    return DeviceError("the driver failed", errno_=-error, device=device, call=call)
