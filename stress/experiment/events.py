# SPDX-License-Identifier: MIT
"""Events of the record, made from the values of the experiment."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from stress.model import shape
from stress.model.histogram import Histogram
from stress.model.record.analog import ChannelRecord
from stress.model.record.analysis import AnalysisRecord, PathRecord, SiteRecord
from stress.model.record.beside import ProcessRecord
from stress.model.record.burst import BurstRecord
from stress.model.record.events import MappingRecord, OpenRecord, PairRecord, ParamsRecord
from stress.model.record.exchange import ExchangeRecord, StreamRecord
from stress.model.record.findings import FindingRecord
from stress.model.record.histogram import HistogramRecord
from stress.model.record.proof import (
    ConditionsRecord,
    ControlRecord,
    ExposureRecord,
    FaultRecord,
    OpportunitiesRecord,
    TilesRecord,
)
from stress.model.record.wire import BlindRecord, HeldRecord, SideRecord, WireRecord
from stress.verdict.episodes import real as counts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stress.experiment.burst import BurstResult
    from stress.experiment.wire.views import WireComparison
    from stress.model.exposure import Exposure
    from stress.model.finding import Analysis, Finding
    from stress.model.histogram import Axes
    from stress.model.pcm import Exchange, Granted, PcmRequest, StreamParams, StreamResult
    from stress.verdict.episodes import Episodes

# Findings kept per burst event; the counts go on. Behind the first ones a few of
# the last lap are kept: memory speaks for no others.
MOST_FINDINGS, MOST_HELD = 200, 20


def stream_params(params: StreamParams) -> ParamsRecord:
    """Return hw_params under ALSA's names."""
    return ParamsRecord(
        access=params.access.value,
        format=params.format.name,
        channels=params.channels,
        rate=params.rate,
        period_size=params.period_size,
        buffer_size=params.buffer_size,
        fifo_frames=params.fifo_frames,
    )


def opened(arm: str, backend: str, request: PcmRequest, granted: Granted) -> OpenRecord:
    """Return the open event of an arm: requested, granted, mappings."""
    return OpenRecord(
        arm=arm,
        backend=backend,
        device=granted.device,
        requested=PairRecord(stream_params(request.playback), stream_params(request.capture)),
        granted=PairRecord(stream_params(granted.playback), stream_params(granted.capture)),
        mappings=tuple(
            MappingRecord(
                direction=mapping.direction.value,
                path=mapping.path,
                vm_flags=mapping.vm_flags,
                is_ring=mapping.is_ring,
                size_bytes=mapping.size_bytes,
                address=mapping.address,
                kernel_addresses=mapping.kernel_addresses,
            )
            for mapping in granted.mappings
        ),
        refused=tuple(granted.refused),
    )


def stream(value: StreamResult) -> StreamRecord:
    """Return one direction of a burst."""
    return StreamRecord(**dataclasses.asdict(value))


def exchange(value: Exchange) -> ExchangeRecord:
    """Return the transport part of a burst event."""
    return ExchangeRecord(
        playback=stream(value.playback),
        capture=stream(value.capture),
        lost=value.lost.value if value.lost else None,
        played_limit=value.played_limit,
        notes=tuple(value.notes),
    )


def analysis(value: Analysis, axes: Axes) -> AnalysisRecord:
    """Return the detector's part of a burst event.

    Injected findings are all kept: sums subtract them from the counts.

    Parameters
    ----------
    axes : of the rings in which all places are counted.
    """
    kept = [finding for finding in value.findings if finding.injected]
    real = [finding for finding in value.findings if not finding.injected]
    held = [finding for finding in real[MOST_FINDINGS:] if finding.details.get("lanes", {}).get("memory")]
    kept += real[:MOST_FINDINGS] + held[-MOST_HELD:]
    ordered = sorted(kept, key=lambda finding: finding.frame)
    return AnalysisRecord(
        detector=value.detector,
        locked=value.locked,
        frames=value.frames,
        checked_frames=value.checked_frames,
        first_frame=value.first_frame,
        first_position=value.first_position,
        counts={kind.value: count for kind, count in value.counts.items()},
        sites=tuple(
            SiteRecord(kind.value, ring, laps, count) for (kind, ring, laps), count in value.sites.items()
        ),
        findings=tuple(FindingRecord.of(finding) for finding in ordered),
        findings_left_out=value.found - len(kept),
        # Real ones up to here are all there; behind them only some of the last lap.
        findings_first=min(MOST_FINDINGS, len(real)),
        wrong_frames=value.wrong_frames,
        episodes=value.episodes,
        valid_bits=value.valid_bits,
        path=None if value.path is None else PathRecord.of(value.path),
        histogram=HistogramRecord.of(_places(value, kept, axes)),
        notes=tuple(value.notes),
    )


