# SPDX-License-Identifier: MIT
"""Names of hardware PCMs as people write them, and why other names are refused.

Source: alsa-lib src/pcm/pcm_hw.c and the arguments of its configuration
(CARD, DEV, SUBDEV by place or by name); `aplay -L` prints the named form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Arguments of hw: in the order they may be given without their names.
_KEYS = ("CARD", "DEV", "SUBDEV")
# A card's id has letters, digits, "_" and "-" (sound/core/init.c, copy_valid_id_string).
_CARD = re.compile(r"[A-Za-z0-9_-]+")
# Devices and subdevices: far more than any card has, and what int() reads.
_NUMBER = re.compile(r"[0-9]{1,9}")
# PCMs that alsa-lib, its plugins and sound servers define without an argument, as `aplay -L` prints them.
UNADORNED = frozenset(
    (
        "default", "sysdefault", "null", "pulse", "pipewire", "jack", "oss", "dmix", "dsnoop", "dshare",
        "samplerate", "speexrate", "lavrate", "upmix", "vdownmix", "a52", "equal", "bluealsa", "front",
        "rear", "side", "surround21", "surround40", "surround41", "surround50", "surround51", "surround71",
        "iec958", "spdif", "hdmi", "usbstream",
    )
)  # fmt: skip
# What the kernel calls a card elsewhere: a device node, a folder of /proc/asound.
_NODE = re.compile(
    r"(?:/dev/snd/)?pcmC([0-9]{1,9})D([0-9]{1,9})[pc]|(?:/proc/asound/card|/dev/snd/controlC|card)([0-9]{1,9})"
)
_INNER = re.compile(r"\bhw:([^'\"})]*)")
# As lsusb prints it: vendor and product.
_USB_ID = re.compile(r"[0-9A-Fa-f]{4}:[0-9A-Fa-f]{4}")
# Card and device without "hw:", as other programs print them.
_BARE = re.compile(r"([A-Za-z0-9_-]+),([0-9]{1,9})(?:,([0-9]{1,9}))?")
# alsa-lib counts the outputs of these kinds by themselves: DEV is no number of a device.
_COUNTED = frozenset(("hdmi", "iec958", "spdif"))
ALLOWED = (
    "a card's number, id or name, hw:CARD[,DEVICE[,SUBDEVICE]], hw:PLAYBACK/hw:CAPTURE, or pcm:NAME for "
    "what alsa-lib makes of it"
)


@dataclass(frozen=True)
class HwName:
    """A hardware PCM.

    Parameters
    ----------
    card : number or id.
    device, subdevice : None where the name leaves them out.
    """

    card: str
    device: int | None = None
    subdevice: int | None = None

    def __str__(self) -> str:
        """Return the shortest form that alsa-lib understands."""
        numbers = [self.device, self.subdevice]
        if self.subdevice is not None and self.device is None:
            numbers[0] = 0
        return "hw:" + ",".join([self.card, *(str(number) for number in numbers if number is not None)])


def parse_hw(name: str) -> HwName | None:
    """Return the hardware PCM of a "hw:" name, None where it is not one.

    "hw:1,0", "hw:softcard", "hw:CARD=softcard,DEV=0" and "hw:DEV=0,CARD=softcard" are.
    """
    prefix, colon, rest = name.partition(":")
    if prefix != "hw" or not colon:
        return None
    values = _arguments(rest)
    if values is None or not _CARD.fullmatch(values.get("CARD", "")):
        return None
    numbers = [values.get(key) for key in _KEYS[1:]]
    if not all(number is None or _NUMBER.fullmatch(number) for number in numbers):
        return None
    device, subdevice = map(_number, numbers)
    return HwName(values["CARD"], device, subdevice)


def _arguments(text: str) -> dict[str, str] | None:
    values: dict[str, str] = {}
    for place, part in enumerate(text.split(",")):
        key, equals, value = part.partition("=")
        if not equals:
            if place >= len(_KEYS):
                return None
            key, value = _KEYS[place], part
        key, value = key.strip().upper(), value.strip()
        if key not in _KEYS or key in values or not value:
            return None
        values[key] = value
    return values


NAMED = "pcm:"


def named_pcm(name: str) -> str | None:
    """Return the PCM of alsa-lib that "pcm:NAME" asks for, None for any other name."""
    return name[len(NAMED) :] if name.startswith(NAMED) and len(name) > len(NAMED) else None


def is_no_card(name: str) -> bool:
    """Tell whether `name` is what alsa-lib or the kernel calls something else than a card."""
    return name in UNADORNED or _NODE.fullmatch(name) is not None


def why_not(name: str) -> str:
    """Return in words why `name` cannot be judged as a ring, with the name that can."""
    prefix, colon, rest = name.partition(":")
    if prefix == "hw" and colon:
        return f"{name!r} is not a hw: name"
    if match := _NODE.fullmatch(name):
        there = HwName(match[1] or match[3], _number(match[2]))
        return f"{name!r} is a file or folder of the kernel; use {there}"
    if _USB_ID.fullmatch(name):
        return f"{name!r} is a USB id; use the card that has it in /proc/asound/card*/usbid"
    if bare := _BARE.fullmatch(name):
        return f"{name!r} is not a card; use {HwName(bare[1], _number(bare[2]), _number(bare[3]))}"
    if not re.fullmatch(r"[\w.+-]+", prefix) or prefix.lower() == "hw":
        # A line of another program, a name in quotes: no PCM is called so.
        inner = _INNER.search(name if prefix.lower() != "hw" else f"hw:{rest}")
        known = _within(inner[1]) if inner else None
        return f"{name!r} is not a card{f'; use {known}' if known else ''}"
    if colon or name in UNADORNED:
        known = _within(rest)
        instead = f"use {known}" if known else "use hw:CARD,DEVICE"
        if known and prefix in _COUNTED:
            instead = f"use hw:{known.card},DEVICE (`aplay -l` lists its devices)"
        return (
            f"{name!r} is a PCM of alsa-lib that may convert, mix or route: an application writes to "
            f"a buffer before the ring of the card; {instead}, or ask for it as pcm:{name}"
        )
    return f"{name!r} is not a card"


def _within(rest: str) -> HwName | None:
    # plughw:1,0 and front:CARD=X,DEV=0 have the arguments of hw:; plug:hw:1,0 holds such a name.
    inner = _INNER.search(rest)
    values = _arguments(inner[1] if inner else rest) or {}
    card = values.get("CARD", "")
    return HwName(card, _number(values.get("DEV"))) if _CARD.fullmatch(card) else None


def _number(text: str | None) -> int | None:
    return int(text) if text and _NUMBER.fullmatch(text) else None
