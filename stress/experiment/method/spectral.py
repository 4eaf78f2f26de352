# SPDX-License-Identifier: MIT
"""The spectral detector as the judge of a run: noise through an analog cable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stress.detect.exact.findings import CAP
from stress.detect.spectral import Options, analyze
from stress.detect.spectral.explain import ALARM
from stress.experiment.method.checksum import PLACE_ONLY, BySums
from stress.experiment.method.detector import CheckResult
from stress.experiment.positive_control import Rules
from stress.model.arrays import Bytes
from stress.model.finding import Kind

if TYPE_CHECKING:
    from stress.model.finding import Analysis
    from stress.model.ring import Rings
    from stress.patterns.noise import NoisePattern

# Planted for it: whole lines of old data or zeros; single bits drown in the noise.
# Spacing. Source: the matched filter reaches 96 frames and the explanation of an event
# 512. Higher: fewer faults fit a burst; lower: neighbours blur into one.
# Tolerance. Source: at 20 dB SNR every start is within 4 frames, from 40 dB on within 1.
# Higher: a finding half a line off counts; lower: noisy cables miss their control.
RULES = Rules(
    kinds=(Kind.STALE, Kind.ZERO),
    spacing=1024,
    margin=1024,
    tolerance=4,
    echo_kinds=(Kind.ZERO, Kind.MISPLACED),
)
# Shortest burst it can judge [s]. Source: at 21 dB SNR the clock was off by more than 5 ppm
# in 9 of 25 bursts of 0.8 s, in none of 20 of 1 s. Higher: short arms are left out for no
# reason; lower: a clock misfitted by noise leaves disturbances.
SHORTEST_S = 1.0
# How far from the pointers' word the stimulus may begin [s]. Source: both rings and
# the latency of the path. Higher: a dead path takes longer to be called dead.
AROUND_S = 2.0


class BySpectrum:
    """Place, age and ring of wrong lines behind converters and a cable.

    Parameters
    ----------
    line_bytes : cache line of the board [bytes].
    """

    name, loopback = "spectral", "analog"
    rules, wire_rules = RULES, PLACE_ONLY

    def __init__(self, stimulus: NoisePattern, line_bytes: int) -> None:
        self.stimulus, self._line_bytes = stimulus, line_bytes
        self._on_wire = BySums(stimulus, stimulus.rate, line_bytes)

    def unfit(self, rings: Rings, frames: int) -> str:
        """Return why bursts of so many frames are too short, "" if they are not."""
        seconds = frames / self.stimulus.rate
        if seconds >= SHORTEST_S:
            return ""
        return f"bursts of {seconds:.3g} s are too short for the spectral detector, it needs {SHORTEST_S} s"

    def check(self, captured: Bytes, rings: Rings, position: int, due: int, planted: int = 0) -> CheckResult:
        """Judge what came back; see `Detector.check`."""
        options = Options(
            played=due,
            before_s=AROUND_S,
            after_s=AROUND_S,
            line_bytes=self._line_bytes,
            most=CAP + planted,
        )
        result = analyze(captured, self.stimulus, rings, first_position=position, options=options)
        channel = None
        if result.channel is not None:
            seen = {"disturbances": result.disturbances, "quiet_sigmas": round(result.quiet_score, 2)}
            seconds = [[one.frame, round(one.snr_db, 1), round(one.thd_n_db, 1)] for one in result.seconds]
            channel = {**result.channel.to_json(), **seen, "alarm_sigmas": ALARM, "seconds": seconds}
        return CheckResult(result.analysis, None, channel, result.advice)

    def check_wire(self, payload: Bytes, rings: Rings, position: int, due: int, planted: int = 0) -> Analysis:
        """Judge bytes that no converter has touched, on the bus the noise is bit-exact: see `Detector`."""
        return self._on_wire.check_wire(payload, rings, position, due, planted)

    def same_bytes(self, analysis: Analysis) -> bool:
        """Return False: converters change every byte."""
        return False