def _places(value: Analysis, kept: list[Finding], axes: Axes) -> Histogram:
    # What does not count is all among those kept: so counts a tally as well.
    apart = {id(finding) for finding in kept if not counts(finding)}
    made = value.beyond.copy(axes) if value.beyond else Histogram(axes)
    for finding in value.findings:
        if id(finding) not in apart:
            made.add(finding)
    made.cover(value.frames)
    return made


def burst(
    result: BurstResult,
    number: int,
    arm: str,
    rate: int,
    exposure: Exposure,
    seen: Episodes,
    evidence: list[str],
    axes: Axes,
) -> BurstRecord:
    """Return the event of burst `number`."""
    return BurstRecord(
        number=number,
        arm=arm,
        position=result.position,
        frames=result.frames,
        span=result.span,
        streamed_s=result.frames / rate,
        exchange=exchange(result.exchange),
        analysis=analysis(result.analysis, axes),
        control=_control(result),
        exposure=ExposureRecord(exposure.lines, exposure.line_bytes),
        episodes=seen.count,
        observed_s=seen.observed_s,
        tiles=TilesRecord(number=seen.tiles, runs=seen.runs, squares=seen.squares),
        conditions=ConditionsRecord(**dataclasses.asdict(result.terms)),
        opportunities=OpportunitiesRecord(**result.opportunities.to_json()),
        evidence=tuple(evidence),
        wire=wire(result.views, result.by_wire) if result.views else BlindRecord(result.blind),
        crc32=result.sums.to_record(),
        channel=channel(result.heard.channel),
        advice=tuple(result.heard.advice),
        beside=tuple(ProcessRecord(*process) for process in result.beside),
    )


def _control(result: BurstResult) -> ControlRecord:
    missed = tuple(
        FaultRecord(fault.kind.value, fault.frame, fault.frames) for fault in result.control.missed
    )
    return ControlRecord(result.control.planted, result.control.found, result.control.covered, missed)


def channel(values: Mapping[str, Any] | None) -> ChannelRecord | None:
    """Return the analog path as the detector measured it, None where there is none."""
    return None if values is None else shape.read(ChannelRecord, dict(values))


def wire(views: WireComparison, judged: bool) -> WireRecord:
    """Return what the tap saw; `judged` tells that the analysis was drawn from it."""
    seen = views.wire
    return WireRecord(
        source=seen.source,
        judged=judged,
        events=seen.events,
        dropped=seen.dropped,
        truncated=seen.truncated,
        drain_ns=seen.drain_ns,
        out=SideRecord(
            frames=views.out_frames,
            wrong=int(views.out_wrong.sum()),
            packets=len(seen.out.starts),
            failed=seen.out.failed,
            planted=views.control.planted,
            found=views.control.found,
            statuses=seen.out.by_status(),
            lengths=seen.out.by_length(),
        ),
        into=SideRecord(
            frames=views.in_frames,
            wrong=int(views.in_wrong.sum()),
            packets=len(seen.into.starts),
            failed=seen.into.failed,
            lines=views.in_lines,
            telling_lines=views.telling_lines,
            planted=views.read_control.planted,
            found=views.read_control.found,
            statuses=seen.into.by_status(),
            lengths=seen.into.by_length(),
        ),
        lost_frames=views.lost_frames,
        memory={way.value: HeldRecord(**held.to_json()) for way, held in views.memory.items()},
        judged_sides=tuple(way.value for way in views.judged) if judged else (),
        doubts=tuple(views.doubts()) if judged else (),
        notes=tuple(seen.notes),
    )
