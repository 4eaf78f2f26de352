"""SNR and THD+N over time, with the findings where they happened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from stress.report import ringmap
from stress.report.picture import Axis, Tick, lines_svg, steps
from stress.report.ringmap import Mark

if TYPE_CHECKING:
    from stress.model.record import FindingRecord
    from stress.record.reader import RunLog

# Time [s], SNR and THD+N [dB].
Level = tuple[float, float, float]


def chart(levels: Sequence[Level], length_s: float, ticks: Iterable[Tick]) -> str:
    """Return both curves over `length_s` seconds as SVG, "" without a level."""
    if not levels:
        return ""
    values = [value for _, snr, thd in levels for value in (snr, -thd)]
    low, high = min(values) - 3, max(values) + 3
    places = [min(1.0, at / length_s) for at, _, _ in levels]
    axis = Axis(
        time_axis(length_s),
        [((level - low) / (high - low), f"{level:g}") for level in steps(low, high, 5)],
        "s",
        "dB",
    )
    curves = [
        ("SNR", "#1f6fb4", [(at, (snr - low) / (high - low)) for at, (_, snr, _) in zip(places, levels)]),
        ("-THD+N", "#b3261e", [(at, (-thd - low) / (high - low)) for at, (_, _, thd) in zip(places, levels)]),
    ]
    return lines_svg(
        curves, axis, ticks, "stimulus over noise, and over distortion and noise, second by second"
    )


def time_axis(length_s: float) -> list[tuple[float, str]]:
    """Return labels of an axis of so many seconds."""
    return [(second / length_s, f"{second:g}") for second in steps(0, length_s, 10)]


def tick(finding: FindingRecord, at: float, text: str) -> Tick:
    """Return the mark of a recorded finding at a place 0..1."""
    mark = Mark(0, 0, 1, 0, finding.kind, finding.laps, text)
    return Tick(at, ringmap.colour(mark), text)


def section(log: RunLog) -> str:
    """Return the analog path over all bursts of a run, end to end, "" where there was none."""
    opened = log.opened
    rates = {arm: event.granted.capture.rate for arm, event in opened.items() if event.granted.capture}
    levels: list[Level] = []
    found: list[tuple[float, FindingRecord, str]] = []
    begin = 0.0
    for burst in log.bursts:
        if burst.arm not in rates:
            continue
        rate = rates[burst.arm]
        seconds = burst.channel.seconds if burst.channel else ()
        levels += [(begin + frame / rate + 0.5, snr, thd) for frame, snr, thd in seconds]
        found += [
            (begin + one.frame / rate, one, f"{burst.arm}: {one.text}")
            for one in burst.analysis.findings
            if not one.injected
        ]
        begin += burst.analysis.frames / rate
    if not levels:
        return ""
    ticks = [tick(one, min(1.0, at / begin), text) for at, one, text in found]
    help_text = "All bursts end to end; triangles are findings, coloured by age, those planted left out."
    return f"<h2>The analog path</h2><p>{help_text}</p>{ringmap.legend()}{chart(levels, begin, ticks)}"
