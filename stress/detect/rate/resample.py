# SPDX-License-Identifier: MIT
"""Recognise a stream that runs at another rate, and say at which ratio.

Interpolated frames decode to nothing, so the samples are correlated with the
pattern stretched by each ratio of common rates; the place of the peak is then
followed through the stretch, and its slope is the ratio.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stress.detect.exact.damage_kind import Namer
from stress.detect.exact.decode import NONE, Decoder
from stress.model.arrays import Bytes, Floats
from stress.model.stimulus import POSITIONS

RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000, 176400, 192000)

# Equal lags in a row that end a stretch at another rate [frames]. Source: no
# ratio of common rates repeats a lag 16 times. Higher: a short right stretch is
# swallowed; lower: slow drift looks right.
SETTLED = 16

# Shortest stretch judged [frames]. Source: 128 samples give a correlation noise
# of 0.09, four windows a slope. Higher: short stretches stay unknown; lower:
# damage may correlate by chance.
SHORTEST = 512
WINDOW = 128

# Correlation that counts. Source: 50000 trials of noise at 0.09 reach 0.38;
# straight-line interpolation half way keeps 0.7. Higher: poor converters are
# missed; lower: damage is called resampling.
LEVEL = 0.5
# Windows that are followed one by one, and how many are stepped over from then on. Source: a slope
# from 16 windows is right to a tenth of a frame in four more. Higher: time; lower: the place is lost.
CLOSE, FAR_STEP = 16, 4

# Correlation, at no delay, of samples that run at the rate that is due. Source: noise of 128
# samples reaches 0.38, a drift of 0.7 frames keeps 0.3 by straight lines. Higher: seconds on
# flipped bits; lower: a slow drift is not looked for.
STAYS = 0.45
REACH = 256  #: delay a converter may add [frames]
NEAR_REACH = 8  #: frames by which a place that is followed may be off

# Frames the stream must drift within the stretch. Source: a peak is placed to a
# tenth of a frame. Higher: small drifts are unknown; lower: dither drifts.
LEAST_DRIFT = 0.7


@dataclass(frozen=True)
class Other:
    """A stretch at another rate: where it ends, its ratio, the position due behind it.

    `origin` is the place of its first frame against the position given [frames].
    """

    end: int
    ratio: float
    position: int
    origin: float = 0.0


def unsettled(runs: list[tuple[int, int, int]], first: int = 0) -> tuple[int, int] | None:
    """Return the first stretch of `SHORTEST` frames without `SETTLED` equal lags."""
    start = first
    for begin, end, lag in runs:
        if lag == NONE or end - begin < SETTLED:
            continue
        if begin - start >= SHORTEST:
            return start, begin
        start = end
    total = runs[-1][1] if runs else 0
    return (start, total) if total - start >= SHORTEST else None


class Resampling:
    """Estimates ratios for one capture."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._layout = decoder.pattern.layout
        self._namer = Namer(decoder)
        ratios = {a / b for a in RATES for b in RATES if 1 / 6.1 < a / b < 6.1}
        self._ratios = sorted(ratios, key=lambda ratio: abs(np.log(ratio)))
        self._ratios_end = max(ratios)

    def judge(self, rows: Bytes, position: int, further: int = 0) -> Other | None:
        """Return the other rate of `rows`, None when it is none.

        Parameters
        ----------
        rows : (n, frame_bytes) uint8 of an unsettled stretch.
        position : due at its first frame.
        further : how much more than a converter's delay it may be off [frames].
        """
        if self._namer.fit(rows[:WINDOW], position) is not None:
            return None
        seen = self.samples(rows)
        if self._stays(seen, position):
            return None
        ratio, place = self._first(seen, position, REACH + further)
        if ratio is None:
            return None
        line, at = _Line(place), 0
        while True:
            at += WINDOW if line.points < CLOSE else FAR_STEP * WINDOW
            if at + WINDOW > len(seen):
                break
            found = self._near(seen[at : at + WINDOW], position, line.last(at, ratio), ratio)
            if found is None:
                break
            line.add(at, found)
            if line.points > 3:
                ratio = line.slope
        span = line.time + WINDOW
        if span < SHORTEST or abs(ratio - 1) * span < LEAST_DRIFT:
            return None
        origin = line.mean_place - ratio * line.mean_time
        return Other(len(rows), ratio, round(position + origin + ratio * len(rows)), origin)

    def _stays(self, seen: Floats, position: int) -> bool:
        # Damaged samples at the rate that is due: first and last of them correlate where they stand.
        for at in (0, len(seen) - WINDOW):
            some = seen[at : at + WINDOW]
            due = self.samples(self._decoder.expected((position + at) % POSITIONS, WINDOW))
            norm = np.sqrt((some**2).sum() * (due**2).sum()) + 1e-12
            if (some * due).sum() < STAYS * norm:
                return False
        return True

    def follows(self, rows: Bytes, position: int, ratio: float) -> bool:
        """Tell whether `rows` go on at `ratio` from about `position`.

        Parameters
        ----------
        rows : (n, frame_bytes) uint8, masked.
        position : about due in the first row.
        ratio : pattern frames per captured frame.
        """
        if len(rows) < WINDOW // 4:
            return True
        return self._near(self.samples(rows[:WINDOW]), position, 0.0, ratio) is not None

    def between(self, position: int, place: Floats) -> tuple[Floats, Floats]:
        """Return straight lines between the frames due at `place`, and their slopes.

        Parameters
        ----------
        place : (n,) float64 against `position` [frames].

        Returns
        -------
        Two arrays of (n, channels), full scale 1.
        """
        base = int(np.floor(place.min())) - 1
        count = int(np.ceil(place.max())) - base + 2
        sent = self.samples(self._decoder.expected((position + base) % POSITIONS, count), every=True)
        whole = np.floor(place).astype(np.int64)
        part, at = (place - whole)[:, None], whole - base
        slope = sent[at + 1] - sent[at]
        return sent[at] + slope * part, slope

    def samples(self, rows: Bytes, *, every: bool = False) -> Floats:
        """Return the samples of `every` channel, or of enough for a ratio.

        Parameters
        ----------
        rows : (n, frame_bytes) uint8, masked.
        every : all channels, not the first two at most.

        Returns
        -------
        (n, channels) float64, full scale 1.
        """
        wide = self._layout.samples(np.ascontiguousarray(rows))
        if not every:
            wide = wide[:, :2]
        return wide.astype(np.float64) / (1 << 31)

    def _first(self, seen: Floats, position: int, reach: int) -> tuple[float | None, float]:
        best: tuple[float, float | None, float] = (LEVEL, None, 0.0)
        if not seen[:WINDOW].any():
            return None, 0.0  # silence correlates with nothing, at no ratio
        sent = self._around(position - reach - 2, int(WINDOW * self._ratios_end) + 2 * reach + 6)
        window = _Window(seen[:WINDOW])
        for ratio in self._ratios:
            level, place = window.peak(sent[:, : int(WINDOW * ratio) + 2 * reach + 6], ratio)
            if level > best[0]:
                best = (level, ratio, place - reach - 2)
            if level > 0.9:
                break
        return best[1], best[2]

    def _around(self, position: int, frames: int) -> Floats:
        # Samples of each channel from `position` on, (channels, frames).
        return np.ascontiguousarray(self.samples(self._decoder.expected(position % POSITIONS, frames)).T)

    def _near(self, seen: Floats, position: int, place: float, ratio: float) -> float | None:
        base = int(np.floor(place)) - NEAR_REACH - 2
        sent = self._around(position + base, int(len(seen) * ratio) + 2 * NEAR_REACH + 6)
        level, found = _Window(seen).peak(sent, ratio)
        return base + found if level > LEVEL / 2 else None


