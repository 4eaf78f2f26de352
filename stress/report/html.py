# SPDX-License-Identifier: MIT
"""The HTML report: one file, nothing fetched, no script, opens from disk.

Two pages say everything that decides: verdict, cause, facts, one picture, what was
compared, the arms, where in the ring, what was covered. The rest folds, and stays
off paper.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from stress.model.words import count, counted
from stress.report import (
    coverage,
    curves,
    first,
    forest,
    lanes,
    levels,
    listing,
    path,
    places,
    ringmap,
    text,
    wire,
    wire_bars,
)
from stress.report.document import contents, document
from stress.report.document import table as document_table
from stress.report.facts import Facts
from stress.report.ringmap import Mark
from stress.report.suspects import hiding
from stress.report.text import lifecycle_table
from stress.verdict.contrast import contrasts, measure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from stress.model.record.events import OpenRecord
    from stress.model.record.findings import EvidenceRecord, FindingRecord
    from stress.report.first import Picture
    from stress.verdict.judge import Judgement
    from stress.verdict.samples import Examples
    from stress.verdict.summary import Summary
    from stress.verdict.tally import Tally

# Arcs on a page, over all rings. Source: a page of any run stays below 400 KB; an arc takes some 200
# bytes. Higher: mails refuse the page; lower: the ages of few findings are drawn.
MOST_ARCS = 200
# Bytes of all sections. Source: 400 KB are what mails and tickets take, 12 KB are style and contents.
# Higher: mails refuse the page; lower: sections are left out of a long run.
MOST_BYTES = 385_000
LONGEST_NAME = 200
# Arms in the table. Source: 100 arms are the most of a sweep. Higher: a record made by hand fills the page.
MOST_ARMS = 120
# Letters of evidence shown. Source: a file of evidence holds some 10 KB.
MOST_EVIDENCE = 60_000


def page(run: Summary, evidence: list[EvidenceRecord], facts: Facts | None = None) -> str:
    """Return the report as one HTML document.

    Parameters
    ----------
    evidence : evidence files to show, as read from the run directory.
    facts : of the board and the call.
    """
    known = facts or Facts()
    name = f"pcmstress: {run.judgement.verdict.value} on {run.backend[:LONGEST_NAME]}"
    picture = first.picture(run)
    top = "".join((first.verdict(run), first.cause(run), first.facts(run, known), picture.figure))
    summary = [
        _compared(run, picture),
        _arms(run),
        _lifecycle(run),
        places.section(run, picture.ring),
        _on_screen(coverage.section(run, picture.title == first.REACHED), run.failed),
        _on_screen(wire_bars.section(run), not run.failed or run.diagnosis is not None),
    ]
    rest = [
        _board(known),
        _about(run),
        _reasons(run),
        "" if run.samples.levels.kept and picture.ring is None else levels.section(run.samples),
        listing.section(run.samples),
        lanes.section(run.samples.strips),
        _evidence(evidence),
        _rings(run),
    ]
    shown = _fitting([*summary, *rest], MOST_BYTES - len(top.encode()))
    body = f'{"".join(shown[: len(summary)])}<div class="rest">{"".join(shown[len(summary) :])}</div>'
    return document(name, f"{top}{contents(top + body)}{body}", listing.rules())


def _on_screen(section: str, only: bool) -> str:
    # Two pages of paper hold what the verdict rests on: of a FAIL the damage, of a PASS what was covered.
    return f'<div class="screen">{section}</div>' if section and only else section


def _fitting(sections: list[str], left: int) -> list[str]:
    # What does not fit is named in its place; what follows may still fit.
    shown = []
    for section in sections:
        size = len(section.encode())
        if size > left:
            head = section[section.find("<h2") :].split("</h2>", 1)[0] + "</h2>"
            section = f'{head}<p class="note">Left out: the page would be too large for a mail.</p>'
        left -= min(size, left)
        shown.append(section)
    return shown


def _board(facts: Facts) -> str:
    rows = [
        f"<tr><td class=name>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in facts.values
    ]
    return f'<h2 id="board">Board and run</h2>{document_table(("fact", "value"), rows)}' if rows else ""


def _compared(run: Summary, picture: Picture) -> str:
    if not run.diagnosis:
        return ""
    measured = measure(run.plan, run.parts)
    drawn = forest.svg(contrasts(measured))
    shown = "" if drawn == picture.figure else drawn
    drawn = f"{shown}{curves.figures(measured)}"
    return f'<h2 id="compared">What was compared</h2>{drawn}' if drawn else ""


def _reasons(run: Summary) -> str:
    named = run.diagnosis
    if not named:
        return ""
    lines = "".join(f"<li>{escape(line)}</li>" for line in (*named.evidence, *named.players))
    number = counted(len(named.evidence), "line")
    head = '<h2 id="reasons">What the cause rests on</h2>'
    return f"{head}<details><summary>{number}</summary><ul>{lines}</ul></details>"


def _arms(run: Summary) -> str:
    heads = ("arm", "verdict", "wrong frames", "lines checked", "bursts", "kinds", "xruns", "self-test")
    rows = [_row(part, judged) for part, judged in zip(run.parts[:MOST_ARMS], run.verdicts)]
    rest = len(run.parts) - len(rows)
    help_text = (
        "Lines checked: cache lines of the ring in which stale data would have shown. Self-test: "
        "faults injected on purpose that were found; masked: they lie under real corruption."
    )
    body = document_table(heads, rows, "llrrrlrr")
    more = f"And {counted(rest, 'more arm')}. " if rest else ""
    return f'<h2 id="arms">Arms</h2>{body}<p class="note">{more}{help_text}</p>' if rows else ""


def _row(arm: Tally, judged: Judgement) -> str:
    ranked = sorted(arm.counts.items(), key=lambda item: -item[1])
    kinds = ", ".join(f"{count(number)} {kind}" for kind, number in ranked) or "none"
    share = f"{100 * arm.wrong_frames / arm.checked_frames:.3g} %" if arm.checked_frames else "-"
    numbers = (share, count(arm.lines), arm.bursts)
    name, verdict = escape(arm.arm), escape(judged.verdict.value)
    cells = [f'<td class="name">{name}</td><td class="{verdict}">{verdict}</td>']
    cells += [f'<td class="n">{number}</td>' for number in numbers]
    cells += [f'<td class="what">{escape(arm.skipped or kinds)}</td>']
    cells += [f'<td class="n">{arm.xruns}</td><td class="n">{text.self_test(arm)}</td>']
    return f"<tr>{''.join(cells)}</tr>"


def _rings(run: Summary) -> str:
    sites = {part.arm: part.sites for part in run.parts}
    share = MOST_ARCS // max(1, len(run.samples.rings))
    pictures = "".join(
        _ring(run.opened.get(arm), ring, examples, _in_ring(sites.get(arm, {}), ring), share)
        for (arm, ring), examples in run.samples.rings.items()
    )
    if not pictures:
        return ""
    help_text = (
        "Each disc is one ring of an arm, with the findings that the record keeps: the first of a burst and "
        "some of its last lap. The angle is the place in the ring, in bytes clockwise from the top; radius "
        "is time, colour is how old the wrong data was. Point at an arc for its finding."
    )
    head = '<h2 id="ages">How old the data was</h2>'
    return f"{head}<details><summary>{help_text}</summary>{ringmap.legend()}{pictures}</details>"


def _ring(opened: OpenRecord | None, ring: str, examples: Examples, found: int, most: int) -> str:
    params = opened.granted.of(ring) if opened else None
    if opened is None or params is None:
        return ""
    size = params.buffer_size * params.frame_bytes
    marks = [_mark(example.finding, params.frame_bytes, size) for example in examples.first[:most]]
    return ringmap.svg(f"{opened.arm}, {ring} ring", marks, size, params.rate, found)


def _mark(finding: FindingRecord, frame_bytes: int, size: int) -> Mark:
    length, offset = finding.frames * frame_bytes, finding.ring_offset or 0
    return Mark(offset, length, size, finding.frame, finding.kind, finding.laps, finding.text)


def _in_ring(sites: Mapping[tuple[str, str | None, int | None], int], ring: str) -> int:
    return sum(number for (_, where, _), number in sites.items() if where == ring)


def _evidence(evidence: list[EvidenceRecord]) -> str:
    blocks = "".join(_within(_words(entry) for entry in evidence))
    if not blocks:
        return ""
    help_text = (
        "Frames around a finding, their bytes in hexadecimal; wrong ones in red, what was due in brackets."
    )
    return f'<h2 id="evidence">Evidence</h2><p>{help_text}</p>{blocks}'


def _within(blocks: Iterable[str]) -> Iterator[str]:
    left = MOST_EVIDENCE
    for block in blocks:
        left -= len(block)
        if left < 0:
            yield '<p class="note">The record holds more evidence than is shown here.</p>'
            return
        yield block


def _words(entry: EvidenceRecord) -> str:
    step, first = entry.frame_bytes, entry.first_frame
    expected, observed = bytes.fromhex(entry.expected), bytes.fromhex(entry.observed)
    rows = []
    for index in range(min(len(observed), len(expected)) // step):
        due, got = expected[index * step : (index + 1) * step], observed[index * step : (index + 1) * step]
        body = got.hex() if due == got else f'<span class="bad">{got.hex()} ({due.hex()})</span>'
        rows.append(f"{count(first + index):>12}  {body}")
    title = escape(entry.finding.text)
    return f"<details><summary>{title}</summary><pre>{chr(10).join(rows)}</pre></details>"


def _lifecycle(run: Summary) -> str:
    lines = lifecycle_table(run)
    return f'<h2 id="events">Behind events</h2><pre>{escape(chr(10).join(lines[1:]))}</pre>' if lines else ""


def _about(run: Summary) -> str:
    start = run.start
    parts = (f"seed {start.seed}", f"first position {start.first_position}", start.wall)
    early = [run.stopped.text] if run.stopped else []
    told = (*early, *path.lines(run), *wire.lines(run), *run.beside.lines(), *hiding(run))
    facts = "".join(f"<p>{escape(line)}</p>" for line in told)
    program = escape(f"{', '.join(parts)}; pcmstress {start.program}")
    return f'<h2 id="run">The run</h2>{facts}<p>{program}</p>'
