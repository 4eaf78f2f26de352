# SPDX-License-Identifier: MIT
"""A path that changes within a capture, as one finding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stress.detect.path.words import sentence
from stress.model.finding import Finding, Kind
from stress.model.path import Path, name_of

if TYPE_CHECKING:
    from stress.detect.path.estimated import Estimate

_WIRED = {
    "endian": Kind.ENDIAN,
    "stuck": Kind.STUCK,
    "shift": Kind.BYTESHIFT,
    "byteshift": Kind.BYTESHIFT,
    "rotate": Kind.ROTATE,
}


def change_finding(before: Path, found: Estimate, frame: int, frames: int, position: int) -> Finding:
    """Return the finding of a path that holds from captured frame `frame` on."""
    path = found.path
    kind = _kind(before, found)
    touched = [c for c in range(len(path.channels)) if _of(path, c) != _of(before, c)]
    details: dict[str, Any] = {"path": path.to_json(), "touched": touched}
    rest = [c for c in range(len(path.channels)) if c not in touched]
    text = f"From capture frame {frame} on: {_what(kind, found, touched)}"
    if rest and touched:
        n = len(path.channels)
        names = ", ".join(name_of(c, n) for c in rest) if len(rest) < 4 else "the other channels"
        text += f"; {names} {'stays as it was' if len(rest) == 1 else 'stay as they were'}"
    if kind is Kind.GAIN:
        levels = [level for level in path.gain_db if level is not None]
        details["gain_db"] = round(levels[0], 3) if levels else None
    if kind in (Kind.SWAP, Kind.ROTATE):
        details["source"] = [list(one) if isinstance(one, tuple) else one for one in path.channels]
    if kind is Kind.BYTESHIFT and found.named is not None:
        moved = found.named.shift
        details.update({"bytes": moved // 8} if moved % 8 == 0 else {"bits": moved})
    if kind is Kind.MISPLACED:
        details["delay_frames"] = list(path.delay_frames)
    return Finding(kind, frame, frames, position, details=details, text=f"{text}.")


def _of(path: Path, c: int) -> tuple[Any, ...]:
    return (
        path.channels[c],
        path.polarity[c],
        path.gain_db[c],
        path.offset[c],
        path.bits[c],
        path.delay_frames[c],
    )


def _what(kind: Kind, found: Estimate, touched: list[int]) -> str:
    path = found.path
    n = len(path.channels)
    dead = [c for c in touched if path.channels[c] is None]
    if kind in (Kind.ZERO, Kind.HOLD) and dead:
        word = "zero" if kind is Kind.ZERO else "one value"
        names = " and ".join(name_of(c, n) for c in dead)
        return f"{names} {'is' if len(dead) == 1 else 'are'} {word}"
    if kind is Kind.ROTATE:
        moved = abs(_rotation(path) or 0)
        slots = "1 channel (slot)" if moved == 1 else f"{moved} channels (slots)"
        first = path.channels[0]
        return (
            f"the channels are rotated by {slots}: channel 1 carries channel {int(str(first)) + 1}, and so on"
        )
    if found.named is not None and found.named.kind == "rotate":
        moved = abs(found.named.shift) // 8
        return f"the channels are rotated: the stream is shifted by {moved} bytes, whole slots"
    return sentence(path)


def _rotation(path: Path) -> int | None:
    # Channels by which all are moved round, None where they are not.
    n = len(path.channels)
    known = [(c, one) for c, one in enumerate(path.channels) if isinstance(one, int)]
    if n < 2 or len(known) < n:
        return None
    moved = {(one - c) % n for c, one in known}
    if len(moved) != 1:
        return None
    step = moved.pop()
    return step if step <= n // 2 else step - n


def _kind(before: Path, found: Estimate) -> Kind:
    path = found.path
    if found.wires is not None and found.named is not None and found.named.kind:
        return _WIRED[found.named.kind]
    if any(one is None and was is not None for one, was in zip(path.channels, before.channels)):
        dead = [c for c, one in enumerate(path.channels) if one is None]
        return Kind.HOLD if all(path.idle[c] == "constant" for c in dead if c < len(path.idle)) else Kind.ZERO
    moved = _rotation(path)
    if path.channels != before.channels:
        return Kind.ROTATE if moved and len(path.channels) > 2 else Kind.SWAP
    if any(path.delay_frames) and path.delay_frames != before.delay_frames:
        return Kind.MISPLACED
    if path.encoding != before.encoding:
        return Kind.ENDIAN
    if path.polarity != before.polarity:
        return Kind.POLARITY
    if any(abs((a or 0) - (b or 0)) > 0.003 for a, b in zip(path.gain_db, before.gain_db)):
        return Kind.GAIN
    return Kind.DITHER
