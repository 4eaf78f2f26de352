"""The HTML report: one file, nothing fetched, opens from disk."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from stress.report import lanes, levels, path, ringmap, text
from stress.report.cases import backend
from stress.report.ringmap import Mark

if TYPE_CHECKING:
    from stress.experiment.plan import Plan
    from stress.record.reader import RunLog

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#222}
h1{font-size:1.5rem;margin:0}.verdict{padding:1rem 1.2rem;border-radius:.5rem;color:#fff;background:#777}
.FAIL{background:#b3261e}.PASS{background:#1b6e3c}.INCONCLUSIVE{background:#8a5a00}.ERROR{background:#5b2a86}
.verdict p{margin:.3rem 0 0}table{border-collapse:collapse;margin:1rem 0}
th,td{padding:.25rem .8rem;border-bottom:1px solid #ddd;text-align:left}td.n{text-align:right}
figure{display:inline-block;width:20rem;margin:.5rem 1rem .5rem 0;vertical-align:top}
figcaption{font-size:.85rem;color:#555;text-align:center}svg{width:100%}
.track{fill:none;stroke:#ccc}.arcs path{fill:none;stroke-width:2.4}.ticks text{font-size:9px;fill:#777}
.legend span{margin-right:1rem;font-size:.85rem}.legend i{display:inline-block;width:.8rem;height:.8rem;
margin-right:.3rem;vertical-align:-1px}pre{background:#f6f6f6;padding:.8rem;overflow-x:auto;font-size:.8rem}
.bad{color:#b3261e;font-weight:600}
figure.wide{display:block;width:100%;margin:.6rem 0}figure.wide figcaption{text-align:left}
figure.wide text{font-size:11px;fill:#555}.frame{fill:none;stroke:#bbb}.tick{stroke:#999;fill:none}
.curve{fill:none;stroke-width:1.6}.mark{stroke-width:.7;stroke-dasharray:2 3;opacity:.55;pointer-events:none}
"""


def page(log: RunLog, plan: Plan, evidence: list[dict[str, Any]]) -> str:
    """Return the report as one HTML document.

    Parameters
    ----------
    evidence : evidence files to show, as read from the run directory.
    """
    report = text.as_json(log, plan)
    name = f"pcmstress: {report['verdict']} on {backend(log)}"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(name)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body>'
        f"{_verdict(report)}{_diagnosis(report)}{_arms(report)}{_rings(log)}{levels.section(log)}{lanes.section(log)}{_findings(log)}{_evidence(evidence)}{_about(log)}"
        "</body></html>\n"
    )


def _verdict(report: dict[str, Any]) -> str:
    reasons = "".join(f"<p>{escape(str(reason))}</p>" for reason in report["reasons"])
    by = f", judged by {report['detector']}" if report["detector"] else ""
    head = f"{report['verdict']} on {report['backend']}{by}"
    return f'<div class="verdict {escape(report["verdict"])}"><h1>{escape(head)}</h1>{reasons}</div>'


def _diagnosis(report: dict[str, Any]) -> str:
    found = report["diagnosis"]
    if not found:
        return ""
    lines = "".join(f"<li>{escape(line)}</li>" for line in found["evidence"])
    advice, against = escape(found["advice"]), escape(found["against"])
    tail = f"<p>What to do: {advice}.</p><p>What would change this: {against}.</p>"
    return f"<h2>Diagnosis: {escape(found['headline'])}</h2><ul>{lines}</ul>{tail}"


def _arms(report: dict[str, Any]) -> str:
    heads = ("arm", "verdict", "bursts", "lines checked", "wrong frames", "kinds", "xruns", "control")
    rows = "".join(_row(arm) for arm in report["arms"])
    return f"<h2>Arms</h2><table><tr>{''.join(f'<th>{head}</th>' for head in heads)}</tr>{rows}</table>"


