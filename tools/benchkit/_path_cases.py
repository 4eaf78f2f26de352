# SPDX-License-Identifier: MIT
"""Kinds of path, each with what must be said of it: settings of a virtual board, drawn at random."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from stress.detect.path.sources import numbers
from stress.patterns.word import Pattern
from stress.virtual.card.cable import frames_of
from stress.virtual.card.digital_path import moved, transformed
from stress.virtual.card.path_spec import PathSpec
from tools.benchkit._path_truth import Truth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stress.model.formats import SampleFormat

    Bytes = NDArray[np.uint8]

# Frames of a capture; a ratio of rates to 2 ppm wants more. Those before it, which a delay, a filter
# or a resampler mixes in.
FRAMES, LONG, BEFORE = 24000, 1 << 16, 2048
HALF_DB = 20 * float(np.log10(2))


@dataclass
class Draw:
    """One random capture in the making."""

    rng: np.random.Generator
    fmt: SampleFormat
    channels: int

    def level(self, low: float, high: float) -> float:
        """Return a gain [dB]."""
        return round(float(self.rng.uniform(low, high)), 2)

    def whole(self, low: int, stop: int) -> int:
        """Return a whole number from `low` to below `stop`."""
        return int(self.rng.integers(low, stop))

    def truth(self, **what: Any) -> Truth:
        """Return the path that changes nothing but `what`."""
        n = self.channels
        given: dict[str, Any] = {"channels": list(range(n)), "gain_db": [0.0] * n, "polarity": [1] * n}
        return Truth(**{**given, "delay_frames": [0] * n, "offset": [0] * n, **what})

    def captured(self, spec: PathSpec) -> Bytes:
        """Return the bytes of a capture behind a path, from a random position on, (n,) uint8."""
        frames = FRAMES if spec.rate_ratio == 1 else LONG
        skip = int(BEFORE * spec.rate_ratio)
        pattern = Pattern("mix1", self.fmt, self.channels)
        played = pattern.bytes_at(self.whole(1, 1 << 32), int((skip + frames) / spec.rate_ratio) + BEFORE)
        sent = numbers(played, self.fmt, self.channels)
        seed = self.whole(0, 1 << 31)
        made = transformed(sent, spec, self.fmt.bits, seed, skip + frames).astype(np.int32)
        raw = moved(frames_of(made, self.fmt), spec, self.fmt.sample_bytes)
        return np.ascontiguousarray(raw[skip:]).reshape(-1)


Made = tuple[PathSpec, Truth]
Make = Callable[[Draw], Made]


@dataclass(frozen=True)
class Case:
    """A kind of path; `channels` is the fewest, `only` the one format that has it."""

    name: str
    make: Make
    channels: int = 1
    only: str = field(default="")


def _gain(rounding: str, low: float, high: float) -> Make:
    def make(draw: Draw) -> Made:
        level = draw.level(low, high)
        return PathSpec(gain_db=level, rounding=rounding), draw.truth(
            gain_db=[level] * draw.channels, offset=None
        )

    return make


def _gain_shift(draw: Draw) -> Made:
    by = draw.whole(1, 5)
    return PathSpec(words="arithmetic-shift", words_by=by), draw.truth(
        gain_db=None, polarity=None, offset=None
    )


def _gain_loud(draw: Draw) -> Made:
    level = draw.level(0.5, 20)
    return PathSpec(gain_db=level), draw.truth(gain_db=[level] * draw.channels, offset=None, clipped=True)


def _gain_each(draw: Draw) -> Made:
    levels = [draw.level(-30, -0.1) for _ in range(draw.channels)]
    return PathSpec(gains_db=tuple(levels)), draw.truth(gain_db=list(levels))


def _polarity_last(draw: Draw) -> Made:
    level, last = draw.level(-12, -0.2), draw.channels - 1
    return PathSpec(gain_db=level, inverted_channels=(last,)), draw.truth(
        polarity=[1] * last + [-1], gain_db=[level] * draw.channels
    )


def _constant(draw: Draw) -> Made:
    off = draw.whole(1, 300) * int(draw.rng.choice([-1, 1]))
    return PathSpec(offset=off), draw.truth(offset=[off] * draw.channels)


def _constant_softer(draw: Draw) -> Made:
    off, level = draw.whole(3, 300), draw.level(-20, -1)
    return PathSpec(offset=off, gain_db=level), draw.truth(
        offset=[off] * draw.channels, gain_db=[level] * draw.channels
    )


def _exchanged_softer(draw: Draw) -> Made:
    level = draw.level(-40, -0.1)
    return PathSpec(order="exchanged", gain_db=level), draw.truth(channels=[1, 0], gain_db=[level] * 2)


def _twice(draw: Draw) -> Made:
    one = draw.whole(0, 2)
    return PathSpec(order=("first", "second")[one]), draw.truth(channels=[one, one])


def _one_side(draw: Draw) -> Made:
    one = draw.whole(0, 2)
    known: list[Any] = [None, None]
    known[one] = one
    levels = [None if c is None else 0.0 for c in known]
    return PathSpec(silent_channel=1 - one), draw.truth(
        channels=known, gain_db=levels, polarity=None, offset=None, delay_frames=None
    )


def _both(order: str, level: float, clipped: bool) -> Make:
    def make(draw: Draw) -> Made:
        said = -HALF_DB if order == "mono" else level
        return PathSpec(order=order, gain_db=level), draw.truth(
            channels=[[0, 1]] * 2, gain_db=[said] * 2, offset=None, clipped=clipped or None
        )

    return make


def _mean_left(draw: Draw) -> Made:
    return PathSpec(order="mono-first"), draw.truth(
        channels=[[0, 1], 1], gain_db=[-HALF_DB, 0.0], offset=None
    )


def _late(low: float, high: float) -> Make:
    def make(draw: Draw) -> Made:
        by, side, level = draw.whole(1, 1500), draw.whole(0, 2), draw.level(low, high)
        delays = [0, 0]
        delays[side] = by
        spec = PathSpec(delay_channel=side, delay_frames=by, gain_db=level)
        return spec, draw.truth(delay_frames=delays, gain_db=[level] * 2)

    return make


def _narrow(rounding: str, least: int, most: int) -> Make:
    def make(draw: Draw) -> Made:
        kept = draw.whole(least, min(most, draw.fmt.bits - 1) + 1)
        return PathSpec(bits=kept, bits_rounding=rounding), draw.truth(bits=kept, offset=None)

    return make


def _narrow_softer(draw: Draw) -> Made:
    level = draw.level(-9, -0.2)
    return PathSpec(bits=12, bits_rounding="nearest", gain_db=level), draw.truth(
        gain_db=[level] * draw.channels, offset=None
    )


def _dither(low: float, high: float) -> Make:
    def make(draw: Draw) -> Made:
        level = draw.level(low, high)
        return PathSpec(dither="triangular", gain_db=level), draw.truth(
            offset=None, gain_db=[level] * draw.channels
        )

    return make


def _words(words: str, said: str, low: int, high: int) -> Make:
    def make(draw: Draw) -> Made:
        by = draw.whole(low, high)
        encoding = said.format(by=by, next=by + 1, s="" if by == 1 else "s")
        return PathSpec(words=words, words_by=by), draw.truth(
            gain_db=None, polarity=None, offset=None, encoding=encoding
        )

    return make


def resampled(ratio: float, level_db: float = 0.0) -> Make:
    """Return a converter by windowed sines; captured rate over played rate is `ratio`."""

    def make(draw: Draw) -> Made:
        by = ratio + (float(draw.rng.uniform(-300e-6, 300e-6)) if ratio == 1 else 0.0)
        # Louder than that, the peaks between samples of full scale are cut off.
        return PathSpec(rate_ratio=by, gain_db=level_db - 6.0), draw.truth(
            rate_ratio=by, gain_db=None, offset=None, delay_frames=None, encoding=None
        )

    return make


def _late_bytes(key: str, said: str) -> Make:
    # A byte late in mono is a byte early one frame later.
    def make(draw: Draw) -> Made:
        by = draw.whole(1, 4 if key == "bits_late" else 2)
        spec = PathSpec(bits_late=by) if key == "bits_late" else PathSpec(bytes_late=by)
        return spec, draw.truth(
            channels=None, gain_db=None, polarity=None, offset=None, encoding=said.format(by=by)
        )

    return make


def _filtered(draw: Draw) -> Made:
    # De-emphasis of one pole: called a filter or a converter, with its channels.
    pole = float(draw.rng.uniform(0.2, 0.6))
    return PathSpec(filter_pole=pole), draw.truth(gain_db=None, offset=None, encoding=None)


def _plain(spec: PathSpec, **said: Any) -> Make:
    return lambda draw: (spec, draw.truth(**said))


CASES: tuple[Case, ...] = (
    Case("bit-exact", lambda draw: (PathSpec(), draw.truth(exact=True, bits=draw.fmt.bits))),
    Case("gain, rounded", _gain("nearest", -30, -0.05)),
    Case("gain, floor", _gain("floor", -30, -0.1)),
    Case("gain, truncated", _gain("truncate", -30, -0.1)),
    Case("gain, half up", _gain("half-up", -30, -0.1)),
    Case("gain, near 0 dB", _gain("nearest", -0.1, -0.02)),
    Case("gain, -30 to -60 dB", _gain("nearest", -60, -30)),
    Case("gain, a shift of 6 dB steps", _gain_shift),
    Case("gain up, clipped", _gain_loud),
    Case("gain of each channel", _gain_each, 2),
    Case(
        "polarity",
        lambda draw: (PathSpec(inverted=True), draw.truth(polarity=[-1] * draw.channels, offset=None)),
    ),
    # As an inverter of bits makes it.
    Case(
        "polarity, one's complement",
        _plain(PathSpec(words="ones-complement"), polarity=None, offset=None, encoding=None),
    ),
    Case("polarity of one channel", _polarity_last, 2),
    Case("constant", _constant),
    Case("constant and gain", _constant_softer),
    Case("exchanged", _plain(PathSpec(order="exchanged"), channels=[1, 0]), 2),
    Case("exchanged and gain", _exchanged_softer, 2),
    Case("one channel twice", _twice, 2),
    Case("one channel silent", _one_side, 2),
    Case("mean of both", _both("sum", -HALF_DB, False), 2),
    Case("mean of both, floor", _both("mono", 0.0, False), 2),
    Case("sum at -3 dB, clipped", _both("sum", -3.0, True), 2),
    Case("sum at 0 dB, clipped", _both("sum", 0.0, True), 2),
    Case("mean in one channel", _mean_left, 2),
    Case("one channel late", _late(0.0, 0.0), 2),
    Case("one channel late, gain", _late(-20, -0.2), 2),
    Case("bits cut", _narrow("floor", 9, 20)),
    Case("bits rounded", _narrow("nearest", 9, 20)),
    Case("8 bits", _narrow("floor", 8, 8)),
    Case("16 of 24 bits", _narrow("floor", 16, 16), 1, "S24_3LE"),
    Case("20 of 24 bits, rounded", _narrow("nearest", 20, 20), 1, "S24_3LE"),
    Case("gain and 12 bits", _narrow_softer),
    Case("dither", _dither(0.0, 0.0)),
    Case("dither and gain", _dither(-20, -0.5)),
    Case("bytes exchanged", _words("bytes-exchanged", "bytes of each sample", 0, 1)),
    Case("bits mirrored", _words("bits-mirrored", "bits of each sample reversed", 0, 1)),
    Case("unsigned", _words("unsigned", "unsigned", 0, 1)),
    Case("shift left", _words("shift-left", "each sample shifted left by {by} bit{s}", 1, 6)),
    Case("shift right", _words("shift-right", "each sample shifted right by {by} bit{s}", 1, 6)),
    Case("bit always 1", _words("bit-always-1", "bit {by} of every sample is always 1", 2, 14)),
    Case("bit always 0", _words("bit-always-0", "bit {by} of every sample is always 0", 2, 14)),
    Case("bit inverted", _words("bit-inverted", "bit {by} of every sample inverted", 2, 14)),
    Case(
        "two bits exchanged",
        _words("bits-exchanged", "bits {by} and {next} of each sample exchanged", 2, 13),
    ),
    Case("resampled 48 to 44.1 kHz", resampled(44100 / 48000)),
    Case("resampled 44.1 to 48 kHz", resampled(48000 / 44100)),
    Case("resampled by 1/2", resampled(0.5)),
    Case("resampled by 2", resampled(2.0)),
    Case("resampled 48 to 32 kHz, gain", resampled(2 / 3, -4.0)),
    Case("clocks apart, up to 300 ppm", resampled(1.0)),
    Case("filter", _filtered),
    Case("stream a byte late", _late_bytes("bytes_late", "byte stream shifted by")),
    Case("serial data late", _late_bytes("bits_late", "serial data {by} bit")),
    Case("channels rotated", _plain(PathSpec(order="rotated"), channels=[1, 0]), 2),
    Case("dither of 12 bits", _plain(PathSpec(bits=12, dither="rectangular"), offset=None, invertible=True)),
    Case("noise shaping to 13 bits", _plain(PathSpec(bits=13, dither="shaped"), offset=None)),
    Case("clipped at -3 dBFS", _plain(PathSpec(shape="hard-clip"), offset=None, clipped=True)),
    *(
        Case(name, _plain(PathSpec(shape=shape), gain_db=None, offset=None, encoding=said, invertible=False))
        for name, shape, said in (
            ("soft clipping", "soft-clip", "bent"),
            ("limiter", "limiter", "gain varies"),
            ("mu-law", "mu-law", "companded"),
            ("A-law", "a-law", "companded"),
        )
    ),
)  # fmt: skip
