"""Find any recording in a capture of it: by correlation, confirmed bit for bit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

import numpy as np

from stress.patterns.layout import Layout

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Signal = NDArray[np.float32]
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
# A place whose correlation is this near the best may be the right one of a recording that repeats itself.
_AS_GOOD = 0.98
_PIECE = 1 << 16


def find(captured: Bytes, part: Part, due: int, layout: Layout, latest: int | None = None) -> int | None:
    """Return the captured frame that shows frame 0 of what was played, None without.

    Parameters
    ----------
    captured : (n * frame_bytes,) uint8.
    part : what was played, part(start, frames).
    due : frames played.
    latest : largest frame to return, None for anywhere; then the result is
        negative where the capture begins inside what was played.
    """
    taken = captured.size // layout.frame_bytes
    for at in _loudest(part, due, layout):
        probe = _mono(part(at, min(LOCK_FRAMES, due - at)), layout)
        if not probe.any():
            return None
        low, high = (0, taken) if latest is None else (at, min(taken, at + latest + 1))
        places = [place - at for place in _places(captured, layout, probe, low, high)]
        scored = [(_equal(captured, part, due, layout, first, at), -first) for first in places]
        share, first = max(scored, default=(0.0, 0))
        if share >= LEAST_EQUAL:
            return -first
    return None


def _places(captured: Bytes, layout: Layout, probe: Signal, low: int, high: int) -> list[int]:
    # Starts in low..high where the probe correlates best, in pieces of bounded size.
    size = layout.frame_bytes
    spectrum = np.conj(np.fft.rfft(probe, 2 * _PIECE))
    found: list[tuple[float, int]] = []
    for start in range(low, high, _PIECE):
        seen = _mono(captured[start * size : (start + _PIECE + len(probe)) * size], layout)
        heard = np.fft.irfft(np.fft.rfft(seen, 2 * _PIECE) * spectrum, 2 * _PIECE)
        heard = heard[: min(_PIECE, high - start, len(seen))]
        count = min(_PLACES, heard.size)
        if count:
            best = np.argpartition(-heard, count - 1)[:count].tolist()
            found += [(float(heard[i]), start + i) for i in best]
    top = max((value for value, _ in found), default=0.0)
    near = sorted((one for one in found if one[0] > 0 and one[0] >= _AS_GOOD * top), reverse=True)
    return [place for _, place in near[:_PLACES]]


def _equal(captured: Bytes, part: Part, due: int, layout: Layout, first: int, at: int) -> float:
    # The probe has to be there; start and end tell the periods of a recording that repeats itself apart.
    size = layout.frame_bytes
    taken, begin = captured.size // size, max(0, -first)
    end = min(due, taken - first)
    shares = []
    for start in (at, begin, max(begin, end - LOCK_FRAMES)):
        n = min(LOCK_FRAMES, end - start)
        if n <= 0:
            return 0.0
        seen = captured[(first + start) * size : (first + start + n) * size].reshape(-1, size)
        shares.append(float((seen == part(start, n).reshape(-1, size)).all(axis=1).mean()))
    return shares[0] + 1e-3 * (shares[1] + shares[2]) if shares[0] >= LEAST_EQUAL else 0.0


def _mono(frames: Bytes, layout: Layout) -> Signal:
    # Unequal weights: channels of opposite sign do not cancel.
    samples = layout.samples(frames).astype(np.float32)
    weights = np.float32(0.7) ** np.arange(layout.channels, dtype=np.float32)
    mono: Signal = samples @ weights
    return mono


def _loudest(part: Part, due: int, layout: Layout) -> list[int]:
    # Starts of the loudest whole stretches; a recording may begin with silence.
    if due < 1:
        return []
    starts = range(0, max(1, due - LOCK_FRAMES + 1), LOCK_FRAMES)
    power = [float((_mono(part(at, min(LOCK_FRAMES, due - at)), layout) ** 2).sum()) for at in starts]
    order = sorted(range(len(power)), key=lambda i: -power[i])
    return [starts[i] for i in order[:_STRETCHES]]
