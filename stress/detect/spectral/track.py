# SPDX-License-Identifier: MIT
"""Follow the delay through a capture: drift, and the frames where it jumps."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from stress.detect.spectral.lock import PlayedChannel, search
from stress.detect.spectral.signal import NoiseStimulus, Reference
from stress.model.arrays import Flags, Floats, Signal

BLOCK = 4096
# A delay this far from the prediction is a jump [frames]. Higher: a single lost frame passes for
# drift; lower: a noisy peak passes for a lost frame.
_JUMP = 0.6
# Peak over RMS of a block's circular correlation that counts as seen: noise alone reaches 4.5.
_SEEN = 7.0
# Blocks measured at once where all follow, for speed; and those the first slope is guessed from.
_GROUP, _FIRST = 64, 33
# Clocks of two cards differ by less [frames per frame].
_MOST_DRIFT = 1e-3
# How far from the known delay a lost one is looked for [frames]. Source: two seconds of 48 kHz. Higher: each
# lost block costs more transforms; lower: a longer gap ends what is judged of the capture.
_FAR = 98304


@dataclass(frozen=True)
class Segment:
    """Blocks between two jumps.

    Parameters
    ----------
    start, stop : captured frames, whole blocks, of the first and past the last block.
    frames : centres of the blocks used, and `delays` there [frames].
    """

    start: int
    stop: int
    frames: tuple[float, ...]
    delays: tuple[float, ...]


@dataclass(frozen=True)
class Track:
    """All segments in order, and the blocks where nothing was seen.

    Parameters
    ----------
    slope : delay gained per captured frame.
    """

    segments: tuple[Segment, ...]
    lost: tuple[int, ...]
    slope: float


class DelayTracker:
    """Follow one channel block by block from a known delay.

    Parameters
    ----------
    y : (n,) float32, the captured channel; `x` what was played on it.
    """

    def __init__(self, y: Signal, x: Reference, delay: int) -> None:
        self._y, self._x = y, x
        self._open = Segment(0, 0, (), ())
        self._done: list[Segment] = []
        self._lost: list[int] = []
        self._slope, self._delay = 0.0, float(delay)

    def run(self, first: int, pattern: NoiseStimulus, channel: int, first_position: int) -> Track:
        """Track from captured frame `first` to the end."""
        at, group = first, 1
        self._guess_slope(first)
        self._open = Segment(first, first, (), ())
        while at + BLOCK <= self._y.size:
            used, jump, followed = self._advance(at, group)
            at += used * BLOCK
            group = min(_GROUP, group * 2) if followed else 1
            if jump:
                self._split(at, jump)
            elif not followed:
                at += self._skip(at, pattern, channel, first_position)
        self._close()
        return Track(tuple(self._done), tuple(self._lost), self._common_slope())

    def predict(self, frame: float) -> float:
        """Return the delay expected at a captured frame."""
        if not self._open.frames:
            return self._delay
        return self._delay + self._slope * (frame - self._open.frames[-1])

    def _guess_slope(self, at: int) -> None:
        # Median of the steps between blocks: one jump among them does not matter.
        shifts, seen, _ = self._measure(at, _FIRST)
        steps = np.diff(shifts)[seen[1:] & seen[:-1]]
        if steps.size >= 3:
            slope = float(np.median(steps)) / BLOCK
            self._slope = slope if abs(slope) < _MOST_DRIFT else 0.0

    def _advance(self, at: int, count: int) -> tuple[int, float, bool]:
        # How many blocks followed the prediction, the jump after them (0 for none), and whether all followed.
        shifts, seen, expected = self._measure(at, count)
        off = expected + shifts - self._predicted(at, count)
        good = seen & (np.abs(off) < _JUMP)
        bad = np.flatnonzero(~good)
        used = int(bad[0]) if bad.size else good.size
        self._accept(at, expected[:used] + shifts[:used])
        if not bad.size or not seen[used]:
            return used, 0.0, not bad.size
        after = at + (used + 1) * BLOCK
        again, seen_again, wanted = self._measure(after, 1)
        if not seen_again.size or not seen_again[0]:
            return used, 0.0, False
        later = float(wanted[0] + again[0] - self._predicted(after, 1)[0])
        return used, float(off[used]) if abs(later - off[used]) < _JUMP else 0.0, False

    def _predicted(self, at: int, count: int) -> Floats:
        count = min(count, max(0, (self._y.size - at) // BLOCK))
        centres = at + BLOCK * (np.arange(count) + 0.5)
        return np.array([self.predict(float(c)) for c in centres], dtype=np.float64)

    def _measure(self, at: int, count: int) -> tuple[Floats, Flags, Floats]:
        # Shifts against whole expected delays, whether seen, and those delays.
        expected = np.rint(self._predicted(at, count))
        count = expected.size
        ys = self._y[at : at + count * BLOCK].reshape(count, BLOCK)
        xs = np.array([self._x.at(at + i * BLOCK - int(expected[i]), BLOCK) for i in range(count)])
        cross = np.fft.rfft(ys, axis=1) * np.conj(np.fft.rfft(xs.reshape(count, BLOCK), axis=1))
        cross[:, 0] = 0
        shifts, seen = _peaks(np.asarray(np.fft.irfft(cross, BLOCK, axis=1), dtype=np.float64))
        return shifts, seen, expected

    def _accept(self, at: int, delays: Floats) -> None:
        if not delays.size:
            return
        centres = at + BLOCK * (np.arange(delays.size) + 0.5)
        self._open = replace(
            self._open,
            stop=at + delays.size * BLOCK,
            frames=self._open.frames + tuple(centres.tolist()),
            delays=self._open.delays + tuple(delays.tolist()),
        )
        frames, known = np.array(self._open.frames[-256:]), np.array(self._open.delays[-256:])
        if frames.size < 8:
            self._delay = float(known[-1])
            return
        slope, offset = np.polyfit(frames - frames[-1], known, 1)
        self._slope = float(np.clip(slope, -_MOST_DRIFT, _MOST_DRIFT))
        self._delay = float(offset)

    def _split(self, at: int, jump: float) -> None:
        delay = self.predict(at) + jump
        self._close()
        self._open = Segment(at, at, (), ())
        self._delay = delay

    def _close(self) -> None:
        if self._open.frames:
            self._done.append(self._open)

    def _skip(self, at: int, pattern: NoiseStimulus, channel: int, first_position: int) -> int:
        # A lost block: look further afield once, else pass over it.
        self._lost.append(at)
        if len(self._lost) % 4 == 2 and self._y.size - at >= 2 * BLOCK and np.std(self._y[at:]) > 1e-5:
            m = at - round(self.predict(at))
            found = search(self._y, at, PlayedChannel(pattern, channel, first_position), m - _FAR, m + _FAR)
            if found.locked and abs(found.delay - self.predict(at)) > BLOCK / 4:
                self._split(at, found.delay - self.predict(at))
                return 0
        return BLOCK

    def _common_slope(self) -> float:
        long = [s for s in self._done if len(s.frames) >= 8]
        if not long:
            return self._slope if len(self._done) == 1 else 0.0
        frames = np.concatenate([np.array(s.frames) - np.mean(s.frames) for s in long])
        delays = np.concatenate([np.array(s.delays) for s in long])
        return float(np.dot(frames, delays) / np.dot(frames, frames))


def _peaks(correlation: Floats) -> tuple[Floats, Flags]:
    # Peak of each row as a signed shift with a fraction, and whether it stands out.
    size = np.abs(correlation)
    where = size.argmax(axis=1)
    rows = np.arange(where.size)
    top = size[rows, where]
    left = size[rows, where - 1]
    right = size[rows, (where + 1) % size.shape[1]]
    bend = np.maximum(2 * top - left - right, 1e-30)
    shift = np.where(where > size.shape[1] // 2, where - size.shape[1], where) + 0.5 * (right - left) / bend
    rms = np.sqrt(np.mean(correlation * correlation, axis=1))
    return shift, top > _SEEN * rms
