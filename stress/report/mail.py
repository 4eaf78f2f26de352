# SPDX-License-Identifier: MIT
"""A mail that a kernel maintainer can answer: facts before statistics, in 72 columns."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from stress.model.verdict import Verdict
from stress.model.words import plain
from stress.report import found
from stress.report.contrasts import changed, says_something
from stress.report.suspects import hiding
from stress.settings.times import format_duration
from stress.verdict.contrast import contrasts, measure

if TYPE_CHECKING:
    from stress.report.facts import Facts
    from stress.verdict.summary import Summary
    from stress.verdict.tally import Tally

COLUMNS = 72
LABEL = 11
# Arms and contrasts that a mail lists. Higher: longer than anybody reads; lower: an arm of
# another direction is missing.
MOST_ARMS, MOST_ROWS = 4, 6


def lines(run: Summary, facts: Facts, name: str) -> list[str]:
    """Return the mail, its subject first.

    Parameters
    ----------
    name : the run directory or bundle, as the reader would type it.
    """
    return [
        *_wrapped("Subject: ", subject(run)),
        "",
        *_head(run, facts),
        "",
        *_happens(run),
        *_ruled_out(run),
        "",
        *_end(run, facts, name),
    ]


def subject(run: Summary) -> str:
    """Return what was seen, and where, in one line."""
    what = {
        Verdict.FAIL: "corrupted data in an mmapped PCM ring",
        Verdict.PASS: "no corruption in an mmapped PCM ring",
    }.get(run.judgement.verdict, "undecided: an mmapped PCM ring")
    if run.judgement.verdict is Verdict.FAIL and run.whole.counts.get("stale", 0) * 2 > run.whole.found:
        what = "stale data in an mmapped PCM ring"
    return f"{what} ({run.backend})"


def _head(run: Summary, facts: Facts) -> list[str]:
    verdict = run.judgement.verdict.value
    cause = f", cause: {run.diagnosis.headline()}" if run.diagnosis else ""
    opened = next(iter(run.opened.values()), None)
    params = opened.granted.playback or opened.granted.capture if opened else None
    setup = f"{params.format}, {params.channels} ch, {params.rate} Hz" if params else "not recorded"
    loopback = f", {run.loopback.kind} loopback" if run.loopback else ""
    vmalloc = facts.of("use_vmalloc")
    pairs = (
        ("Verdict", f"{verdict}{cause}"),
        ("Kernel", facts.of("kernel") or "not recorded"),
        ("cmdline", facts.of("command line of the kernel")),
        ("CPU", ", ".join(part for part in (facts.of("cpu"), facts.of("D-cache")) if part) or "not recorded"),
        ("Card", facts.of("card") or run.backend),
        ("Driver", f"snd-usb-audio, use_vmalloc={vmalloc}" if vmalloc else ""),
        ("Path", run.loopback.path if run.loopback else ""),
        ("Setup", f"{setup}{loopback}, {format_duration(run.whole.streamed_s)} of audio"),
        ("Tool", facts.of("versions") or f"pcmstress {run.start.program}"),
    )
    return [line for label, value in pairs if value for line in _labelled(label, value)]


def _happens(run: Summary) -> list[str]:
    if run.judgement.verdict is not Verdict.FAIL:
        return [
            "What was seen",
            *(line for text in run.judgement.reasons[:4] for line in _wrapped("  ", text)),
        ]
    told = found.sentences(run.whole, run.start.transport)
    worst = sorted((part for part in run.parts if part.found), key=lambda part: -_share(part))[:MOST_ARMS]
    clean = [part.arm for part in run.parts if part.bursts and not part.found and part.lines]
    rows = [f"{part.arm}: {100 * _share(part):.3g} % of the frames wrong" for part in worst]
    if clean and not run.diagnosis:
        rows.append(f"clean at the same time: {', '.join(clean[:MOST_ARMS])}")
    first = _first(run)
    return [
        "What happens",
        *(line for text in (*told, *rows, *([first] if first else [])) for line in _wrapped("  ", text)),
    ]


def _first(run: Summary) -> str:
    examples = [example for sort in run.samples.sorts.values() for example in sort.first[:1]]
    first = min(examples, key=lambda one: (one.number, one.finding.frame), default=None)
    return f"First: burst {first.number} ({first.arm}), {first.finding.text}" if first else ""


def _share(part: Tally) -> float:
    return part.wrong_frames / part.checked_frames if part.checked_frames else 0.0


def _ruled_out(run: Summary) -> list[str]:
    if not run.diagnosis:
        return []
    told = [one for one in contrasts(measure(run.plan, run.parts)) if says_something(one)]
    if not told:
        return []
    rows = [
        f"  {one.group[:16]:16}  {changed(one)[:18]:18}  {one.base.tally.episodes:5} ->"
        f" {one.other.tally.episodes:4}  {'helps' if one.cures else 'no difference'}, p = {one.p:.1g}"
        for one in sorted(told, key=lambda one: not one.cures)[:MOST_ROWS]
    ]
    return ["", "What was changed, one thing at a time (episodes before -> after)", *rows]


def _end(run: Summary, facts: Facts, name: str) -> list[str]:
    named = run.diagnosis
    command = facts.of("command") or f"pcmstress run --seed {run.start.seed}"
    pairs = (
        ("Workaround", named.advice if named else ""),
        ("Reproduce", command),
        ("Evidence", f"pcmstress replay {name}"),
        ("Refuted by", named.against if named else ""),
        ("Suspects", "".join(hiding(run))),
        ("Date", facts.of("date")),
    )
    return [line for label, value in pairs if value for line in _labelled(label, value)]


def _labelled(label: str, value: str) -> list[str]:
    return _wrapped(f"{label}:".ljust(LABEL) + " ", value, " " * (LABEL + 1))


def _wrapped(indent: str, text: str, rest: str = "") -> list[str]:
    flat = " ".join(plain(text).split())
    return textwrap.wrap(
        flat, COLUMNS, initial_indent=indent, subsequent_indent=rest or f"{indent}  ", break_on_hyphens=False
    )
