# SPDX-License-Identifier: MIT
"""Find any recording in a capture of it: by correlation, confirmed bit for bit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable

import numpy as np

from stress.model.arrays import Bytes, Floats, Signal
from stress.patterns.layout import Layout

if TYPE_CHECKING:
    Part = Callable[[int, int], Bytes]

# Samples correlated for a lock. Source: 4096 samples of any recording that is not
# silent place a peak far above noise. Higher: time; lower: periodic or quiet
# starts lock to the wrong period.
LOCK_FRAMES = 4096
# Share of the probe's frames that have to be equal. Higher: a burst with many
# stale lines does not lock; lower: silence around a quiet recording does.
LEAST_EQUAL = 0.5
# Loud stretches tried, and places per stretch. Higher: time where nothing came
# back; lower: damage to one stretch, or a recording that repeats itself, decides.
_STRETCHES, _PLACES = 3, 16
# Places whose correlation is this near the best may be the right one of a recording that
# repeats itself; so many are compared.
_AS_GOOD, _MOST_ALIKE = 0.98, 4096
_PIECE = 1 << 16


@dataclass(frozen=True)
class Played:
    """What was played.

    Parameters
    ----------
    part : part(start, frames) returns (frames * frame_bytes,) uint8 from a frame on.
    frames : played, or of the recording that is played round and round.
    layout : of its frames.
    """

    part: Part
    frames: int
    layout: Layout


def find(captured: Bytes, played: Played, latest: int | None = None) -> int | None:
    """Return the captured frame that shows frame 0 of what was played, None without.

    Parameters
    ----------
    captured : (n * frame_bytes,) uint8.
    latest : largest frame to return, None for anywhere; then the result is
        negative where the capture begins inside what was played.
    """
    layout, taken = played.layout, captured.size // played.layout.frame_bytes
    for at in _loudest(played):
        probe = _mono(played.part(at, min(LOCK_FRAMES, played.frames - at)), layout)
        if not probe.any():
            return None
        low, high = (0, taken) if latest is None else (at, min(taken, at + latest + 1))
        places = [place - at for place in _places(captured, layout, probe, low, high)]
        scored = [(_equal(captured, played, first, at), -first) for first in places]
        good = sorted((one for one in scored if one[0] >= LEAST_EQUAL), reverse=True)[:_PLACES]
        if good:
            return _most_right(captured, played, [-place for _, place in good])
    return None


def _most_right(captured: Bytes, played: Played, firsts: list[int]) -> int:
    # Of several places the one that leaves the fewest frames unaccounted for.
    if len(firsts) == 1:
        return firsts[0]
    size, due = played.layout.frame_bytes, played.frames
    right = dict.fromkeys(firsts, 0)
    for start in range(0, due, LOCK_FRAMES):
        sent = played.part(start, min(LOCK_FRAMES, due - start)).reshape(-1, size)
        for first in firsts:
            low = min(len(sent), max(0, -first - start))
            seen = captured[(first + start + low) * size : max(0, first + start + len(sent)) * size]
            rows = seen.reshape(-1, size)
            right[first] += int((rows == sent[low : low + len(rows)]).all(axis=1).sum())
    return max(firsts, key=lambda first: (right[first], -first))


def _places(captured: Bytes, layout: Layout, probe: Signal, low: int, high: int) -> list[int]:
    # Starts in low..high where the probe correlates best, best first.
    size = layout.frame_bytes
    spectrum = np.conj(np.fft.rfft(probe, 2 * _PIECE))
    found: list[tuple[float, int]] = []
    for start in range(low, high, _PIECE):
        piece = captured[start * size : (start + _PIECE + len(probe)) * size]
        if not piece.any():
            continue  # silence correlates with nothing, and everywhere alike
        seen = _mono(piece, layout)
        heard = np.fft.irfft(np.fft.rfft(seen, 2 * _PIECE) * spectrum, 2 * _PIECE)
        heard = heard[: min(_PIECE, high - start, len(seen))]
        heard /= _loudness(seen, len(probe))[: heard.size]
        near = np.flatnonzero(heard >= _AS_GOOD * heard.max(initial=0.0))
        if near.size < _PLACES:
            near = np.argsort(-heard)[:_PLACES]
        if near.size > _MOST_ALIKE:
            near = near[np.argsort(-heard[near])[:_MOST_ALIKE]]
        found += [(float(heard[i]), start + i) for i in near.tolist()]
        # In constant memory: of a whole capture no more places are compared than of one piece.
        found = sorted(found, key=lambda one: -one[0])[: max(_PLACES, _MOST_ALIKE)]
    top = found[0][0] if found else 0.0
    alike = sum(value >= _AS_GOOD * top for value, _ in found)
    return [place for value, place in found[: max(_PLACES, min(alike, _MOST_ALIKE))] if value > 0]


def _loudness(seen: Signal, width: int) -> Floats:
    # Root of the energy of the `width` samples from each on; never zero.
    total = np.concatenate((np.zeros(1), np.cumsum(seen.astype(np.float64) ** 2)))
    ends = np.minimum(np.arange(len(seen)) + width, len(seen))
    energy: Floats = total[ends] - total[: len(seen)]
    return np.sqrt(np.maximum(energy, 1e-9 * max(1.0, float(total[-1]))))


def _equal(captured: Bytes, played: Played, first: int, at: int) -> float:
    # The probe has to be there; start and end tell the periods of a recording that repeats itself apart.
    size = played.layout.frame_bytes
    taken, begin = captured.size // size, max(0, -first)
    end = min(played.frames, taken - first)
    shares = []
    for start in (at, begin, max(begin, end - LOCK_FRAMES)):
        n = min(LOCK_FRAMES, end - start)
        if n <= 0:
            return 0.0
        seen = captured[(first + start) * size : (first + start + n) * size].reshape(-1, size)
        shares.append(float((seen == played.part(start, n).reshape(-1, size)).all(axis=1).mean()))
    return shares[0] + 1e-3 * (shares[1] + shares[2]) if shares[0] >= LEAST_EQUAL else 0.0


def _mono(frames: Bytes, layout: Layout) -> Signal:
    # Unequal weights: channels of opposite sign do not cancel.
    samples = layout.samples(frames).astype(np.float32)
    weights = np.float32(0.7) ** np.arange(layout.channels, dtype=np.float32)
    # Differences: thousands of places of a slow recording would correlate alike.
    mono: Signal = np.diff(samples @ weights, prepend=np.float32(0))
    mono[:1] = 0
    return mono


def _loudest(played: Played) -> list[int]:
    # Starts of the loudest whole stretches; a recording may begin with silence.
    due, part = played.frames, played.part
    if due < 1:
        return []
    starts = range(0, max(1, due - LOCK_FRAMES + 1), LOCK_FRAMES)
    power = [float((_mono(part(at, min(LOCK_FRAMES, due - at)), played.layout) ** 2).sum()) for at in starts]
    order = sorted(range(len(power)), key=lambda i: -power[i])
    return [starts[i] for i in order[:_STRETCHES]]
