"""The report for people: verdict, reasons, table, and what the findings mean."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

from stress.model import shape
from stress.model.record import BurstRecord, LoopbackRecord, OpenRecord, StopRecord, VerdictRecord
from stress.model.verdict import Verdict
from stress.model.wire import BUS
from stress.model.words import count, counted
from stress.report import path, wire
from stress.report.cases import backend
from stress.report.table import table
from stress.settings.times import format_duration
from stress.verdict.contrast import measure
from stress.verdict.diagnosis import Diagnosis, diagnose
from stress.verdict.judge import judge, judge_run
from stress.verdict.tally import Tally, tallies, total

if TYPE_CHECKING:
    from stress.plan.plan import Plan
    from stress.record.reader import RunLog

# Sentences shown in full; the rest is in the record.
MOST_SENTENCES = 5
# Narrower terminals get the table without the columns that are 1 and 0 almost always, and what
# was found in a line below. Source: the widest shipped plan takes 97 columns up to the last one.
WIDE = 100
TIGHT = 72


def lines(log: RunLog, plan: Plan, columns: int = 0) -> list[str]:
    """Return the whole text report of a run.

    Parameters
    ----------
    columns : of the terminal; 0 is as wide as it needs.
    """
    start, bound = log.start, plan.bound
    parts = tallies(log.events)
    whole = total(parts)
    return [
        *head(log, bound),
        *diagnosis(log, plan),
        *arms(parts, columns),
        *_control(whole),
        *meaning(whole),
        *sentences(log, MOST_SENTENCES),
        "",
        *_opened(log),
        *_conditions(log, whole),
        *path.lines(log),
        *wire.lines(log, whole),
        *_evidence(log, whole),
        f"seed {start.seed}, first position {start.first_position}, {counted(whole.bursts, 'burst')}, "
        f"{format_duration(whole.streamed_s)} streamed",
    ]


def diagnosis(log: RunLog, plan: Plan) -> list[str]:
    """Return the named cause, where the plan has contrasts to draw it from."""
    found = diagnose_log(log, plan)
    if found is None:
        return []
    also = [f"  also seen: {', '.join(found.also)}"] if found.also else []
    return [
        "",
        f"DIAGNOSIS: {found.headline()}",
        *(f"  {line}" for line in found.evidence),
        *also,
        f"  what to do: {found.advice}",
        f"  what would change this: {found.against}",
    ]


def diagnose_log(log: RunLog, plan: Plan) -> Diagnosis | None:
    """Return the diagnosis of a run, None for a plan without groups."""
    if not any(arm.group for arm in plan.arm) or not log.first(BurstRecord):
        return None
    return diagnose(measure(plan, tallies(log.events)), plan.bound)


def head(log: RunLog, bound: float) -> list[str]:
    """Return the verdict line and its reasons."""
    verdict, reasons = _verdict(log, bound)
    first, *rest = reasons or ["no reason was recorded"]
    by = path.detectors(log)
    out = [
        f"{verdict}  [{backend(log)}{', ' if by else ''}{by}]  {first}",
        *(f"      {reason}" for reason in rest),
    ]
    if log.torn:
        out.append("      the record ends in a torn line (power cut or disk full); all before it is valid")
    return out


def _verdict(log: RunLog, bound: float) -> tuple[str, list[str]]:
    recorded = log.last(VerdictRecord)
    if recorded:
        return recorded.verdict, list(recorded.reasons)
    parts = tallies(log.events)
    judged = judge_run(parts, total(parts), bound)
    return judged.verdict.value, [*judged.reasons, "the run did not end; judged from the bursts recorded"]


def following(log: RunLog, plan: Plan, folder: str) -> list[str]:
    """Return what a newcomer may want to do now; the verdict and its reasons stand above."""
    if not log.first(BurstRecord):
        return ["next: `pcmstress probe` shows what is here; `--backend virtual` needs no card"]
    verdict, _ = _verdict(log, plan.bound)
    if verdict == Verdict.PASS.value:
        return [f"next: keep the record (`pcmstress report {folder} --bundle run.tar.gz`), or ask for a "
                "smaller bound with --duration 10m"]  # fmt: skip
    if verdict != Verdict.FAIL.value:
        return ["next: remove the first reason above and repeat the run; `pcmstress probe` shows the board"]
    page = f"`pcmstress report {folder} --html page.html` draws where in the ring"
    cause = "" if diagnose_log(log, plan) else "; `pcmstress diagnose` in place of `run` names the cause"
    return [f"next: {page}{cause}"]


def arms(parts: list[Tally], columns: int = 0) -> list[str]:
    """Return the table of arms behind an empty line, nothing where no arm was begun."""
    if not parts:
        return []
    heads = ("arm", "verdict", "bursts", "lines", "wrong runs", "wrong frames", "xruns", "control", "what")
    rows = [_row(part) for part in parts]
    if not 0 < columns < WIDE:
        return ["", *table(heads, rows, "llrrrrrrl")]
    kept = [0, 1, 3, 4, 5, *([6] if any(part.xruns for part in parts) else []), 7]
    if columns < TIGHT:
        kept.remove(4)
    narrow = table([heads[k] for k in kept], [[row[k] for k in kept] for row in rows], "llrrrrrr")
    told = (f"  {row[-1]}" if part.counts else "" for row, part in zip(rows, parts))
    return ["", *narrow[:2], *(text for pair in zip(narrow[2:], told) for text in pair if text)]


def _control(whole: Tally) -> list[str]:
    if not (whole.found and whole.control_missed):
        return []
    return ["control: planted faults that were found; one among real wrong runs cannot be told from them"]


def _row(part: Tally) -> tuple[object, ...]:
    if not part.bursts:
        return (part.arm, "SKIP", 0, 0, "-", "-", "-", "-", "not run")
    share = f"{100 * part.wrong_frames / part.checked_frames:.3g} %" if part.checked_frames else "-"
    return (
        part.arm,
        judge(part).verdict.value,
        part.bursts,
        count(part.lines),
        count(part.found),
        share,
        part.xruns,
        f"{part.control_found}/{part.planted}",
        _what(part),
    )


def _what(part: Tally) -> str:
    if not part.counts:
        return "clean" if part.lines else "nothing checked"
    kinds: dict[str, int] = {}
    for (kind, ring, _), number in part.sites.items():
        name = f"{kind} in {ring} ring" if ring else kind
        kinds[name] = kinds.get(name, 0) + number
    ranked = sorted(kinds, key=lambda name: -kinds[name])
    return ", ".join([*ranked[:3], *(["..."] if ranked[3:] else [])])


def _opened(log: RunLog) -> list[str]:
    opened = log.first(OpenRecord)
    out = []
    for mapping in opened.mappings if opened else ():
        place = "the ring" if mapping.is_ring else "not the ring"
        out.append(f"{mapping.direction} mapping: {mapping.path} ({place}), VmFlags: {mapping.vm_flags}")
    return out


def _evidence(log: RunLog, whole: Tally) -> list[str]:
    files = sum(len(burst.evidence) for burst in log.bursts)
    if not files and not whole.found:
        return []
    capped = " (capped per burst and run; the counts go on)" if whole.found > files else ""
    return [
        f"evidence: {counted(files, 'file')} of raw frames for {counted(whole.found, 'wrong run')}{capped}"
    ]


def _conditions(log: RunLog, whole: Tally) -> list[str]:
    burst = log.last(BurstRecord)
    if not burst or not (burst.conditions.granted or whole.voluntary or whole.involuntary):
        return []
    switches = (
        f"{count(whole.voluntary)} voluntary and {count(whole.involuntary)} involuntary context switches"
    )
    terms = (*burst.conditions.granted, *burst.conditions.facts)
    return ["; ".join([f"hot window: {switches} in both threads", *terms])]


def sentences(log: RunLog, most: int) -> list[str]:
    """Return examples of what was found in words, the commonest sort first."""
    sorts: dict[tuple[str, str | None], list[str]] = {}
    seen_by_tap = False
    for burst in log.bursts:
        for finding in burst.analysis.findings:
            if not finding.injected and finding.text:
                seen = wire.lane_words(finding)
                seen_by_tap = seen_by_tap or bool(seen)
                told = f"  burst {burst.number} ({burst.arm}): {finding.text}"
                told += f" [{seen}]" if seen else ""
                sorts.setdefault((finding.kind, finding.ring), []).append(told)
    if not sorts:
        return []
    common = sorted(sorts.values(), key=lambda texts: -len(texts))
    one_each, others = [texts[0] for texts in common], [text for texts in common for text in texts[1:]]
    shown = [*one_each, *others][:most]
    rest = len(one_each) + len(others) - len(shown)
    more = [f"  ... and {count(rest)} more in the record"] if rest else []
    views = "; in brackets what the user wrote, memory, the wire and what was read" if seen_by_tap else ""
    return ["", f"Examples{views}:", *shown, *more]


def meaning(whole: Tally) -> list[str]:
    """Return what stale lines of a ring mean, behind an empty line; nothing without any."""
    stale = {key: number for key, number in whole.sites.items() if key[0] == "stale" and key[1]}
    if not stale:
        return []
    if whole.views and set(whole.views) == {BUS}:
        return [
            "",
            "Both rings are right: OUT payload is what was written, the read is IN payload. It goes wrong "
            "beyond the host's memory: bus, device or loopback.",
        ]
    rings = sorted({str(ring) for _, ring, _ in stale})
    laps = sorted({laps for _, _, laps in stale if laps})
    ages = counted(laps[-1], "lap") if laps else "whole laps"
    span = ages if len(laps) < 2 else f"{laps[0]} to {ages}"
    runs = sum(stale.values())
    return [
        "",
        f"{counted(runs, 'run')} {'holds' if runs == 1 else 'hold'} older data of the very same place in the "
        f"{' and '.join(rings)} ring, exactly {span} old: a line was read from a cache that had not seen the "
        "newer store. Lost or repeated USB packets and DMA faults do not keep to whole laps of one ring.",
    ]


def as_json(log: RunLog, plan: Plan) -> dict[str, Any]:
    """Return the report as one JSON object (schema pcmstress/report/1)."""
    bound = plan.bound
    named = diagnose_log(log, plan)
    verdict, reasons = _verdict(log, bound)
    parts, channel, stopped = tallies(log.events), path.channel(log), log.last(StopRecord)
    return {
        "schema": "pcmstress/report/1",
        "verdict": verdict,
        "reasons": reasons,
        "backend": backend(log),
        "detector": path.detectors(log),
        "loopback": _loopback(log),
        "channel": dataclasses.asdict(channel) if channel else None,
        "audit": path.audit_json(path.checked(log)),
        "seed": log.start.seed,
        "torn": log.torn,
        "stopped": shape.write(stopped) if stopped else None,
        "arms": [_arm_json(part) for part in parts],
        "total": _arm_json(total(parts)),
        "diagnosis": named.to_json() if named else None,
    }


def _loopback(log: RunLog) -> dict[str, Any] | None:
    said = log.last(LoopbackRecord)
    return shape.write(said) if said else None


def _arm_json(part: Tally) -> dict[str, Any]:
    return {
        "arm": part.arm,
        "verdict": judge(part).verdict.value,
        "bursts": part.bursts,
        "streamed_s": part.streamed_s,
        "lines": part.lines,
        "line_bytes": part.line_bytes,
        "checked_frames": part.checked_frames,
        "wrong_frames": part.wrong_frames,
        "episodes": part.episodes,
        "dispersion": None if math.isnan(part.dispersion) else part.dispersion,
        "counts": dict(part.counts),
        "xruns": part.xruns,
        "views": dict(part.views),
        "wire": wire.counts(part),
        "planted": part.planted,
        "control_found": part.control_found,
        "voluntary": part.voluntary,
        "involuntary": part.involuntary,
        "opportunities": dict(part.opportunities),
        "skipped": part.skipped,
    }
