# SPDX-License-Identifier: MIT
"""The path in words: which loopback, what the channel is, what the checksums say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stress.board.pcm_name import NAMED
from stress.model.words import count, counted

if TYPE_CHECKING:
    from stress.verdict.audit import Audit
    from stress.verdict.summary import Summary

MOST_PLACES = 5
# How the verdict line names the detectors.
JUDGED = {
    "exact": "bit for bit",
    "checksum": "by checksums",
    "spectral": "through an analog cable",
    "wire": "from the USB bus",
}


def first(run: Summary) -> list[str]:
    """Return the path and what to do about it, a line each; nothing where every bit gets through."""
    said, plugins = run.loopback, _plugins(run)
    if said is None or not said.path:
        return plugins
    return [
        f"path: {said.path}{f'; {said.lost}' if said.lost else ''}",
        *([f"  {said.advice}"] if said.advice else []),
        *plugins,
    ]


def _plugins(run: Summary) -> list[str]:
    # Of a PCM of alsa-lib the open event says what stands between it and the card.
    devices = {opened.device for opened in run.opened.values() if opened.device.startswith(NAMED)}
    return [f"alsa-lib: {device}" for device in sorted(devices)]


def behind(run: Summary) -> str:
    """Return the path that the verdict stands behind, with its preposition; "" where there is none."""
    said = run.loopback
    return f" behind {said.path}" if said and said.path and not said.lost else ""


def judged(run: Summary) -> str:
    """Return how the bursts were judged, in words: "judged bit for bit"; "" where none was."""
    shares = run.whole.detectors
    ranked = sorted(run.detectors, key=lambda name: (-shares[name], name))
    if not ranked:
        return ""
    main = JUDGED.get(ranked[0], ranked[0])
    bursts = sum(shares.values())
    rest = "".join(f", {shares[name]} of {bursts} bursts {JUDGED.get(name, name)}" for name in ranked[1:])
    return f"judged {main}{rest}"


def detectors(run: Summary) -> str:
    """Return the names of the detectors that judged the bursts."""
    return " and ".join(run.detectors)


def lines(run: Summary) -> list[str]:
    """Return loopback, channel and audit, a line each where there is one."""
    said, seen = run.loopback, run.channel
    # That a detector knew its own stimulus again is the ordinary case.
    why = "" if said is None or said.why.startswith("what came back is the stimulus") else f": {said.why}"
    out = [f"loopback: {said.kind}, judged {JUDGED.get(said.detector, said.detector)}{why}"] if said else []
    if seen:
        out.append(
            f"channel: latency {seen.latency_frames:.1f} frames, gain {seen.gain_db:.2f} dB, drift "
            f"{seen.drift_ppm:.2f} ppm; "
            f"at worst SNR {seen.snr_db:.1f} dB, THD+N {seen.thd_n_db:.1f} dB"
        )
    return out + _audited(run.audit)


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


def contradictions(run: Summary) -> list[str]:
    """Return where the record and its checksums differ; nothing where they agree."""
    return [] if run.audit.agrees or not run.audit.bursts else _audited(run.audit)


def _audited(found: Audit) -> list[str]:
    if not found.bursts:
        return []
    periods, bursts = counted(found.periods, "period"), counted(found.bursts, "burst")
    head = f"audit: CRC-32 of {periods} in {bursts}, played against captured"
    if not found.agrees:
        return [f"{head}: the record is inconsistent with its checksums: {'; '.join(_contradictions(found))}"]
    if not found.wrong:
        return [f"{head}: all are equal"]
    return [f"{head}: {count(found.wrong)} differ, all of them where corruption is recorded"]


def _contradictions(found: Audit) -> list[str]:
    out = []
    for places, others, words in (
        (found.unexplained, found.more_unexplained, "differs and no corruption is recorded there"),
        (found.contradicted, found.more_contradicted, "is equal and corruption is recorded there"),
    ):
        if places:
            burst, period = places[0]
            rest = len(places) - 1 + others
            more = f" (and {rest} more)" if rest else ""
            out.append(f"burst {burst}, period {period} {words}{more}")
    return out
