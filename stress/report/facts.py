# SPDX-License-Identifier: MIT
"""The board, the card and the call behind a run: what every report says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stress.errors import CaptureFileError
from stress.model.transport import ALOOP, PCI, SOC, USB, VIRTIO
from stress.record import rundir

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST = 400


@dataclass(frozen=True)
class Facts:
    """Facts by name, in the order in which they are printed; what is not known is left out.

    Attributes
    ----------
    values : name and text of each.
    """

    values: tuple[tuple[str, str], ...] = ()

    def of(self, name: str) -> str:
        """Return the fact of that name, "" where it is not known."""
        return dict(self.values).get(name, "")

    def card(self, device: str) -> str:
        """Return the card of `device` ("hw:Loopback,0"), all of them where it is none of them."""
        cards = [value for name, value in self.values if name == "card"]
        wanted = device.partition(":")[2].partition(",")[0]
        used = [one for one in cards if wanted and wanted in one.partition(" (")[0].split()]
        return used[0] if used else "; ".join(cards)

    def lines(self) -> list[str]:
        """Return every fact, a line each, aligned."""
        width = max((len(name) for name, _ in self.values), default=0)
        return [f"{name.ljust(width)}  {value}" for name, value in self.values]

    def short(self, device: str = "") -> list[str]:
        """Return the facts that a reader needs at first, in three lines at most; see `card` for `device`."""
        cpu, cache = self.of("cpu"), self.of("D-cache")
        # The title of a modelled core tells of its cache as well, which is said once.
        cpu = cpu.partition(",")[0] if cache and "way" in cpu else cpu
        board = ", ".join(part for part in (cpu, cache) if part)
        kernel = ", ".join(
            part
            for part in (
                self.of("kernel"),
                f"use_vmalloc={self.of('use_vmalloc')}" if self.of("use_vmalloc") else "",
            )
            if part
        )
        pairs = (("board", board), ("kernel", kernel), ("card", self.card(device)))
        return [f"{name.ljust(7)}{value}" for name, value in pairs if value]


def read(folder: Path) -> Facts:
    """Return the facts that the run in `folder` kept; none where it kept none that can be read."""
    try:
        return of_board(rundir.read_json(folder, "board.json"))
    except CaptureFileError:
        return Facts()


def of_board(board: Mapping[str, Any]) -> Facts:
    """Return the facts in the content of a board.json, whatever wrote it."""
    about = _table(board, "run")
    if board.get("virtual"):
        # The kernel under a simulation is no fact of the board.
        about = {**about, "cmdline": ""}
    found = [*(_virtual(board) if board.get("virtual") else _real(board)), *_call(about)]
    values = tuple((name, _text(value)) for name, value in found if _text(value))
    return Facts(values)


def _virtual(board: Mapping[str, Any]) -> list[tuple[str, object]]:
    facts = _table(board, "facts")
    found = _real(facts) if facts else [("cpu", _table(board, "spec").get("title"))]
    kind = _text(_table(board, "spec").get("transport")) or USB
    return [(name, value) for name, value in found if name != "card"] + [("card", _MODELLED.get(kind, kind))]


_MODELLED = {
    USB: "modelled USB card",
    ALOOP: "modelled snd-aloop",
    SOC: "modelled serial port of a SoC",
    PCI: "modelled PCI card",
    VIRTIO: "modelled virtio card",
}


def _real(board: Mapping[str, Any]) -> list[tuple[str, object]]:
    processor, system = _table(board, "cpu"), _table(board, "kernel")
    cache = [processor.get("indexing"), processor.get("geometry")]
    vmalloc = (
        {True: "Y", False: "N"}.get(bool(system.get("use_vmalloc"))) if _flag(system, "use_vmalloc") else None
    )
    loaded = system.get("driver_loaded")
    cards = board.get("cards")
    listed = cards if isinstance(cards, list) else []
    found: list[tuple[str, object]] = [
        ("cpu", processor.get("core") or processor.get("model")),
        ("D-cache", ", ".join(str(part) for part in cache if part)),
        ("kernel", system.get("release")),
        ("use_vmalloc", vmalloc if loaded else None),
    ]
    return found + [("card", _card(entry)) for entry in listed if isinstance(entry, dict)][:4]


def _card(entry: Mapping[str, Any]) -> str:
    card, usb = _table(entry, "card"), _table(entry, "usb")
    name = " ".join(str(card.get(key, "")) for key in ("number", "id")).strip()
    driver = f" ({card.get('driver')})" if card.get("driver") else ""
    if not usb:
        return f"{name}{driver}"
    speed = {"12": "full speed", "480": "high speed", "5000": "super speed"}.get(
        _text(usb.get("speed_mbps")), ""
    )
    parts = [f"{usb.get('vendor', '')}:{usb.get('product', '')}", speed, str(usb.get("host") or "")]
    return f"{name}{driver}, USB {', '.join(part for part in parts if part)}"


def _call(about: Mapping[str, Any]) -> list[tuple[str, object]]:
    names = ("pcmstress", "Python", "numpy", "alsa-lib")
    versions = ", ".join(f"{name} {about[name]}" for name in names if about.get(name))
    return [
        ("command line of the kernel", about.get("cmdline")),
        ("versions", versions),
        ("plan", about.get("plan")),
        ("command", about.get("command")),
        ("host", about.get("host")),
        ("date", about.get("date")),
    ]


def _table(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = values.get(key)
    return found if isinstance(found, dict) else {}


def _flag(values: Mapping[str, Any], key: str) -> bool:
    return isinstance(values.get(key), bool)


def _text(value: object) -> str:
    if not isinstance(value, (str, int, float)) or isinstance(value, bool):
        return ""
    text = f"{value:g}" if isinstance(value, float) else " ".join(str(value).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."
