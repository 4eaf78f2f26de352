# SPDX-License-Identifier: MIT
"""What the card of a run or a probe offers, asked through libasound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stress.errors import BackendUnavailable, DeviceError
from stress.model.pcm import Direction

if TYPE_CHECKING:
    from stress.model.offers import Offer


def offers_of(card: str) -> tuple[list[Offer], str]:
    """Return what playback and capture of `card` offer, as far as it has them, and why one is missing.

    Parameters
    ----------
    card : as --card names it.

    Raises
    ------
    ConfigError : the name is none.
    """
    from stress.board.cards import captures, cards, pair, plays
    from stress.board.pcm_name import named_pcm
    from stress.pcm.alsa.offers import ask

    known = cards()
    found: list[Offer] = []
    if named_pcm(card):
        return [], "alsa-lib converts, so a named PCM offers nearly everything"
    try:
        devices = pair(card, known)
        if plays(devices.playback, known):
            found.append(ask(devices.playback, Direction.PLAYBACK))
        if captures(devices.capture, known):
            found.append(ask(devices.capture, Direction.CAPTURE))
    except (DeviceError, BackendUnavailable) as error:
        return found, str(error)
    return found, ""


def lines(offers: list[Offer]) -> list[str]:
    """Return the offers as one small table per direction."""
    text: list[str] = []
    for offer in offers:
        rows = [("format", "channels", "rates", "period", "buffer [frames]"), *offer.table()]
        widths = [max(len(row[column]) for row in rows) for column in range(5)]
        text.append(f"{offer.device}: access {', '.join(offer.access) or 'none of mmap and rw'}")
        text += [
            "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows
        ]
        if offer.others:
            text.append(f"  not used here: {', '.join(offer.others)} (no linear samples)")
    return text
