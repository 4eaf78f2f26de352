# SPDX-License-Identifier: MIT
"""Words for people: numbers with their thousands apart, plural forms, no control characters."""

from __future__ import annotations

import re

# C0 but for tab and newline, DEL and C1: what moves a terminal's cursor or sets its colours.
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(9), *range(11, 32), *range(127, 160))}
# What turns the direction of a text, and line ends that a terminal does not show as such: with them a name
# reads as another one. Source: Unicode Standard Annex 9, the characters of Bidi_Control; U+2028 and U+2029.
_BIDI = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x2028, 0x2029)
_CONTROLS.update({code: f"\\u{code:04x}" for code in _BIDI})
# LAVA takes a signal from anywhere in what a job prints. Source: lava-dispatcher, actions/test/shell.py.
_SIGNAL = "<LAVA_"


# Of a value that a message repeats [characters]. More: a line that holds a whole file.
MOST_SHOWN = 160
# XML 1.0 has no place for these, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def count(number: int) -> str:
    """Return a whole number with its thousands apart: 12 345."""
    return f"{number:,}".replace(",", " ")


def counted(number: int, noun: str) -> str:
    """Return so many of a noun that takes an s: 1 run, 12 345 runs."""
    return f"{count(number)} {noun}{'' if abs(number) == 1 else 's'}"


def stretches(number: int) -> str:
    """Return so many corrupted stretches: what a finding is called on the screen."""
    return f"{count(number)} corrupted {'stretch' if abs(number) == 1 else 'stretches'}"


def at_most(share: float) -> str:
    """Return an upper bound of a share of lines as people say it: at most 1 corrupted line in 22 000."""
    if not 0 < share < 1:
        return "no bound"
    lines = 1 / share
    # Two digits, rounded down: what is said is never more than what was shown.
    step = 10 ** max(0, len(str(int(lines))) - 2)
    return f"at most 1 corrupted line in {count(int(lines) // step * step)} (95 % confidence)"


def plain(text: str) -> str:
    """Return `text` with control characters escaped and no signal for LAVA in it.

    A record from elsewhere may hold any; so may a device, which names itself.
    """
    return text.translate(_CONTROLS).replace(_SIGNAL, "<LAVA-")


def shortened(text: str, most: int = MOST_SHOWN) -> str:
    """Return `text`, without its middle where it is longer than `most` characters."""
    return text if len(text) <= most else f"{text[: most // 2]} ... {text[-most // 2 :]}"


def quoted(value: object) -> str:
    """Return a value of a file as Python writes it, short enough for a line."""
    try:
        return shortened(repr(value))
    except (ValueError, RecursionError):
        # A whole number of more than 4300 digits, as TOML may write 0x..., or a table that is far too deep.
        return f"this {type(value).__name__}"


def in_xml(text: str) -> str:
    """Return `text` with what no XML may hold replaced by a question mark."""
    return _NOT_XML.sub("?", text)
