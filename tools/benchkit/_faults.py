# SPDX-License-Identifier: MIT
"""Faults laid into clean captures, each with the finding it must give."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from stress.model.arrays import Bytes, Floats
from stress.model.finding import Finding, Kind
from stress.model.ring import Rings
from stress.patterns.word import Pattern

if TYPE_CHECKING:
    from stress.model.formats import SampleFormat


@dataclass(frozen=True)
class Truth:
    """What must be found; `None` is not compared."""

    kind: Kind
    frame: int
    frames: int
    lag: int | None = None
    laps: int | None = None
    ring: str | None = None
    ring_offset: int | None = None
    line_bytes: int | None = None
    details: dict[str, Any] = field(default_factory=dict)

    def misses(self, finding: Finding) -> list[str]:
        """Return the names of the fields that `finding` has wrong."""
        wrong = []
        for name in ("kind", "frame", "frames", "lag", "laps", "ring", "ring_offset"):
            want = getattr(self, name)
            if want is not None and getattr(finding, name) != want:
                wrong.append(name)
        if self.ring is not None and finding.line_bytes != self.line_bytes:
            wrong.append("line_bytes")
        for key, want in self.details.items():
            got = finding.details.get(key)
            near = isinstance(want, float) and got is not None and abs(got - want) <= 0.02 + 0.002 * abs(want)
            if got != want and not near:
                wrong.append(key)
        return wrong


class Scene:
    """A clean capture into which faults are laid from front to back.

    Parameters
    ----------
    frames : pattern frames behind `lead` frames of silence.
    first : position of the first pattern frame.
    """

    def __init__(
        self, pattern: Pattern, rings: Rings, frames: int, lead: int, first: int, rng: np.random.Generator
    ) -> None:
        self.pattern, self.rings, self.lead, self.first, self.rng = pattern, rings, lead, first, rng
        self.size = pattern.frame_bytes
        self.rows: Bytes = np.zeros((lead + frames, self.size), np.uint8)
        self.rows[lead:] = pattern.bytes_at(first, frames).reshape(-1, self.size)
        self.align = first - lead
        self.truths: list[Truth] = []
        self.floor = lead
        self.spoilt: list[tuple[int, int]] = []

    @property
    def raw(self) -> Bytes:
        """The capture as (n * frame_bytes,) uint8."""
        return self.rows.reshape(-1)

    def due(self, at: int) -> int:
        """Position due at captured frame `at`."""
        return self.align + at

    def touched(self, at: int) -> bool:
        """Tell whether the frames around `at` were damaged before."""
        return any(start - 64 < at + 200 and at - 64 < end for start, end in self.spoilt)

    def image(self, position: int, frames: int) -> Bytes:
        """Pattern frames from `position` on, (frames, frame_bytes) uint8."""
        return self.pattern.bytes_at(position % (1 << 32), frames).reshape(-1, self.size)

    def samples(self, at: int, frames: int) -> Floats:
        """Samples as integers of the format's bits, (frames, channels)."""
        bits = self.pattern.fmt.bits
        wide = self.pattern.layout.samples(np.ascontiguousarray(self.rows[at : at + frames]))
        return (wide >> (32 - bits)).astype(np.float64)

    def put(self, at: int, samples: Floats) -> None:
        """Write integer samples back, rounded and clipped."""
        fmt, top = self.pattern.fmt, float(1 << (self.pattern.fmt.bits - 1))
        value = np.clip(np.round(samples), -top, top - 1).astype("<i8")
        raw = value.astype("<i4")[:, :, None].copy().view(np.uint8)[:, :, : fmt.sample_bytes]
        self.rows[at : at + len(samples)] = raw.reshape(len(samples), self.size)

    def damage(self, at: int, frames: int) -> tuple[int, int]:
        """Return first and length of the frames that really differ from what was due."""
        wrong = (self.rows[at : at + frames] != self.image(self.due(at), frames)).any(axis=1)
        hits = np.flatnonzero(wrong)
        return (at + int(hits[0]), int(hits[-1] - hits[0]) + 1) if hits.size else (at, 0)

    def add(self, truth: Truth, end: int) -> None:
        """Record a truth; the next fault lies at or after captured frame `end`."""
        self.truths.append(truth)
        self.floor = end
        if truth.kind not in (Kind.DROP, Kind.REPEAT):
            self.spoilt.append((truth.frame, truth.frame + truth.frames))


Fault = Callable[[Scene, int], None]


def _line(scene: Scene) -> tuple[int, int]:
    line = int(scene.rng.choice([16, 32, 64]))
    return line, line * int(scene.rng.integers(1, 5))


def _largest(offset: int, size: int) -> int | None:
    # Of a board with lines of 32 bytes, as the detector takes it to be.
    return next((line for line in (32, 16) if offset % line == 0 and size % line == 0), None)


