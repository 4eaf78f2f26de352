# SPDX-License-Identifier: MIT
"""The spectral analyzer: one capture of the noise in, findings and channel out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stress.detect.spectral import clock, distort, fit, inputs, measure, slips, weigh
from stress.detect.spectral.chance import set_aside
from stress.detect.spectral.explain import Event, Explainer
from stress.detect.spectral.findings import FindingMaker, episodes, joined, whole_laps
from stress.detect.spectral.identity import CaptureRing, covered, repeated_lines
from stress.detect.spectral.laps import FREE_LAGS, SWAP, ZERO
from stress.detect.spectral.lock import Lock, lock_all
from stress.detect.spectral.result import SpectralAnalysis
from stress.detect.spectral.scan import SIZE
from stress.detect.spectral.signal import NoiseStimulus, Reference, integers, scaled
from stress.detect.spectral.track import BLOCK, DelayTracker, Track
from stress.detect.spectral.view import View, view
from stress.detect.spectral.walk import Options, Tuned, Walk
from stress.model.arrays import Bytes, Samples, Signal
from stress.model.finding import Analysis, Finding, Kind
from stress.model.ring import Rings
from stress.model.stimulus import POSITIONS

# Judged band inside the stimulus, as shares of its edges. Wider: AC coupling and converter
# roll-off ring past the channel fit; narrower: sensitivity is given away.
_INNER = (1.1, 1.0)


def analyze(
    captured: Bytes,
    pattern: NoiseStimulus,
    rings: Rings,
    *,
    first_position: int = 0,
    options: Options | None = None,
) -> SpectralAnalysis:
    """Find wrong lines in a capture made through an analog path.

    Parameters
    ----------
    captured : (n,) uint8, interleaved frames of the pattern's format and channels.
    pattern : what was played.
    first_position : pattern position of the first played frame.

    Returns
    -------
    Findings and channel; `advice` says why a capture proves nothing.

    Threads: pure.
    """
    options = options or Options()
    samples = integers(captured, pattern.channels, pattern.fmt)
    y = scaled(samples, pattern.fmt)
    late, early = int(options.after_s * pattern.rate), int(options.before_s * pattern.rate)
    locks = lock_all(y, pattern, first_position, late, early)
    advice, silent = inputs.unheard(y, locks, pattern, first_position)
    clipped = [measure.clipped_share(channel) for channel in samples]
    case = _Case(samples, y, pattern, rings, first_position, options, locks, clipped)
    advice = inputs.silence(y, silent) + advice + inputs.clipping(clipped, y, bool(case.used))
    if case.used:
        x = case.reference(case.used[0])
        track = case.follow(x)
        if track.segments:
            return set_aside(case.judge(track, x, advice))
    return SpectralAnalysis(Analysis("spectral", False, samples.shape[1]), None, tuple(advice))


@dataclass(frozen=True)
class _Case:
    # Everything one analysis was given, and its locks.
    samples: Samples
    y: Signal
    pattern: NoiseStimulus
    rings: Rings
    first: int
    options: Options
    locks: Sequence[Lock | None]
    clipped: Sequence[float]

    @property
    def used(self) -> list[int]:
        return [c for c, lock in enumerate(self.locks) if lock is not None and lock.locked]

    @property
    def lead(self) -> Lock:
        return next(lock for lock in self.locks if lock is not None and lock.locked)

    @property
    def lags(self) -> list[int]:
        return [*whole_laps(self.rings, self.options.laps), *self.options.extra_lags]

    def reference(self, channel: int) -> Reference:
        frames = self.y.shape[1] - min(0, self.lead.delay) + SIZE
        if self.options.played is not None:
            frames = min(frames, self.options.played)  # behind it silence was played
        return Reference(self.pattern, channel, self.first, max([FREE_LAGS, *self.lags]) + SIZE, frames)

    def follow(self, x: Reference) -> Track:
        channel, lead = self.used[0], self.lead
        return DelayTracker(self.y[channel], x, lead.delay).run(lead.at, self.pattern, channel, self.first)

    def judge(self, track: Track, lead: Reference, advice: list[str]) -> SpectralAnalysis:
        band = self._band()
        tuned = self._tune(track, lead, band)
        sources: list[int | str] = [*self.lags, ZERO, *([SWAP] if len(tuned) > 1 else [])]
        explainer = Explainer([t.x for t in tuned], [t.weights for t in tuned], sources)
        changes = slips.jumps(tuned[0].y, tuned[0].x, track, tuned[0].fitted)
        borders = [(change.frame, change.resumed) for change in changes]
        walk = Walk(tuned, track, explainer, self.options, borders)
        starts = round(float(tuned[0].fitted.clocks[0].captured(np.zeros(1))[0]))
        captured = repeated_lines(
            self.samples,
            CaptureRing(self.rings, self.pattern.frame_bytes, self.first - starts),
            self.options.laps,
            (max(0, starts), track.segments[-1].stop),
        )
        events = [e for e in walk.run() if not covered(walk.captured(e.at), captured)]
        findings = self._findings(events, walk, changes, track, captured)
        clipped = max(self.clipped[c] for c in self.used)
        channel = measure.channel(
            tuned[0].fitted, tuned[0].y, self.pattern.rate, band, walk.levels(), clipped
        )
        disturbed = [walk.captured(event.at) for event in events if event.guess is None]
        on = slice(max(0, round(channel.latency_frames)), track.segments[-1].stop)
        advice = [
            *advice,
            *inputs.folded(self.y, self.used, self.locks, self.pattern, self.first),
            *inputs.unsteady(tuned[0].y[on]),
            *inputs.weak(channel.snr_db),
            *inputs.disturbed(disturbed),
        ]
        return SpectralAnalysis(
            self._analysis(findings, walk, channel.latency_frames, self._notes(track)),
            channel,
            tuple(advice),
            len(disturbed),
            walk.quiet_score,
            measure.seconds(walk.powers, self.pattern.rate),
            self._view(tuned[0].y, walk),
        )

    def _view(self, y: Signal, walk: Walk) -> View | None:
        place = self.options.view
        return None if place is None else view(y, walk.remainders(), self.pattern.rate, place)

    def _band(self) -> tuple[float, float]:
        low, high = self.pattern.band_hz
        return low * _INNER[0] / self.pattern.rate, high * _INNER[1] / self.pattern.rate

    def _tune(self, track: Track, lead: Reference, band: tuple[float, float]) -> list[Tuned]:
        out: list[Tuned] = []
        for c in self.used:
            x = self.reference(c) if out else lead
            if out:
                fitted = clock.fit_on(self.y[c], x, track, out[0].fitted.clocks)
            else:
                fitted = clock.refine(self.y[c], x, track)
            distortion, residual = distort.explain(fitted)
            noise = weigh.spectrum_of(residual)
            weights = weigh.weights(fitted.taps, fit.PRE, noise, band, SIZE)
            out.append(Tuned(self.y[c], x, fitted, weights, distortion))
        return out

    def _findings(
        self,
        events: Sequence[Event],
        walk: Walk,
        changes: Sequence[slips.Jump],
        track: Track,
        captured: Sequence[Finding],
    ) -> list[Finding]:
        namer = FindingMaker(
            self.rings, self.options.laps, self.pattern.frame_bytes, self.first, walk.captured
        )
        lines = [namer.finding(guess, score) for guess, score in joined(events)]
        moved = slips.findings(changes, self.rings, self.options.laps, self.first)
        found = sorted([*captured, *lines, *moved], key=lambda finding: finding.frame)
        return [one.within(self.options.line_bytes) for one in self._ended(found, track, walk)]

    def _ended(self, found: list[Finding], track: Track, walk: Walk) -> list[Finding]:
        # The silence at the end is a mute if more was played, else the end of the stimulus.
        end, y = track.segments[-1].stop, self.y[self.used[0]]
        if not _ends_early(track, y):
            return found
        tail = [one for one in found if one.kind is Kind.ZERO and one.frame + one.frames > end - BLOCK]
        frame = min([one.frame for one in tail], default=end)
        kept = [one for one in found if one.frame < frame]
        played = self.options.played
        if played is None:
            return kept
        due = min(y.size, walk.captured(0) + played) - frame
        if due < 2 * BLOCK:
            return kept
        position = (self.first + frame - walk.captured(0)) % POSITIONS
        return [*kept, Finding(Kind.MUTE, frame, due, position, text=f"silence from frame {frame} on")]

    def _notes(self, track: Track) -> list[str]:
        end, y = track.segments[-1].stop, self.y[self.used[0]]
        if y.size - end < 2 * BLOCK:
            return []
        how = "silent" if _ends_early(track, y) else "without the stimulus"
        return [f"the capture is {how} from about frame {end} of {y.size} on"]

    def _analysis(self, findings: list[Finding], walk: Walk, latency: float, notes: list[str]) -> Analysis:
        most = self.options.most
        if len(findings) > most:
            notes = [*notes, f"{len(findings)} findings, the first {most} kept"]
        start = max(0, round(latency))
        return Analysis(
            "spectral",
            True,
            self.samples.shape[1],
            checked_frames=walk.checked,
            first_frame=start,
            first_position=(self.first + start - round(latency)) % POSITIONS,
            episodes=episodes(findings, max(self.rings.largest, 1)),
            notes=tuple(notes),
        ).holding(findings, most)


def _ends_early(track: Track, y: Signal) -> bool:
    end = track.segments[-1].stop
    tail = y[end + BLOCK :]
    return tail.size > BLOCK and float(np.std(tail)) < 0.05 * float(np.std(y[:end]))
