# SPDX-License-Identifier: MIT
"""The page of one analog capture: what the channel is, what is wrong, and when it happened."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from stress.detect.spectral.explain import ALARM
from stress.model.record.findings import FindingRecord
from stress.model.words import count
from stress.report import levels, ringmap
from stress.report.document import document, table
from stress.report.picture import Axis, Tick, levels_svg, lines_svg, steps
from stress.report.ringmap import Mark

if TYPE_CHECKING:
    from stress.detect.spectral import SpectralAnalysis, Spectrogram
    from stress.model.finding import Finding
    from stress.model.ring import Rings

# Findings listed; the JSON output has all that were kept.
MOST_ROWS = 200


def page(
    result: SpectralAnalysis, verdict: str, name: str, reason: str, rate: int, frame_bytes: int, rings: Rings
) -> str:
    """Return the analysis of a capture as one HTML document that fetches nothing.

    Parameters
    ----------
    result : of `stress.detect.spectral.analyze`, with its view.
    name, reason : of the capture, and what the verdict rests on.
    """
    title = f"{verdict}: {name}"
    said = "".join(f"<p>{escape(line)}</p>" for line in (reason, *result.advice))
    body = [
        f'<div class="verdict {escape(verdict)}"><h1>{escape(title)}</h1>{said}</div>',
        _channel(result),
        _over_time(result, rate),
        _rings(result, rings, frame_bytes, rate),
        _findings(result, rate),
    ]
    return document(f"pcmstress: {title}", "".join(body))


def _channel(result: SpectralAnalysis) -> str:
    channel = result.channel
    if channel is None:
        return ""
    facts = [
        ("latency", f"{channel.latency_frames:.2f} frames"),
        ("gain", f"{channel.gain_db:.2f} dB"),
        ("SNR", f"{channel.snr_db:.1f} dB"),
        ("THD+N", f"{channel.thd_n_db:.1f} dB"),
        ("clock drift", f"{channel.drift_ppm:.2f} ppm"),
        ("mains hum", "none seen" if channel.hum_db is None else f"{channel.hum_db:.1f} dB"),
        ("at full scale", f"{100 * channel.clipped_share:.2g} %"),
        ("highest line that is no finding", f"{result.quiet_score:.1f} of {ALARM:g} sigmas"),
    ]
    items = "".join(f"<div><dt>{term}</dt><dd>{escape(value)}</dd></div>" for term, value in facts)
    points = [(hz, level) for hz, level in channel.response if level > -60]
    if len(points) < 2:
        return f"<h2>The channel</h2><dl>{items}</dl>"
    low, high = points[0][0], points[-1][0]
    bottom = min(-6.0, *(level for _, level in points))
    top = max(3.0, *(level for _, level in points))
    curve = [((hz - low) / (high - low), (level - bottom) / (top - bottom)) for hz, level in points]
    axis = Axis(
        [((hz - low) / (high - low), f"{hz / 1000:g}") for hz in steps(low, high, 8)],
        [((level - bottom) / (top - bottom), f"{level:g}") for level in steps(bottom, top, 5)],
        "kHz",
        "dB",
    )
    drawn = lines_svg(
        [("response", "#2f7fd0", curve)], axis, (), "response in the judged band, relative to the gain"
    )
    return f"<h2>The channel</h2><dl>{items}</dl>{drawn}"


def _over_time(result: SpectralAnalysis, rate: int) -> str:
    frames = max(1, result.analysis.frames)
    ticks = _ticks(result, frames, rate)
    help_text = (
        "Triangles are findings, coloured by age; point at one for its place. In the second picture the "
        "stimulus and its distortion are subtracted: what is left is noise, and the frames that are wrong."
    )
    drawn = ""
    if result.view is not None:
        span, seconds = _scale(result.view.before, result.view.after), frames / rate
        drawn += _spectrogram(result.view.before, seconds, span, (), "first channel, as captured")
        drawn += _spectrogram(
            result.view.after, seconds, span, ticks, "the same without the stimulus, same scale"
        )
    rows = [(one.frame / rate + 0.5, one.snr_db, one.thd_n_db) for one in result.seconds]
    curves = levels.chart(rows, frames / rate, ticks)
    return f"<h2>Over time</h2><p>{help_text}</p>{ringmap.legend()}{drawn}{curves}"


def _ticks(result: SpectralAnalysis, frames: int, rate: int) -> list[Tick]:
    return [
        levels.tick(FindingRecord.of(one), one.frame / frames, f"{one.frame / rate:.4f} s: {one.text}")
        for one in result.analysis.findings
    ]


def _scale(before: Spectrogram, after: Spectrogram) -> tuple[float, float]:
    heard = after.levels_db[after.levels_db > -139]
    low = float(np.percentile(heard, 2)) - 3 if heard.size else -120.0
    high = float(before.levels_db.max()) if before.levels_db.size else 0.0
    return low, max(high, low + 20)


def _spectrogram(
    shown: Spectrogram, seconds: float, span: tuple[float, float], ticks: Sequence[Tick], title: str
) -> str:
    if not shown.levels_db.size:
        return ""
    top = shown.edges_hz[-1]
    kilo = [(hz / top, f"{hz / 1000:g}") for hz in steps(0, top, 5)]
    axis = Axis(levels.time_axis(seconds), kilo, "s", "kHz")
    return levels_svg(shown.levels_db, span, axis, ticks, title)


def _rings(result: SpectralAnalysis, rings: Rings, frame_bytes: int, rate: int) -> str:
    drawn = ""
    for name, size in (("playback", rings.playback), ("capture", rings.capture)):
        whole = (size or 0) * frame_bytes
        marks = [
            Mark(f.ring_offset, f.frames * frame_bytes, whole, f.frame, f.kind.value, f.laps, f.text)
            for f in result.analysis.findings
            if f.ring == name and f.ring_offset is not None
        ]
        if marks:
            drawn += ringmap.svg(f"{name} ring", marks, whole, rate, len(marks))
    if not drawn:
        return ""
    help_text = (
        "The angle is the place in the ring, in bytes clockwise from the top, the radius is time (start "
        "inside), the colour the age."
    )
    return f"<h2>Where in the ring</h2><p>{help_text}</p>{drawn}"


def _findings(result: SpectralAnalysis, rate: int) -> str:
    found = result.analysis.findings[:MOST_ROWS]
    if not found:
        return ""
    rows = [_row(one, rate) for one in found]
    rest = result.analysis.found - len(found)
    more = f"<p>... and {count(rest)} more.</p>" if rest > 0 else ""
    heads = ("second", "frame", "frames", "kind", "what")
    return f"<h2>Findings</h2>{table(heads, rows, 'rrr')}{more}"


def _row(one: Finding, rate: int) -> str:
    numbers = (f"{one.frame / rate:.4f}", count(one.frame), count(one.frames))
    cells = "".join(f'<td class="n">{number}</td>' for number in numbers)
    return f"<tr>{cells}<td>{one.kind.value}</td><td>{escape(one.text)}</td></tr>"
