# SPDX-License-Identifier: MIT
"""Whole runs on virtual boards: every event, evidence and what the run adds up to."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from stress.errors import StressError
from stress.experiment.method.checksum import BySums
from stress.experiment.method.exact import ByPattern
from stress.experiment.runner import Run
from stress.model.formats import FORMATS
from stress.model.record.events import StartRecord
from stress.patterns.word import Pattern
from stress.pcm.virtual import VirtualPcm
from stress.pcm.virtual_tap import VirtualTap
from stress.plan.plan import read_plan
from stress.record import reader, rundir
from stress.record.clock import Clock
from stress.record.evidence import EvidenceStore
from stress.record.journal import Journal
from stress.verdict.summary import summarise
from stress.virtual.spec import CARD_FAULTS, STREAM_FAULTS, BoardSpec
from tests.pinned.kit import word

CLOCK = Clock(monotonic_ns=lambda: 1, wall_s=lambda: 1e9)
SMALL = {"name": "small", "playback_buffer": 192, "capture_buffer": 240, "burst_s": "200ms", "bursts": 2}
FORMAT = ("S16_LE", 2)
# Of an event or a piece of evidence: of a version, a clock or a sum over texts.
COMPOUND, LONG = (dict, list, tuple, set), 320
NO_PINS = ("v", "t_ns", "wall", "chain", "schema", "program")


def run(board, *arms, plan=None, **more):
    """Lines of one run: its events, its evidence, its summary."""
    with tempfile.TemporaryDirectory() as name:
        yield recorded(name, board, *arms, plan=plan, **more)
        folder = Path(name)
        yield from events(folder)
        yield from evidence(folder)
        yield from told(summarise(reader.read_run(folder).events, asked(arms, plan)))


def asked(arms, plan):
    """The plan of some arms."""
    return read_plan({"bound": 1e-2, "arm": list(arms), **(plan or {})}, "plan")


def recorded(name, board, *arms, settings=None, plan=None, fmt=FORMAT, method=None, tap=False, **changes):
    """Record one run in a folder, and return its verdict as a line."""
    card = VirtualPcm(BoardSpec.load(board, settings or {}), 7)
    if tap:
        changes["tap"] = VirtualTap(card)
    folder = rundir.create(name, CLOCK)
    journal = Journal(folder, CLOCK)
    pattern = Pattern("mix1", FORMATS[fmt[0]], fmt[1])
    walk = Run(
        plan=asked(arms, plan),
        pcm=card,
        name="virtual",
        line_bytes=32,
        method=method(pattern) if method else ByPattern(pattern, 32),
        journal=journal,
        evidence=EvidenceStore(folder, 20, 4),
        seed=3,
        position=12345,
        **changes,
    )
    journal.append(StartRecord(seed=3, backend="virtual", first_position=12345))
    try:
        with walk.pcm:
            judgement, code = walk.walk()
        reasons = word([" " + reason for reason in judgement.reasons])
        return f"verdict {judgement.verdict.name} exit {code} reasons {reasons}"
    except StressError as error:
        return f"{type(error).__name__} {word(' ' + str(error))}"
    finally:
        journal.close()


def events(folder):
    """Lines of a journal: an event each, then its tables, and each finding of a burst by itself."""
    for text in (folder / "run.jsonl").read_text(encoding="utf-8").splitlines():
        event = json.loads(text)
        findings = event["analysis"].pop("findings", []) if isinstance(event.get("analysis"), dict) else []
        yield from tables(event.pop("event"), event)
        for one in findings[:4]:
            yield f"  finding {word({name: value for name, value in one.items() if name != 'text'})}"


def tables(title, values):
    """One line of the plain values, and one for each that holds others; the first part of a long one."""
    kept = {name: value for name, value in told_of(values).items() if name not in NO_PINS}
    plain = {name: value for name, value in kept.items() if not isinstance(value, COMPOUND)}
    yield f"{title} {word(plain)}"
    for name, value in kept.items():
        if isinstance(value, COMPOUND):
            yield f"  {name} {shortened(value)}"


def told_of(value):
    """A value without what is nothing: 0, "", no entry."""
    if isinstance(value, dict):
        return {name: told_of(one) for name, one in value.items() if one or told_of(one)}
    return [told_of(one) for one in value] if isinstance(value, list) else value


def shortened(value):
    """The text of a value, of a long one its beginning and the sum of all."""
    text = word(value)
    return text if len(text) <= LONG else f"{text[:LONG]} ... {word(text.encode())}"


def evidence(folder):
    """Lines of the files of evidence."""
    for path in sorted((folder / "evidence").iterdir())[:3]:
        yield from tables(path.name, json.loads(path.read_text(encoding="utf-8")))


def told(summary):
    """Lines of a summary: tallies, verdicts, places, diagnosis."""
    parts = [] if len(summary.parts) == 1 else [("arm", part) for part in summary.parts]
    for title, tally in [*parts, ("whole", summary.whole)]:
        yield from tables(title, {name: value for name, value in vars(tally).items() if name[0] != "_"})
    for one in [*summary.verdicts, summary.judgement]:
        yield f"judged {one.verdict.name} {word([' ' + reason for reason in one.reasons])}"
    for name in ("contradicted", "detectors", "evidence"):
        yield f"{name} {word(getattr(summary, name))}"
    for name in ("audit", "samples", "places", "lifecycle", "stopped", "beside"):
        yield f"{name} {shortened(getattr(summary, name))}"
    if summary.diagnosis is not None:
        yield from tables("diagnosis", vars(summary.diagnosis))


def by_sums(pattern):
    """The checksum detector of the same stimulus."""
    return BySums(pattern, 48000, 32)


# The other kinds are a path for the detector, and naming one takes seconds.
KINDS = [kind for kind in (*CARD_FAULTS, *STREAM_FAULTS) if kind not in ("resample", "rotate", "slip-bytes")]
ARM = {"burst_s": "200ms", "bursts": 1}
BOTH = {**ARM, "playback_buffer": 480, "capture_buffer": 528}


def fault(kind, **more):
    """A run of a clean board whose card does this once."""
    frames = {"resample": 3000, "gain": 600, "swap": 300}.get(kind, 48)
    one = {"kind": kind, "frame": 5000, "frames": frames, **more}
    return "cortex-a", [{**SMALL, "bursts": 2}], {"settings": {"fault": [one]}}


PLANS = {
    "arm926 small": ("arm926", [SMALL], {}),
    "cortex-a small": ("cortex-a", [SMALL], {}),
    "cortex-a long enough": ("cortex-a", [{**SMALL, "burst_s": "1s", "bursts": 1}], {}),
    "cortex-a just too short": ("cortex-a", [{**SMALL, "burst_s": "40ms", "bursts": 1}], {}),
    "arm926 rmw and ahead": (
        "arm926",
        [
            {**BOTH, "name": "rmw", "playback": "rmw"},
            {**BOTH, "name": "ahead", "capture": "ahead"},
            {**BOTH, "name": "whole", "capture": "whole"},
            {**BOTH, "name": "rw", "access": "rw"},
        ],
        {},
    ),
    "arm926 sides": (
        "arm926",
        [{**BOTH, "name": "p", "side": "playback"}, {**BOTH, "name": "c", "side": "capture", "bursts": 2}],
        {},
    ),
    "arm926 levers": (
        "arm926",
        [
            {**SMALL, "name": "clean", "lever": "clean+invalidate"},
            {**SMALL, "name": "flush", "lever": "cacheflush"},
            {**SMALL, "name": "switched", "switches_per_s": 200},
        ],
        {},
    ),
    "arm926 group": (
        "arm926",
        [
            {**SMALL, "name": "player", "group": "player", "side": "playback"},
            {**SMALL, "name": "clean", "group": "player", "side": "playback", "lever": "clean+invalidate"},
            {**SMALL, "name": "rw", "group": "player", "side": "playback", "access": "rw"},
        ],
        {},
    ),
    "arm1176 group": (
        "arm1176",
        [
            {**SMALL, "name": "player", "group": "player", "playback": "rmw"},
            {**SMALL, "name": "rw", "group": "player", "access": "rw"},
        ],
        {},
    ),
    "arm926 start burst": ("arm926", [{**BOTH, "name": "s", "start_burst": True, "playback": "rmw"}], {}),
    "arm926 loads": (
        "arm926",
        [{**SMALL, "name": "m", "load": "memory"}, {**SMALL, "name": "u", "load": "usb", "optional": True}],
        {},
    ),
    **{
        f"event {name}": ("cortex-a", [{**SMALL, "name": "e", "event": name, "optional": True}, SMALL], {})
        for name in ("restart", "reopen", "xrun", "pause", "drain")
    },
    "by duration": ("cortex-a", [SMALL], {"duration_s": 0.9}),
    "24 bits": ("arm926", [SMALL], {"fmt": ("S24_3LE", 2), "plan": {"format": "S24_3LE"}}),
    "four channels": ("arm926", [SMALL], {"fmt": ("S32_LE", 4), "plan": {"format": "S32_LE", "channels": 4}}),
    "no mmap": (
        "arm926",
        [{**SMALL, "optional": True}, {**SMALL, "name": "rw", "access": "rw"}],
        {"settings": {"limits.mmap": False}},
    ),
    "clock apart": ("cortex-a", [SMALL], {"settings": {"usb.ratio_ppm": 20000}}),
    **{f"card {kind}": fault(kind) for kind in KINDS},
    "card drop in the second burst": fault("drop", burst=1, frames=7),
    "card zero again and again": fault("zero", every=400, frames=8),
    "card bitflip at the end": fault("bitflip", frame=9599, frames=1),
    **{
        f"{board} by the wire {side}": (board, [{**SMALL, "side": side}], {"tap": True, "loopback": "none"})
        for board in ("arm926", "cortex-a")
        for side in ("playback", "capture", "both")
    },
    "arm926 wire and loopback": ("arm926", [SMALL], {"tap": True}),
    **{
        f"wire {kind}": (*fault(kind)[:2], {**fault(kind)[2], "tap": True, "loopback": "none"})
        for kind in ("drop", "repeat", "zero", "missed", "lost-packet", "capture-stop")
    },
    "uncached wire": ("arm926", [SMALL], {"tap": True, "settings": {"kernel.use_vmalloc": False}}),
    "by sums arm926": ("arm926", [SMALL], {"method": by_sums}),
    "by sums cortex-a": ("cortex-a", [SMALL], {"method": by_sums}),
    "by sums drop": (*fault("drop")[:2], {**fault("drop")[2], "method": by_sums}),
    "stopped early": (
        "arm926",
        [{**SMALL, "bursts": 1}, {**SMALL, "name": "rw", "access": "rw", "bursts": 1}],
        {"plan": {"repeats": 6, "stop": {"good_per_h": 36, "bad_per_h": 3600}}},
    ),
    "no control": ("cortex-a", [SMALL], {"plan": {"control": {"share": 0.0}}}),
    "aloop tick": ("arm926", [SMALL], {"settings": {"usb.tick_packets": 10}}),
}


def plan_of(name):
    """A run of one plan."""
    board, arms, more = PLANS[name]
    return lambda: run(board, *arms, **more)


CASES = {name: plan_of(name) for name in PLANS}