def _stale(scene: Scene, at: int, ring: str, laps: int, tail: bool = False) -> None:
    frames = scene.rings.playback if ring == "playback" else scene.rings.capture
    ring_bytes = (frames or 0) * scene.size
    line, length = _line(scene)
    if ring == "capture" and scene.touched(at - laps * (frames or 0)):
        # What was damaged on its way into the ring has no age of its own.
        ring, frames = "playback", scene.rings.playback
        ring_bytes = (frames or 0) * scene.size
    start = scene.due(at) - scene.first if ring == "playback" else at
    offset = start * scene.size % ring_bytes
    skip = -offset % line
    if tail:
        # Begins at a frame inside a line and ends on the line's edge.
        units = max(scene.size, 4) if 32 % scene.size == 0 else scene.size
        inside = int(scene.rng.integers(1, max(2, 32 // units))) * units
        skip, length = -offset % 32 + inside, 32 - inside
        if length <= 0:
            length = scene.size
    offset = (offset + skip) % ring_bytes
    first, last = at * scene.size + skip, at * scene.size + skip + length
    flat = scene.raw
    if ring == "playback":
        span = -(-last // scene.size) - first // scene.size
        old = scene.image(scene.due(first // scene.size) - laps * (frames or 0), span).reshape(-1)
        flat[first:last] = old[first % scene.size : first % scene.size + length]
    else:
        flat[first:last] = flat[first - laps * ring_bytes : last - laps * ring_bytes].copy()
    frame, end = first // scene.size, -(-last // scene.size)
    lag = laps * (frames or 0)
    scene.add(Truth(Kind.STALE, frame, end - frame, lag, laps, ring, offset, _largest(offset, length)), end)


def stale_playback(scene: Scene, at: int) -> None:
    """Lines of the playback ring, 1 to 8 laps old."""
    _stale(scene, at, "playback", int(scene.rng.integers(1, 9)))


def stale_capture(scene: Scene, at: int) -> None:
    """Lines of the capture ring, 1 or 2 laps old."""
    _stale(scene, at, "capture", int(scene.rng.integers(1, 3)))


def stale_tail(scene: Scene, at: int) -> None:
    """The tail of a line, as a read that ends inside a line leaves it."""
    _stale(scene, at, "capture" if scene.rng.integers(2) else "playback", 1, tail=True)


def earlier_burst(scene: Scene, at: int) -> None:
    """Lines of an earlier burst, at positions before this one."""
    count = int(scene.rng.integers(max(4, 16 // scene.size), 33))
    back = int(scene.rng.integers(1, 1 << 24))
    position = scene.first - back - count
    scene.rows[at : at + count] = scene.image(position, count)
    lag = scene.due(at) - position
    scene.add(Truth(Kind.STALE, at, count, lag, details={"origin": "earlier burst"}), at + count)


def misplaced(scene: Scene, at: int) -> None:
    """A chunk of a cache line whose lag is no whole lap."""
    lag = int(scene.rng.integers(9, 400))
    count = max(1, 32 // scene.size)
    count = max(count, 4) if scene.pattern.channels == 1 else max(count, 2)
    scene.rows[at : at + count] = scene.image(scene.due(at) - lag, count)
    scene.add(Truth(Kind.MISPLACED, at, count, lag), at + count)


def zero(scene: Scene, at: int) -> None:
    """Zeros for 1 to 48 frames, or 1 to 4 cache lines of them, which need not hold whole frames."""
    first, end = at * scene.size, (at + int(scene.rng.integers(1, 49))) * scene.size
    if scene.rng.integers(2):
        line, length = _line(scene)
        first = (first // line + 1) * line
        end = first + length
    scene.raw[first:end] = 0
    frame, last = first // scene.size, -(-end // scene.size)
    scene.add(Truth(Kind.ZERO, *scene.damage(frame, last - frame)), last)


def hold(scene: Scene, at: int) -> None:
    """The frame before, for 2 to 48 frames."""
    count = int(scene.rng.integers(2, 49))
    scene.rows[at : at + count] = scene.rows[at - 1]
    scene.add(Truth(Kind.HOLD, *scene.damage(at, count)), at + count)


def drop(scene: Scene, at: int) -> None:
    """1 to 500 frames missing, packets among them."""
    count = int(scene.rng.choice([1, 6, 48, 96, int(scene.rng.integers(1, 500))]))
    scene.rows = np.delete(scene.rows, slice(at, at + count), axis=0)
    scene.align += count
    scene.add(Truth(Kind.DROP, at, count), at)


def repeat(scene: Scene, at: int) -> None:
    """1 to 500 frames a second time, packets among them."""
    count = int(scene.rng.choice([1, 6, 48, 96, int(scene.rng.integers(1, 500))]))
    scene.align -= count
    again = scene.image(scene.due(at), count)
    scene.rows = np.concatenate([scene.rows[:at], again, scene.rows[at:]])
    scene.add(Truth(Kind.REPEAT, at, count), at + 1)


def insert(scene: Scene, at: int) -> None:
    """1 to 96 frames of noise or silence between right ones."""
    count = int(scene.rng.integers(1, 97))
    strange = scene.rng.integers(0, 256, (count, scene.size), dtype=np.uint8)
    if scene.rng.integers(2):
        strange[:] = 0
    scene.rows = np.concatenate([scene.rows[:at], strange, scene.rows[at:]])
    scene.align -= count
    scene.add(Truth(Kind.INSERT, at, count), at + count)


def bitflip(scene: Scene, at: int) -> None:
    """1 to 3 bits of one frame."""
    size, bits = scene.size, int(scene.rng.integers(1, 4))
    places = scene.rng.choice(size * 8, bits, replace=False)
    for place in places:
        scene.rows[at, place // 8] ^= np.uint8(1 << (place % 8))
    scene.add(Truth(Kind.BITFLIP, at, 1, details={"flips": bits}), at + 1)


def swap(scene: Scene, at: int) -> None:
    """Two channels exchanged for 2 to 400 frames."""
    count, channels = int(scene.rng.integers(2, 400)), scene.pattern.channels
    a, b = (int(c) for c in scene.rng.choice(channels, 2, replace=False))
    cells = scene.rows[at : at + count].reshape(-1, channels, scene.pattern.fmt.sample_bytes)
    cells[:, [a, b]] = cells[:, [b, a]].copy()
    source = list(range(channels))
    source[a], source[b] = b, a
    scene.add(Truth(Kind.SWAP, *scene.damage(at, count), details={"source": source}), at + count)


def byteshift(scene: Scene, at: int) -> None:
    """The byte stream 1 to 3 bytes late or early for 4 to 400 frames."""
    count = int(scene.rng.integers(4, 400))
    shift = int(scene.rng.choice([1, 2, 3])) * int(scene.rng.choice([-1, 1]))
    if abs(shift) >= scene.size:
        shift = 1 if shift > 0 else -1
    first = at * scene.size
    flat = scene.raw
    flat[first : first + count * scene.size] = flat[first - shift : first - shift + count * scene.size].copy()
    truth = Truth(Kind.BYTESHIFT, *scene.damage(at, count), details={"bytes": shift})
    scene.add(truth, at + count)


def gain(scene: Scene, at: int) -> None:
    """Scaled by -30 to -0.1 or +0.5 to +6 dB for 200 to 2000 frames."""
    count = int(scene.rng.integers(200, 2000))
    level = -float(scene.rng.choice([0.1, 0.5, 1, 3, 6.0206, 12, 20, 30]))
    if scene.rng.integers(4) == 0:
        level = float(scene.rng.uniform(0.5, 6))
    scene.put(at, scene.samples(at, count) * 10 ** (level / 20))
    scene.add(Truth(Kind.GAIN, *scene.damage(at, count), details={"gain_db": level}), at + count)


def dither(scene: Scene, at: int) -> None:
    """Triangular dither of 1 or 2 LSB for 200 to 2000 frames."""
    count, most = int(scene.rng.integers(200, 2000)), int(scene.rng.integers(1, 3))
    shape = (count, scene.pattern.channels)
    one, two = (scene.rng.integers(0, most + 1, shape) for _ in range(2))
    scene.put(at, scene.samples(at, count) + (one - two))
    scene.add(Truth(Kind.DITHER, *scene.damage(at, count)), at + count)


def mute(scene: Scene, at: int) -> None:
    """Zeros from here to the end."""
    scene.rows[at:] = 0
    scene.add(Truth(Kind.MUTE, at, len(scene.rows) - at), len(scene.rows))


RATIOS = (44100 / 48000, 48000 / 44100, 0.5, 2.0, 2 / 3, 1.5, 1 + 200e-6, 1 - 1e-3)


def resample(scene: Scene, at: int) -> None:
    """Another rate to the end, by straight lines between frames."""
    ratio = float(scene.rng.choice(RATIOS))
    count = len(scene.rows) - at
    need = int(count * ratio) + 4
    source = Scene(scene.pattern, scene.rings, need, 0, scene.due(at) % (1 << 32), scene.rng)
    place = np.arange(count) * ratio
    whole = place.astype(np.int64)
    part = (place - whole)[:, None]
    values = source.samples(0, need)
    scene.put(at, values[whole] * (1 - part) + values[whole + 1] * part)
    truth = Truth(Kind.RESAMPLE, *scene.damage(at, count), details={"ratio": ratio})
    scene.add(truth, len(scene.rows))


FAULTS: dict[str, Fault] = {
    fault.__name__: fault
    for fault in (
        stale_playback,
        stale_capture,
        stale_tail,
        earlier_burst,
        misplaced,
        zero,
        hold,
        drop,
        repeat,
        insert,
        bitflip,
        swap,
        byteshift,
        gain,
        dither,
        mute,
        resample,
    )
}
LAST = ("mute", "resample")  #: faults that last to the end of the burst


def fits(name: str, channels: int, fmt: SampleFormat) -> bool:
    """Tell whether fault `name` exists in a format."""
    return name != "swap" or channels > 1
