# SPDX-License-Identifier: MIT
"""What in this system can change samples on their way: sound servers, and plugins of alsa-lib."""

from __future__ import annotations

import os
import re
from pathlib import Path

from stress.board.text import text_of

#: Sound servers that open cards, by the name of their process.
SERVERS = ("pulseaudio", "pipewire", "pipewire-pulse", "wireplumber", "jackd", "jackdbus")
#: Plugins of alsa-lib that change samples or mix others into them.
PLUGINS = ("softvol", "dmix", "dsnoop", "plug", "rate", "route", "lfloat", "ladspa", "share")
_TYPE = re.compile(rf"^[^#\n]*\btype\s+\"?({'|'.join(PLUGINS)})\b", re.MULTILINE)
_OWNER = re.compile(r"^owner_pid\s*:\s*(\d+)", re.MULTILINE)


def servers(proc: Path = Path("/proc"), card: int | None = None) -> list[str]:
    """Return the sound servers that run, a line each with what they hold of a card.

    Parameters
    ----------
    card : number, None for no card in particular.
    """
    out = []
    for folder in sorted(proc.glob("[0-9]*"), key=lambda one: int(one.name)):
        name = text_of(folder / "comm").strip()
        if name in SERVERS:
            held = "" if card is None else _held(folder, card)
            out.append(f"{name} (pid {folder.name}) {held or 'runs'}")
    return out


def _held(folder: Path, card: int) -> str:
    # Open device nodes: pcmC1D0p is the first playback device of card 1, controlC1 its mixer.
    try:
        names = {os.path.basename(os.readlink(one)) for one in (folder / "fd").iterdir()}
    except OSError:
        return ""
    if any(name.startswith(f"pcmC{card}D") for name in names):
        return f"holds a PCM of card {card}"
    return f"holds the mixer of card {card}" if f"controlC{card}" in names else ""


def owners(card: int, proc: Path = Path("/proc"), own: int = 0) -> list[str]:
    """Return other processes that have a PCM of the card open, a line each.

    Parameters
    ----------
    own : process that is left out.

    Source: sound/core/pcm.c, snd_pcm_substream_proc_status_read ("owner_pid").
    """
    out = []
    for status in sorted((proc / "asound" / f"card{card}").glob("pcm*/sub*/status")):
        found = _OWNER.search(text_of(status))
        if found and int(found[1]) != own:
            name = text_of(proc / found[1] / "comm").strip() or "a process"
            stream = f"{status.parent.parent.name}/{status.parent.name}"
            out.append(f"{name} (pid {found[1]}) streams on card {card}, {stream}")
    return out


def plugins(files: tuple[Path, ...] | None = None) -> list[str]:
    """Return the plugins that configuration files of alsa-lib name, a line a file.

    Parameters
    ----------
    files : None for /etc/asound.conf and ~/.asoundrc.
    """
    if files is None:
        files = (Path("/etc/asound.conf"), Path(os.path.expanduser("~/.asoundrc")))
    out = []
    for path in files:
        kinds = list(dict.fromkeys(_TYPE.findall(text_of(path))))
        if kinds:
            out.append(f"{path} defines {', '.join(kinds)}")
    return out


def changers(card: int | None) -> list[str]:
    """Return what may change samples here, a line each; nothing where nothing is seen."""
    held = owners(card, own=os.getpid()) if card is not None else []
    return [*held, *servers(card=card), *plugins()]
