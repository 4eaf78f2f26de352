"""The spectral view for reports: what was captured, and what the stimulus leaves of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stress.detect.spectral import fit
from stress.detect.spectral.clock import Clock, on_played_clock
from stress.detect.spectral.resample import PAD, Resampler
from stress.detect.spectral.signal import Reference

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Signal = NDArray[np.float32]

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
    """Captured and residual spectrograms of one stretch."""

    before: Spectrogram
    after: Spectrogram


def band_edges(rate: int, bands: int = 48) -> tuple[float, ...]:
    """Return edges of bands: one up to 100 Hz, then evenly on a log scale to rate / 2 [Hz]."""
    return (0.0, *np.geomspace(100.0, rate / 2, bands).tolist())


def spectrogram(
    signal: Signal, rate: int, start_frame: int, columns: int = 256, bands: int = 48
) -> Spectrogram:
    """Return power per band and column; a full-scale sine reads -3 dB.

    Parameters
    ----------
    columns : at most; longer signals get a larger hop, none is skipped.
    """
    hop = _WINDOW // 2
    count = max(0, (signal.size - _WINDOW) // hop + 1)
    window = np.hanning(_WINDOW)
    power = np.empty((count, _WINDOW // 2 + 1), dtype=np.float32)
    for i in range(count):
        piece = signal[i * hop : i * hop + _WINDOW] * window
        power[i] = np.abs(np.fft.rfft(piece)) ** 2 * (2 / (_WINDOW * np.sum(window**2)))
    group = max(1, -(-count // columns))
    starts = np.arange(0, count, group)
    joined = np.add.reduceat(power, starts, axis=0) / np.diff([*starts, count])[:, None] if count else power
    edges = band_edges(rate, bands)
    bins = np.searchsorted(np.arange(_WINDOW // 2 + 1) * rate / _WINDOW, edges)
    rows = [joined[:, low : max(high, low + 1)].sum(axis=1) for low, high in zip(bins[:-1], bins[1:])]
    levels = 10 * np.log10(np.maximum(np.array(rows), 10 ** (_FLOOR_DB / 10)))
    return Spectrogram(start_frame, hop * group, edges, levels.astype(np.float32))


def view(
    y: Signal, x: Reference, taps: NDArray[np.float64], clock: Clock, rate: int, place: tuple[int, int]
) -> View:
    """Return the capture around a place before and after subtracting the stimulus.

    Parameters
    ----------
    taps, clock : of the channel there.
    place : first captured frame and number of frames, within one segment.
    """
    start, frames = place
    at = round(clock.played(start))
    heard = on_played_clock(y, clock, at, frames, Resampler(frames + 4 * PAD))
    told = x.sent(at + fit.PRE - fit.TAPS + 1, frames + fit.TAPS - 1).astype(np.float64)
    size = 1 << int(np.ceil(np.log2(told.size)))
    guess = np.fft.irfft(np.fft.rfft(told, size) * np.fft.rfft(taps, size), size)
    left = heard - guess[fit.TAPS - 1 : fit.TAPS - 1 + frames].astype(np.float32)
    return View(spectrogram(heard, rate, start), spectrogram(left.astype(np.float32), rate, start))
