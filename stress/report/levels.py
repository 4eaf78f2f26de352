# SPDX-License-Identifier: MIT
"""SNR and THD+N over time, with the findings where they happened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from stress.report import ringmap
from stress.report.picture import Axis, Tick, lines_svg, steps
from stress.report.ringmap import Mark

if TYPE_CHECKING:
    from stress.model.record.findings import FindingRecord
    from stress.verdict.samples import Samples

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
        ("SNR", "fitted", [(at, (snr - low) / (high - low)) for at, (_, snr, _) in zip(places, levels)]),
        (
            "-THD+N",
            "changing",
            [(at, (-thd - low) / (high - low)) for at, (_, _, thd) in zip(places, levels)],
        ),
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


def _ticks(samples: Samples) -> list[Tick]:
    whole = samples.length_s
    return [
        tick(one.finding, min(1.0, at / whole), f"{one.arm}: {one.finding.text}")
        for at, one in samples.marks.kept
    ]


def figure(samples: Samples) -> str:
    """Return the analog path over all bursts of a run, end to end, as an HTML figure."""
    return chart(samples.levels.kept, samples.length_s, _ticks(samples))


def section(samples: Samples) -> str:
    """Return the same with its heading, "" where there was no analog path."""
    if not samples.levels.kept:
        return ""
    used = {tick.colour for tick in _ticks(samples)}
    what = "; triangles are findings, coloured by age, those planted left out" if used else ""
    legend = ringmap.legend(used) if used else ""
    return f'<h2 id="analog">The analog path</h2><p>All bursts end to end{what}.</p>{legend}{figure(samples)}'
