# SPDX-License-Identifier: MIT
"""Endpoints in the text of /proc/asound/cardN/streamM, in every form since Linux 2.6.

Source: sound/usb/proc.c, proc_dump_substream_formats and _status; before 2.6.35
sound/usb/usbaudio.c. "Endpoint: 4 OUT (ADAPTIVE)" became "Endpoint: 0x04 (4 OUT)
(ADAPTIVE)" in 5.11, together with the lines on the sync endpoint. A running
stream has lines of its own ("Interface = 1", once also a list of URBs); up to
2.6.34 only a card at high speed had an interval, then any above full speed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

# "Sync Endpoint:" begins with another word, so the line has to begin with ours; a card may be
# called anything, but its name is not indented.
_ENDPOINT = re.compile(r"\s+Endpoint:\s*(?:(0x[0-9a-fA-F]{1,2})\s*\()?(\d{1,9}) (IN|OUT)\)?(?:\s*\((\w+)\))?")
_INTERFACE = re.compile(r"\s*Interface (\d{1,9})")
_ALTSET = re.compile(r"\s*Altset (\d{1,9})")
_INTERVAL = re.compile(r"\s*Data packet interval: (\d{1,9}) us")
_SYNC = re.compile(r"\s*Sync Endpoint: (0x[0-9a-fA-F]{1,2})\b")
_IMPLICIT = re.compile(r"\s*Implicit Feedback Mode: (\w+)", re.IGNORECASE)


@dataclass(frozen=True)
class Listed:
    """One alternate setting as the driver lists it.

    Parameters
    ----------
    direction : "playback" or "capture".
    sync : "ASYNC", "ADAPTIVE", "SYNC", "NONE", or "" where the line has none.
    packet_us : data packet interval [us], 0 where the kernel does not say.
    feedback : "explicit", "implicit" or "" where no sync endpoint is named.
    names_sync : this kernel would name one, so that "" means there is none.
    """

    address: int
    direction: str
    sync: str
    packet_us: int = 0
    interface: int = 0
    altset: int = 0
    feedback: str = ""
    feedback_from: int = 0
    names_sync: bool = False


def parse_listed(text: str) -> tuple[Listed, ...]:
    """Return one entry for each alternate setting that names its endpoint, in order."""
    found: list[Listed] = []
    interface = altset = 0
    open_ = False  # lines after "Endpoint:" belong to it until the next alternate setting
    for line in text.splitlines():
        if match := _INTERFACE.match(line):
            interface, open_ = int(match[1]), False
        elif match := _ALTSET.match(line):
            altset, open_ = int(match[1]), False
        elif match := _ENDPOINT.match(line):
            found.append(_listed(match, interface, altset))
            open_ = True
        elif open_:
            found[-1] = _with(found[-1], line)
    return tuple(found)


def _listed(match: re.Match[str], interface: int, altset: int) -> Listed:
    incoming = match[3] == "IN"
    address = int(match[1], 16) if match[1] else int(match[2]) | (0x80 if incoming else 0)
    direction = "capture" if incoming else "playback"
    return Listed(
        address, direction, match[4] or "", interface=interface, altset=altset, names_sync=bool(match[1])
    )


def _with(entry: Listed, line: str) -> Listed:
    if match := _INTERVAL.match(line):
        return replace(entry, packet_us=int(match[1]))
    if match := _SYNC.match(line):
        return replace(entry, feedback="explicit", feedback_from=int(match[1], 16))
    if (match := _IMPLICIT.match(line)) and match[1].lower() == "yes":
        return replace(entry, feedback="implicit")
    return entry
