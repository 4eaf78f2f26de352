"""The report for people: verdict, reasons, table, and what the findings mean."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

from stress.model import shape
from stress.model.transport import USB
from stress.model.verdict import Verdict
from stress.model.wire import BUS
from stress.model.words import count, counted
from stress.report import path, wire
from stress.report.table import table
from stress.settings.times import format_duration
from stress.verdict.judge import judge

if TYPE_CHECKING:
    from stress.model.transport import TransportRecord
    from stress.verdict.diagnosis import Diagnosis
    from stress.verdict.judge import Judgement
    from stress.verdict.samples import Example, Samples
    from stress.verdict.summary import Summary
    from stress.verdict.tally import Tally

# Sentences shown in full; the rest is in the record.
MOST_SENTENCES = 5
# Narrower terminals get the table without the columns that are 1 and 0 almost always, and what
# was found in a line below. Source: the widest shipped plan takes 97 columns up to the last one.
WIDE = 100
TIGHT = 72


def lines(run: Summary, columns: int = 0) -> list[str]:
    """Return the whole text report of a run.

    Parameters
    ----------
    columns : of the terminal; 0 is as wide as it needs.
    """
    start, whole = run.start, run.whole
    return [
        *head(run),
        *diagnosis(run.diagnosis),
        *arms(run, columns),
        *lifecycle_table(run),
        *_control(whole),
        *meaning(whole, start.transport),
        *sentences(run.samples, MOST_SENTENCES),
        "",
        *_opened(run),
        *_conditions(run),
        *path.lines(run),
        *wire.lines(run),
        *_evidence(run),
        f"seed {start.seed}, first position {start.first_position}, {counted(whole.bursts, 'burst')}, "
        f"{format_duration(whole.streamed_s)} streamed",
    ]


def diagnosis(found: Diagnosis | None) -> list[str]:
    """Return the named cause, where the plan has contrasts to draw it from."""
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
        *(f"  for {line}" for line in found.players),
    ]


def head(run: Summary) -> list[str]:
    """Return the verdict line and its reasons."""
    first, *rest = run.judgement.reasons or ("no reason was recorded",)
    by = path.detectors(run)
    out = [
        f"{run.judgement.verdict.value}  [{run.backend}{', ' if by else ''}{by}]  {first}",
        *(f"      {reason}" for reason in rest),
    ]
    if run.torn:
        out.append("      the record ends in a torn line (power cut or disk full); all before it is valid")
    return out


def following(run: Summary, folder: str) -> list[str]:
    """Return what a newcomer may want to do now; the verdict and its reasons stand above."""
    if not run.whole.bursts:
        return ["next: `pcmstress probe` shows what is here; `--backend virtual` needs no card"]
    verdict = run.judgement.verdict
    if verdict is Verdict.PASS:
        return [f"next: keep the record (`pcmstress report {folder} --bundle run.tar.gz`), or ask for a "
                "smaller bound with --duration 10m"]  # fmt: skip
    if verdict is not Verdict.FAIL:
        return ["next: remove the first reason above and repeat the run; `pcmstress probe` shows the board"]
    page = f"`pcmstress report {folder} --html page.html` draws where in the ring"
    cause = "" if run.diagnosis else "; `pcmstress diagnose` in place of `run` names the cause"
    return [f"next: {page}{cause}"]


def arms(run: Summary, columns: int = 0) -> list[str]:
    """Return the table of arms behind an empty line, nothing where no arm was begun."""
    parts = run.parts
    if not parts:
        return []
    heads = ("arm", "verdict", "bursts", "lines", "wrong runs", "wrong frames", "xruns", "control", "what")
    rows = [_row(part, judged) for part, judged in zip(parts, run.verdicts)]
    if not 0 < columns < WIDE:
        return ["", *table(heads, rows, "llrrrrrrl")]
    kept = [0, 1, 3, 4, 5, *([6] if any(part.xruns for part in parts) else []), 7]
    if columns < TIGHT:
        kept.remove(4)
    narrow = table([heads[k] for k in kept], [[row[k] for k in kept] for row in rows], "llrrrrrr")
    told = (f"  {row[-1]}" if part.counts else "" for row, part in zip(rows, parts))
    return ["", *narrow[:2], *(text for pair in zip(narrow[2:], told) for text in pair if text)]


def lifecycle_table(run: Summary) -> list[str]:
    """Return the table of life-cycle events behind an empty line, nothing where there was none."""
    if not run.lifecycle:
        return []
    heads = ("event", "arm", "times", "first lap", "share (95 %)", "back in (median, worst)")
    body = [line for row in run.lifecycle for line in row.lines()]
    return ["", *table(heads, body, "llrlll")]


def _control(whole: Tally) -> list[str]:
    if not (whole.found and whole.control_missed):
        return []
    return ["control: planted faults that were found; one among real wrong runs cannot be told from them"]


def _row(part: Tally, judged: Judgement) -> tuple[object, ...]:
    if not part.bursts:
        return (part.arm, "SKIP", 0, 0, "-", "-", "-", "-", "not run")
    share = f"{100 * part.wrong_frames / part.checked_frames:.3g} %" if part.checked_frames else "-"
    return (
        part.arm,
        judged.verdict.value,
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


def _opened(run: Summary) -> list[str]:
    opened = next(iter(run.opened.values()), None)
    out = []
    for mapping in opened.mappings if opened else ():
        place = "the ring" if mapping.is_ring else "not the ring"
        out.append(f"{mapping.direction} mapping: {mapping.path} ({place}), VmFlags: {mapping.vm_flags}")
    return out


def _evidence(run: Summary) -> list[str]:
    whole, files = run.whole, run.evidence
    if not files and not whole.found:
        return []
    capped = " (capped per burst and run; the counts go on)" if whole.found > files else ""
    return [
        f"evidence: {counted(files, 'file')} of raw frames for {counted(whole.found, 'wrong run')}{capped}"
    ]


def _conditions(run: Summary) -> list[str]:
    whole, last = run.whole, run.conditions
    if not last or not (last.granted or whole.voluntary or whole.involuntary):
        return []
    switches = (
        f"{count(whole.voluntary)} voluntary and {count(whole.involuntary)} involuntary context switches"
    )
    terms = (*last.granted, *last.facts)
    return ["; ".join([f"hot window: {switches} in both threads", *terms])]


def sentences(samples: Samples, most: int) -> list[str]:
    """Return examples of what was found in words, the commonest sort first."""
    if not samples.sorts:
        return []
    common = sorted(samples.sorts.values(), key=lambda sort: -sort.number)
    one_each = [sort.first[0] for sort in common]
    shown = [*one_each, *(example for sort in common for example in sort.first[1:])][:most]
    rest = sum(sort.number for sort in common) - len(shown)
    more = [f"  ... and {count(rest)} more in the record"] if rest else []
    seen_by_tap = any(wire.lane_words(example.finding) for example in shown)
    views = "; in brackets what the user wrote, memory, the wire and what was read" if seen_by_tap else ""
    return ["", f"Examples{views}:", *(_example(example) for example in shown), *more]


def _example(example: Example) -> str:
    seen = wire.lane_words(example.finding)
    lanes = f" [{seen}]" if seen else ""
    return f"  burst {example.number} ({example.arm}): {example.finding.text}{lanes}"


def meaning(whole: Tally, carries: TransportRecord) -> list[str]:
    """Return what stale lines of a ring mean, behind an empty line; nothing without any.

    A cache is named only on a core that can hold two copies of a line.
    """
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
    what = (
        f"{counted(runs, 'run')} {'holds' if runs == 1 else 'hold'} older data of the very same place in the "
        f"{' and '.join(rings)} ring, exactly {span} old: "
    )
    return ["", what + _because(carries)]


def _because(carries: TransportRecord) -> str:
    if carries.alias_possible:
        lost = "Lost or repeated USB packets" if carries.kind == USB else "Lost frames"
        return (
            "a line was read from a cache that had not seen the newer store. "
            f"{lost} and DMA faults do not keep to whole laps of one ring."
        )
    if carries.snooped:
        return (
            f"no cache of this core ({carries.core}) can hold an older copy, so whole laps were lost: a late "
            "timer, a stalled machine, or a playback that runs behind the hardware."
        )
    return (
        f"this core ({carries.core}) keeps one copy of a line, so the two mappings of the ring differ in "
        "being cached (mmap attributes of the driver), DMA passed the cache by, or whole laps were lost."
    )


def as_json(run: Summary) -> dict[str, Any]:
    """Return the report as one JSON object (schema pcmstress/report/1)."""
    return {
        "schema": "pcmstress/report/1",
        "verdict": run.judgement.verdict.value,
        "reasons": list(run.judgement.reasons),
        "backend": run.backend,
        "detector": path.detectors(run),
        "loopback": shape.write(run.loopback) if run.loopback else None,
        "channel": dataclasses.asdict(run.channel) if run.channel else None,
        "audit": path.audit_json(run.audit),
        "seed": run.start.seed,
        "torn": run.torn,
        "stopped": shape.write(run.stopped) if run.stopped else None,
        "arms": [_arm_json(part, judged) for part, judged in zip(run.parts, run.verdicts)],
        "total": _arm_json(run.whole, judge(run.whole)),
        "diagnosis": run.diagnosis.to_json() if run.diagnosis else None,
        "lifecycle": [row.to_json() for row in run.lifecycle],
    }


def _arm_json(part: Tally, judged: Judgement) -> dict[str, Any]:
    return {
        "arm": part.arm,
        "verdict": judged.verdict.value,
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
