# SPDX-License-Identifier: MIT
"""The spectral view for reports: what was captured, and what the stimulus leaves of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from stress.model.arrays import Ints, Signal

_WINDOW = 1024
_FLOOR_DB = -140.0


@dataclass(frozen=True)
class Spectrogram:
    """Levels over time and frequency.

    Parameters
    ----------
    start_frame : captured frame of the first column.
    hop_frames : frames between columns.
    edges_hz : edges of the bands, one more than rows [Hz].
    levels_db : (bands, columns) float32, power in each band [dBFS].
    """

    start_frame: int
    hop_frames: int
    edges_hz: tuple[float, ...]
    levels_db: Signal

    def to_json(self) -> dict[str, Any]:
        """Return the spectrogram as plain lists, levels to a tenth of a dB."""
        return {
            "start_frame": self.start_frame,
            "hop_frames": self.hop_frames,
            "edges_hz": [round(edge, 1) for edge in self.edges_hz],
            "levels_db": [[round(float(v), 1) for v in row] for row in self.levels_db],
        }


@dataclass(frozen=True)
class View:
    """Spectrograms of the first channel: as captured, and what the stimulus leaves.

    Frames that could not be judged are silence in `after`.
    """

    before: Spectrogram
    after: Spectrogram


def spectrogram(
    signal: Signal, rate: int, start_frame: int, columns: int = 480, bands: int = 96
) -> Spectrogram:
    """Return power per band and column; a full-scale sine reads -3 dB.

    Parameters
    ----------
    signal : (n,) float32, full scale 1.
    columns : at most; longer signals get a larger hop, none is skipped.
    bands : of equal width, up to rate / 2.
    """
    hop = _WINDOW // 2
    count = max(0, (signal.size - _WINDOW) // hop + 1)
    group = max(1, -(-count // columns))
    bins = np.linspace(0, _WINDOW // 2, bands, endpoint=False).astype(np.int64)
    rows = [_power(signal[i * hop :], min(group, count - i), bins) for i in range(0, count, group)]
    power = np.array(rows, dtype=np.float32).reshape(len(rows), bands).T
    levels = 10 * np.log10(np.maximum(power, 10 ** (_FLOOR_DB / 10)))
    edges = (*(bins * rate / _WINDOW).tolist(), rate / 2)
    return Spectrogram(start_frame, hop * group, edges, levels.astype(np.float32))


def _power(signal: Signal, count: int, bins: Ints) -> Signal:
    # Mean over `count` half-overlapping windows of the power in the bands that begin at `bins`.
    window = np.hanning(_WINDOW).astype(np.float32)
    hop = _WINDOW // 2
    halves = np.ascontiguousarray(signal[: (count + 1) * hop]).reshape(count + 1, hop)
    pieces = np.concatenate((halves[:-1], halves[1:]), axis=1) * window
    power = np.mean(np.abs(np.fft.rfft(pieces, axis=1)) ** 2, axis=0)
    scale = 2 / (_WINDOW * float(np.sum(window**2)))
    # Pointer-sized: 32-bit machines refuse 64-bit places.
    bands = np.add.reduceat(power, np.asarray(bins, dtype=np.intp))
    return np.asarray(bands * scale, dtype=np.float32)


def view(y: Signal, left: Iterable[tuple[int, Signal]], rate: int, place: tuple[int, int]) -> View:
    """Return the capture at a place before and after subtracting the stimulus.

    Parameters
    ----------
    y : (n,) float32, the captured channel.
    left : captured frame and what the stimulus leaves from it on, (m,) float32.
    place : first captured frame and number of frames.
    """
    first, frames = max(0, place[0]), min(place[1], y.size - max(0, place[0]))
    rest = np.zeros(frames, dtype=np.float32)
    for at, run in left:
        low, high = max(at, first), min(at + run.size, first + frames)
        if low < high:
            rest[low - first : high - first] = run[low - at : high - at]
    heard = y[first : first + frames]
    return View(spectrogram(heard, rate, first), spectrogram(rest, rate, first))
