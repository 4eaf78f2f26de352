"""The path in words: which loopback, what the channel is, what the checksums say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stress.errors import CaptureFileError
from stress.model.record import LoopbackRecord
from stress.model.words import count, counted
from stress.verdict.audit import Audit, audit

if TYPE_CHECKING:
    from stress.record.reader import RunLog

MOST_PLACES = 5


def detectors(log: RunLog) -> str:
    """Return the names of the detectors that judged the bursts."""
    return " and ".join(dict.fromkeys(burst.analysis.detector for burst in log.bursts))


def lines(log: RunLog) -> list[str]:
    """Return loopback, channel and audit, a line each where there is one."""
    said, seen = log.last(LoopbackRecord), channel(log)
    out = [f"loopback: {said.kind}, judged by {said.detector}: {said.why}"] if said else []
    if seen:
        out.append(
            f"channel: latency {seen.latency_frames:.1f} frames, gain {seen.gain_db:.2f} dB, drift "
            f"{seen.drift_ppm:.2f} ppm; "
            f"at worst SNR {seen.snr_db:.1f} dB, THD+N {seen.thd_n_db:.1f} dB"
        )
    return out + _audited(checked(log))


@dataclass(frozen=True)
class Channel:
    """The analog path over all bursts: medians, SNR and THD+N at their worst."""

    latency_frames: float
    gain_db: float
    drift_ppm: float
    snr_db: float
    thd_n_db: float


def channel(log: RunLog) -> Channel | None:
    """Return the analog path over all bursts, None where there was none."""
    seen = [burst.channel for burst in log.bursts if burst.channel]
    if not seen:
        return None

    def middle(name: str) -> float:
        return float(sorted(getattr(one, name) for one in seen)[len(seen) // 2])

    worst = min(one.snr_db for one in seen), max(one.thd_n_db for one in seen)
    return Channel(middle("latency_frames"), middle("gain_db"), middle("drift_ppm"), *worst)


def checked(log: RunLog) -> Audit:
    """Return what the checksums of the record say.

    Raises
    ------
    CaptureFileError : they are no checksums.
    """
    try:
        return audit(log.bursts)
    except (ValueError, IndexError) as error:
        raise CaptureFileError("run.jsonl", f"burst: crc32: {error}") from None


def audit_json(found: Audit) -> dict[str, Any]:
    """Return the audit as part of the report's JSON."""
    return {
        "bursts": found.bursts,
        "periods": found.periods,
        "differ": found.wrong,
        "agrees": found.agrees,
        "unexplained": [list(place) for place in found.unexplained[:MOST_PLACES]],
        "contradicted": [list(place) for place in found.contradicted[:MOST_PLACES]],
    }


def _audited(found: Audit) -> list[str]:
    if not found.bursts:
        return []
    periods, bursts = counted(found.periods, "period"), counted(found.bursts, "burst")
    head = f"audit: CRC-32 of {periods} in {bursts}, played against captured"
    if not found.agrees:
        return [f"{head}: THE RECORD CONTRADICTS ITSELF: {'; '.join(_contradictions(found))}"]
    if not found.wrong:
        return [f"{head}: all are alike"]
    return [f"{head}: {count(found.wrong)} differ, all of them where wrong runs are recorded"]


def _contradictions(found: Audit) -> list[str]:
    out = []
    for places, words in (
        (found.unexplained, "differs and no wrong run is recorded there"),
        (found.contradicted, "is alike and a wrong run is recorded there"),
    ):
        if places:
            burst, period = places[0]
            more = f" (and {len(places) - 1} more)" if len(places) > 1 else ""
            out.append(f"burst {burst}, period {period} {words}{more}")
    return out
