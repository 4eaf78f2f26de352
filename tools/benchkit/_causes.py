# SPDX-License-Identifier: MIT
"""Causes planted on virtual boards, and what a diagnosis names for them."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Callable

from stress.experiment.method.exact import ByPattern
from stress.experiment.runner import Run
from stress.model.formats import sample_format
from stress.model.record.events import SkipRecord, StartRecord
from stress.model.transport import USB
from stress.patterns.word import Pattern
from stress.pcm.virtual import VirtualPcm
from stress.pcm.virtual_tap import VirtualTap
from stress.plan.plan import Plan, read_plan
from stress.record import reader
from stress.record.clock import Clock
from stress.record.evidence import EvidenceStore
from stress.record.journal import Journal
from stress.verdict.cause import Cause
from stress.verdict.contrast import measure
from stress.verdict.diagnosis import Diagnosis, diagnose
from stress.verdict.suspects import Context
from stress.verdict.symptoms import Symptoms
from stress.verdict.tally import tallies
from stress.virtual.spec import BoardSpec
from stress.virtual.transport import transport_of

SMALL = {"side": "playback", "playback_buffer": 384, "capture_buffer": 4800, "burst_s": "1s", "bursts": 2}
LARGE = {**SMALL, "playback_buffer": 4128}
IN_SMALL = {"side": "capture", "playback_buffer": 4800, "capture_buffer": 384, "burst_s": "1s", "bursts": 2}
IN_LARGE = {**IN_SMALL, "capture_buffer": 4128}

# A path that changes in mid-burst is estimated anew block by block: an instant and some time behind it do.
SHORT = {**LARGE, "burst_s": "300ms", "bursts": 1}


@dataclass(frozen=True)
class Case:
    """One planted cause.

    Parameters
    ----------
    expected : headline's beginning: the cause, for an alias "cause/side/mechanism".
    base : the base arm; its variants are clean, cacheflush (playback) and rw.
    """

    name: str
    expected: str
    board: str
    base: dict[str, Any]
    settings: dict[str, Any] = field(default_factory=dict)
    rate: int = 48000
    format: str = "S16_LE"
    tap: bool = False


def _fault(kind: str, **changes: Any) -> dict[str, Any]:
    return {"fault": [{"kind": kind, "frame": 5000, "every": 6007, **changes}]}


def _always(kind: str, **changes: Any) -> dict[str, Any]:
    return _fault(kind, frames=1 << 29, every=0, **changes)


def _last(kind: str, by: int) -> dict[str, Any]:
    # From an instant to the end of the stream.
    return _fault(kind, bit=by, every=0)


def _silence() -> dict[str, Any]:
    return {"fault": [{"kind": "zero", "frame": 0, "frames": 1 << 29}]}


def _on(transport: str, settings: dict[str, Any]) -> dict[str, Any]:
    return {"transport": transport, **settings}


CASES = (
    Case("P1", "cache alias/playback/P1", "arm926", SMALL),
    Case("P2", "cache alias/playback/P2", "arm926", {**LARGE, "playback": "rmw", "queue_periods": 2}),
    Case(
        "P3",
        "cache alias/playback/P3",
        "arm926",
        {**LARGE, "queue_periods": 2, "period_size": 47},
        rate=44100,
    ),
    Case("C1", "cache alias/capture/C1", "arm926", {**IN_SMALL, "capture": "whole"}),
    Case("C2", "cache alias/capture/C2", "arm926", {**IN_LARGE, "capture_buffer": 8192}, rate=44100),
    Case(
        "C3",
        "cache alias/capture/C3",
        "feroceon",
        {**IN_LARGE, "capture": "whole"},
        {"cache.allocate": "write"},
    ),
    Case("CT", "cache alias/capture/CT", "arm926", {**IN_LARGE, "capture": "ahead"}),
    Case("DMA", "stale DMA", "cortex-a", LARGE, _fault("stale-dma", frames=8)),
    Case("USB drop", "USB loss", "cortex-a", LARGE, _fault("drop", frames=48)),
    Case("USB repeat", "USB loss", "cortex-a", LARGE, _fault("repeat", frames=48)),
    Case("USB zero", "USB loss", "cortex-a", LARGE, _fault("zero", frames=48)),
    Case(
        "mixer gain",
        "mixer processing",
        "cortex-a",
        SHORT,
        _fault("gain", frames=1 << 29, every=0, gain_db=-3.0),
    ),
    Case("channel swap", "channel slip in the device", "cortex-a", SHORT, _always("swap")),
    Case("clock slips", "clock or resampling", "cortex-a", LARGE, _fault("drop", frames=1)),
    Case(
        "resampler",
        "clock or resampling",
        "cortex-a",
        SHORT,
        _fault("resample", frames=1 << 29, every=0, ppm=150.0),
    ),
    Case("xrun", "xrun", "cortex-a", {**LARGE, "playback_buffer": 384}, {"user.wake_us": 20000}),
    Case("memory", "memory error", "cortex-a", LARGE, _fault("bitflip", frames=1)),
    Case("colours", "VIPT colour alias/playback/P1", "arm1176-32k", SMALL),
    Case("colours in", "VIPT colour alias/capture/C1", "arm1176-32k", {**IN_SMALL, "capture": "whole"}),
    Case(
        "driver mmap",
        "mmap attributes of the driver/capture/C1",
        "cortex-a",
        {**IN_SMALL, "capture": "whole"},
        {"kernel.mapping": "kernel-noncached"},
    ),
    Case(
        "unaligned DMA",
        "unaligned DMA in the host controller",
        "raspberrypi1",
        LARGE,
        {"usb.packet_us": 1000, **_fault("packet-shift", bit=1, every=0)},
        rate=44100,
        format="S24_3LE",
        tap=True,
    ),
    Case(
        "missed interval", "missed service interval", "cortex-a", LARGE, _fault("missed", frames=12), tap=True
    ),
    Case("packet lost", "USB loss", "cortex-a", LARGE, _fault("lost-packet", frames=12), tap=True),
    Case("device slip", "channel slip in the device", "cortex-a", SHORT, _last("rotate", 1)),
    Case("nothing arrives", "device gets nothing", "cortex-a", LARGE, _silence(), tap=True),
    Case("read ahead", "read ahead of the copy", "cortex-a", IN_SMALL, {"kernel.smp_race": 0.05}),
    Case(
        "I2S rotate",
        "channel or byte slip of the serial port",
        "cortex-a",
        SHORT,
        _on("soc", _last("rotate", 1)),
    ),
    Case(
        "I2S byte",
        "channel or byte slip of the serial port",
        "cortex-a",
        SHORT,
        _on("soc", _last("slip-bytes", 1)),
    ),
    Case("I2S period", "DMA position", "cortex-a", LARGE, _on("soc", _fault("drop", frames=48))),
    Case("I2S repeat", "DMA position", "cortex-a", LARGE, _on("soc", _fault("repeat", frames=96))),
    Case(
        "I2S FIFO",
        "DMA position",
        "cortex-a",
        LARGE,
        _on("soc", {"limits.fifo_frames": 30, **_fault("drop", frames=30)}),
    ),
    Case("I2S no FIFO", "loss on the way", "cortex-a", LARGE, _on("soc", _fault("drop", frames=30))),
    Case("I2S gap", "loss on the way", "cortex-a", LARGE, _on("soc", _fault("zero", frames=77))),
    Case("I2S DMA", "stale DMA", "cortex-a", LARGE, _on("soc", _fault("stale-dma", frames=8))),
    Case("I2S memory", "memory error", "cortex-a", LARGE, _on("soc", _fault("bitflip", frames=1))),
    Case("PCI period", "DMA position", "x86_64", LARGE, _on("pci", _fault("drop", frames=48))),
    Case("aloop zeros", "snd-aloop timer", "x86_64", LARGE, _on("aloop", _fault("zero", frames=480))),
    Case("aloop drop", "snd-aloop timer", "x86_64", LARGE, _on("aloop", _fault("drop", frames=480))),
    Case("aloop gain", "mixer processing", "x86_64", SHORT, _on("aloop", _always("gain", gain_db=-3.0))),
    Case("aloop alias", "cache alias/playback/P1", "arm926", SMALL, _on("aloop", {})),
    Case("virtio period", "DMA position", "x86_64", LARGE, _on("virtio", _fault("repeat", frames=48))),
    Case("clean x86", "not reproduced", "x86_64", {**LARGE, "bursts": 5}),
    Case("clean aloop", "not reproduced", "x86_64", {**LARGE, "bursts": 5}, _on("aloop", {})),
    Case("clean I2S", "not reproduced", "cortex-a", {**LARGE, "bursts": 5}, _on("soc", {})),
    Case("clean PIPT", "not reproduced", "cortex-a", {**LARGE, "bursts": 5}),
    Case(
        "clean vmalloc=0", "not reproduced", "arm926", {**SMALL, "bursts": 5}, {"kernel.use_vmalloc": False}
    ),
)


def _plan(case: Case) -> Plan:
    base = {"name": "base", "group": "g", **case.base}
    arms = [
        base,
        {**base, "name": "clean", "lever": "clean+invalidate"},
        {**base, "name": "rw", "access": "rw"},
    ]
    if case.base["side"] == "playback":
        arms.append({**base, "name": "flush", "lever": "cacheflush"})
    for arm in arms:
        # rw access knows one way of touching, and has nothing for a lever to act on.
        if arm.get("access") == "rw":
            arm.update({"playback": "store", "capture": "exact", "queue_periods": 0, "lever": "none"})
    return read_plan(
        {"rate": case.rate, "format": case.format, "order": "abba", "arm": arms, "control": {"least": 4}},
        case.name,
    )


def run(case: Case, seed: int) -> Diagnosis:
    """Plant one cause under one seed and return what is named.

    Raises
    ------
    RuntimeError : the board refused the streams, so that nothing was planted.
    """
    plan = _plan(case)
    pattern = Pattern("mix1", sample_format(plan.format), plan.channels)

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "evidence").mkdir()
        journal = Journal(folder, Clock())
        spec = BoardSpec.load(case.board, case.settings)
        carries = transport_of(spec)
        journal.append(StartRecord(seed=seed, backend=case.board, first_position=1, transport=carries))
        pcm = VirtualPcm(spec, seed)
        with pcm:
            Run(
                plan=plan,
                pcm=pcm,
                name=case.board,
                line_bytes=32,
                method=ByPattern(pattern, 32),
                journal=journal,
                evidence=EvidenceStore(folder, 0, 0),
                seed=seed,
                tap=VirtualTap(pcm) if case.tap else None,
                loopback="digital" if case.tap else "auto",
                position=1 + seed % 100 * 10_000_000,
            ).walk()
        journal.close()
        events = reader.read_run(folder).events
        refused = [event.reason for event in events if isinstance(event, SkipRecord)]
        if refused:
            raise RuntimeError(f"{case.name}: {refused[0]}")
        return diagnose(measure(plan, tallies(events)), plan.bound, Context.of(carries, Symptoms.of(events)))


# Words of one bus. Programs have them in their own names; "no USB card" is none of a bus.
_OF_USB = re.compile(r"\b(?:USB|URBs?|usbmon|xHCI|EHCI|OHCI|dwc2|isochronous|iso|snd-usb-audio)\b")


def speaks_of_usb(found: Diagnosis) -> bool:
    """Tell whether a diagnosis of another transport speaks of USB."""
    if found.carries.kind == USB:
        return False
    text = [found.headline(), *found.evidence, *found.also, found.advice, found.against]
    return any(_OF_USB.search(line) for line in text)


def key(found: Diagnosis) -> str:
    sides = "".join(f"/{side.side}/{side.name}" for side in found.sides)
    return f"{found.cause.value}{sides}"


# What is changed about a board or a plan, and whether it takes a cache alias away.
MITIGATIONS: dict[str, Callable[[Case], Case]] = {
    "none": lambda case: case,
    "use_vmalloc=0": lambda case: replace(case, settings={**case.settings, "kernel.use_vmalloc": False}),
    "rw access": lambda case: replace(case, base={**case.base, "access": "rw"}),
    "PIPT": lambda case: replace(case, settings={**case.settings, "cache.tagging": "pipt"}),
}


def expected(case: Case, mitigation: str) -> str:
    """Return what has to be named: a mitigated alias is gone, anything else stays."""
    alias = case.expected.startswith(Cause.CACHE_ALIAS.value)
    return Cause.NOT_REPRODUCED.value if alias and mitigation != "none" else case.expected
