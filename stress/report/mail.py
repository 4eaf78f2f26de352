# SPDX-License-Identifier: MIT
"""A mail that a kernel maintainer can answer: facts before statistics, in 72 columns."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from stress.model.kernel_messages import NOT_READ, oopses, usb_errors
from stress.model.transport import ALOOP, UNKNOWN, USB, TransportRecord
from stress.model.verdict import Verdict
from stress.model.words import counted, plain
from stress.report import found, wire
from stress.report.contrasts import changed, says_something
from stress.report.curves import dose_points
from stress.report.suspects import hiding
from stress.settings.times import format_duration
from stress.verdict.contrast import SWITCHES, contrasts, groups, measure
from stress.verdict.trend import sweeps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stress.report.facts import Facts
    from stress.verdict.contrast import Contrast, Measured
    from stress.verdict.summary import Summary
    from stress.verdict.tally import Tally

COLUMNS = 72
LABEL = 11
# Arms and contrasts that a mail lists. Higher: longer than anybody reads; lower: an arm of
# another direction is missing.
MOST_ARMS, MOST_ROWS, MOST_SWEPT, MOST_MESSAGES = 4, 5, 4, 3

UNNAMED = "the mechanism; `pcmstress diagnose` in place of `run` names it and what removes it"


def lines(run: Summary, facts: Facts, name: str) -> list[str]:
    """Return the mail, its subject first.

    Parameters
    ----------
    name : the run directory or bundle, as the reader would type it.
    """
    return [
        # A header goes on in a line that begins with a space (RFC 5322, 2.2.3).
        *_wrapped("Subject: ", subject(run), " "),
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
    named = run.diagnosis
    sides = " and ".join(dict.fromkeys(str(side.side) for side in named.sides)) if named else ""
    told = named is not None and run.judgement.verdict is not Verdict.PASS
    cause = f", cause: {named.cause.value}{f' ({sides})' if sides else ''}" if named and told else ""
    opened = next(iter(run.opened.values()), None)
    params = opened.granted.playback or opened.granted.capture if opened else None
    setup = f"{params.format}, {params.channels} ch, {params.rate} Hz" if params else "not recorded"
    loopback = f", {run.loopback.kind} loopback" if run.loopback else ""
    pairs = (
        ("Verdict", f"{verdict}{cause}"),
        ("Kernel", facts.of("kernel") or "not recorded"),
        ("cmdline", facts.of("command line of the kernel")),
        ("CPU", _cpu(facts)),
        ("Card", facts.card(run.device) or run.backend),
        ("Driver", _driver(run.start.transport, facts.of("use_vmalloc"))),
        ("Path", run.loopback.path if run.loopback else ""),
        ("Setup", f"{setup}{loopback}, {format_duration(run.whole.streamed_s)} of audio"),
        ("Tool", _tool(facts) or f"pcmstress {run.start.program}"),
    )
    return [line for label, value in pairs if value for line in _labelled(label, value)]


def _driver(transport: TransportRecord, vmalloc: str) -> str:
    # The parameter of snd-usb-audio says nothing of another driver's ring.
    if transport.kind not in (USB, UNKNOWN):
        return "snd-aloop" if transport.kind == ALOOP else transport.driver
    return f"snd-usb-audio, use_vmalloc={vmalloc}" if vmalloc else ""


def _tool(facts: Facts) -> str:
    # Python and numpy are nothing that a kernel maintainer can change.
    parts = facts.of("versions").split(", ")
    return ", ".join(part for part in parts if not part.startswith(("Python ", "numpy ")))


def _cpu(facts: Facts) -> str:
    core, cache = facts.of("cpu"), facts.of("D-cache")
    # A modelled core has its cache in its name.
    twice = cache.partition(",")[0] in core or "PIPT" in core
    return core if core and twice else ", ".join(part for part in (core, cache) if part) or "not recorded"


def _happens(run: Summary) -> list[str]:
    if run.judgement.verdict is not Verdict.FAIL:
        return [
            "What was seen",
            *(line for text in run.judgement.reasons[:4] for line in _wrapped("  ", text)),
        ]
    told = found.sentences(run.whole, run.start.transport)
    # The cause stands at the top, and what it fits is in the table of what was changed.
    told = [
        *(told[:1] if run.diagnosis else told),
        *(f"On the bus, {one[3:].strip()}" for one in wire.first(run.whole)),
    ]
    worst = sorted((part for part in run.parts if part.found), key=lambda part: -_share(part))[:MOST_ARMS]
    right = [
        (part.arm, judged.verdict)
        for part, judged in zip(run.parts, run.verdicts)
        if part.bursts and not part.found and part.lines
    ]
    clean = [arm for arm, verdict in right if verdict is Verdict.PASS]
    unproven = [arm for arm, verdict in right if verdict is not Verdict.PASS]
    shares = ", ".join(f"{part.arm} {100 * _share(part):.3g} %" for part in worst)
    rows = [f"Frames wrong, by arm: {shares}"] if worst else []
    if clean and not run.diagnosis:
        rows.append(f"clean at the same time: {', '.join(clean[:MOST_ARMS])}")
    if unproven and not run.diagnosis:
        rows.append(f"{found.NOT_PROVEN}, and nothing proven: {', '.join(unproven[:MOST_ARMS])}")
    first = _first(run)
    return [
        "What happens",
        *(line for text in (*told, *rows, *([first] if first else [])) for line in _wrapped("  ", text)),
    ]


def _first(run: Summary) -> str:
    examples = [example for sort in run.samples.sorts.values() for example in sort.first[:1]]
    first = min(examples, key=lambda one: (one.number, one.finding.frame), default=None)
    return f"First: burst {first.number} ({first.arm}): {first.finding.text}" if first else ""


def _share(part: Tally) -> float:
    return part.wrong_frames / part.checked_frames if part.checked_frames else 0.0


def _ruled_out(run: Summary) -> list[str]:
    if not run.diagnosis:
        return []
    measured = measure(run.plan, run.parts)
    shown: dict[str, list[Contrast]] = {}
    for one in contrasts(measured):
        if says_something(one) and one.lever != SWITCHES:
            shown.setdefault(changed(one), []).append(one)
    rows = [_changed(words, same) for words, same in shown.items()][:MOST_ROWS]
    rows += _swept(measured)
    if not rows:
        return []
    head = "What was changed, one thing at a time (episodes before -> after)"
    return ["", head, *(line for row in rows for line in _wrapped("  ", row, " " * 6))]


def _changed(words: str, same: Sequence[Contrast]) -> str:
    pairs = ", ".join(f"{one.group} {one.base.tally.episodes} -> {one.other.tally.episodes}" for one in same)
    helped = [one for one in same if one.cures]
    if not helped:
        return f"{words}: {pairs}; no difference shown"
    whom = "" if len(helped) == len(same) else f" {' and '.join(one.group for one in helped)}"
    return f"{words}: {pairs}; helps{whom}, p<={max(one.p for one in helped):.1g}"


def _swept(measured: Sequence[Measured]) -> list[str]:
    # How the share of wrong frames goes with the dose of context switches, and with the size of the ring.
    rows = [("switches per s", group, dose_points(measured, group)) for group in groups(measured)]
    for one in sweeps(measured):
        points = [(float(size), wrong, checked) for size, wrong, checked in one.points()]
        rows.append((f"{one.words} in frames", one.base, points))
    together: dict[tuple[str, str], list[str]] = {}
    for words, name, points in rows:
        if len(points) > 2 and any(wrong for _, wrong, _ in points):
            shares = "/".join(f"{100 * wrong / checked:.3g}" for _, wrong, checked in points)
            at = "/".join(f"{size:g}" for size, _, _ in points)
            together.setdefault((words, at), []).append(f"{name} {shares}")
    told = [f"{words} {at}: {', '.join(shares)} % wrong" for (words, at), shares in together.items()]
    return told[:MOST_SWEPT]


def _kernel(run: Summary) -> str:
    said = list(run.samples.kernel)
    if not said:
        # The log of the board is read in each burst of its cards; where it may not be, the record says so.
        real = run.start.backend.startswith(("alsa", "pyalsaaudio"))
        return "nothing new while it streamed" if real and run.whole.bursts else ""
    if said[0].startswith(NOT_READ):
        return "not read"
    loud = [*oopses(said), *usb_errors(said)]
    last = " | ".join(loud[-MOST_MESSAGES:])
    number = counted(len(said), "new message")
    return f"{len(loud)} of {number}: {last}" if loud else f"nothing of USB or sound in {number}"


def _end(run: Summary, facts: Facts, name: str) -> list[str]:
    named = run.diagnosis
    command = facts.of("command") or f"pcmstress run --seed {run.start.seed}"
    failed = run.judgement.verdict is Verdict.FAIL
    pairs = (
        ("Not known", UNNAMED if failed and not named else ""),
        ("Workaround" if failed else "Next", named.advice if named else ""),
        ("Reproduce", command),
        ("Evidence", f"pcmstress replay {name}"),
        ("dmesg", _kernel(run)),
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
