"""The HTML report: one file, nothing fetched, opens from disk."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from stress.model.words import count
from stress.report import lanes, levels, path, ringmap, text, wire
from stress.report.cases import backend
from stress.report.document import document
from stress.report.document import table as document_table
from stress.report.ringmap import Mark
from stress.verdict.tally import tallies, total

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stress.model.record import BurstRecord, EvidenceRecord, PairRecord
    from stress.plan.plan import Plan
    from stress.record.reader import RunLog


def page(log: RunLog, plan: Plan, evidence: list[EvidenceRecord]) -> str:
    """Return the report as one HTML document.

    Parameters
    ----------
    evidence : evidence files to show, as read from the run directory.
    """
    report = text.as_json(log, plan)
    name = f"pcmstress: {report['verdict']} on {backend(log)}"
    parts = (
        _verdict(report),
        _meaning(log),
        _diagnosis(report),
        _arms(report),
        _rings(log),
        levels.section(log),
        lanes.section(log),
        _findings(log),
        _evidence(evidence),
        _about(log),
    )
    return document(name, "".join(parts))


def _verdict(report: dict[str, Any]) -> str:
    reasons = "".join(f"<p>{escape(str(reason))}</p>" for reason in report["reasons"])
    by = f", judged by {report['detector']}" if report["detector"] else ""
    head = f"{report['verdict']} on {report['backend']}{by}"
    return f'<div class="verdict {escape(report["verdict"])}"><h1>{escape(head)}</h1>{reasons}</div>'


def _meaning(log: RunLog) -> str:
    lines = [line for line in text.meaning(total(tallies(log.events))) if line]
    return f"<p>{escape(' '.join(lines))}</p>" if lines else ""


def _diagnosis(report: dict[str, Any]) -> str:
    found = report["diagnosis"]
    if not found:
        return ""
    lines = "".join(f"<li>{escape(line)}</li>" for line in found["evidence"])
    advice, against = escape(found["advice"]), escape(found["against"])
    head = f"<h2>Diagnosis: {escape(found['headline'])}</h2><p>What to do: {advice}.</p>"
    return f"{head}<ul>{lines}</ul><p>What would change this: {against}.</p>"


def _arms(report: dict[str, Any]) -> str:
    heads = ("arm", "verdict", "bursts", "lines checked", "wrong frames", "kinds", "xruns", "control")
    rows = [_row(arm) for arm in report["arms"]]
    help_text = (
        "Lines checked: cache lines of the ring in which stale data would have shown. Control: faults "
        "planted on purpose that were found; one among real wrong runs cannot be told from them."
    )
    body = document_table(heads, rows, "llrrrlrr")
    return f'<h2>Arms</h2>{body}<p class="note">{help_text}</p>' if rows else ""


def _row(arm: dict[str, Any]) -> str:
    ranked = sorted(arm["counts"].items(), key=lambda item: -item[1])
    kinds = ", ".join(f"{count(number)} {kind}" for kind, number in ranked) or "none"
    share = 100 * arm["wrong_frames"] / arm["checked_frames"] if arm["checked_frames"] else 0.0
    numbers = (arm["bursts"], count(arm["lines"]), f"{share:.3g} %" if arm["checked_frames"] else "-")
    name, verdict = escape(arm["arm"]), escape(arm["verdict"])
    cells = [f'<td class="name">{name}</td><td class="{verdict}">{verdict}</td>']
    cells += [f'<td class="n">{number}</td>' for number in numbers]
    cells += [f'<td class="what">{escape(arm["skipped"] or kinds)}</td>']
    cells += [f'<td class="n">{arm["xruns"]}</td><td class="n">{arm["control_found"]}/{arm["planted"]}</td>']
    return f"<tr>{''.join(cells)}</tr>"


def _rings(log: RunLog) -> str:
    found: dict[tuple[str, str, int, int], list[Mark]] = {}
    opened = log.opened
    for burst in log.bursts:
        if burst.arm in opened:
            for ring, size, rate, mark in _marks(burst, opened[burst.arm].granted):
                found.setdefault((burst.arm, ring, size, rate), []).append(mark)
    if not found:
        return ""
    sites = {part.arm: part.sites for part in tallies(log.events)}
    pictures = "".join(
        ringmap.svg(f"{arm}, {ring} ring", marks, size, rate, _in_ring(sites.get(arm, {}), ring))
        for (arm, ring, size, rate), marks in found.items()
    )
    help_text = (
        "Each disc is one ring of an arm. The angle is the place in the ring, in bytes clockwise from the "
        "top. The radius is time: the inner circle is the begin of the burst, the outer one the last run "
        "drawn. The colour is how old the wrong data was. Hover over an arc for the finding. Of busy arms "
        "the record keeps the first runs of a burst and some of its last lap, and these are drawn."
    )
    return f"<h2>Where in the ring</h2><p>{help_text}</p>{ringmap.legend()}{pictures}"


def _in_ring(sites: Mapping[tuple[str, str | None, int | None], int], ring: str) -> int:
    return sum(number for (_, where, _), number in sites.items() if where == ring)


def _marks(burst: BurstRecord, granted: PairRecord) -> list[tuple[str, int, int, Mark]]:
    marks = []
    for finding in burst.analysis.findings:
        params, ring, offset = granted.of(finding.ring), finding.ring, finding.ring_offset
        if finding.injected or params is None or ring is None or offset is None:
            continue
        size, length = params.buffer_size * params.frame_bytes, finding.frames * params.frame_bytes
        mark = Mark(offset, length, size, finding.frame, finding.kind, finding.laps, finding.text)
        marks.append((ring, size, params.rate, mark))
    return marks


def _findings(log: RunLog) -> str:
    lines = [line for line in text.sentences(log, most=30) if line]
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


def _about(log: RunLog) -> str:
    start = log.start
    parts = (f"seed {start.seed}", f"first position {start.first_position}", start.wall)
    told = (*path.lines(log), *wire.lines(log, total(tallies(log.events))))
    facts = "".join(f"<p>{escape(line)}</p>" for line in told)
    program = escape(f"{', '.join(parts)}; pcmstress {start.program}")
    return f"<h2>The run</h2>{facts}<p>{program}</p>"
