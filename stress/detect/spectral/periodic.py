# SPDX-License-Identifier: MIT
"""The on-device tier: compare a capture with itself one period ago, in integers.

With a stimulus that repeats every P frames, gain, filters, DC and even
distortion cancel in y[n] - y[n - P]; what is left is noise. A wrong frame
stands out at its place and, with the opposite sign, one period later. Nothing
is estimated and nothing is floating point. Both sides must share a clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from stress.detect.spectral.lagged import Lagged
from stress.errors import ConfigError
from stress.model.arrays import Ints, Shorts

# Difference over its mean magnitude that alarms: 10 means are 8 sigma of Gaussian noise. Higher:
# half lines at 30 dB SNR are missed; lower: 6 sigma is a false alarm every 90 minutes of stereo.
ALARM = 10
# Frames judged at once, however they arrive. Higher: more of the cache under test is taken (36 KB
# of buffers here); lower: what a numpy call costs outweighs its work (40 000 instructions a block).
BLOCK = 4096
# Share of an alarm's peak its echo must reach one period later.
_ECHO = 0.5
# An event may peak on another sample than the one it echoes [frames].
_NEAR = 24
# Loud frames this near belong to one event. Higher: two faults become one; lower: a response that
# rings becomes several.
_JOIN = 64
# How much weaker the tail of an event is: AC coupling at 10 Hz leaves 1 % of an 8-frame line.
# Higher: tails are events of their own; lower: a weak fault within a period of a strong one hides.
_TAIL = 50


@dataclass(frozen=True)
class Alarm:
    """One place where the capture left its period.

    Parameters
    ----------
    frame, channel : captured frame and channel of the largest difference.
    difference : its value [sample units].
    mean : mean magnitude of the differences of the block around.
    confirmed : the echo of opposite sign came one period later; None when the
        capture ended before it was due.
    """

    frame: int
    channel: int
    difference: int
    mean: int
    confirmed: bool | None

    def to_json(self) -> dict[str, Any]:
        """Return the alarm as a JSON object."""
        return {
            "frame": self.frame,
            "channel": self.channel,
            "difference": self.difference,
            "mean": self.mean,
            "confirmed": self.confirmed,
        }


class PeriodicDifference:
    """Streaming periodic difference; constant memory, integers only.

    Parameters
    ----------
    channels : samples per frame.
    period : of the stimulus [frames].
    most : alarms kept; `count` goes on.

    Attributes
    ----------
    count : places that alarmed, echoes not counted.
    checked : frames compared; what waits for a whole block is compared at the end.

    Raises
    ------
    ConfigError : a period or channel count below 1.

    Threads: one feeder.
    """

    def __init__(self, channels: int, period: int, most: int = 1000) -> None:
        if period < 1 or channels < 1:
            raise ConfigError(f"period {period}, channels {channels}", key="period", allowed="1 or more")
        self.period, self._channels, self._most = period, channels, most
        self._lagged = Lagged(channels, period, BLOCK)
        self._mean: int | None = None
        self._open: list[Alarm] = []
        self._alarms: list[Alarm] = []
        self._echoes: list[tuple[int, int]] = []
        self.count = 0
        self.checked = 0

    def feed(self, frames: Shorts) -> None:
        """Take the next captured frames, (n, channels) int16, any n."""
        lagged, left = self._lagged, len(frames)
        while left >= lagged.room:
            taken = lagged.room
            lagged.put(frames[:taken])
            self._judge()
            frames, left = frames[taken:], left - taken
        if left:
            lagged.put(frames)

    def finish(self) -> tuple[Alarm, ...]:
        """Return all alarms in order; call after the last `feed`."""
        if self._lagged.count:
            self._judge()
        self._keep(self._open)
        self._open = []
        return tuple(sorted(self._alarms, key=lambda alarm: alarm.frame))

    def _judge(self) -> None:
        lagged = self._lagged
        start, count, now = self.period + self.checked, lagged.count, lagged.mean()
        # A running mean over about 8 blocks, so that one loud block cannot hide itself.
        # A mean of 0 is one: the differences of most paths without noise.
        known = now if self._mean is None else self._mean
        self._mean = min(-(-(7 * known + now) // 8), 4 * known + 1)
        limit = ALARM * max(1, min(self._mean, now + 1))
        if not lagged.within(limit):
            difference = lagged.difference()
            loud = np.flatnonzero((difference > limit).any(axis=1) | (difference < -limit).any(axis=1))
            for group in np.split(loud, np.flatnonzero(np.diff(loud) > _JOIN) + 1):
                self._event(difference, group, start)
        if self._open or self._echoes:
            self._expire(start + count)
        self.checked += count
        lagged.drop()

    def _event(self, difference: Shorts, group: Ints, start: int) -> None:
        part = difference[int(group[0]) : int(group[-1]) + 1].astype(np.int32)
        where, channel = divmod(int(np.abs(part).argmax()), self._channels)
        value, frame = int(part[where, channel]), start + int(group[0]) + where
        if any(abs(frame - due) <= _JOIN for due, _ in self._echoes) or self._tail(frame, value):
            return
        for index, alarm in enumerate(self._open):
            if abs(frame - alarm.frame) <= _JOIN:
                # Cut in two by the end of a block.
                if abs(value) > abs(alarm.difference):
                    self._open[index] = replace(alarm, frame=frame, channel=channel, difference=value)
                return
            due = alarm.frame + self.period
            if abs(frame - due) > _NEAR or due < start:
                continue
            if due >= start + difference.shape[0]:
                return  # the next block has the peak of this echo
            echo = int(difference[due - start, alarm.channel])
            if echo * alarm.difference < 0 and abs(echo) >= _ECHO * abs(alarm.difference):
                self._keep([replace(alarm, confirmed=True)])
                self._echoes.append((due, abs(alarm.difference)))
                del self._open[index]
                return
        self.count += 1
        self._open.append(Alarm(frame, channel, value, self._mean or 0, None))

    def _tail(self, frame: int, value: int) -> bool:
        # What a strong event or its echo leaves behind within a period.
        strong = [(alarm.frame, abs(alarm.difference)) for alarm in self._open]
        return any(
            at < frame < at + self.period - _NEAR and abs(value) * _TAIL < size
            for at, size in (*strong, *self._echoes)
        )

    def _expire(self, now: int) -> None:
        late = [alarm for alarm in self._open if alarm.frame + self.period + _NEAR < now]
        self._open = [alarm for alarm in self._open if alarm.frame + self.period + _NEAR >= now]
        self._keep([replace(alarm, confirmed=False) for alarm in late])
        self._echoes = [echo for echo in self._echoes if echo[0] + self.period >= now]

    def _keep(self, alarms: list[Alarm]) -> None:
        self._alarms += alarms[: max(0, self._most - len(self._alarms))]
