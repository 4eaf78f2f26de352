# SPDX-License-Identifier: MIT
"""Find the ALSA card that the kernel made of ours."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tools.softcardkit.config import CardConfig

_SOUND = Path("/sys/class/sound")
_DEV_SND = Path("/dev/snd")


@dataclass(frozen=True)
class AlsaCard:
    """A card as ALSA knows it.

    Parameters
    ----------
    number : card number.
    name : card id; differs from the one asked for when that was taken.
    """

    number: int
    name: str


def find_card(
    serial: str, sound: Path = _SOUND, dev_snd: Path = _DEV_SND, *, config: CardConfig | None = None
) -> AlsaCard | None:
    """Return the card whose USB device has this serial number, once it can be opened.

    None until the PCM nodes of device 0 are there, those of the directions that `config`
    has: the sysfs entry comes first.
    """
    plays, captures = (config.plays, config.captures) if config else (True, True)
    wanted = ("p" if plays else "") + ("c" if captures else "")
    for folder in sorted(sound.glob("card*")):
        # cardN/device is the USB interface; the device above it has the serial number.
        if _read(folder / "device" / ".." / "serial") == serial:
            number = int(folder.name[len("card") :])
            nodes = [dev_snd / f"pcmC{number}D0{suffix}" for suffix in wanted]
            if all(node.exists() for node in nodes):
                return AlsaCard(number, _read(folder / "id"))
    return None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
