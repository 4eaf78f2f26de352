"""The on-device tier: compare a capture with itself one period ago, in integers.

With a stimulus that repeats every P frames, gain, filters, DC and even
distortion cancel in y[n] - y[n - P]; what is left is noise. A wrong frame
stands out at its place and, with the opposite sign, one period later. Nothing
is estimated and nothing is floating point. Both sides must share a clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from stress.errors import ConfigError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.int16]
    Wide = NDArray[np.int32]

# Difference over its mean magnitude that alarms: 10 means are 8 sigma of Gaussian noise. Higher:
# half lines at 30 dB SNR are missed; lower: 6 sigma is a false alarm every 90 minutes of stereo.
ALARM = 10
# Frames between the samples the mean is taken from; one in 16 keeps the pass cheap.
_STRIDE = 16
# Share of an alarm's peak its echo must reach one period later.
_ECHO = 0.5
# An event may peak on another sample than the one it echoes [frames].
_NEAR = 24


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
    checked : frames compared.

    Raises
    ------
    ConfigError : a period or channel count below 1.

    Threads: one feeder.
    """

    def __init__(self, channels: int, period: int, most: int = 1000) -> None:
        if period < 1 or channels < 1:
            raise ConfigError(f"period {period}, channels {channels}", key="period", allowed="1 or more")
        self.period, self._channels, self._most = period, channels, most
        self._last = np.zeros((0, channels), dtype=np.int16)
        self._frame = 0
        self._mean = 0
        self._open: list[Alarm] = []
        self._alarms: list[Alarm] = []
        self.count = 0
        self.checked = 0

    def feed(self, frames: Samples) -> None:
        """Take the next captured frames, (n, channels) int16, any n."""
        joined = np.concatenate((self._last, frames))
        count = joined.shape[0] - self.period
        if count <= 0:
            self._last = joined
            return
        # Differences beyond 16 bits wrap; only opposite full-scale samples could wrap to quiet.
        difference = joined[self.period :] - joined[: -self.period]
        self._judge(difference, self._frame + self.period)
        self.checked += count
        self._frame += count
        self._last = joined[count:].copy()

    def finish(self) -> tuple[Alarm, ...]:
        """Return all alarms in order; call after the last `feed`."""
        self._keep(self._open)
        self._open = []
        return tuple(sorted(self._alarms, key=lambda alarm: alarm.frame))

    def _judge(self, difference: Samples, start: int) -> None:
        sampled = np.abs(difference[::_STRIDE].astype(np.int32))
        now = int(sampled.sum()) // max(1, sampled.size)
        # A running mean over about 8 blocks, so that one loud block cannot hide itself.
        self._mean = now if self._mean == 0 else min((7 * self._mean + now) // 8, 4 * self._mean + 1)
        limit = ALARM * max(1, min(self._mean, now + 1))
        if int(difference.max()) <= limit and int(difference.min()) >= -limit:
            self._expire(start + difference.shape[0])
            return
        loud = np.flatnonzero((difference > limit).any(axis=1) | (difference < -limit).any(axis=1))
        for group in np.split(loud, np.flatnonzero(np.diff(loud) > 64) + 1):
            self._event(difference, group, start)
        self._expire(start + difference.shape[0])

    def _event(self, difference: Samples, group: NDArray[np.int64], start: int) -> None:
        part = difference[int(group[0]) : int(group[-1]) + 1].astype(np.int32)
        where, channel = divmod(int(np.abs(part).argmax()), self._channels)
        value, frame = int(part[where, channel]), start + int(group[0]) + where
        for index, alarm in enumerate(self._open):
            due = alarm.frame + self.period
            if abs(frame - due) > _NEAR or not 0 <= due - start < difference.shape[0]:
                continue
            echo = int(difference[due - start, alarm.channel])
            if echo * alarm.difference < 0 and abs(echo) >= _ECHO * abs(alarm.difference):
                self._keep([replace(alarm, confirmed=True)])
                del self._open[index]
                return
        self.count += 1
        self._open.append(Alarm(frame, channel, value, self._mean, None))

    def _expire(self, now: int) -> None:
        late = [alarm for alarm in self._open if alarm.frame + self.period + _NEAR < now]
        self._open = [alarm for alarm in self._open if alarm.frame + self.period + _NEAR >= now]
        self._keep([replace(alarm, confirmed=False) for alarm in late])

    def _keep(self, alarms: list[Alarm]) -> None:
        self._alarms += alarms[: max(0, self._most - len(self._alarms))]
