# SPDX-License-Identifier: MIT
"""Sound cards as the kernel lists them, and the PCM pair a name means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stress.board.pcm_name import ALLOWED, NAMED, HwName, is_no_card, named_pcm, parse_hw, why_not
from stress.board.text import text_of
from stress.errors import ConfigError, DeviceError

# Source: sound/core/init.c, snd_card_info_read: "%2i [%-15s]: %s - %s", driver and short name.
_LINE = re.compile(r"^\s*(\d{1,9}) \[([^\]]*)\]:(.*)$")
ENODEV = 19
LOOPBACK = "Loopback"


@dataclass(frozen=True)
class Card:
    """One line of /proc/asound/cards.

    Parameters
    ----------
    driver : as the kernel names it: "USB-Audio", "Loopback", ...
    """

    number: int
    id: str
    driver: str
    name: str


@dataclass(frozen=True)
class Pair:
    """The PCM devices of a loopback, as "hw:" names."""

    playback: str
    capture: str


def cards(root: Path = Path("/proc/asound")) -> list[Card]:
    """Return the cards of this machine, none where there is no ALSA."""
    found = (_LINE.match(line) for line in text_of(root / "cards").splitlines())
    return [_card(match) for match in found if match]


def _card(match: re.Match[str]) -> Card:
    # Driver and name may each hold spaces and dashes; the first " - " parts them.
    driver, *name = re.split(r" -(?: |$)", match[3], maxsplit=1)
    return Card(int(match[1]), match[2].strip(), driver.strip(), "".join(name).strip())


def pair(name: str, known: Sequence[Card], root: Path = Path("/proc/asound")) -> Pair:
    """Return the devices that `name` means.

    Parameters
    ----------
    name : "" for the only card; a card's number, id or name ("1", "softcard",
        "Scarlett 2i2 USB"); a "hw:" name in any form; or "hw:1,0/hw:2,0" for
        playback/capture; or "pcm:NAME" or "pcm:A/pcm:B" for PCMs of alsa-lib.
        snd-aloop plays on its device 0 and captures from its device 1, on the
        same subdevice. A card that is named alone is its first device with both
        directions, else the first one of each.

    Raises
    ------
    ConfigError : the name is none of these, or it is empty and there are several cards.
    DeviceError : no such card (ENODEV).
    """
    name = name.strip()
    if not name:
        return _device(_only(known), root)
    if name.startswith("hw:"):
        return _hw_pair(name, known)
    if named_pcm(name):
        # A record holds the name as text; a byte that is none arrives as half of a surrogate pair.
        if re.search("[\ud800-\udfff]", name):
            raise ConfigError(f"{name!r} is not UTF-8", where="--card", allowed=ALLOWED)
        playback, _, capture = name.partition(f"/{NAMED}")
        return Pair(playback, f"{NAMED}{capture}" if capture else playback)
    card = _named(name, known)
    if card:
        return _device(card, root)
    if ":" in name or is_no_card(name) or not re.fullmatch(r"[\w. +()/-]+", name):
        raise ConfigError(why_not(name), where="--card", allowed=ALLOWED)
    listed = ", ".join(f"{card.number} {card.id}" for card in known) or "none"
    raise DeviceError(f"no such card (cards here: {listed})", errno_=ENODEV, device=name, call="open")


def choice(name: str, known: Sequence[Card], devices: Pair) -> str:
    """Return which card was taken of several where none was named, else ""."""
    if name or len(known) < 2:
        return ""
    return f"card: {devices.playback} (of {', '.join(card.id for card in known)})"


def captures(name: str, known: Sequence[Card], root: Path = Path("/proc/asound")) -> bool:
    """Tell whether the "hw:" device `name` has a capture side; True where it is unknown."""
    card = card_of(name, known)
    folder = root / f"card{card.number if card else None}"
    return not folder.is_dir() or (folder / f"pcm{device_of(name)}c").is_dir()


def plays(name: str, known: Sequence[Card], root: Path = Path("/proc/asound")) -> bool:
    """Tell whether the "hw:" device `name` has a playback side; True where it is unknown."""
    card = card_of(name, known)
    folder = root / f"card{card.number if card else None}"
    return not folder.is_dir() or (folder / f"pcm{device_of(name)}p").is_dir()


def played_card(name: str, known: Sequence[Card]) -> str:
    """Return the PCM that `name` plays on, by the number of its card; `name` itself where it means none.

    Raises
    ------
    ConfigError : it is no name of a card.
    """
    try:
        playback = pair(name, known).playback
    except DeviceError:
        return name  # The run on it says what is wrong.
    card = card_of(playback, known)
    if card is None:
        return playback
    asked = parse_hw(playback)
    return f"{card.number},{device_of(playback)},{(asked.subdevice if asked else None) or 0}"


def card_of(name: str, known: Sequence[Card]) -> Card | None:
    """Return the card of the "hw:" device `name`, None where it is not among the `known`."""
    asked = parse_hw(name)
    return next((entry for entry in known if asked and asked.card in (str(entry.number), entry.id)), None)


def device_of(name: str) -> int:
    """Return the PCM device number of the "hw:" device `name`, 0 where it names none."""
    asked = parse_hw(name)
    return (asked.device or 0) if asked else 0


def _named(name: str, known: Sequence[Card]) -> Card | None:
    for card in known:
        if name in (str(card.number), card.id):
            return card
    same = [card for card in known if card.name.casefold() == name.casefold()]
    if len(same) > 1:
        listed = ", ".join(f"{card.number} ({card.id})" for card in same)
        raise ConfigError(f"{name!r} names several cards", where="--card", allowed=listed)
    return same[0] if same else None


def _only(known: Sequence[Card]) -> Card:
    if not known:
        raise DeviceError("no sound card here (/proc/asound/cards lists none)", errno_=ENODEV, device="alsa")
    usable = [card for card in known if card.driver == "USB-Audio"] or known
    if len(usable) > 1:
        listed = ", ".join(f"{card.id} ({card.driver})" for card in usable)
        raise ConfigError("several cards, choose one", where="--card", allowed=listed)
    return usable[0]


def _device(card: Card, root: Path) -> Pair:
    name = card.id or str(card.number)
    if card.driver == LOOPBACK:
        # snd-aloop ties subdevices of one number; "the next free one" may be another's.
        return Pair(f"hw:{name},0,0", f"hw:{name},1,0")
    # HDMI begins with device 3; other cards play on one device and capture from another.
    plays, records = (_pcms(root / f"card{card.number}", way) for way in "pc")
    played = min(plays & records or plays or records, default=0)
    captured = min(plays & records or records or plays, default=0)
    return Pair(str(HwName(name, played)), str(HwName(name, captured)))


def _pcms(folder: Path, way: str) -> set[int]:
    """Return the PCM devices of one direction ("p" or "c"), none where nothing is listed."""
    try:
        names = [entry.name for entry in folder.iterdir()]
    except OSError:
        return set()
    found = (re.fullmatch(rf"pcm(\d+){way}", name) for name in names)
    return {int(match[1]) for match in found if match}


def _hw_pair(name: str, known: Sequence[Card]) -> Pair:
    playback, slash, capture = name.partition("/")
    first = _hw(playback)
    if slash:
        return Pair(str(first), str(_hw(capture)))
    card = card_of(playback, known)
    if card and card.driver == LOOPBACK and first.device in (None, 0, 1):
        # What is played on one device of snd-aloop comes out of the other.
        device, subdevice = first.device or 0, first.subdevice or 0
        return Pair(
            str(HwName(first.card, device, subdevice)), str(HwName(first.card, 1 - device, subdevice))
        )
    if first.device is None:
        first = HwName(first.card, 0)
    return Pair(str(first), str(first))


def _hw(name: str) -> HwName:
    found = parse_hw(name)
    if found is None:
        raise ConfigError(why_not(name), where="--card", allowed=ALLOWED)
    return found
