# SPDX-License-Identifier: MIT
"""A counter or a ramp: each sample is the last one of its channel plus a fixed step.

Devices send it to be tested by: one step a sample over all channels (the audio_test of
TinyUSB), one a frame, or a step of its own for each channel (the ramps of XMOS). First value,
steps and width are read from the capture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stress.detect.exact.decode import NONE
from stress.detect.foreign.source import KnownSource
from stress.model.arrays import Bytes, Ints, Words
from stress.model.formats import SampleFormat
from stress.model.stimulus import POSITIONS

# Share of frames whose step is the commonest, in a row of so many a lock. Source: damage leaves
# half of the steps. Higher: heavy damage is no counter; lower: music is one.
LEAST_STEPS, LOCK = 0.5, 16

# Widths a counter wraps at [bits]. Source: those of the words of firmware.
WIDTHS = (8, 16, 24, 32)

NEWTON_STEPS = 5  #: that give an inverse of 32 bits: one bit is right at first, then 2, 4, 8, 16 and 32


@dataclass(frozen=True)
class Steps:
    """How a counter goes on.

    Parameters
    ----------
    first : (channels,) int64: values at position 0.
    step : (channels,) int64 a frame, none of them 0.
    width : bits at which it wraps.
    unit : value of one step of 1: a counter in the upper bits of its samples leaves the lower ones 0.
    """

    first: Ints
    step: Ints
    width: int
    unit: int


class Counter(KnownSource):
    """Values that go up, or down, by a fixed step.

    Parameters
    ----------
    lock : frame whose steps were read.
    """

    def __init__(self, told: str, fmt: SampleFormat, steps: Steps, lock: int) -> None:
        super().__init__(told, fmt, len(steps.first))
        self._first, self._step, self._lock = steps.first, steps.step, lock
        self._width, self._unit = steps.width, steps.unit
        step, width = steps.step, steps.width
        zeros = [_zeros(int(one)) for one in step.tolist()]
        # The channel that tells most positions apart, and how many.
        self._odd_at = min(zeros)
        self._lead = zeros.index(self._odd_at)
        self.period = 1 << (width - self._odd_at)
        self._back = _inverse(step.tolist()[self._lead] >> self._odd_at, self.period)

    @property
    def blind(self) -> str:
        """What a counter can not show."""
        steps = sorted({_signed(int(one), self._width) for one in self._step})
        each = f"step {steps[0]}" if len(steps) == 1 else f"steps {', '.join(str(one) for one in steps)}"
        return (
            f"{self.told} ({each} a frame, {self._width} bits) repeats every {self.period} frames: "
            "an age or a gap is known but for whole multiples of that"
        )

    def image(self, positions: Words) -> Bytes:
        """Return the frames of any `positions`, (n, frame_bytes) uint8."""
        made = self._first + positions.astype(np.int64)[:, None] * self._step
        return _packed((made & ((1 << self._width) - 1)) * self._unit, self.fmt)

    def locked_at(self, rows: Bytes) -> tuple[int, int] | None:
        """Return the frame whose steps were read, which is its own position (see `KnownSource`)."""
        return self._lock, self._lock

    def ages(self, rows: Bytes, due: Ints) -> Ints:
        """Return the lag each frame shows; see `KnownSource.ages`."""
        words = _words(rows, self.fmt, self.channels)[:, self._lead] // self._unit
        off = (words - self._first[self._lead]) & ((1 << self._width) - 1)
        claimed = (off >> self._odd_at) * self._back % self.period
        half = self.period // 2
        lags = (due - claimed + half) % self.period - half
        same = (self.image(((due - lags) % POSITIONS).astype(np.uint32)) == rows).all(axis=1)
        return np.where(same, lags, NONE)


def counter_in(rows: Bytes, fmt: SampleFormat, channels: int, ramp: bool) -> Counter | None:
    """Return the counter that a capture shows, None where it shows none.

    Parameters
    ----------
    rows : (n, frame_bytes) uint8.
    ramp : any step of each channel; without it 1 a frame, or 1 a sample over all channels.
    """
    words = _words(rows, fmt, channels)
    if len(words) <= LOCK or not words.any():
        return None
    every = int(np.bitwise_or.reduce(words.ravel()))
    unit = every & -every
    # Damage sets low bits now and then: the unit is what nearly all samples are multiples of.
    for bit in range(fmt.bits - 1, 0, -1):
        if float((words & ((1 << bit) - 1) == 0).mean()) > LEAST_STEPS + 0.4:
            unit = max(unit, 1 << bit)
            break
    words = words // unit
    bits = fmt.bits - (unit.bit_length() - 1)
    width = next((one for one in WIDTHS if one <= bits and float((words < 1 << one).mean()) > 0.99), bits)
    steps = (words[1:] - words[:-1]) & ((1 << width) - 1)
    usual = np.array([_commonest(steps[:, c]) for c in range(channels)], np.int64)
    right = (steps == usual).all(axis=1)
    if not usual.all() or float(right.mean()) < LEAST_STEPS:
        return None
    plain = len(set(usual.tolist())) == 1 and int(usual[0]) in (1, channels)
    at = _first_run(right, LOCK)
    if at is None or not (ramp or plain):
        return None
    first = words[at] - usual * at & ((1 << width) - 1)
    return Counter("the ramp" if ramp else "the counter", fmt, Steps(first, usual, width, unit), at)


def _zeros(value: int) -> int:
    # Zero bits below the lowest that is set.
    return (value & -value).bit_length() - 1


def _inverse(odd: int, power: int) -> int:
    # By Newton's steps: each doubles the bits that are right.
    back = odd
    for _ in range(NEWTON_STEPS):
        back = back * (2 - odd * back) % power
    return back % power


def _commonest(steps: Ints) -> int:
    values, counts = np.unique(steps, return_counts=True)
    return int(values[np.argmax(counts)])


def _first_run(right: Ints, length: int) -> int | None:
    sums = np.concatenate([[0], np.cumsum(right)])
    found = np.flatnonzero(sums[length:] - sums[:-length] == length)
    return int(found[0]) if len(found) else None


def _signed(value: int, width: int) -> int:
    return value - (1 << width) if value >> (width - 1) else value


def _words(rows: Bytes, fmt: SampleFormat, channels: int) -> Ints:
    # Samples as unsigned numbers of the format's bits, (n, channels).
    cells = rows.reshape(len(rows), channels, fmt.sample_bytes)
    out = np.zeros((len(rows), channels), np.int64)
    for at in range(fmt.bits // 8):
        out |= cells[:, :, at].astype(np.int64) << (8 * at)
    return out


def _packed(words: Ints, fmt: SampleFormat) -> Bytes:
    # Unsigned numbers of the format's bits as frames; the byte above 24 bits holds the sign.
    n, channels = words.shape
    top = 1 << (fmt.bits - 1)
    signed = (words & (2 * top - 1) ^ top) - top
    raw = signed.astype("<i4").ravel().view(np.uint8).reshape(-1, 4)[:, : fmt.sample_bytes]
    return np.ascontiguousarray(raw).reshape(n, channels * fmt.sample_bytes)