def _row(arm: dict[str, Any]) -> str:
    kinds = ", ".join(f"{number} {kind}" for kind, number in arm["counts"].items()) or "-"
    share = 100 * arm["wrong_frames"] / arm["checked_frames"] if arm["checked_frames"] else 0.0
    numbers = (arm["bursts"], arm["lines"], f"{share:.3g} %")
    cells = [f"<td>{escape(arm['arm'])}</td><td>{arm['verdict']}</td>"]
    cells += [f'<td class="n">{number}</td>' for number in numbers]
    cells += [f"<td>{escape(kinds if not arm['skipped'] else arm['skipped'])}</td>"]
    cells += [f'<td class="n">{arm["xruns"]}</td><td class="n">{arm["control_found"]}/{arm["planted"]}</td>']
    return f"<tr>{''.join(cells)}</tr>"


def _rings(log: RunLog) -> str:
    found: dict[tuple[str, str, int], list[Mark]] = {}
    opened: dict[str, dict[str, Any]] = {}
    for event in log.events:
        if event["event"] == "open":
            opened[event["arm"]] = event.get("granted", {})
        elif event["event"] == "burst":
            for ring, size, mark in _marks(event, opened.get(event["arm"], {})):
                found.setdefault((event["arm"], ring, size), []).append(mark)
    if not found:
        return ""
    pictures = "".join(
        ringmap.svg(f"{arm}, {ring} ring", marks, size) for (arm, ring, size), marks in found.items()
    )
    help_text = (
        "Each disc is one ring: the angle is the place in the ring, the radius is time (start inside), "
        "the colour is how old the wrong data was. Hover over an arc for the finding; "
        "drawn are the runs kept in the record."
    )
    return f"<h2>Where in the ring</h2><p>{help_text}</p>{ringmap.legend()}{pictures}"


def _marks(event: dict[str, Any], granted: dict[str, Any]) -> list[tuple[str, int, Mark]]:
    marks = []
    for finding in event["analysis"]["findings"]:
        ring = finding["ring"]
        offset = finding.get("ring_offset")
        if finding["injected"] or ring not in granted or offset is None:
            continue
        params = granted[ring]
        frame_bytes = text.frame_bytes(params)
        size = params["buffer_size"] * frame_bytes
        length = finding["frames"] * frame_bytes
        mark = Mark(
            offset, length, size, finding["frame"], finding["kind"], finding["laps"], finding.get("text", "")
        )
        marks.append((ring, size, mark))
    return marks


def _findings(log: RunLog) -> str:
    lines = [line for line in text.sentences(log, most=30) if line]
    return f"<h2>Findings</h2><pre>{escape(chr(10).join(lines))}</pre>" if lines else ""


def _evidence(evidence: list[dict[str, Any]]) -> str:
    blocks = "".join(_words(entry) for entry in evidence)
    if not blocks:
        return ""
    help_text = "Frames around a finding; wrong ones in red, what was due in brackets."
    return f"<h2>Evidence</h2><p>{help_text}</p>{blocks}"


def _words(entry: dict[str, Any]) -> str:
    step, first = int(entry["frame_bytes"]), int(entry["first_frame"])
    expected, observed = bytes.fromhex(entry["expected"]), bytes.fromhex(entry["observed"])
    rows = []
    for index in range(min(len(observed), len(expected)) // step):
        due, got = expected[index * step : (index + 1) * step], observed[index * step : (index + 1) * step]
        body = got.hex() if due == got else f'<span class="bad">{got.hex()} ({due.hex()})</span>'
        rows.append(f"{first + index:10d}  {body}")
    title = escape(str(entry["finding"].get("text", "")))
    return f"<details><summary>{title}</summary><pre>{chr(10).join(rows)}</pre></details>"


def _about(log: RunLog) -> str:
    start = log.events[0]
    parts = (f"seed {start['seed']}", f"first position {start['first_position']}", f"{start.get('wall', '')}")
    facts = "".join(f"<p>{escape(line)}</p>" for line in path.lines(log))
    return f"{facts}<p>{escape(', '.join(parts))}; pcmstress {escape(str(start.get('program', '')))}</p>"
