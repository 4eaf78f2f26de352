# SPDX-License-Identifier: MIT
"""The name of a wiring: bytes exchanged, shifted by a bit, bit 5 always 1."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stress.model.arrays import Ints
from stress.model.formats import SampleFormat

if TYPE_CHECKING:
    from stress.detect.path.bitmap import BitMap

    Word = list[tuple[int, int, int]]  # source sample, bit and frame of each bit, -1 for none


@dataclass(frozen=True)
class Named:
    """What a wiring does.

    Parameters
    ----------
    encoding : "" where samples keep their bits in place.
    channels : source of each captured channel, None for none.
    bits : bits of the source sample that arrive in each channel.
    delay : frames.
    kind : "endian", "shift", "stuck", "byteshift", "rotate" or "".
    shift : bits that the stream, or each sample, is moved by, > 0 upwards.
    """

    encoding: str
    channels: tuple[int | None, ...]
    bits: tuple[int, ...]
    delay: tuple[int, ...]
    kind: str = ""
    shift: int = 0


def named(wires: BitMap, fmt: SampleFormat, channels: int) -> Named:
    """Return the name of a wiring."""
    width = 8 * fmt.sample_bytes
    words = [_word(wires, c, width) for c in range(channels)]
    carried = tuple(_carried(word, fmt.bits) for word in words)
    sources = tuple(_source(word) for word in words)
    delays = tuple(_delay(word) for word in words)
    stream, share = _stream(wires, np.arange(width * channels))
    late, serially = _stream(wires, _serial(width, channels))
    if late % width and serially > share:
        moved = f"{_count(abs(late), 'bit')} {'late' if late > 0 else 'early'}"
        own, still = tuple(range(channels)), (0,) * channels
        text = f"serial data {moved}, the highest bit first"
        return Named(text, own, carried, still, "byteshift", late)
    if stream and stream % width:
        # Samples lie across two of each other: no channel is exchanged, and none is late.
        moved = _count(stream, "bit") if stream % 8 else _count(stream // 8, "byte")
        text = f"{'bit' if stream % 8 else 'byte'} stream shifted by {moved}"
        own, still = tuple(range(channels)), (0,) * channels
        return Named(text, own, carried, still, "byteshift", stream)
    ways = [_way(word, width, fmt) for word in words]
    texts, kind, shift = [], "", 0
    said = [(c, way) for c, way in enumerate(ways) if sources[c] is not None]
    for text in dict.fromkeys(way[0] for _, way in said if way[0]):
        where = [c for c, way in said if way[0] == text]
        all_of_them = [c for c, _ in said]
        texts.append(text + ("" if where == all_of_them else _where(where, all_of_them, channels)))
        kind, shift = next(way[1:] for _, way in said if way[0] == text)
    marks = _marks(wires, words, width, fmt, channels)
    if marks and not kind:
        kind = "endian" if marks[0].startswith("unsigned") else "stuck"
    if stream and not kind:
        kind = "rotate"
    return Named("; ".join([*texts, *marks]), sources, carried, delays, kind, shift or stream)


def _word(wires: BitMap, channel: int, width: int) -> Word:
    out: Word = []
    for plane in range(channel * width, (channel + 1) * width):
        source = int(wires.source[plane])
        out.append((source // width, source % width, int(wires.frame[plane])) if source >= 0 else (-1, -1, 0))
    return out


def _source(word: Word) -> int | None:
    samples = [sample for sample, _, _ in word if sample >= 0]
    return max(set(samples), key=samples.count) if samples else None


def _delay(word: Word) -> int:
    frames = [frame for sample, _, frame in word if sample >= 0]
    return max(set(frames), key=frames.count) if frames else 0


def _carried(word: Word, bits: int) -> int:
    return len({bit for sample, bit, _ in word if sample >= 0 and bit < bits})


def _serial(width: int, channels: int) -> Ints:
    # Where each bit stands in time on a serial interface, which sends the highest bit first.
    return np.arange(width * channels).reshape(channels, width)[:, ::-1].reshape(-1)


def _stream(wires: BitMap, place: Ints) -> tuple[int, float]:
    # Bits by which all captured ones are moved, across samples and frames, 0 for none; how many of them.
    known = np.flatnonzero(wires.source >= 0)
    if not len(known):
        return 0, 0.0
    moved = place[known] - place[wires.source[known]] + wires.frame[known] * len(place)
    value, often = np.unique(moved, return_counts=True)
    best, share = int(value[np.argmax(often)]), float(often.max()) / len(known)
    crossed = len(np.unique(wires.frame[known])) > 1
    return (best, share) if crossed and share > 0.9 else (0, 0.0)


def _way(word: Word, width: int, fmt: SampleFormat) -> tuple[str, str, int]:
    # What was done to the bits of one sample: text, kind, shift.
    known = [(b, bit) for b, (sample, bit, _) in enumerate(word) if sample >= 0]
    if not known or all(b == bit for b, bit in known):
        return "", "", 0
    whole = fmt.sample_bytes
    orders: dict[str, Callable[[int], int]] = {
        "bytes of each sample exchanged": lambda b: 8 * (whole - 1 - b // 8) + b % 8,
        "16-bit halves exchanged": lambda b: (b + 16) % 32,
        "bytes of each 16-bit half exchanged": lambda b: b ^ 8,
        "bits of each sample reversed": lambda b: width - 1 - b,
        "bits of each byte reversed": lambda b: b ^ 7,
    }
    for text, order in orders.items():
        hits = sum(order(b) == bit for b, bit in known)
        if hits >= 0.9 * len(known) and width in (16, 24, 32):
            return text, "endian", 0
    moved = [b - bit for b, bit in known]
    shift = max(set(moved), key=moved.count)
    if not shift:
        return _exchanged(known), "endian", 0
    if moved.count(shift) >= 0.6 * len(known):
        turned = [b for b, bit in known if b - bit in (shift - width, shift + width)]
        if len(turned) > abs(shift) // 2 and len(turned) > 1:
            return f"each sample rotated by {_count(abs(shift), 'bit')}", "shift", shift
        side = "left" if shift > 0 else "right"
        return f"each sample shifted {side} by {_count(abs(shift), 'bit')}", "shift", shift
    return "bits of each sample in another order", "endian", 0


def _exchanged(known: list[tuple[int, int]]) -> str:
    # Most bits are in their place: name the others.
    pairs = {tuple(sorted(one)) for one in known if one[0] != one[1]}
    if len(pairs) == 1:
        low, high = pairs.pop()
        return f"bits {low} and {high} of each sample exchanged"
    return "bits of each sample in another order"


def _marks(wires: BitMap, words: list[Word], width: int, fmt: SampleFormat, channels: int) -> list[str]:
    # Bits in their place that are stuck or inverted, the same ones together.
    found: dict[str, list[int]] = {}
    own = [c for c, word in enumerate(words) if _source(word) is not None]
    for c in own:
        place = words[c]
        still = all(b == bit for b, (sample, bit, _) in enumerate(place) if sample >= 0)
        low = _lowest(place)
        for b in range(fmt.bits):
            plane = c * width + b
            if wires.constant[plane] >= 0 and still and (b > low or wires.constant[plane] == 1):
                found.setdefault(f"bit {b} of every sample is always {wires.constant[plane]}", []).append(c)
            if wires.inverted[plane]:
                top = b == fmt.bits - 1
                text = f"bit {b} of every sample inverted"
                text = f"unsigned samples (bit {b} of every sample inverted)" if top else text
                found.setdefault(text, []).append(c)
    return [text + _where(where, own, channels) for text, where in sorted(found.items())]


def _lowest(word: Word) -> int:
    # Zeros below the lowest bit that arrives are a narrow path, not stuck bits.
    return min((b for b, (sample, _, _) in enumerate(word) if sample >= 0), default=0)


def _where(some: list[int], own: list[int], channels: int) -> str:
    if some == own:
        return "" if channels == 1 or len(own) < channels else " in both channels" if channels == 2 else ""
    names = [("left", "right")[c] if channels == 2 else f"channel {c + 1}" for c in some]
    return f" ({', '.join(names)} only)"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if abs(number) == 1 else "s")
