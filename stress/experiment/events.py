"""Events of the record, made from the values of the experiment."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stress.experiment.burst import BurstResult
    from stress.experiment.wire.views import Views
    from stress.model.exposure import Exposure
    from stress.model.finding import Analysis
    from stress.model.pcm import Exchange, Granted, PcmRequest, StreamParams
    from stress.verdict.episodes import Episodes

# Findings kept per burst event; the counts go on. Behind the first ones a few of
# the last lap are kept: memory speaks for no others.
MOST_FINDINGS, MOST_HELD = 200, 20


def stream_params(params: StreamParams) -> dict[str, Any]:
    """Return hw_params under ALSA's names."""
    return {
        "access": params.access.value,
        "format": params.format.name,
        "channels": params.channels,
        "rate": params.rate,
        "period_size": params.period_size,
        "buffer_size": params.buffer_size,
    }


def opened(request: PcmRequest, granted: Granted) -> dict[str, Any]:
    """Return the fields of an open event: requested, granted, mappings."""
    return {
        "device": granted.device,
        "requested": {
            "playback": stream_params(request.playback),
            "capture": stream_params(request.capture),
        },
        "granted": {"playback": stream_params(granted.playback), "capture": stream_params(granted.capture)},
        "mappings": [
            {**dataclasses.asdict(mapping), "direction": mapping.direction.value}
            for mapping in granted.mappings
        ],
        "refused": list(granted.refused),
    }


def exchange(value: Exchange) -> dict[str, Any]:
    """Return the transport part of a burst event."""
    return {
        "playback": dataclasses.asdict(value.playback),
        "capture": dataclasses.asdict(value.capture),
        "played_limit": value.played_limit,
        "lost": value.lost.value if value.lost else None,
        "notes": list(value.notes),
    }


def analysis(value: Analysis) -> dict[str, Any]:
    """Return the detector's part of a burst event.

    Planted findings are all kept: sums subtract them from the counts.
    """
    kept = [finding for finding in value.findings if finding.injected]
    real = [finding for finding in value.findings if not finding.injected]
    held = [finding for finding in real[MOST_FINDINGS:] if finding.details.get("lanes", {}).get("memory")]
    kept += real[:MOST_FINDINGS] + held[-MOST_HELD:]
    return {
        "detector": value.detector,
        "locked": value.locked,
        "frames": value.frames,
        "checked_frames": value.checked_frames,
        "first_frame": value.first_frame,
        "first_position": value.first_position,
        "counts": {kind.value: count for kind, count in value.counts.items()},
        "sites": [[kind.value, ring, laps, count] for (kind, ring, laps), count in value.sites.items()],
        "findings": [finding.to_json() for finding in sorted(kept, key=lambda finding: finding.frame)],
        "findings_left_out": value.found - len(kept),
        # Real ones up to here are all there; behind them only some of the last lap.
        "findings_first": min(MOST_FINDINGS, len(real)),
        "wrong_frames": value.wrong_frames,
        "episodes": value.episodes,
        "valid_bits": value.valid_bits,
        "notes": list(value.notes),
    }


def burst(
    result: BurstResult, rate: int, exposure: Exposure, seen: Episodes, evidence: list[str]
) -> dict[str, Any]:
    """Return the fields of a burst event."""
    missed = [
        {"kind": fault.kind.value, "frame": fault.frame, "frames": fault.frames}
        for fault in result.control.missed
    ]
    return {
        "position": result.position,
        "frames": result.frames,
        "span": result.span,
        "streamed_s": result.frames / rate,
        "exchange": exchange(result.exchange),
        "analysis": analysis(result.analysis),
        "control": {
            "planted": result.control.planted,
            "found": result.control.found,
            "covered": result.control.covered,
            "missed": missed,
        },
        "exposure": exposure.to_json(),
        "episodes": seen.count,
        "observed_s": seen.observed_s,
        "tiles": {"number": seen.tiles, "runs": seen.runs, "squares": seen.squares},
        "conditions": dataclasses.asdict(result.terms),
        "opportunities": result.opportunities.to_json(),
        "evidence": evidence,
        "wire": wire(result.views, result.by_wire) if result.views else {"blind": result.blind},
        "crc32": result.sums.to_json(),
        **_path(result),
    }


def _path(result: BurstResult) -> dict[str, Any]:
    out: dict[str, Any] = {}
    if result.heard.channel is not None:
        out["channel"] = dict(result.heard.channel)
    if result.heard.advice:
        out["advice"] = list(result.heard.advice)
    return out


def wire(views: Views, judged: bool) -> dict[str, Any]:
    """Return what the tap saw; `judged` tells that the analysis was drawn from it."""
    seen = views.wire
    return {
        "source": seen.source,
        "judged": judged,
        "events": seen.events,
        "dropped": seen.dropped,
        "truncated": seen.truncated,
        "drain_ns": seen.drain_ns,
        "out": {
            "frames": views.out_frames,
            "wrong": int(views.out_wrong.sum()),
            "packets": len(seen.out.starts),
            "failed": seen.out.failed,
            "planted": views.control.planted,
            "found": views.control.found,
        },
        "in": {
            "frames": views.in_frames,
            "wrong": int(views.in_wrong.sum()),
            "packets": len(seen.into.starts),
            "failed": seen.into.failed,
            "lines": views.in_lines,
            "telling_lines": views.telling_lines,
            "planted": views.read_control.planted,
            "found": views.read_control.found,
        },
        "lost_frames": views.lost_frames,
        "memory": {way.value: held.to_json() for way, held in views.memory.items()},
        "judged_sides": [way.value for way in views.judged] if judged else [],
        "doubts": list(views.doubts()) if judged else [],
        "notes": list(seen.notes),
    }
