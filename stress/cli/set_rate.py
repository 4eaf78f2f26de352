# SPDX-License-Identifier: MIT
"""Set the sample rate of a card's playback through ALSA, without streaming."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stress.errors import BackendUnavailable, DeviceError

if TYPE_CHECKING:
    from stress.model.offers import Choice

# Rates that are set in turn: two tell a device that does not follow from one that is right by chance.
_MOST = 2


def offered(card: int) -> list[int]:
    """Return up to two rates that the playback of a card has; none where it has no playback or is busy."""
    choice = _choice(card)
    return list(choice.rates[:_MOST]) if choice else []


def through_alsa(card: int, rate: int) -> None:
    """Open the playback of a card at a rate [Hz], prepare it, and close it.

    Raises
    ------
    DeviceError : the card refused it.
    """
    from stress.model.formats import card_format
    from stress.model.pcm import Access, Direction, StreamParams
    from stress.pcm.alsa import params
    from stress.pcm.alsa._lib import Asound
    from stress.pcm.alsa.stream import Stream

    choice = _choice(card)
    if choice is None:
        return
    period = max(choice.period[0], min(rate // 100, choice.period[1]))
    asked = StreamParams(rate, choice.channels, card_format(choice.format), Access.RW, period, 4 * period)
    stream = Stream(Asound(), f"hw:{card},0", Direction.PLAYBACK)
    try:
        stream.configure(asked)
        stream.prepare(params.BOUNDARY, period)
    finally:
        stream.close()


def _choice(card: int) -> Choice | None:
    from stress.model.pcm import Direction
    from stress.pcm.alsa.offers import ask

    try:
        return next(iter(ask(f"hw:{card},0", Direction.PLAYBACK).choices), None)
    except (DeviceError, BackendUnavailable):
        return None
