# SPDX-License-Identifier: MIT
"""What the kernel says of card, driver and itself, as text: kept with a run for whoever reads its bundle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

# Letters of one file and of all. Source: stream0 of a card with many altsettings has 20 KB. Higher:
# board.json grows beyond what a mail takes; lower: a description is cut, which is said.
MOST_LETTERS, MOST_IN_ALL, MOST_FILES = 24_000, 160_000, 300
_PROC = ("cmdline", "version", "asound/version", "asound/cards", "asound/modules", "asound/pcm")
# Modules whose parameters matter to a PCM on USB.
_MODULES = ("snd*", "usbcore", "xhci*", "ehci*", "dwc*", "musb*")
_DESCRIPTORS = {
    1: "device", 2: "configuration", 3: "string", 4: "interface", 5: "endpoint", 11: "interface association",
    0x24: "class-specific interface", 0x25: "class-specific endpoint",
}  # fmt: skip


def gather(cards: Mapping[int, str], root: Path = Path("/")) -> dict[str, str]:
    """Return texts by the name that a bundle gives them.

    Parameters
    ----------
    cards : number of each ALSA card, with the descriptors of its USB device in hexadecimal or "".
    """
    found: dict[str, str] = {}
    left = MOST_IN_ALL
    for name, path in _places(cards, root):
        text = _text(path)
        if text and len(found) < MOST_FILES and left > 0:
            found[name] = text[:left]
            left -= len(text)
    for number, raw in cards.items():
        if raw:
            found[f"card{number}-descriptors"] = "\n".join(describe(raw)) + "\n"
    return found


def _places(cards: Mapping[int, str], root: Path) -> Iterator[tuple[str, Path]]:
    for name in _PROC:
        yield f"proc/{name}", root / "proc" / name
    for number in cards:
        base = root / "proc/asound" / f"card{number}"
        for path in _files(base):
            yield f"proc/asound/card{number}/{path.relative_to(base).as_posix()}", path
    for pattern in _MODULES:
        for folder in _sorted(root / "sys/module", f"{pattern}/parameters"):
            for path in _files(folder):
                yield f"sys/module/{folder.parent.name}/parameters/{path.name}", path


def _files(folder: Path) -> list[Path]:
    # Symbolic links of /proc/asound lead to the same files again.
    return [path for path in _sorted(folder, "**/*") if path.is_file() and not path.is_symlink()]


def _sorted(folder: Path, pattern: str) -> list[Path]:
    try:
        return sorted(folder.glob(pattern))
    except OSError:
        return []


def _text(path: Path) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read(MOST_LETTERS)
            return text + ("\n... cut here\n" if file.read(1) else "")
    except OSError:
        return ""


def describe(raw: str) -> list[str]:
    """Return the descriptors of a USB device, one line each: what it is and its bytes.

    Parameters
    ----------
    raw : hexadecimal, as /sys/bus/usb/devices/*/descriptors holds them.

    Source: USB 2.0 section 9.5: each begins with its length and its type.
    """
    try:
        data = bytes.fromhex(raw)
    except ValueError:
        return ["not hexadecimal"]
    lines, at = [], 0
    while at + 2 <= len(data) and data[at] >= 2:
        part = data[at : at + data[at]]
        lines.append(f"{_DESCRIPTORS.get(part[1], f'type {part[1]:#04x}'):26} {part.hex(' ')}")
        at += len(part)
    return [*lines, *([f"{len(data) - at} bytes that are no descriptor"] if at < len(data) else [])]


def of_board(board: Mapping[str, Any]) -> dict[int, str]:
    """Return the cards of a board.json with their descriptors."""
    found: dict[int, str] = {}
    cards = board.get("cards")
    for entry in cards if isinstance(cards, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get("card"), dict):
            number, usb = entry["card"].get("number"), entry.get("usb")
            if isinstance(number, int):
                found[number] = str(usb.get("descriptors") or "") if isinstance(usb, dict) else ""
    return found
