# SPDX-License-Identifier: MIT
"""Kinds of path, each with what must be said of it: drawn at random, made from its definition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from stress.detect.path.sources import numbers
from stress.patterns.word import Pattern

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stress.model.formats import SampleFormat
    from stress.model.path import Path

    Bytes = NDArray[np.uint8]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

# Largest errors that still name a path right: gain [dB], ratio of rates.
GAIN_DB, RATIO = 0.02, 2e-6
# Frames of a capture; a ratio of rates to 2 ppm wants more.
FRAMES, LONG = 24000, 1 << 16
_TAPS = 48


@dataclass
class Truth:
    """What must be said; `None` is not compared.

    Parameters
    ----------
    encoding : how the words for it begin.
    clipped : whether samples are lost at the rails.
    """

    channels: list[Any]
    gain_db: list[float | None] | None = None
    polarity: list[int] | None = None
    offset: list[int] | None = None
    bits: int | None = None
    delay_frames: list[int] | None = None
    rate_ratio: float = 1.0
    encoding: str | None = ""
    exact: bool = False
    clipped: bool | None = None

    def misses(self, path: Path) -> list[str]:
        """Return the names of what is said wrong, with the value that was said."""
        said = path.to_json()
        wrong = [
            name
            for name in ("channels", "polarity", "offset", "delay_frames", "exact")
            if getattr(self, name) is not None and said[name] != getattr(self, name)
        ]
        if self.gain_db is not None:
            pairs = list(zip(self.gain_db, said["gain_db"]))
            near = all(
                (a is None) == (b is None) and abs((a or 0.0) - (b or 0.0)) <= GAIN_DB for a, b in pairs
            )
            wrong += [] if near else ["gain_db"]
        if abs(said["rate_ratio"] / self.rate_ratio - 1) > RATIO:
            wrong.append("rate_ratio")
        named = said["encoding"]
        if self.encoding is not None and (not named.startswith(self.encoding) or not self.encoding and named):
            wrong.append("encoding")
        if (
            self.bits is not None
            and min(b for b, one in zip(path.bits, path.channels) if one is not None) != self.bits
        ):
            wrong.append("bits")
        if self.clipped is not None and any(path.clipped) != self.clipped:
            wrong.append("clipped")
        return [f"{name}={said.get(name)!r}" for name in wrong]


@dataclass
class Draw:
    """One random capture in the making.

    Parameters
    ----------
    frames : that are captured.
    """

    rng: np.random.Generator
    fmt: SampleFormat
    channels: int
    frames: int = FRAMES
    position: int = field(init=False)

    def __post_init__(self) -> None:
        self.position = int(self.rng.integers(1, 1 << 32))

    def sent(self, frames: int = 0, before: int = 0) -> Ints:
        """Return what was played as integers, (frames, channels), from `before` frames earlier on."""
        pattern = Pattern("mix1", self.fmt, self.channels)
        first = (self.position - before) % (1 << 32)
        return numbers(pattern.bytes_at(first, frames or self.frames), self.fmt, self.channels)

    def level(self, low: float, high: float) -> float:
        """Return a gain [dB]."""
        return round(float(self.rng.uniform(low, high)), 2)

    def truth(self, **what: Any) -> Truth:
        """Return the path that changes nothing but `what`."""
        n = self.channels
        given: dict[str, Any] = {"channels": list(range(n)), "gain_db": [0.0] * n, "polarity": [1] * n}
        return Truth(**{**given, "delay_frames": [0] * n, "offset": [0] * n, **what})


Made = tuple["Floats | Ints", Truth]
Make = Callable[[Draw], Made]


def times(level_db: float) -> float:
    """Return a gain in dB as a factor."""
    return float(10 ** (level_db / 20))


def _scaled(way: Callable[[Floats], Floats], low: float, high: float) -> Make:
    def make(draw: Draw) -> Made:
        level = draw.level(low, high)
        return way(draw.sent().astype(np.float64) * times(level)), draw.truth(
            gain_db=[level] * draw.channels, offset=None
        )

    return make


def exact(draw: Draw) -> Made:
    return draw.sent(), draw.truth(exact=True, bits=draw.fmt.bits)


def gain_each(draw: Draw) -> Made:
    levels = [draw.level(-30, -0.1) for _ in range(draw.channels)]
    return np.rint(draw.sent() * [times(one) for one in levels]), draw.truth(gain_db=list(levels))


def gain_loud(draw: Draw) -> Made:
    level = draw.level(0.5, 20)
    return draw.sent().astype(np.float64) * times(level), draw.truth(
        gain_db=[level] * draw.channels, offset=None, clipped=True
    )


def polarity(draw: Draw) -> Made:
    return -draw.sent(), draw.truth(polarity=[-1] * draw.channels, offset=None)


def polarity_ones(draw: Draw) -> Made:
    # One's complement, as an inverter of bits makes it.
    return ~draw.sent(), draw.truth(polarity=None, offset=None, encoding=None)


def polarity_last(draw: Draw) -> Made:
    signs = [1] * (draw.channels - 1) + [-1]
    level = draw.level(-12, -0.2)
    return np.rint(draw.sent() * signs * times(level)), draw.truth(
        polarity=signs, gain_db=[level] * draw.channels
    )


def constant(draw: Draw) -> Made:
    off = int(draw.rng.integers(1, 300)) * int(draw.rng.choice([-1, 1]))
    return draw.sent() + off, draw.truth(offset=[off] * draw.channels)


def constant_softer(draw: Draw) -> Made:
    off, level = int(draw.rng.integers(3, 300)), draw.level(-20, -1)
    return np.rint(draw.sent() * times(level)) + off, draw.truth(
        offset=[off] * draw.channels, gain_db=[level] * draw.channels
    )


def exchanged(draw: Draw) -> Made:
    return draw.sent()[:, ::-1], draw.truth(channels=[1, 0])


def exchanged_softer(draw: Draw) -> Made:
    level = draw.level(-40, -0.1)
    return np.rint(draw.sent()[:, ::-1] * times(level)), draw.truth(channels=[1, 0], gain_db=[level] * 2)


def twice(draw: Draw) -> Made:
    one = int(draw.rng.integers(2))
    return draw.sent()[:, [one, one]], draw.truth(channels=[one, one])


def one_side(draw: Draw) -> Made:
    one = int(draw.rng.integers(2))
    out = draw.sent().copy()
    out[:, 1 - one] = 0
    known: list[Any] = [None, None]
    known[one] = one
    levels = [None if c is None else 0.0 for c in known]
    return out, draw.truth(channels=known, gain_db=levels, polarity=None, offset=None, delay_frames=None)


def _both(factor: float, clipped: bool) -> Make:
    def make(draw: Draw) -> Made:
        out = draw.sent().sum(axis=1, keepdims=True) * factor
        level = float(20 * np.log10(factor))
        return np.rint(np.repeat(out, 2, 1)), draw.truth(
            channels=[[0, 1]] * 2, gain_db=[level] * 2, offset=None, clipped=clipped or None
        )

    return make


def sum_floor(draw: Draw) -> Made:
    out = draw.sent().sum(axis=1, keepdims=True) >> 1
    return np.repeat(out, 2, 1), draw.truth(channels=[[0, 1]] * 2, gain_db=[-6.0206] * 2, offset=None)


def sum_left(draw: Draw) -> Made:
    out = draw.sent().copy()
    out[:, 0] = np.rint(out.mean(axis=1))
    return out, draw.truth(channels=[[0, 1], 1], gain_db=[-6.0206, 0.0], offset=None)


def late(draw: Draw) -> Made:
    delay, side = int(draw.rng.integers(1, 1500)), int(draw.rng.integers(2))
    out = draw.sent().copy()
    out[:, side] = draw.sent(before=delay)[:, side]
    delays = [0, 0]
    delays[side] = delay
    return out, draw.truth(delay_frames=delays)


def late_softer(draw: Draw) -> Made:
    made, truth = late(draw)
    level = draw.level(-20, -0.2)
    truth.gain_db = [level, level]
    return np.rint(made * times(level)), truth


def _narrow(way: Callable[[Floats], Floats], least: int, most: int) -> Make:
    def make(draw: Draw) -> Made:
        kept = int(draw.rng.integers(least, min(most, draw.fmt.bits - 1) + 1))
        step = 1 << (draw.fmt.bits - kept)
        return way(draw.sent().astype(np.float64) / step) * step, draw.truth(bits=kept, offset=None)

    return make


def narrow_softer(draw: Draw) -> Made:
    level, step = draw.level(-9, -0.2), 1 << (draw.fmt.bits - 12)
    return np.rint(draw.sent() * times(level) / step) * step, draw.truth(
        gain_db=[level] * draw.channels, offset=None
    )


def dithered(draw: Draw) -> Made:
    noise = draw.rng.random((draw.frames, draw.channels)) - draw.rng.random((draw.frames, draw.channels))
    return np.rint(draw.sent() + noise), draw.truth(offset=None, gain_db=[0.0] * draw.channels)


def dithered_softer(draw: Draw) -> Made:
    level = draw.level(-20, -0.5)
    noise = draw.rng.random((draw.frames, draw.channels)) - draw.rng.random((draw.frames, draw.channels))
    return np.rint(draw.sent() * times(level) + noise), draw.truth(
        offset=None, gain_db=[level] * draw.channels
    )


def _words(way: Callable[[Ints, int, int], Ints], said: str, low: int, high: int, **known: Any) -> Make:
    # On unsigned words: (words, bits of the format, a number that is drawn).
    def make(draw: Draw) -> Made:
        bits, by = draw.fmt.bits, int(draw.rng.integers(low, high))
        words = way(draw.sent() & ((1 << bits) - 1), bits, by) & ((1 << bits) - 1)
        out = np.where(words >> (bits - 1), words - (1 << bits), words)
        return out, draw.truth(
            gain_db=None,
            polarity=None,
            offset=None,
            encoding=said.format(by=by, next=by + 1, s="" if by == 1 else "s"),
            **known,
        )

    return make


def _turned(words: Ints, bits: int, _: int) -> Ints:
    out = np.zeros_like(words)
    for byte in range(bits // 8):
        out |= (words >> (8 * byte) & 0xFF) << (bits - 8 - 8 * byte)
    return out


def _mirrored(words: Ints, bits: int, _: int) -> Ints:
    out = np.zeros_like(words)
    for bit in range(bits):
        out |= (words >> bit & 1) << (bits - 1 - bit)
    return out


def _twisted(words: Ints, bits: int, by: int) -> Ints:
    low, high = words >> by & 1, words >> (by + 1) & 1
    return words & ~(3 << by) | low << (by + 1) | high << by


def resampled(ratio: float, level_db: float = 0.0) -> Make:
    """Return a converter by windowed sines; captured rate over played rate is `ratio`."""

    def make(draw: Draw) -> Made:
        draw.frames = LONG
        by = ratio + (float(draw.rng.uniform(-300e-6, 300e-6)) if ratio == 1 else 0.0)
        source = draw.sent(int(draw.frames / by) + 2 * _TAPS + 2, before=_TAPS).astype(np.float64)
        at = np.arange(draw.frames) / by + _TAPS
        whole = at.astype(np.int64)
        # Louder than that, the peaks between samples of full scale are cut off.
        level = times(level_db - 6.0)
        cut = min(1.0, by) * 0.95
        out = np.zeros((draw.frames, draw.channels))
        for tap in range(1 - _TAPS, _TAPS + 1):
            away = at - (whole + tap)
            weight = cut * np.sinc(cut * away) * np.cos(np.pi * away / (2 * _TAPS)) ** 2
            out += source[whole + tap] * weight[:, None]
        return np.rint(out * level), draw.truth(
            rate_ratio=by, gain_db=None, offset=None, delay_frames=None, encoding=None
        )

    return make


def filtered(draw: Draw) -> Made:
    # De-emphasis of one pole: called a filter or a converter, with its channels.
    source, out = draw.sent().astype(np.float64), np.zeros((draw.frames, draw.channels))
    pole = float(draw.rng.uniform(0.2, 0.6))
    weights = (1 - pole) * pole ** np.arange(40)
    for n, weight in enumerate(weights):
        out[n:] += weight * source[: len(source) - n]
    return np.rint(out), draw.truth(gain_db=None, offset=None, encoding=None)


@dataclass(frozen=True)
class Case:
    """A kind of path; `channels` is the fewest, `only` the one format that has it."""

    name: str
    make: Make
    channels: int = 1
    only: str = ""


CASES: tuple[Case, ...] = (
    Case("bit-exact", exact),
    Case("gain, rounded", _scaled(np.rint, -30, -0.05)),
    Case("gain, floor", _scaled(np.floor, -30, -0.1)),
    Case("gain, truncated", _scaled(np.trunc, -30, -0.1)),
    Case("gain, half up", _scaled(lambda x: np.floor(x + 0.5), -30, -0.1)),
    Case("gain, near 0 dB", _scaled(np.rint, -0.1, -0.02)),
    Case("gain, -30 to -60 dB", _scaled(np.rint, -60, -30)),
    Case("gain, a shift of 6 dB steps", _words(lambda w, b, n: _signed(w, b) >> n, "", 1, 5)),
    Case("gain up, clipped", gain_loud),
    Case("gain of each channel", gain_each, 2),
    Case("polarity", polarity),
    Case("polarity, one's complement", polarity_ones),
    Case("polarity of one channel", polarity_last, 2),
    Case("constant", constant),
    Case("constant and gain", constant_softer),
    Case("exchanged", exchanged, 2),
    Case("exchanged and gain", exchanged_softer, 2),
    Case("one channel twice", twice, 2),
    Case("one channel silent", one_side, 2),
    Case("mean of both", _both(0.5, False), 2),
    Case("mean of both, floor", sum_floor, 2),
    Case("sum at -3 dB, clipped", _both(0.70795, True), 2),
    Case("sum at 0 dB, clipped", _both(1.0, True), 2),
    Case("mean in one channel", sum_left, 2),
    Case("one channel late", late, 2),
    Case("one channel late, gain", late_softer, 2),
    Case("bits cut", _narrow(np.floor, 9, 20)),
    Case("bits rounded", _narrow(np.rint, 9, 20)),
    Case("8 bits", _narrow(np.floor, 8, 8)),
    Case("16 of 24 bits", _narrow(np.floor, 16, 16), 1, "S24_3LE"),
    Case("20 of 24 bits, rounded", _narrow(np.rint, 20, 20), 1, "S24_3LE"),
    Case("gain and 12 bits", narrow_softer),
    Case("dither", dithered),
    Case("dither and gain", dithered_softer),
    Case("bytes exchanged", _words(_turned, "bytes of each sample", 0, 1)),
    Case("bits mirrored", _words(_mirrored, "bits of each sample reversed", 0, 1)),
    Case("unsigned", _words(lambda w, b, n: w ^ 1 << (b - 1), "unsigned", 0, 1)),
    Case("shift left", _words(lambda w, b, n: w << n, "each sample shifted left by {by} bit{s}", 1, 6)),
    Case("shift right", _words(lambda w, b, n: w >> n, "each sample shifted right by {by} bit{s}", 1, 6)),
    Case("bit always 1", _words(lambda w, b, n: w | 1 << n, "bit {by} of every sample is always 1", 2, 14)),
    Case(
        "bit always 0", _words(lambda w, b, n: w & ~(1 << n), "bit {by} of every sample is always 0", 2, 14)
    ),
    Case("bit inverted", _words(lambda w, b, n: w ^ 1 << n, "bit {by} of every sample inverted", 2, 14)),
    Case("two bits exchanged", _words(_twisted, "bits {by} and {next} of each sample exchanged", 2, 13)),
    Case("resampled 48 to 44.1 kHz", resampled(44100 / 48000)),
    Case("resampled 44.1 to 48 kHz", resampled(48000 / 44100)),
    Case("resampled by 1/2", resampled(0.5)),
    Case("resampled by 2", resampled(2.0)),
    Case("resampled 48 to 32 kHz, gain", resampled(2 / 3, -4.0)),
    Case("clocks apart, up to 300 ppm", resampled(1.0)),
    Case("filter", filtered),
)


def _signed(words: Ints, bits: int) -> Ints:
    return np.asarray(np.where(words >> (bits - 1), words - (1 << bits), words))


def captured(samples: Floats | Ints, fmt: SampleFormat) -> Bytes:
    """Return samples as the bytes of a format, (n,) uint8; what is beyond the rails stops there."""
    top = 1 << (fmt.bits - 1)
    whole = np.clip(np.rint(samples), -top, top - 1).astype("<i4")
    cells = np.ascontiguousarray(whole).view(np.uint8).reshape(-1, 4)
    return np.ascontiguousarray(cells[:, : fmt.sample_bytes]).reshape(-1)
