# SPDX-License-Identifier: MIT
"""What an AlsaPcm can do with the streams it has, in one line when it cannot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stress.board.cards import cards
from stress.model import handling as rules
from stress.model.pcm import Direction, Handling, Load
from stress.pcm import cache_maintenance, load_process
from stress.pcm.alsa import naming

if TYPE_CHECKING:
    from stress.pcm.alsa.stream import Stream

# Shortest ring that snd-aloop carries [ms]. Source: it moves its pointers from a
# kernel timer, one or two ticks of 10 ms at HZ=100; measured there: at 10.7 ms whole
# laps vanish with rw access too and pass for stale ones, at 21.3 ms none does.
# Higher: rings that work are refused; lower: the driver's laps pass for aliasing.
SHORTEST_ALOOP_MS = 20.5


def reason_against(handling: Handling, streams: Sequence[Stream], line_bytes: int) -> str | None:
    """Return None when the handling is possible, else why not."""
    missing = cache_maintenance.supports(handling.lever)
    if missing is not None:
        return missing
    if handling.load is not Load.NONE and streams:
        unloaded = load_process.reason_against(handling.load, streams[0].where[0])
        if unloaded:
            return unloaded
    for stream in streams:
        reason = _too_short(stream)
        if reason is not None:
            return reason
    granted = {stream.direction: stream.granted for stream in streams}
    return rules.reason_against(
        handling, granted.get(Direction.PLAYBACK), granted.get(Direction.CAPTURE), line_bytes
    )


def _too_short(stream: Stream) -> str | None:
    granted = stream.granted
    ring_ms = 1000 * granted.buffer_size / granted.rate
    if ring_ms >= SHORTEST_ALOOP_MS or _driver(stream.where[0]) != "Loopback":
        return None
    least = math.ceil(SHORTEST_ALOOP_MS * granted.rate / 1000)
    return (
        f"snd-aloop moves up to 20 ms at a time: a {stream.direction.value} ring of "
        f"{granted.buffer_size} frames ({ring_ms:.3g} ms) comes back a lap late without any cache; "
        f"it needs {least} frames"
    )


def _driver(number: int) -> str | None:
    return next((card.driver for card in cards(naming.PROC) if card.number == number), None)
