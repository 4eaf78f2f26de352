"""The spectral analyzer: one capture of the noise in, findings and channel out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from stress.detect.spectral import clock, fit, measure, weigh
from stress.detect.spectral.explain import Explainer
from stress.detect.spectral.findings import Namer, episodes, joined, whole_laps
from stress.detect.spectral.laps import SWAP, ZERO
from stress.detect.spectral.lock import BLOCK, Lock, active_block, search
from stress.detect.spectral.result import SpectralAnalysis
from stress.detect.spectral.scan import SIZE
from stress.detect.spectral.signal import Reference, Stimulus, integers, scaled
from stress.detect.spectral.track import Track, Tracker
from stress.detect.spectral.walk import Options, Tuned, Walk
from stress.model.finding import Analysis, Finding, Kind
from stress.model.ring import Rings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Signal = NDArray[np.float32]

# Judged band inside the stimulus, as shares of its edges. Wider: AC coupling and converter
# roll-off ring past the channel fit; narrower: sensitivity is given away.
_INNER = (1.1, 1.0)


def analyze(
    captured: Bytes,
    pattern: Stimulus,
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

    Threads: pure.
    """
    options = options or Options()
    samples = integers(captured, pattern.channels, pattern.fmt)
    y = scaled(samples, pattern.fmt)
    locks = _locks(y, pattern, first_position, options)
    used = [c for c, lock in enumerate(locks) if lock is not None and lock.locked]
    if not used:
        return SpectralAnalysis(Analysis("spectral", False, samples.shape[1]))
    return _judge(samples, y, pattern, rings, first_position, options, used, locks)


def _locks(y: Signal, pattern: Stimulus, first: int, options: Options) -> list[Lock | None]:
    # The first channel that locks tells the others where to look.
    out: list[Lock | None] = []
    known: int | None = None
    for c in range(pattern.channels):
        at = active_block(y[c])
        lock = None
        if at is not None and y.shape[1] >= 2 * BLOCK:
            late, early = int(options.after_s * pattern.rate), int(options.before_s * pattern.rate)
            spans = [(at - pattern.rate, at + pattern.rate), (at - late, at + early)]
            if known is not None:
                spans = [(at - known - BLOCK, at - known + BLOCK)]
            for low, high in spans:
                lock = search(y[c], at, pattern, c, first, low, high)
                if lock.locked:
                    known = lock.delay
                    break
        out.append(lock)
    return out


def _judge(
    samples: NDArray[np.int32],
    y: Signal,
    pattern: Stimulus,
    rings: Rings,
    first: int,
    options: Options,
    used: Sequence[int],
    locks: Sequence[Lock | None],
) -> SpectralAnalysis:
    lags = [*whole_laps(rings, options.laps), *options.extra_lags]
    lead = locks[used[0]]
    delay = lead.delay if lead else 0
    frames = y.shape[1] - min(0, delay) + SIZE
    before = max([32768, *lags]) + SIZE
    references = [Reference(pattern, c, first, before, frames) for c in used]
    at = active_block(y[used[0]]) or 0
    track = Tracker(y[used[0]], references[0], delay).run(at, pattern, used[0], first)
    band = (pattern.band_hz[0] * _INNER[0] / pattern.rate, pattern.band_hz[1] * _INNER[1] / pattern.rate)
    tuned = _tune(y, references, used, track, band)
    sources: list[int | str] = [*lags, ZERO, *([SWAP] if len(used) > 1 else [])]
    walk = Walk(tuned, track, Explainer(references, [t.weights for t in tuned], sources), options, rings)
    events = walk.run()
    lead_clock = tuned[0].fitted.clocks[0]
    namer = Namer(
        rings, options.laps, pattern.frame_bytes, first,
        lambda m: walk.captured(m),
    )
    findings = [namer.finding(guess, score) for guess, score in joined(events)]
    clipped = max(measure.clipped_share(samples[c]) for c in used)
    start = max(0, int(lead_clock.captured(np.zeros(1))[0]) + measure.peak_offset(tuned[0].fitted.taps))
    analysis = _analysis(findings, samples.shape[1], walk.checked, start, first, walk, rings, options)
    channel = measure.channel(
        tuned[0].fitted, tuned[0].y, pattern.rate, band, walk.levels(), clipped
    )
    clicks = sum(1 for event in events if event.guess is None)
    return SpectralAnalysis(
        analysis, channel, (), clicks, measure.seconds(walk.powers, pattern.rate)
    )


def _tune(
    y: Signal, references: Sequence[Reference], used: Sequence[int], track: Track, band: tuple[float, float]
) -> list[Tuned]:
    fitted = clock.refine(y[used[0]], references[0], track)
    out = []
    for i, c in enumerate(used):
        mine = fitted if i == 0 else clock.fit_on(y[c], references[i], track, fitted.clocks)
        noise = weigh.spectrum_of(mine.residual)
        out.append(Tuned(y[c], references[i], mine, weigh.weights(mine.taps, fit.PRE, noise, band, SIZE)))
    return out


def _analysis(
    findings: list[Finding],
    frames: int,
    checked: int,
    start: int,
    first: int,
    walk: Walk,
    rings: Rings,
    options: Options,
) -> Analysis:
    counts: Counter[Kind] = Counter(finding.kind for finding in findings)
    kept = tuple(findings[: options.most])
    notes = (f"{len(findings)} findings, the first {options.most} kept",) if len(findings) > len(kept) else ()
    return Analysis(
        "spectral",
        True,
        frames,
        checked,
        start,
        first & 0xFFFFFFFF,
        dict(counts),
        kept,
        sum(finding.frames for finding in findings),
        episodes(findings, max(rings.largest, 1)),
        None,
        notes,
    )
