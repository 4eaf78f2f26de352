# SPDX-License-Identifier: MIT
"""Who may open the device files of a card, in words with what mends it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from stress.board.cards import card_of, cards, device_of

# udev gives sound devices to the group audio (systemd rules.d/50-udev-default.rules).
USUAL_GROUP = "audio"
_READ_WRITE = stat.S_IRGRP | stat.S_IWGRP


def refusal(
    name: str, direction: str, proc: Path = Path("/proc/asound"), dev: Path = Path("/dev/snd")
) -> str:
    """Return why this user may not open the PCM `name`, "" where the device files allow it.

    Parameters
    ----------
    name : a "hw:" name; a card that is not listed is no matter of permission.
    direction : "playback" or "capture".
    """
    card = card_of(name, cards(proc))
    if card is None:
        return ""
    pcm = dev / f"pcmC{card.number}D{device_of(name)}{direction[0]}"
    for path in (dev / f"controlC{card.number}", pcm):
        reason = denied(path, pcm)
        if reason:
            return reason
    return ""


def denied(path: Path, shown: Path | None = None) -> str:
    """Return why `path` cannot be opened for reading and writing, "" where it can.

    Parameters
    ----------
    shown : the file to name; whoever may not open one file of a card may not open the others.
    """
    try:
        found = path.stat()
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM):
            return f"no permission for {path.parent}: {error.strerror}"
        return ""
    if os.access(path, os.R_OK | os.W_OK):
        return ""
    group = _group_name(found.st_gid)
    named = shown or path
    if found.st_mode & _READ_WRITE != _READ_WRITE or group == "root":
        return (
            f"no permission for {named}: root only; run as root, or give it to a group by a udev rule: "
            f'SUBSYSTEM=="sound", GROUP="{USUAL_GROUP}", MODE="0660"'
        )
    if _is_member(group):
        return f"no permission for {named}: this user joined the group {group} after login: log in again"
    return f"no permission for {named}: root, or group {group} (adduser USER {group}, then log in again)"


def _group_name(number: int) -> str:
    try:
        import grp

        return grp.getgrgid(number).gr_name
    except (ImportError, KeyError):
        return str(number)


def _is_member(group: str) -> bool:
    # Listed in /etc/group; the session may be older than that.
    try:
        import grp
        import pwd

        members: Sequence[str] = grp.getgrnam(group).gr_mem
        return pwd.getpwuid(os.getuid()).pw_name in members
    except (ImportError, KeyError):
        return False