class _Line:
    # Places at times, and the straight line through them by least squares.

    def __init__(self, place: float) -> None:
        self._sums = np.array([1.0, 0.0, place, 0.0, 0.0])
        self.time, self._place = 0.0, place

    def add(self, time: float, place: float) -> None:
        self._sums += (1.0, time, place, time * time, time * place)
        self.time, self._place = time, place

    def last(self, time: float, ratio: float) -> float:
        # The place at `time`, by the last one.
        return self._place + ratio * (time - self.time)

    @property
    def points(self) -> int:
        return int(self._sums[0])

    @property
    def mean_time(self) -> float:
        return float(self._sums[1] / self._sums[0])

    @property
    def mean_place(self) -> float:
        return float(self._sums[2] / self._sums[0])

    @property
    def slope(self) -> float:
        n, time, place, square, product = self._sums
        return float((n * product - time * place) / (n * square - time * time))


class _Window:
    # Captured samples that are correlated with the pattern at many ratios, in steps of a quarter frame.

    def __init__(self, seen: Floats) -> None:
        self._seen = np.ascontiguousarray(seen.T)
        self._power = float((seen**2).sum())
        self._spectra: dict[int, Floats] = {}

    def peak(self, sent: Floats, ratio: float) -> tuple[float, float]:
        """Return the best correlation with `sent` stretched by `ratio`, and its place in `sent`."""
        # Steps of less than a frame are in the grid already.
        parts = np.arange(0.0, min(1.0, ratio), 0.25)
        count = int((sent.shape[1] - 2 - parts[-1]) / ratio)
        grid = parts[:, None] + np.arange(count) * ratio
        whole = grid.astype(np.int64)
        low, high = sent[:, whole], sent[:, whole + 1]
        score = self._correlate(low + (high - low) * (grid - whole))
        at = int(np.argmax(score))
        part, step = divmod(at, score.shape[1])
        return float(score[part, step]), float(parts[part] + step * ratio)

    def _correlate(self, model: Floats) -> Floats:
        # Normalised correlation with every stretch of `model`, (channels, parts, frames), channels together.
        n, frames = self._seen.shape[1], model.shape[2]
        size = _even_size(frames)
        if size not in self._spectra:
            self._spectra[size] = np.conj(np.fft.rfft(self._seen, size))
        # What wraps round falls on places before the first whole window.
        spectrum = (np.fft.rfft(model, size) * self._spectra[size][:, None]).sum(axis=0)
        cross = np.fft.irfft(spectrum, size)[:, : frames - n + 1]
        power = np.cumsum((model**2).sum(axis=0), axis=1)
        held = power[:, n - 1 :].copy()
        held[:, 1:] -= power[:, : frames - n]
        out: Floats = np.abs(cross) / (np.sqrt(np.maximum(held, 0.0) * self._power) + 1e-12)
        return out


def _even_size(frames: int) -> int:
    # The next size that a transform is quick for: 2^k, or 3 * 2^k.
    size = 1 << (frames - 1).bit_length()
    return 3 * size // 4 if 3 * size // 4 >= frames else size
