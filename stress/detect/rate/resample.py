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
REACH = 256  #: delay a converter may add [frames]

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
        ratio, place = self._first(seen, position, REACH + further)
        if ratio is None:
            return None
        times, places = [0.0], [place]
        step = WINDOW
        while times[-1] + step + WINDOW <= len(seen):
            at = int(times[-1]) + step
            found = self._near(seen[at : at + WINDOW], position, places[-1] + ratio * (at - times[-1]), ratio)
            if found is None:
                break
            times.append(float(at))
            places.append(found)
            if len(times) > 3:
                ratio = float(np.polyfit(times, places, 1)[0])
        span = times[-1] + WINDOW
        if span < SHORTEST or abs(ratio - 1) * span < LEAST_DRIFT:
            return None
        origin = float(np.mean(places) - ratio * np.mean(times))
        return Other(len(rows), ratio, round(position + origin + ratio * len(rows)), origin)

    def follows(self, rows: Bytes, position: int, ratio: float) -> bool:
        """Tell whether `rows` go on at `ratio` from about `position`."""
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
        """Return the samples of `every` channel, or of enough for a ratio; full scale 1."""
        wide = self._layout.samples(np.ascontiguousarray(rows))
        if not every:
            wide = wide[:, :2]
        return wide.astype(np.float64) / (1 << 31)

    def _first(self, seen: Floats, position: int, reach: int) -> tuple[float | None, float]:
        best: tuple[float, float | None, float] = (LEVEL, None, 0.0)
        if not seen[:WINDOW].any():
            return None, 0.0  # silence correlates with nothing, at no ratio
        for ratio in self._ratios:
            level, place = self._peak(seen[:WINDOW], position, 0.0, ratio, reach)
            if level > best[0]:
                best = (level, ratio, place)
            if level > 0.9:
                break
        return best[1], best[2]

    def _near(self, seen: Floats, position: int, place: float, ratio: float) -> float | None:
        level, found = self._peak(seen, position, place, ratio, 8)
        return found if level > LEVEL / 2 else None

    def _peak(
        self, seen: Floats, position: int, place: float, ratio: float, reach: int
    ) -> tuple[float, float]:
        # Correlate with the pattern stretched by `ratio`, in steps of a quarter frame.
        n = len(seen)
        base = int(np.floor(place)) - reach - 2
        sent = self.samples(
            self._decoder.expected((position + base) % POSITIONS, int(n * ratio) + 2 * reach + 6)
        )
        best, where = 0.0, place
        for part in (0.0, 0.25, 0.5, 0.75):
            count = int((len(sent) - 2 - part) / ratio)
            grid = part + np.arange(count) * ratio
            whole = grid.astype(np.int64)
            weight = (grid - whole)[:, None]
            model = sent[whole] * (1 - weight) + sent[whole + 1] * weight
            score = _correlate(seen, model)
            at = int(np.argmax(np.abs(score)))
            if abs(score[at]) > best:
                best, where = float(abs(score[at])), base + part + at * ratio
        return best, where


def _correlate(seen: Floats, model: Floats) -> Floats:
    # Normalised correlation of `seen` with every stretch of `model`, channels together.
    n = len(seen)
    size = 1 << int(np.ceil(np.log2(len(model) + n)))
    spectrum = np.fft.rfft(model, size, axis=0) * np.conj(np.fft.rfft(seen, size, axis=0))
    cross = np.fft.irfft(spectrum, size, axis=0).sum(axis=1)[: len(model) - n + 1]
    power = np.concatenate([[0.0], np.cumsum((model**2).sum(axis=1))])
    norm = np.sqrt((power[n:] - power[:-n]) * (seen**2).sum()) + 1e-12
    out: Floats = cross / norm[: len(cross)]
    return out
