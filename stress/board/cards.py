"""Sound cards as the kernel lists them, and the PCM pair a name means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stress.board.text import text_of
from stress.errors import ConfigError, DeviceError

_LINE = re.compile(r"^\s*(\d+) \[(\S+)\s*\]: (\S+) - (.*)$")
_PCM = re.compile(r"^hw:[A-Za-z0-9_]+(,\d+(,\d+)?)?$")
ENODEV = 19


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
    return [Card(int(m[1]), m[2], m[3], m[4].strip()) for m in found if m]


def pair(name: str, known: list[Card]) -> Pair:
    """Return the devices that `name` means.

    Parameters
    ----------
    name : "" for the only card; a card's number or id ("1", "softcard",
        "Loopback"); "hw:1,0"; or "hw:1,0/hw:2,0" for playback/capture.
        snd-aloop plays on its device 0 and captures from its device 1.

    Raises
    ------
    ConfigError : the name is none of these, or it is empty and there are several cards.
    DeviceError : no such card (ENODEV).
    """
    if not name:
        return _device(_only(known))
    if name.startswith("hw:"):
        playback, _, capture = name.partition("/")
        return Pair(_hw(playback), _hw(capture or playback))
    for card in known:
        if name in (str(card.number), card.id):
            return _device(card)
    # "default" is alsa-lib's own name for a chain of plugins, never a card.
    if name == "default" or not re.fullmatch(r"[A-Za-z0-9_]+", name):
        raise ConfigError(
            f"{name!r} is no card",
            where="--card",
            allowed="a card's number or id, hw:CARD,DEVICE, or hw:PLAYBACK/hw:CAPTURE",
        )
    listed = ", ".join(f"{card.number} {card.id}" for card in known) or "none"
    raise DeviceError(f"no such card (cards here: {listed})", errno_=ENODEV, device=name, call="open")


def captures(name: str, known: list[Card], root: Path = Path("/proc/asound")) -> bool:
    """Tell whether the "hw:" device `name` has a capture side; True where it is unknown."""
    card = card_of(name, known)
    folder = root / f"card{card.number if card else None}"
    device = name.partition(",")[2].partition(",")[0] or 0
    return not folder.is_dir() or (folder / f"pcm{device}c").is_dir()


def card_of(name: str, known: Sequence[Card]) -> Card | None:
    """Return the card of the "hw:" device `name`, None where it is not among the `known`."""
    card = name.partition(":")[2].partition(",")[0]
    return next((entry for entry in known if card in (str(entry.number), entry.id)), None)


def _only(known: list[Card]) -> Card:
    if not known:
        raise DeviceError("no sound card here (/proc/asound/cards lists none)", errno_=ENODEV, device="alsa")
    usable = [card for card in known if card.driver == "USB-Audio"] or known
    if len(usable) > 1:
        listed = ", ".join(f"{card.id} ({card.driver})" for card in usable)
        raise ConfigError("several cards, choose one", where="--card", allowed=listed)
    return usable[0]


def _device(card: Card) -> Pair:
    if card.driver == "Loopback":
        # snd-aloop ties subdevices of one number; "the next free one" may be another's.
        return Pair(f"hw:{card.id},0,0", f"hw:{card.id},1,0")
    return Pair(f"hw:{card.id},0", f"hw:{card.id},0")


def _hw(name: str) -> str:
    if not _PCM.match(name):
        raise ConfigError(
            f"{name!r} is no hardware device",
            where="--card",
            allowed="hw:CARD, hw:CARD,DEVICE or hw:CARD,DEVICE,SUBDEVICE (no plug, no default)",
        )
    return name
