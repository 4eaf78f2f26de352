# SPDX-License-Identifier: MIT
"""The checksum detector as the judge of a run: any stimulus, CRC-32 per period."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from stress.detect.checksum import Periods, check_played
from stress.detect.checksum_lock import Played
from stress.detect.exact.findings import CAP
from stress.detect.recorded import Read, RecordedCheck
from stress.errors import ConfigError
from stress.experiment.method.detector import CheckResult
from stress.experiment.positive_control import Rules
from stress.experiment.wire.capture import distinct_lines
from stress.model.arrays import Bytes
from stress.model.stimulus import POSITIONS
from stress.patterns.analog_periodic import commensurate
from stress.patterns.layout import Layout

if TYPE_CHECKING:
    from stress.model.finding import Analysis
    from stress.model.ring import Rings
    from stress.model.stimulus import Source
    from stress.patterns.recording import Recording

# A checksum tells no kinds: a planted fault has to be found where it is, and only there.
PLACE_ONLY = Rules(names_kind=False, echo_kinds=())
# Frames summed at once. Source: 4 KB of S16 stereo stay in any first-level cache.
# Higher: more audio is made again for one wrong frame; lower: calls cost more than sums.
PERIOD_FRAMES = 1024
# Most time between the start of a capture and the first frame played, beyond both
# rings [s]. Source: a burst has 0.1 s of lead, and slow cards 40 ms of latency.
# Higher: a recording that repeats itself has more places to lock to; lower: slow
# paths are not recognised.
LATEST_S = 0.25
# Share of the lines in which stale data has to show. Source: what the wire asks of a
# capture source. Higher: recordings with pauses are refused; lower: hours without
# exposure end INCONCLUSIVE for no reason given.
_SELF_SIMILAR = 0.25


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

    def __init__(self, stimulus: Source, rate: int, line_bytes: int, period: int | None = None) -> None:
        self.stimulus, self._rate, self._line_bytes, self._period = stimulus, rate, line_bytes, period
        self._layout = Layout(stimulus.fmt, stimulus.channels)

    def unfit(self, rings: Rings, frames: int) -> str:
        """Return why stale lines of these rings would look right, "" if they do not."""
        try:
            commensurate(self._period, rings)
        except ConfigError as error:
            return str(error)
        return ""

    def check(self, captured: Bytes, rings: Rings, position: int, due: int, planted: int = 0) -> CheckResult:
        """Judge what came back; see `Detector.check`."""
        analysis = self.check_wire(captured, rings, position, due, planted)
        if self._period is None or not analysis.locked:
            return CheckResult(analysis)
        played = np.empty(analysis.checked_frames * self.stimulus.frame_bytes, np.uint8)
        self.stimulus.fill(position, played)
        return _weighed(analysis, played, rings, self.stimulus.frame_bytes, self._line_bytes)

    def check_wire(self, payload: Bytes, rings: Rings, position: int, due: int, planted: int = 0) -> Analysis:
        """Judge bytes that no converter has touched: see `Detector`."""
        size = self.stimulus.frame_bytes
        block = np.empty(0, np.uint8)

        def part(start: int, frames: int) -> Bytes:
            nonlocal block
            if block.size < frames * size:
                block = np.empty(frames * size, np.uint8)
            self.stimulus.fill((position + start) % POSITIONS, block[: frames * size])
            return block[: frames * size]

        line = max(1, self._line_bytes // size)
        latest = (rings.playback or 0) + (rings.capture or 0) + round(LATEST_S * self._rate)
        played, periods = Played(part, due, self._layout), Periods(PERIOD_FRAMES, line)
        analysis = check_played(payload, played, periods, latest=latest, cap=CAP + planted)
        return _at(analysis, position)

    def same_bytes(self, analysis: Analysis) -> bool:
        """Return whether the stimulus was recognised."""
        return analysis.locked


def judge_recording(
    read: Read, frames: int, recording: Recording, rings: Rings, line_bytes: int, played: int | None = None
) -> CheckResult:
    """Judge every repetition of a recording in a capture, in constant memory.

    Parameters
    ----------
    read : gives any stretch of the capture, frames first to last + 1, in blocks.
    frames : of the capture.
    played : frames played in all, None where it is not known.
    """
    size, period = recording.frame_bytes, recording.period
    audio = np.empty(period * size, np.uint8)
    recording.fill(0, audio)
    layout, line = Layout(recording.fmt, recording.channels), max(1, line_bytes // size)
    whole = Played(lambda start, n: audio[start * size : (start + n) * size], period, layout)
    analysis, advice = RecordedCheck(read, frames, whole, Periods(PERIOD_FRAMES, line)).check(played)
    if not analysis.locked or not rings.largest:
        return CheckResult(analysis, None, None, advice)
    # Of many repetitions one says how many lines would show stale data.
    some = min(analysis.checked_frames, period)
    weighed = _weighed(replace(analysis, checked_frames=some), audio[: some * size], rings, size, line_bytes)
    share = (weighed.exposed_frames or 0) / max(1, some)
    exposed = round(share * analysis.checked_frames)
    return CheckResult(analysis, exposed, None, (*weighed.advice, *advice))


def _weighed(analysis: Analysis, played: Bytes, rings: Rings, size: int, line_bytes: int) -> CheckResult:
    # Exposure: lines that differ from the same place of a ring one and two laps before.
    line = max(1, line_bytes // size)
    sizes = [ring for ring in (rings.playback, rings.capture) if ring]
    lines = [distinct_lines(played, analysis.checked_frames, ring, size, line * size) for ring in sizes]
    telling = min(min(lines, default=0) * line, analysis.checked_frames)
    if telling >= _SELF_SIMILAR * analysis.checked_frames:
        return CheckResult(analysis, telling)
    share = 100 * telling / analysis.checked_frames
    advice = (
        f"the recording repeats itself or is silent: stale data would show in {share:.2g} % of the ring "
        "lines; play something livelier"
    )
    return CheckResult(analysis, telling, None, (advice,))


def _at(analysis: Analysis, position: int) -> Analysis:
    # From frames of the burst to positions of the stimulus.
    if not analysis.locked:
        return analysis
    moved = tuple(replace(one, position=(one.position + position) % POSITIONS) for one in analysis.findings)
    first = ((analysis.first_position or 0) + position) % POSITIONS
    return replace(analysis, findings=moved, first_position=first)
