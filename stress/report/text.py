# SPDX-License-Identifier: MIT
"""The report for people: verdict, what was found, what to do, one table; the machine behind -v."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stress.model.verdict import Verdict
from stress.model.words import count, counted
from stress.report import contrasts, found, path, wire
from stress.report.facts import Facts
from stress.report.table import table
from stress.settings.times import format_duration
from stress.verdict.contrast import measure
from stress.verdict.needs import TORN

if TYPE_CHECKING:
    from stress.verdict.judge import Judgement
    from stress.verdict.samples import Example, Samples
    from stress.verdict.summary import Summary
    from stress.verdict.tally import Tally

# Examples shown in full with -v; the rest is in the record. Reasons shown without it.
MOST_SENTENCES = 5
MOST_REASONS = 4


def lines(run: Summary, columns: int = 0, facts: Facts | None = None, verbose: bool = False) -> list[str]:
    """Return the text report of a run.

    Parameters
    ----------
    columns : of the terminal; 0 is as wide as it needs.
    facts : of the board and the call.
    verbose : with the facts of the machine, the examples and every arm.
    """
    known, named = facts or Facts(), run.diagnosis
    measured = measure(run.plan, run.parts) if named else []
    return [
        *path.first(run),
        *head(run),
        *(contrasts.head(named, verbose) if named else []),
        *_found(run),
        *(contrasts.lines(named, measured, columns, verbose) if named else []),
        *(arms(run, columns) if verbose or not named else []),
        *lifecycle_table(run, columns),
        "",
        *wire.first(run.whole),
        *([] if verbose else wire.unseen(run)),
        *path.contradictions(run),
        *(known.lines() if verbose else known.short(run.device)),
        *(machine(run) if verbose else []),
        *_about(run),
    ]


def machine(run: Summary) -> list[str]:
    """Return the facts of the machine: mappings, switches, path, checksums, wire, examples."""
    return [
        *_opened(run),
        *_conditions(run),
        *_queue(run),
        *run.beside.lines(),
        *path.lines(run),
        *wire.lines(run),
        *sentences(run.samples, MOST_SENTENCES),
        "",
    ]


def _queue(run: Summary) -> list[str]:
    least = [part for part in run.parts if part.least_queued is not None]
    told = ", ".join(f"{part.least_queued:.0f} in {part.arm}" for part in least[:MOST_REASONS])
    return [f"playback queue, fewest frames when the device moved: {told}"] if told else []


def head(run: Summary) -> list[str]:
    """Return the verdict line: verdict, path it stands behind, board or card, how it was judged."""
    name = run.backend
    shown = f"virtual board {name[8:]}" if name.startswith("virtual ") else name
    by = path.judged(run)
    out = [f"{run.judgement.verdict.value}{path.behind(run)}  {shown}{', ' if by else ''}{by}"]
    if run.torn:
        lost = f", the end of a burst of {run.torn_arm}" if run.torn_arm else ""
        out.append(
            f"the record ends in a torn line (power cut or disk full){lost}; everything before it is valid"
        )
    return out


def _found(run: Summary) -> list[str]:
    told = found.sentences(run.whole, run.start.transport) if run.judgement.verdict is Verdict.FAIL else []
    early = run.stopped.text if run.stopped else None
    rest = [reason for reason in run.judgement.reasons if reason != early]
    # The first reason of a FAIL counts the same that the sentence above it says.
    rest = rest[1:] if told else rest
    shown, left = rest[:MOST_REASONS], rest[MOST_REASONS:]
    more = [f"... and {counted(len(left), 'more reason')} (--json has all)"] if left else []
    return [*told, *shown, *more] or ["no reason was recorded"]


def following(run: Summary, folder: str) -> list[str]:
    """Return the command that a newcomer may want now; the verdict and its reasons stand above."""
    if not run.whole.bursts:
        return ["next: `pcmstress probe` shows what is here; `pcmstress run --backend virtual` needs no card"]
    verdict = run.judgement.verdict
    if verdict is Verdict.PASS:
        return [
            f"next: `pcmstress report {folder} --bundle run.tar.gz` keeps it in one file; a longer "
            "--duration makes the bound smaller"
        ]
    if verdict is not Verdict.FAIL:
        return ["next: remove the first reason above and repeat the run; `pcmstress probe` shows the board"]
    page = f"`pcmstress report {folder} --html page.html` draws where in the ring"
    cause = "" if run.diagnosis else "; `pcmstress diagnose` in place of `run` names the cause"
    return [f"next: {page}{cause}"]


def arms(run: Summary, columns: int = 0) -> list[str]:
    """Return the table of arms behind an empty line, nothing where no arm was begun."""
    if not run.parts:
        return []
    heads = ["arm", "verdict", "lines", "corrupted", "frames", "self-test", "xruns", "what"]
    rows = [list(_row(part, judged)) for part, judged in zip(run.parts, run.verdicts)]
    if run.whole.xruns:
        return ["", *table(heads, rows, "llrrrrrl", columns, (7, 2, 6))]
    without = [row[:6] + row[7:] for row in rows]
    return ["", *table(heads[:6] + heads[7:], without, "llrrrrl", columns, (6, 2))]


def lifecycle_table(run: Summary, columns: int = 0) -> list[str]:
    """Return the table of life-cycle events behind an empty line, nothing where there was none."""
    if not run.lifecycle:
        return []
    heads = ("event", "arm", "times", "first lap", "share (95 %)", "back in (median, worst)")
    body = [line for row in run.lifecycle for line in row.lines()]
    return ["", *table(heads, body, "llrlll", columns, (5, 4))]


def _row(part: Tally, judged: Judgement) -> tuple[object, ...]:
    if not part.bursts:
        return (part.arm, "SKIP", "-", "-", "-", "-", "-", "cut off" if part.skipped == TORN else "not run")
    share = f"{100 * part.wrong_frames / part.checked_frames:.3g} %" if part.checked_frames else "-"
    return (
        part.arm,
        judged.verdict.value,
        count(part.lines),
        count(part.found),
        share,
        self_test(part),
        part.xruns,
        _what(part, judged.verdict),
    )


def self_test(part: Tally) -> str:
    """Return how many injected faults were found; "masked" where the rest lie under real corruption."""
    masked = bool(part.found) and part.control_found < part.planted
    return "masked" if masked else f"{part.control_found}/{part.planted}"


def _what(part: Tally, verdict: Verdict) -> str:
    if not part.counts:
        # Clean is what is proven: without a finding an arm may still have shown too little.
        clean = "clean" if verdict is Verdict.PASS else found.NOT_PROVEN
        return clean if part.lines else "nothing checked"
    kinds: dict[str, int] = {}
    for (kind, ring, _), number in part.sites.items():
        name = f"{kind} ({ring})" if ring else kind
        kinds[name] = kinds.get(name, 0) + number
    ranked = sorted(kinds, key=lambda name: -kinds[name])
    return ", ".join([*ranked[:3], *(["..."] if ranked[3:] else [])])


def _opened(run: Summary) -> list[str]:
    # One line for each mapping that is not like the others of its direction, with the arms that had it.
    arms: dict[tuple[str, str], list[str]] = {}
    for arm, opened in run.opened.items():
        for mapping in opened.mappings:
            place = "the ring" if mapping.is_ring else "not the ring"
            text = f"{mapping.path} ({place}), VmFlags: {mapping.vm_flags}"
            had = arms.setdefault((mapping.direction, text), [])
            had += [arm] if arm not in had else []
    out = []
    for (direction, text), had in arms.items():
        mapped = {arm for (way, _), others in arms.items() if way == direction for arm in others}
        some = "" if len(had) == len(mapped) else f" (in {_few(had)})"
        out.append(f"{direction} mapping: {text}{some}")
    return out


def _few(names: list[str], most: int = 4) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _about(run: Summary) -> list[str]:
    whole, stopped = run.whole, run.stopped
    kept = f"; {counted(run.evidence, 'sample')} of the corruption kept" if run.evidence else ""
    early = f"; finished early: {stopped.bursts} of {stopped.planned} bursts were enough" if (
        stopped and stopped.planned) else ""  # fmt: skip
    return [
        f"run    {counted(whole.bursts, 'burst')}, {format_duration(whole.streamed_s)} streamed, seed "
        f"{run.start.seed}{early}{kept}"
    ]


def _conditions(run: Summary) -> list[str]:
    whole, last = run.whole, run.conditions
    if not last or not (last.granted or whole.voluntary or whole.involuntary):
        return []
    switches = (
        f"{count(whole.voluntary)} voluntary and {count(whole.involuntary)} involuntary context switches"
    )
    terms = (*last.granted, *last.facts)
    return ["; ".join([f"while streaming: {switches} in both threads", *terms])]


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
