# SPDX-License-Identifier: MIT
"""Turn alarmed lines into explained runs of wrong frames, strongest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from stress.detect.spectral.laps import SIDE, Guess, Heard, free_lags, hold, located, rank, response
from stress.detect.spectral.scan import FIRST, HOP, MARGIN, SCORED, SPILL, BlockScan
from stress.detect.spectral.signal import Reference
from stress.detect.spectral.weigh import LINE, WINDOW, Weights, toeplitz
from stress.model.arrays import Floats, Signal

# A line alarms at this many noise sigmas. Source: the matched statistic of any lap is at most the
# root of the line's power (Cauchy-Schwarz), so no lap needs trying below it; one 32-byte line at
# 40 dB SNR scores 99 at worst and 350 in the median. Higher: lines at 20 dB (10.6 at worst) are
# missed; lower: at 7, an underestimated noise gives false alarms in a day of 5e8 lines.
ALARM = 10.0
# What an explanation may leave of the alarmed power. Higher: one click in 50 resembles some lap
# by chance; lower: the error of the channel fit (-40 dB at worst) makes stale lines unexplained.
LEFT = 0.01
# Shortest run that may be called anything but whole laps, zeros or a swap [frames]. Source: 15
# bits of lag and 6 of start need as many bits of data. Higher: half lines of S16 stereo are lost;
# lower: clicks resemble one of 32768 lags.
FREE_FRAMES = 4
# Alarms this far below a stronger one, and this near, are its own imperfect subtraction.
_SHADOW, _SHADOW_LINES = 1e-2, 48
# The same for the first lines of a burst against the start itself. Higher: weak channels lose
# their first lines; lower: the unfitted part above the band alarms (3e-5 of it at 75 dB SNR).
_ONSET = 1e-3
# Unexplained alarms after which only whole laps, zeros and swaps are tried: a capture full of
# clicks or clipping would otherwise cost 10 ms for each.
_PATIENCE = 32
_WIDEST = 64  # lines tried at once


@dataclass(frozen=True)
class Event:
    """One alarm after explanation.

    Parameters
    ----------
    guess : what it is; None for a disturbance that no ring data explains.
    at : played frame of the strongest line.
    score : its statistic in noise sigmas.
    """

    guess: Guess | None
    at: int
    score: float


@dataclass(frozen=True)
class _Block:
    """One block of all channels, under examination.

    Parameters
    ----------
    middle : its first played frame that is scored.
    stretches : per channel.
    matched : what is left of each channel when what is explained has been taken out, written over.
    """

    middle: int
    stretches: Sequence[BlockScan]
    matched: list[Floats]


class Explainer:
    """Explain the alarms of one block of all channels, block after block.

    Parameters
    ----------
    references, weights : per channel.
    sources : lags of whole laps, ZERO and SWAP, to be tried first.
    """

    def __init__(
        self, references: Sequence[Reference], weights: Sequence[Weights], sources: Sequence[int | str]
    ) -> None:
        self._references, self._weights, self._sources = references, weights, sources
        self._unexplained = 0

    def power(self, middle: int, stretches: Sequence[BlockScan]) -> Signal:
        """Return the statistic of every line of all channels, the onset's own splash left out.

        Returns
        -------
        (SCORED / LINE,) float32.
        """
        summed: Signal = np.sum([s.line_power for s in stretches], axis=0)
        return self._after_onset(summed, middle - SPILL, stretches)

    def explain(self, middle: int, stretches: Sequence[BlockScan], power: Signal, most: int) -> list[Event]:
        """Return at most `most` events of played frames `middle` .. `middle + HOP`.

        Parameters
        ----------
        power : (SCORED / LINE,) float32 of the lines, as `power` returns it.
        """
        events: list[Event] = []
        begin = middle - SPILL
        block = _Block(middle, stretches, [s.matched.astype(np.float64) for s in stretches])
        while len(events) < most and power.max() > ALARM * ALARM:
            line = int(power.argmax())
            score = float(power[line])
            low, high = _extent(power, line)
            guess = self._best(block, power, (low, line, high))
            events.append(Event(guess, begin + line * LINE, float(np.sqrt(score))))
            if guess is not None:
                power = self._subtract(block, guess, power)
            else:
                power = _silence(power, low, high)
                for one in block.matched:
                    one[FIRST + low * LINE : FIRST + high * LINE] = 0
            power = _forget(power, events, begin)
        return [event for event in (_owned(e, middle) for e in events) if event is not None]

    def _after_onset(self, power: Signal, begin: int, stretches: Sequence[BlockScan]) -> Signal:
        # The stimulus starts abruptly, and the taps are fitted inside its band only.
        line = -begin // LINE
        if not 0 <= line < power.size:
            return power
        started = 0.0
        for i, one in enumerate(stretches):
            x = self._references[i].at(0, 2 * LINE).astype(np.float64)
            started += float(x @ toeplitz(self._weights[i].r, 2 * LINE) @ x) / one.variance
        near = power[max(0, line - _SHADOW_LINES) : line + _SHADOW_LINES]
        near[near < _ONSET * started] = 0
        return power

    def _best(self, block: _Block, power: Signal, lines: tuple[int, int, int]) -> Guess | None:
        low, line, high = lines
        first = FIRST + low * LINE - SIDE
        heard = self._around(block, first, FIRST + high * LINE + SIDE)
        at, offset = block.middle - MARGIN + first, (line - low) * LINE + SIDE
        before = float(power[low:high].sum())
        ranked = rank(heard, self._sources, at + offset, offset)[:3] if self._sources else []
        guesses = located(heard, ranked, at)
        fits = self._fitting(guesses, block, (low, high), before)
        if fits is None and self._unexplained < _PATIENCE:
            lags = free_lags(heard, at + offset, offset)
            guesses = located(heard, lags, at)
            guesses.append(hold(heard, at))
            guesses = [guess for guess in guesses if guess.stop - guess.start >= FREE_FRAMES]
            fits = self._fitting(guesses, block, (low, high), before)
        self._unexplained += fits is None
        return fits

    def _around(self, block: _Block, first: int, last: int) -> list[Heard]:
        out = []
        for i, (one, weights) in enumerate(zip(block.matched, self._weights)):
            paired = i ^ 1
            other = self._references[paired] if paired < len(self._references) else None
            variance = block.stretches[i].variance
            out.append(Heard(self._references[i], other, one[first:last], weights.r, variance))
        return out

    def _fitting(
        self, guesses: list[Guess], block: _Block, lines: tuple[int, int], before: float
    ) -> Guess | None:
        if not guesses:
            return None
        best = max(guesses, key=lambda guess: guess.gain)
        if best.gain < 0.5 * ALARM * ALARM:
            return None
        low, high = lines
        after = 0.0
        for i, left in enumerate(block.matched):
            part = left[FIRST + low * LINE : FIRST + high * LINE].copy()
            self._take_out(i, best, block.middle - MARGIN, FIRST + low * LINE, part)
            after += float(self._power(i, part, block.stretches).sum())
        noise = 3.0 * LINE * len(block.stretches) * (high - low)
        return best if after < LEFT * before + noise else None

    def _subtract(self, block: _Block, guess: Guess, power: Signal) -> Signal:
        # Takes the guess out of the block and returns the lines' power after it.
        out = np.zeros_like(power)
        for i, one in enumerate(block.matched):
            self._take_out(i, guess, block.middle - MARGIN, 0, one)
            out += self._power(i, one[FIRST : FIRST + SCORED], block.stretches)
        return np.where(power > 0, out, power)

    def _take_out(
        self,
        channel: int,
        guess: Guess,
        at: int,
        index: int,
        part: Floats,
    ) -> None:
        # `part` starts at `index` of the block that starts at played frame `at`.
        paired = channel ^ 1
        other = self._references[paired] if paired < len(self._references) else None
        heard = Heard(self._references[channel], other, part, self._weights[channel].r, 1.0)
        added = response(heard, guess)
        begin = guess.start - at - WINDOW + 1 - index
        low, high = max(0, begin), min(part.size, begin + added.size)
        if high > low:
            part[low:high] -= added[low - begin : high - begin]

    def _power(self, channel: int, part: Floats, stretches: Sequence[BlockScan]) -> Signal:
        inner = part.reshape(part.size // LINE, LINE) @ self._weights[channel].whiten
        power = np.einsum("ij,ij->i", inner, inner) / stretches[channel].variance
        return np.asarray(power, dtype=np.float32)


def _extent(power: Signal, line: int) -> tuple[int, int]:
    # Lines around the strongest one that alarm with it, gaps of one line allowed.
    limit = max(ALARM * ALARM, 0.02 * float(power[line]))
    low = high = line
    while low > 0 and line - low < _WIDEST and power[max(0, low - 2) : low].max() > limit:
        low -= 1
    while high + 1 < power.size and high - line < _WIDEST and power[high + 1 : high + 3].max() > limit:
        high += 1
    return low, high + 1


def _silence(power: Signal, low: int, high: int) -> Signal:
    out = power.copy()
    out[low:high] = 0
    return out


def _owned(event: Event, middle: int) -> Event | None:
    # The part of an event that lies in the middle; neighbours report the rest.
    guess, end = event.guess, middle + HOP
    if guess is None:
        return event if middle <= event.at < end else None
    start, stop = max(guess.start, middle), min(guess.stop, end)
    if start >= stop:
        return None
    return Event(replace(guess, start=start, stop=stop), event.at, event.score)


def _forget(power: Signal, events: list[Event], begin: int) -> Signal:
    for event in events:
        line = (event.at - begin) // LINE
        near = slice(max(0, line - _SHADOW_LINES), line + _SHADOW_LINES)
        part = power[near]
        part[part < _SHADOW * event.score**2] = 0
    return power
