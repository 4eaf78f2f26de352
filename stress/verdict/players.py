# SPDX-License-Identifier: MIT
"""What an alias of the ring means for common programs: their usual access, and the switch."""

from __future__ import annotations

from typing import NamedTuple


class Player(NamedTuple):
    """One program.

    Parameters
    ----------
    mmap : it maps the ring unless told otherwise.
    switch : how to make it use read/write access, "" where it has none.
    source : where its default and its switch are written.
    """

    name: str
    mmap: bool
    switch: str
    source: str


PLAYERS = (
    Player(
        "shairport-sync",
        True,
        'use_mmap_if_available = "no" in the section alsa of shairport-sync.conf',
        "its release notes, 2.8.4.6; mikebrady/shairport-sync#351",
    ),
    Player("squeezelite", True, "-a :::0 (the fourth part is mmap)", "ralph-irving/squeezelite#149"),
    Player("MPD", False, "", "MusicPlayerDaemon/MPD commit 8ffcdb73 removed mmap in 2015"),
    Player(
        "PulseAudio",
        True,
        "load-module module-alsa-sink device=... mmap=no, in place of module-udev-detect",
        "PulseAudio's list of modules, module-alsa-sink",
    ),
    Player(
        "PipeWire",
        True,
        "api.alsa.disable-mmap = true for the node (WirePlumber rule)",
        "pipewire-props(7), ALSA properties",
    ),
    Player(
        "JACK",
        True,
        "",
        "alsa_driver.c of JACK 1 and 2: mmap is required ('mmap-based access is not possible')",
    ),
    Player("aplay, arecord", False, "", "aplay(1): only -M maps the ring"),
)


def lines() -> tuple[str, ...]:
    """Return one line for each program: whether it suffers as it comes, and what avoids it."""
    return tuple(f"{player.name}: {_says(player)} ({player.source})" for player in PLAYERS)


def _says(player: Player) -> str:
    if not player.mmap:
        return "uses read/write access and does not suffer"
    if player.switch:
        return f"maps the ring and suffers; {player.switch} avoids it"
    return "maps the ring, has no switch and suffers"
