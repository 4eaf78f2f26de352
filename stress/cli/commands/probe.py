# SPDX-License-Identifier: MIT
"""pcmstress probe: what this board is, and what to expect of it."""

from __future__ import annotations

import errno
import json
import shlex
import sys
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from stress.board import facts
from stress.board.cards import card_of, pair
from stress.board.pcm_name import parse_hw
from stress.cli import card_offers, device_state, kernel_config
from stress.errors import ConfigError, DeviceError
from stress.model.words import counted
from stress.report.console import Console

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from stress.board.cpu import CpuFacts
    from stress.board.facts import BoardFacts, CardFacts
    from stress.board.usb import UsbEndpoint


_SPEEDS = {12.0: "full speed", 480.0: "high speed", 5000.0: "super speed", 10000.0: "super speed plus"}


def execute(args: argparse.Namespace) -> int:
    """Print the facts of this board, or of a virtual one; return 0."""
    if args.kernel_config:
        return kernel_config.execute(args)
    board = _virtual(args) if args.board or args.set else _real(args.card)
    states = device_state.ask(board) if args.ask_device else {}
    offers, refused = card_offers.offers_of(args.card) if args.card else ([], "")
    console = Console(sys.stdout, sys.stderr)
    if args.json:
        told = {"devices": device_state.to_json(states)} if states else {}
        shown = {"offers": [offer.to_json() for offer in offers]} if args.card else {}
        console.line(json.dumps({**board.to_json(), **told, **shown}))
        return 0
    console.prose([*lines(board), *device_state.lines(states)])
    # A table keeps its columns: it is not broken between words.
    for text in ["", *card_offers.lines(offers)] if offers else []:
        console.line(text)
    if refused:
        console.line(f"not asked what it offers: {refused}")
    console.prose(["", following(board, _asked(args))])
    return 0


def _asked(args: argparse.Namespace) -> str:
    if not (args.board or args.set):
        return ""
    from stress.cli.backend import USUAL_BOARD

    changes = "".join(f" --set {shlex.quote(one)}" for one in args.set)
    return f"{shlex.quote(args.board or USUAL_BOARD)}{changes}"


def _real(name: str) -> BoardFacts:
    board = facts.gather()
    if not name:
        return board
    # Raises, as a run would, where there is no such card.
    known = [entry.card for entry in board.cards]
    devices = pair(name, known)
    named = (devices.playback, devices.capture)
    wanted = [card_of(device, known) for device in named]
    absent = [device for device, card in zip(named, wanted) if card is None and parse_hw(device)]
    if absent:
        listed = ", ".join(f"{card.number} {card.id}" for card in known) or "none"
        raise DeviceError(f"no such card (cards here: {listed})", errno_=errno.ENODEV, device=absent[0])
    return replace(board, cards=tuple(entry for entry in board.cards if entry.card in wanted))


def _virtual(args: argparse.Namespace) -> BoardFacts:
    from stress.cli.backend import virtual_board
    from stress.cli.probe_virtual import facts_of

    if args.card:
        raise ConfigError("a virtual board has no cards", where="--card", allowed="without --board")
    return facts_of(virtual_board(args.board, args.set))


def lines(board: BoardFacts) -> list[str]:
    """Return the facts as text, the expectation first."""
    processor, system = board.cpu, board.kernel
    vmalloc = {True: "Y", False: "N", None: "no such parameter"}[system.use_vmalloc]
    rows = [
        ("cpu", f"{processor.model} (architecture {processor.architecture})"),
        ("D-cache", _cache(processor)),
        ("boot log", processor.boot_line),
        ("memory policy", system.memory_policy),
        ("kernel", system.release),
        ("use_vmalloc", vmalloc if system.driver_loaded else "snd-usb-audio is not loaded"),
        ("load", f"{board.load.load_1m:.2f} on {counted(board.load.cpus, 'cpu')}"),
        ("other runnable", _runnable(board.load.runnable)),
    ]
    # A fact that is not known, or of nothing, is no line.
    rows = [(name, value) for name, value in rows if value]
    rows += [("card", _card(card)) for card in board.cards] or [("card", "none")]
    width = max(len(name) for name, _ in rows)
    text = [f"{name.ljust(width)}  {value}" for name, value in rows]
    return [board.expectation, "", *text, *(f"note: {note}" for note in board.notes)]


def _runnable(names: Sequence[str]) -> str:
    counts = Counter(names)
    return ", ".join(name if number == 1 else f"{number} {name}" for name, number in counts.most_common())


def following(board: BoardFacts, virtual: str) -> str:
    """Return the command to go on with.

    Parameters
    ----------
    virtual : name of the virtual board, "" for this machine.
    """
    if virtual:
        run = f"`pcmstress run --backend virtual --board {virtual}`"
        return f"next: {run}, or `pcmstress predict --board {virtual}`"
    if board.cards:
        return f"next: `pcmstress run --card {board.cards[0].card.id}`"
    return "next: plug in a USB card, or `modprobe snd-aloop`; `pcmstress run --backend virtual` needs none"


def _cache(processor: CpuFacts) -> str:
    lines = f"{processor.line_bytes}-byte lines" if processor.line_bytes else ""
    return ", ".join(part for part in (processor.indexing.value, processor.geometry, lines) if part)


def _card(facts: CardFacts) -> str:
    card = facts.card
    text = f"{card.number} {card.id} ({card.driver})"
    if facts.usb is None:
        return text
    speed = _SPEEDS.get(facts.usb.speed_mbps, f"{facts.usb.speed_mbps} Mb/s")
    ends = ", ".join(_endpoint(end) for end in facts.usb.endpoints)
    return f"{text}, USB {facts.usb.path} {speed} on {facts.usb.host or 'unknown host'}: {ends}"


def _endpoint(end: UsbEndpoint) -> str:
    # Linux 6.1 does not print the packet interval of a full-speed card.
    interval = f" {end.packet_us} us" if end.packet_us else ""
    paced = f", {end.feedback} feedback" if end.feedback else ""
    paced += f" on 0x{end.feedback_from:02x}" if end.feedback_from else ""
    return f"{end.direction} 0x{end.address:02x} {end.sync or 'sync unknown'}{interval}{paced}"
