# SPDX-License-Identifier: MIT
"""Three views of a burst: what userspace saw, what crossed the wire, what memory holds.

A finding belongs to the first view in which it appears. Written and OUT
payload differ: the kernel read something else from the playback ring than was
stored there. OUT payload right and IN payload wrong: bus, device or loopback.
IN payload right and the read wrong: the capture ring.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable, TypeVar

import numpy as np

from stress.detect.exact.findings import CAP
from stress.experiment import positive_control
from stress.experiment.alignment import Streams, settle
from stress.experiment.lost_time import Stalls, set_apart
from stress.experiment.positive_control import Outcome
from stress.experiment.wire.capture import bytes_not_taken, compare_read, distinct_lines
from stress.experiment.wire.control import match, overlay
from stress.experiment.wire.memory import Held, last_lap
from stress.experiment.wire.race import RACE, set_apart_races
from stress.experiment.wire.reordered import exchanged, out_of_order, set_apart_reordered
from stress.model.arrays import Bytes, Flags
from stress.model.finding import Analysis, Finding, Kind
from stress.model.histogram import joined
from stress.model.pcm import Direction
from stress.model.ring import Rings
from stress.model.stimulus import POSITIONS
from stress.model.transport import NO_TRANSPORT, TransportRecord
from stress.model.wire import BUS, CAPTURE_RING, LANES, PLAYBACK_RING, RIGHT, UNKNOWN, WRONG, WireStream
from stress.model.words import count, counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stress.model.pcm import Exchange
    from stress.model.wire import Wire
    from stress.patterns.layout import Layout

    Detector = Callable[[Bytes, Rings, int, int, int], Analysis]

Key = TypeVar("Key")
# Share of the capture lines in which stale data has to show for a verdict on
# the capture ring. Source: an open microphone of 16 bits gives 0.99 and more,
# digital silence 0. Higher: quiet rooms are refused; lower: hours without
# exposure end INCONCLUSIVE for no reason given.
LEAST_TELLING = 0.25


@dataclass(frozen=True)
class HostBuffers:
    """What the host wrote and read in one burst, and how the wire is compared with it.

    Parameters
    ----------
    written : (n * frame_bytes,) uint8, play buffer as the card got it.
    read : (n * capture_bytes,) uint8, what may be judged of the capture.
    capture_bytes : of a captured frame, 0 for those of playback.
    stimulus : (n,) uint8, the written frames as the detector knows them, None for `written`.
    heard : makes such frames of an OUT payload.
    position : pattern position of the first frame written.
    due : frames written that left the ring.
    mapped : directions that went through mmap.
    rules : how exactly the wire has to show the planted faults.
    over_read : faults to inject into what was read.
    layout : of a frame of both, to look for the planted bytes.
    transport : see `stress.experiment.lost_time.Stalls`.
    """

    written: Bytes
    read: Bytes
    position: int
    due: int
    rings: Rings
    frame_bytes: int
    line_bytes: int
    rate: int
    faults: tuple[positive_control.Planted, ...]
    mapped: tuple[Direction, ...] = tuple(Direction)
    rules: positive_control.Rules = positive_control.EXACT
    over_read: tuple[positive_control.Planted, ...] = ()
    layout: Layout | None = None
    transport: TransportRecord = NO_TRANSPORT
    capture_bytes: int = 0
    stimulus: Bytes | None = None
    heard: Callable[[Bytes], Bytes] = lambda out: out

    def carried(self, out: Bytes) -> positive_control.Carried | None:
        """Return what was written beside its OUT payload, (n * frame_bytes,) uint8."""
        sent = self.written if self.stimulus is None else self.stimulus
        return positive_control.Carried(sent, out, self.layout) if self.layout else None


@dataclass(frozen=True)
class WireComparison:
    """The comparisons of one burst with what the bus carried.

    Parameters
    ----------
    playback : OUT payload against what was written.
    capture : the read against IN payload.
    control : planted faults as seen on the wire; `read_control` those laid over the read.
    out_frames, in_frames : frames compared.
    lost_frames : frames that crossed the wire unseen (drops, truncation).
    telling_lines, in_lines : capture lines in which stale data would show, of all.
    out_wrong, in_wrong : (frames,) bool, where those comparisons differ.
    memory : see `stress.experiment.wire.memory.last_lap`.
    judged : directions whose lines count as exposure.
    out : OUT payload in frames of the stimulus.
    frame_bytes, out_frame_bytes : of IN and of OUT [bytes].
    out_lead : silent frames of OUT before the first written one.
    """

    wire: Wire
    playback: Analysis
    capture: Analysis
    control: Outcome
    out_frames: int
    in_frames: int
    lost_frames: int
    telling_lines: int
    in_lines: int
    out_wrong: Flags
    in_wrong: Flags
    memory: Mapping[Direction, Held]
    judged: tuple[Direction, ...] = tuple(Direction)
    read_control: Outcome = Outcome(0, 0, ())
    out: Bytes = field(default_factory=lambda: np.zeros(0, np.uint8))
    frame_bytes: int = 4
    out_frame_bytes: int = 4
    out_lead: int = 0

    def doubts(self) -> tuple[str, ...]:
        """Return why the wire alone cannot vouch, one line each."""
        if Direction.CAPTURE not in self.judged:
            return ()
        if not self.in_frames:
            return ("the wire shows nothing of capture",)
        if self.telling_lines >= LEAST_TELLING * self.in_lines:
            return ()
        return (
            "the capture source is silent or repeats itself: stale data would show in less than "
            f"{100 * LEAST_TELLING:.0f} % of the lines; connect anything that makes noise (an open "
            "microphone with its gain up will do)",
        )


def look(wire: Wire, sent: HostBuffers, exchange: Exchange, detector: Detector) -> WireComparison:
    """Compare what a tap saw with what the burst wrote and read."""
    out_step, step = sent.frame_bytes, sent.capture_bytes or sent.frame_bytes
    wire = _as_taken(wire, sent.read, step)
    out, into = _whole(wire.out.data, out_step), _whole(wire.into.data, step)
    heard = sent.heard(out)
    playback, prefix = _playback(heard, out.size // out_step, sent, exchange, detector)
    reached = min(sent.due, playback.checked_frames)
    playback, outcome = positive_control.match(
        playback, sent.faults, sent.position, reached, sent.rings, sent.rules, sent.carried(heard)
    )
    ring = sent.rings.capture or 1
    judged = _judged(wire, sent)
    planned = sent.over_read if Direction.CAPTURE in judged else ()
    overlaid, laid = overlay(sent.read, planned, ring, step)
    capture = compare_read(overlaid, into, ring, step, sent.line_bytes, CAP + len(laid))
    capture, read_outcome = match(capture, laid, capture.frames)
    capture = set_apart_races(capture, wire, step)
    stretches = exchanged(playback, sent.rings, sent.transport)
    playback = set_apart_reordered(playback, stretches)
    compared = min(sent.due, max(0, out.size // out_step - prefix))
    in_lines = capture.frames * step // sent.line_bytes
    memory = last_lap(wire, sent.written, exchange, sent.rings, out_step, step)
    stalls = Stalls.of(exchange, sent.rate, sent.transport)
    # Where only the order on the bus differs, the ring was right.
    ordered = ~out_of_order(stretches, prefix, compared)
    return WireComparison(
        wire=wire,
        playback=set_apart(_seen(playback, PLAYBACK_RING, memory, sent), sent.rings, stalls),
        capture=set_apart(_seen(capture, CAPTURE_RING, memory, sent), sent.rings, stalls),
        control=outcome,
        out_frames=compared,
        in_frames=capture.frames,
        lost_frames=sent.due - compared + sent.read.size // step - capture.frames,
        telling_lines=distinct_lines(into, capture.frames, ring, step, sent.line_bytes),
        in_lines=in_lines,
        out_wrong=_unlike(out[prefix * out_step :], sent.written, compared, out_step) & ordered,
        in_wrong=_unlike(sent.read, into, capture.frames, step),
        memory=memory,
        judged=judged,
        read_control=read_outcome,
        out=heard,
        frame_bytes=step,
        out_frame_bytes=out_step,
        out_lead=prefix,
    )


def _as_taken(wire: Wire, read: Bytes, step: int) -> Wire:
    # What the driver made of the packets: with the parts of frames at their ends or without, whichever
    # the read agrees with.
    read = _whole(read, step)
    taken, ahead = _from_first_taken(wire.into, read, step)
    notes = []
    if wire.joined is not None:
        joined, skipped = _from_first_taken(wire.joined, read, step)
        if _same_frames(read, joined, step) > _same_frames(read, taken, step):
            taken, ahead = joined, skipped
            notes.append("packets end within a frame, and the driver joins them by bytes")
    if ahead:
        frames, rest = divmod(ahead, step)
        much = f"{ahead} bytes" if rest else f"{count(frames)} frames"
        notes.append(f"{much} came in before the driver took the first one")
    return dataclasses.replace(wire, into=taken, joined=None, notes=(*wire.notes, *notes))


def _from_first_taken(into: WireStream, read: Bytes, step: int) -> tuple[WireStream, int]:
    # The capture starts where the driver took the first byte, not where the endpoint began to run.
    ahead = bytes_not_taken(read, into.data, step)
    if not ahead:
        return into, 0
    packet = int(np.searchsorted(into.starts, ahead, side="right")) - 1
    starts = np.maximum(into.starts[packet:] - ahead, 0)
    return WireStream(into.data[ahead:], starts, into.statuses[packet:]), ahead


def _same_frames(read: Bytes, into: WireStream, step: int) -> int:
    frames = min(read.size, into.data.size) // step
    return frames - int(_unlike(read, into.data, frames, step).sum())


def _judged(wire: Wire, sent: HostBuffers) -> tuple[Direction, ...]:
    # A direction that goes by rw beside one that is mapped is company, not exposure.
    wanted = sent.mapped or tuple(Direction)
    return tuple(way for way in wanted if way is Direction.PLAYBACK or wire.has_capture)


def _whole(data: Bytes, step: int) -> Bytes:
    return data[: data.size // step * step]


def _unlike(left: Bytes, right: Bytes, frames: int, step: int) -> Flags:
    size = frames * step
    wrong: Flags = (left[:size] != right[:size]).reshape(-1, step).any(axis=1)
    return wrong


def _playback(
    out: Bytes, frames: int, sent: HostBuffers, exchange: Exchange, detector: Detector
) -> tuple[Analysis, int]:
    # The analysis of OUT, and the silent frames before the first written one
    # (kernels that start their URBs at prepare send some).
    rings = Rings(sent.rings.playback, None)
    analysis = detector(out, rings, sent.position, sent.due, len(sent.faults))
    if not analysis.locked or analysis.first_frame is None or analysis.first_position is None:
        return analysis, 0
    analysis = settle(analysis, out, exchange, Streams(rings, (), sent.rate, sent.position))
    lead = (analysis.first_frame or 0) - ((analysis.first_position or 0) - sent.position) % POSITIONS
    ring, played = sent.rings.playback, exchange.playback.hw_ptr
    ahead = max(0, frames - played) if played is not None else 0
    if ring and not exchange.xruns and lead - ahead >= ring:
        return _late(analysis, (lead - ahead) // ring, ring), 0
    return analysis, max(0, lead)


def _late(analysis: Analysis, laps: int, ring: int) -> Analysis:
    # Nothing may delay the payload between ring and bus: it is late by whole laps.
    frame, frames = analysis.first_frame or 0, analysis.checked_frames
    position = ((analysis.first_position or 0) + laps * ring) % POSITIONS
    text = (
        f"All {count(frames)} frames handed to the bus are {counted(laps, 'lap')} of the playback ring old."
    )
    details = {"uniform": True}
    whole = Finding(
        Kind.STALE, frame, frames, position, laps * ring, laps, "playback", details=details, text=text
    )
    return dataclasses.replace(
        analysis.adding(whole),
        wrong_frames=max(frames, analysis.wrong_frames),
        episodes=max(1, analysis.episodes),
    )


def _seen(analysis: Analysis, view: str, memory: Mapping[Direction, Held], sent: HostBuffers) -> Analysis:
    findings = []
    for finding in analysis.findings:
        if not finding.injected:
            finding = _with_lanes(finding.with_details(view=view), memory, sent.position, False)
        if view == PLAYBACK_RING:
            # The detector was given the wire and calls it what it usually gets.
            finding = dataclasses.replace(finding, text=finding.text.replace("capture frame", "OUT frame"))
        findings.append(finding)
    return dataclasses.replace(analysis, findings=tuple(findings))


def attribute(analysis: Analysis, views: WireComparison, position: int) -> Analysis:
    """Name the view in which each finding of a loopback first appears."""
    findings, race = [], _raced(views)
    for finding in analysis.findings:
        view = "" if finding.injected else _view(finding, views, position)
        frames = range(finding.frame, finding.frame + finding.frames)
        raced = view == CAPTURE_RING and race.issuperset(frames)
        finding = finding.with_details(transport=RACE) if raced else finding
        if view:
            edge = _at_packet(finding, views, position)
            finding = _with_lanes(finding.with_details(view=view, **edge), views.memory, position, True)
        findings.append(finding)
    return _without_latency(dataclasses.replace(analysis, findings=tuple(findings)))


def _without_latency(analysis: Analysis) -> Analysis:
    # A stream that is late as a whole, while both rings agree with the wire, took its time beyond
    # the bus: that is the latency of the device, however long, and no old data in a ring.
    late = [one for one in analysis.findings if one.details.get("uniform") and one.details.get("view") == BUS]
    if not late:
        return analysis
    note = f"the device gives back what it gets {late[0].lag} frames late or more; both rings are right"
    left = analysis.without(late)
    # The whole burst had been called wrong, and every other finding lies inside it.
    wrong = sum(one.frames for one in left.findings)
    episodes = analysis.episodes if left.counts else 0
    return dataclasses.replace(left, wrong_frames=wrong, episodes=episodes, notes=(*analysis.notes, note))


def _at_packet(finding: Finding, views: WireComparison, position: int) -> dict[str, bool]:
    # Whether it begins where a packet does: of IN, or of OUT where it was played.
    into, out = views.wire.into.starts, views.wire.out.starts
    played = ((finding.position - position) % POSITIONS + views.out_lead) * views.out_frame_bytes
    at = finding.frame * views.frame_bytes in into or (played < views.wire.out.data.size and played in out)
    return {"packet_edge": True} if at else {}


def _view(finding: Finding, views: WireComparison, position: int) -> str:
    frames = 1 if finding.kind is Kind.DROP else max(1, finding.frames)
    read = slice(finding.frame, finding.frame + frames)
    first = (finding.position - position) % POSITIONS
    if finding.frame >= views.in_frames:
        return ""
    if views.in_wrong[read].any():
        return CAPTURE_RING
    if first >= views.out_frames:
        return ""
    return PLAYBACK_RING if views.out_wrong[first : first + frames].any() else BUS


def _raced(views: WireComparison) -> set[int]:
    raced = (finding for finding in views.capture.findings if finding.details.get("transport") == RACE)
    return {frame for finding in raced for frame in range(finding.frame, finding.frame + finding.frames)}


def by_wire(views: WireComparison, frame_bytes: int, line_bytes: int) -> Analysis:
    """Return the verdict of the wire alone, both rings in one analysis.

    Capture counts as checked where stale data would have shown.
    """
    playback, capture = views.playback, views.capture
    checked = playback.checked_frames if Direction.PLAYBACK in views.judged else 0
    if Direction.CAPTURE in views.judged:
        checked += views.telling_lines * max(1, line_bytes // frame_bytes)
    notes = ("judged from the wire alone, without a loopback",)
    return dataclasses.replace(
        playback,
        detector="wire",
        locked=playback.locked and (capture.locked or not views.wire.has_capture),
        checked_frames=checked,
        findings=playback.findings + capture.findings,
        counts=_sum(playback.counts, capture.counts),
        sites=_sum(playback.sites, capture.sites),
        wrong_frames=playback.wrong_frames + capture.wrong_frames,
        beyond=joined((playback.beyond, capture.beyond)),
        episodes=playback.episodes + capture.episodes,
        notes=playback.notes + notes + views.wire.notes,
    )


def _sum(left: Mapping[Key, int], right: Mapping[Key, int]) -> dict[Key, int]:
    return {key: left.get(key, 0) + right.get(key, 0) for key in {**left, **right}}


def _with_lanes(finding: Finding, memory: Mapping[Direction, Held], position: int, looped: bool) -> Finding:
    """Return `finding`, which names its view, with `details["lanes"]`.

    Parameters
    ----------
    position : pattern position of the first frame written.
    looped : the finding was made in what came back, not in one half of the way.
    """
    view = finding.details["view"]
    way = Direction.CAPTURE if view == CAPTURE_RING else Direction.PLAYBACK
    # A comparison of the read with IN counts both from the first frame on.
    first = finding.frame if way is Direction.CAPTURE else (finding.position - position) % POSITIONS
    held = memory[way].says(first, max(1, finding.frames)) if way in memory else UNKNOWN
    lanes = {
        PLAYBACK_RING: (RIGHT, held, WRONG, WRONG if looped else UNKNOWN),
        BUS: (RIGHT, held, WRONG, WRONG),
        CAPTURE_RING: (RIGHT if looped else UNKNOWN, held, RIGHT, WRONG),
    }[view]
    return finding.with_details(lanes=dict(zip(LANES, lanes)))
