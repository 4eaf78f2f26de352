# SPDX-License-Identifier: MIT
"""The HTML report: one file, nothing fetched, opens from disk."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from stress.model.words import count
from stress.report import forest, found, lanes, levels, path, ringmap, text, wire
from stress.report.document import document
from stress.report.document import table as document_table
from stress.report.facts import Facts
from stress.report.ringmap import Mark
from stress.verdict.contrast import contrasts, measure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stress.model.record.events import OpenRecord
    from stress.model.record.findings import EvidenceRecord, FindingRecord
    from stress.verdict.diagnosis import Diagnosis
    from stress.verdict.judge import Judgement
    from stress.verdict.samples import Examples
    from stress.verdict.summary import Summary
    from stress.verdict.tally import Tally


# Arcs on a page, over all rings. Source: a page of any run stays below 400 KB; an arc takes some 200
# bytes. Higher: mails refuse the page; lower: busy rings look emptier than they are.
MOST_ARCS = 800


def page(run: Summary, evidence: list[EvidenceRecord], facts: Facts | None = None) -> str:
    """Return the report as one HTML document.

    Parameters
    ----------
    evidence : evidence files to show, as read from the run directory.
    facts : of the board and the call.
    """
    known = facts or Facts()
    name = f"pcmstress: {run.judgement.verdict.value} on {run.backend}"
    parts = (
        _verdict(run),
        _diagnosis(run.diagnosis),
        _compared(run),
        _arms(run),
        _board(known),
        _rings(run),
        levels.section(run.samples),
        lanes.section(run.samples.strips),
        _findings(run),
        _evidence(evidence),
        _about(run),
    )
    return document(name, "".join(parts))


def _verdict(run: Summary) -> str:
    verdict, head = run.judgement.verdict.value, text.head(run)[0]
    told = found.sentences(run.whole, run.start.transport) if run.failed else []
    # The first reason of a FAIL counts the same that the sentences say.
    rest = run.judgement.reasons[1:] if told else run.judgement.reasons
    shown = (*path.first(run), *told, *rest)
    reasons = "".join(f"<p>{escape(reason.strip())}</p>" for reason in shown)
    return f'<div class="verdict {escape(verdict)}"><h1>{escape(head)}</h1>{reasons}</div>'


def _board(facts: Facts) -> str:
    rows = [
        f"<tr><td class=name>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in facts.values
    ]
    return f"<h2>Board and run</h2>{document_table(('fact', ''), rows)}" if rows else ""


def _compared(run: Summary) -> str:
    drawn = forest.svg(contrasts(measure(run.plan, run.parts))) if run.diagnosis else ""
    return f"<h2>What was compared</h2>{drawn}" if drawn else ""


def _diagnosis(named: Diagnosis | None) -> str:
    if not named:
        return ""
    lines = "".join(f"<li>{escape(line)}</li>" for line in named.evidence)
    head = f"<h2>Cause: {escape(named.headline())}</h2><p class=do>Do: {escape(named.advice)}.</p>"
    evidence = f"<details><summary>Evidence</summary><ul>{lines}</ul></details>"
    return f"{head}<p>Would change this: {escape(named.against)}.</p>{evidence}"


def _arms(run: Summary) -> str:
    heads = ("arm", "verdict", "bursts", "lines checked", "wrong frames", "kinds", "xruns", "self-test")
    rows = [_row(part, judged) for part, judged in zip(run.parts, run.verdicts)]
    help_text = (
        "Lines checked: cache lines of the ring in which stale data would have shown. Self-test: "
        "faults injected on purpose that were found; masked: they lie under real corruption."
    )
    body = document_table(heads, rows, "llrrrlrr")
    return f'<h2>Arms</h2>{body}<p class="note">{help_text}</p>' if rows else ""


def _row(arm: Tally, judged: Judgement) -> str:
    ranked = sorted(arm.counts.items(), key=lambda item: -item[1])
    kinds = ", ".join(f"{count(number)} {kind}" for kind, number in ranked) or "none"
    share = f"{100 * arm.wrong_frames / arm.checked_frames:.3g} %" if arm.checked_frames else "-"
    numbers = (arm.bursts, count(arm.lines), share)
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
        "Each disc is one ring of an arm. The angle is the place in the ring, in bytes clockwise from the "
        "top. The radius is time: the inner circle is the begin of the burst, the outer one the last run "
        "drawn. The colour is how old the wrong data was. Hover over an arc for the finding. Of busy arms "
        "the record keeps the first runs of a burst and some of its last lap, and these are drawn."
    )
    return f"<h2>Where in the ring</h2><p>{help_text}</p>{ringmap.legend()}{pictures}"


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


def _findings(run: Summary) -> str:
    lines = [line for line in text.sentences(run.samples, most=30) if line]
    return f'<h2>Findings</h2><pre class="prose">{escape(chr(10).join(lines))}</pre>' if lines else ""


def _evidence(evidence: list[EvidenceRecord]) -> str:
    blocks = "".join(_words(entry) for entry in evidence)
    if not blocks:
        return ""
    help_text = (
        "Frames around a finding, their bytes in hexadecimal; wrong ones in red, what was due in brackets."
    )
    return f"<h2>Evidence</h2><p>{help_text}</p>{blocks}"


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


def _about(run: Summary) -> str:
    start = run.start
    parts = (f"seed {start.seed}", f"first position {start.first_position}", start.wall)
    told = (*path.lines(run), *wire.lines(run))
    facts = "".join(f"<p>{escape(line)}</p>" for line in told)
    program = escape(f"{', '.join(parts)}; pcmstress {start.program}")
    return f"<h2>The run</h2>{facts}<p>{program}</p>"
