# SPDX-License-Identifier: MIT
"""Everything known of a board in one value, and what it makes us expect."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stress.board import cards, cpu, kernel, load, usb
from stress.board.cpu import Indexing


@dataclass(frozen=True)
class CardFacts:
    """One card with its USB side, None where it has none."""

    card: cards.Card
    usb: usb.UsbFacts | None


@dataclass(frozen=True)
class BoardFacts:
    """What `pcmstress probe` prints and board.json keeps."""

    cpu: cpu.CpuFacts
    kernel: kernel.KernelFacts
    load: load.LoadFacts
    cards: tuple[CardFacts, ...]
    expectation: str
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the facts as one JSON object (schema pcmstress/board/1)."""
        return {"schema": "pcmstress/board/1", **_plain(dataclasses.asdict(self))}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return value.value if isinstance(value, Indexing) else value


def gather(root: Path = Path("/"), log: str | None = None) -> BoardFacts:
    """Read the facts of this machine.

    Parameters
    ----------
    log : kernel messages; read from the kernel when None.
    """
    text = kernel.boot_log() if log is None else log
    processor = cpu.read(text, root / "proc")
    system = kernel.read(text, root)
    machine = load.read(root / "proc")
    listed = tuple(
        CardFacts(card, usb.read(card.number, root / "sys", root / "proc"))
        for card in cards.cards(root / "proc/asound")
    )
    notes = [note for note in (machine.note,) if note]
    notes += [f"{entry.card.id}: {note}" for entry in listed if entry.usb for note in entry.usb.notes]
    if not text:
        notes.append(
            "the boot log may not be read: the cache type is taken from the CPU part, the memory policy is "
            "unknown; CAP_SYSLOG, or sysctl kernel.dmesg_restrict=0"
        )
    return BoardFacts(processor, system, machine, listed, expectation(processor, system), tuple(notes))


def expectation(processor: cpu.CpuFacts, system: kernel.KernelFacts) -> str:
    """Return in words what a run with mmap access should find here, and why."""
    why = f"; {processor.why}" if processor.why else ""
    core = f"{processor.core}: {processor.indexing.value}{why}"
    if processor.indexing is Indexing.COHERENT:
        return f"{core}; both mappings of the ring share their cache lines; no corruption is expected"
    if processor.indexing is Indexing.UNKNOWN:
        return (
            f"{core}; the cache type is not identified, so nothing is expected either way: "
            "the boot log names it ('VIVT', 'cache aliases')"
        )
    if system.driver_loaded and system.use_vmalloc is False:
        return f"{core}; use_vmalloc=0 gives coherent memory; no corruption is expected"
    remedy = kernel.vmalloc_remedy(system.release)
    if processor.indexing is Indexing.VIPT_ALIASING:
        return (
            f"{core}; the defect is expected where the two mappings of the ring differ in colour, which is "
            f"drawn with each allocation: all of a ring, or none of it; {remedy}"
        )
    loaded = "" if system.driver_loaded else " (snd-usb-audio is not loaded; its default is vmalloc)"
    return f"{core}; this kernel maps the ring cached on both sides{loaded}; the defect is expected; {remedy}"
