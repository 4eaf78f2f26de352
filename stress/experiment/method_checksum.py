"""The checksum detector as the judge of a run: any stimulus, CRC-32 per period."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from stress.detect.checksum import check_played
from stress.errors import ConfigError
from stress.experiment.control import Rules
from stress.experiment.method import Heard
from stress.experiment.wire_capture import distinct_lines
from stress.model.formats import SampleFormat
from stress.patterns.analog_periodic import commensurate
from stress.patterns.layout import Layout

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stress.model.finding import Analysis
    from stress.model.ring import Rings

    Bytes = NDArray[np.uint8]

# A checksum tells no kinds: a planted fault has to be found where it is, and only there.
PLACE_ONLY = Rules(names_kind=False, echo_kinds=())
# Frames summed at once. Source: 4 KB of S16 stereo stay in any first-level cache.
# Higher: more audio is made again for one wrong frame; lower: calls cost more than sums.
PERIOD_FRAMES = 1024
# Most time between the start of a capture and the first frame played, beyond both
# rings [s]. Source: `stress.experiment.burst.LEAD_S` and the latency of slow cards.
# Higher: a recording that repeats itself has more places to lock to; lower: slow
# paths are not recognised.
LATEST_S = 1.0
_SELF_SIMILAR = 0.25


class Timed(Protocol):
    """A stimulus of a known format."""

    fmt: SampleFormat
    channels: int

    @property
    def frame_bytes(self) -> int:
        """Bytes of one frame."""

    def fill(self, position: int, out: Bytes) -> None:
        """Write the frames from `position` on."""


class BySums:
    """Place of every wrong frame of a bit-exact loopback, for any stimulus.

    Parameters
    ----------
    rate : [Hz].
    line_bytes : cache line of the board [bytes].
    period : frames after which the stimulus repeats, None for never.
    """

    name, loopback = "checksum", "digital"
    rules = wire_rules = PLACE_ONLY

    def __init__(self, stimulus: Timed, rate: int, line_bytes: int, period: int | None = None) -> None:
        self.stimulus, self._rate, self._line_bytes, self._period = stimulus, rate, line_bytes, period
        self._layout = Layout(stimulus.fmt, stimulus.channels)

    def unfit(self, rings: Rings, frames: int) -> str:
        """Return why stale lines of these rings would look right, "" if they do not."""
        try:
            commensurate(self._period, rings)
        except ConfigError as error:
            return str(error)
        return ""

    def check(self, captured: Bytes, rings: Rings, position: int, due: int) -> Heard:
        """Judge what came back; see `Method.check`."""
        analysis = self.check_wire(captured, rings, position, due)
        if self._period is None or not analysis.locked:
            return Heard(analysis)
        telling = self._telling(rings, position, analysis.checked_frames)
        if telling >= _SELF_SIMILAR * analysis.checked_frames:
            return Heard(analysis, telling)
        share = 100 * telling / max(1, analysis.checked_frames)
        advice = (
            f"the recording repeats itself or is silent: stale data would show in {share:.2g} % of the ring "
            "lines; play something livelier"
        )
        return Heard(analysis, telling, None, (advice,))

    def check_wire(self, payload: Bytes, rings: Rings, position: int, due: int) -> Analysis:
        """Judge bytes that no converter has touched."""
        size = self.stimulus.frame_bytes
        block = np.empty(0, np.uint8)

        def part(start: int, frames: int) -> Bytes:
            nonlocal block
            if block.size < frames * size:
                block = np.empty(frames * size, np.uint8)
            self.stimulus.fill((position + start) % (1 << 32), block[: frames * size])
            return block[: frames * size]

        line = max(1, self._line_bytes // size)
        latest = (rings.playback or 0) + (rings.capture or 0) + round(LATEST_S * self._rate)
        analysis = check_played(payload, part, due, self._layout, PERIOD_FRAMES, latest=latest, gap=line)
        return _at(analysis, position)

    def same_bytes(self, analysis: Analysis) -> bool:
        """Return whether the stimulus was recognised."""
        return analysis.locked

    def _telling(self, rings: Rings, position: int, frames: int) -> int:
        # Frames of ring lines that differ from the same place one and two laps before.
        size = self.stimulus.frame_bytes
        played = np.empty(frames * size, np.uint8)
        self.stimulus.fill(position, played)
        line = max(1, self._line_bytes // size)
        sizes = [ring for ring in (rings.playback, rings.capture) if ring]
        lines = [distinct_lines(played, frames, ring, size, line * size) for ring in sizes]
        return min(lines, default=0) * line


def _at(analysis: Analysis, position: int) -> Analysis:
    # From frames of the burst to positions of the stimulus.
    if not analysis.locked:
        return analysis
    moved = tuple(replace(one, position=(one.position + position) % (1 << 32)) for one in analysis.findings)
    first = ((analysis.first_position or 0) + position) % (1 << 32)
    return replace(analysis, findings=moved, first_position=first)
