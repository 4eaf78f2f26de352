# SPDX-License-Identifier: MIT
"""What a USB card says of itself, for `probe --ask-device`."""

from __future__ import annotations

import errno
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from stress.board import usb_control
from stress.board.usb_units import parse_units
from stress.cli import set_rate
from stress.errors import DeviceError

if TYPE_CHECKING:
    from stress.board.facts import BoardFacts, CardFacts
    from stress.board.usb_control import DeviceState, Level


def ask(board: BoardFacts) -> dict[str, DeviceState]:
    """Return the state of each USB card of `board`, by the card's id.

    Raises
    ------
    DeviceError : none of the cards is a USB card, or one cannot be opened.
    BackendUnavailable : pyusb or libusb is not installed.
    """
    cards = [card for card in board.cards if card.usb is not None]
    if not cards:
        names = ", ".join(card.card.id for card in board.cards) or "none"
        text = f"only a USB card can be asked (cards here: {names})"
        raise DeviceError(text, errno_=errno.ENODEV, device="--ask-device")
    return {card.card.id: _ask(card) for card in cards}


def _ask(card: CardFacts) -> DeviceState:
    facts = card.usb
    if facts is None:
        raise DeviceError("is not a USB card", device=card.card.id)
    units = parse_units(bytes.fromhex(facts.descriptors))
    # A rate that nobody has just set proves nothing: two are set in turn, and each is asked for.
    rates = set_rate.offered(card.card.number) if units.clocks else []
    lies: list[str] = []
    for rate in rates:
        set_rate.through_alsa(card.card.number, rate)
        state = usb_control.read_state(facts.bus, facts.device, units)
        lies += usb_control.other_rates(state, rate)
    if not rates:
        state = usb_control.read_state(facts.bus, facts.device, units)
    return replace(state, lies=tuple(dict.fromkeys(lies)))


def to_json(states: dict[str, DeviceState]) -> dict[str, Any]:
    """Return the states as JSON values; a silent volume of -inf dB is null there."""
    found = {card: asdict(state) for card, state in states.items()}
    for state in found.values():
        for level in state["levels"]:
            level["db"] = None if level["db"] == float("-inf") else level["db"]
    return found


def lines(states: dict[str, DeviceState]) -> list[str]:
    """Return the states as text: what each device says, then what is not bit-exact."""
    text = []
    for card, state in states.items():
        said = [f"clock {number:#04x} at {rate} Hz" for number, rate in state.rates.items()]
        said += [_level(level) for level in state.levels]
        text.append(f"{card} says of itself: {'; '.join(said) or 'nothing that can be asked for'}")
        text += [f"note: {card}: {line}" for line in usb_control.disagreements(state, 0)]
        text += [f"note: {card} does not answer: {line}" for line in state.refused]
    return text


def _level(level: Level) -> str:
    side = "playback" if level.playback else "capture"
    where = f"{side} {'master' if not level.channel else f'channel {level.channel}'}"
    parts = [] if level.db is None else [f"{level.db:+.2f} dB"]
    parts += [] if level.muted is None else ["muted" if level.muted else "not muted"]
    return f"{where} {', '.join(parts)}"
