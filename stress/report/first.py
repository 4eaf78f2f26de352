# SPDX-License-Identifier: MIT
"""The first screen of a page: verdict, cause, what to do, facts, and the one picture that says most."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from stress.model.words import count, counted
from stress.report import coverage, forest, found, levels, path, places, text
from stress.report.places import RingMap
from stress.settings.times import format_duration
from stress.verdict.contrast import contrasts, measure

if TYPE_CHECKING:
    from stress.report.facts import Facts
    from stress.verdict.summary import Summary


# Reasons and their letters on the first screen. Source: ours are a dozen of 300 letters at most. Higher: a
# record made by hand fills the page.
MOST_REASONS, LONGEST = 12, 1000


@dataclass(frozen=True)
class Picture:
    """The picture that says most of a run.

    Attributes
    ----------
    figure : an HTML figure with its caption, "" where there is nothing to draw.
    title : of the picture, in a few words.
    ring : the ring map that it is, None where it is something else.
    """

    figure: str
    title: str
    ring: RingMap | None = None


REACHED = "the bound that each arm reached"
NOTHING = Picture("", "")


def picture(run: Summary) -> Picture:
    """Return the contrasts of a diagnosis, the worst ring, the analog path, or what a clean run covered."""
    compared = forest.svg(contrasts(measure(run.plan, run.parts))) if run.diagnosis else ""
    if compared and run.failed:
        return Picture(compared, "what was changed, and how many times fewer episodes followed")
    rings = places.maps(run)
    if rings:
        return Picture(places.figure(rings[0]), f"where in the ring: {rings[0].scene.title}", rings[0])
    if run.samples.levels.kept:
        return Picture(levels.figure(run.samples), "the analog path over the run")
    reached = coverage.picture(run)
    return Picture(reached, REACHED) if reached else NOTHING


def verdict(run: Summary) -> str:
    """Return the box with the verdict and its reasons, as HTML."""
    word, head = run.judgement.verdict.value, text.head(run)[0]
    told = found.sentences(run.whole, run.start.transport) if run.failed else []
    # The first reason of a FAIL counts the same that the sentences say.
    early = run.stopped.text if run.stopped else None
    rest = [reason for reason in run.judgement.reasons if reason != early]
    rest = rest[1:] if told else rest
    lines = [*path.first(run), *told, *rest]
    reasons = "".join(f"<p>{escape(line.strip()[:LONGEST])}</p>" for line in lines[:MOST_REASONS])
    left = len(lines) - MOST_REASONS
    more = f"<p>... and {counted(left, 'more reason')} (--json has all)</p>" if left > 0 else ""
    return f'<div class="verdict {escape(word)}"><h1>{escape(head[:LONGEST])}</h1>{reasons}{more}</div>'


def cause(run: Summary) -> str:
    """Return cause and what to do, "" without a diagnosis."""
    named = run.diagnosis
    if not named:
        return ""
    head = f'<h2 id="cause">Cause: {escape(named.short())}</h2><p class=do>Do: {escape(named.advice)}.</p>'
    how = "".join(f"<p>{escape(side.explained())}.</p>" for side in named.sides)
    also = f"<p>Also seen: {escape(', '.join(named.also))}.</p>" if named.also else ""
    return f"{head}{how}{also}<p>Would change this: {escape(named.against)}.</p>"


def facts(run: Summary, known: Facts) -> str:
    """Return the facts that a reader needs at first."""
    whole = run.whole
    pairs = [(line[:7].strip(), line[7:]) for line in known.short(run.device)]
    pairs += [
        ("streamed", f"{format_duration(whole.streamed_s)} in {counted(whole.bursts, 'burst')}"),
        ("checked", f"{counted(whole.lines, 'ring line')}, {counted(whole.checked_frames, 'frame')}"),
        ("wrong", f"{counted(whole.wrong_frames, 'frame')} in {count(whole.found)} places"),
        ("date", _minute(known.of("date"))),
    ]
    items = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in pairs if value
    )
    return f"<dl>{items}</dl>"


def _minute(date: str) -> str:
    # 2026-11-29T22:20:30.649Z; what is written otherwise stays.
    day, between, time = date.partition("T")
    known = between and len(day) == 10 and time.endswith("Z")
    return f"{day} {time[:5]} UTC" if known else date
