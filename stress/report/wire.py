# SPDX-License-Identifier: MIT
"""What the tap saw, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stress.model.wire import LANES, UNKNOWN, WRONG
from stress.model.words import count, counted

if TYPE_CHECKING:
    from collections import Counter

    from stress.model.record.findings import FindingRecord
    from stress.verdict.summary import Summary
    from stress.verdict.tally import Tally


def lines(run: Summary) -> list[str]:
    """Return what the tap saw in all bursts, or why there was none."""
    whole, seen = run.whole, run.whole.wire
    if not seen.get("bursts"):
        reasons = sorted(whole.blind) or ([run.tap.blind] if run.tap and run.tap.blind else [])
        return [f"USB bus: not seen: {reason}" for reason in reasons]
    return [
        f"USB bus: OUT differs from what was written in {count(seen['out_wrong'])} of "
        f"{count(seen['out_frames'])} frames, "
        f"what was read differs from IN in {count(seen['in_wrong'])} of {count(seen['in_frames'])}",
        *_traffic(seen),
        *_source(seen),
        *_first_seen(whole),
        *run.samples.notes,
    ]


def unseen(run: Summary) -> list[str]:
    """Return why no tap looked at the bus; nothing where one did, or where there is no bus."""
    return [] if run.whole.wire.get("bursts") else [line for line in lines(run) if "no USB card" not in line]


def first(whole: Tally) -> list[str]:
    """Return where on the bus it went wrong, one line; nothing where nothing did, or no tap looked."""
    seen = whole.wire
    if not seen.get("bursts") or not (seen["out_wrong"] or seen["in_wrong"]):
        return []
    told = [
        f"{100 * seen[wrong] / seen[frames]:.3g} % of {words}"
        for wrong, frames, words in (
            ("out_wrong", "out_frames", "what was sent was already wrong"),
            ("in_wrong", "in_frames", "what arrived was read wrong"),
        )
        if seen[wrong] and seen[frames]
    ]
    rings = [name for name, wrong in (("playback", "out_wrong"), ("capture", "in_wrong")) if seen[wrong]]
    return [f"USB    {'; '.join(told)}: the host's {' and '.join(rings)} ring{'s' * (len(rings) > 1)}"]


# Counts that matter when they are zero: sums leave those out.
_FAILED = ("out_failed", "in_failed")
_TOLD = ("dropped", "truncated", "lost_frames", "out_wrong", "in_wrong", *_FAILED)


def counts(part: Tally) -> dict[str, int]:
    """Return what the tap counted, zeros told; nothing where no tap looked."""
    return {**dict.fromkeys(_TOLD, 0), **part.wire} if part.wire["bursts"] else {}


def lane_words(finding: FindingRecord) -> str:
    """Return the lanes of a recorded finding in words, "" where no tap saw it."""
    lanes = finding.lanes
    if not lanes:
        return ""
    words = {UNKNOWN: "not known", WRONG: "WRONG"}
    return ", ".join(f"{name} {words.get(lanes.of(name), lanes.of(name))}" for name in LANES)


def _traffic(seen: Counter[str]) -> list[str]:
    # The bus of a virtual board has no events that could be lost.
    if not any(seen[name] for name in ("events", "dropped", "truncated", "lost_frames", *_FAILED)):
        return []
    return [
        f"wire: {counted(seen['events'], 'event')}, {seen['dropped']} dropped, "
        f"{seen['truncated']} truncated, {counted(seen['lost_frames'], 'frame')} not seen; "
        f"packets that failed on the bus: {seen['out_failed']} OUT, {seen['in_failed']} IN"
    ]


def _source(seen: Counter[str]) -> list[str]:
    if not seen["in_lines"]:
        return []
    share = 100 * seen["in_telling_lines"] / seen["in_lines"]
    return [
        f"capture source: in {share:.3g} % of the ring lines it differs from one and two laps before, so "
        "that stale data shows there"
    ]


def _first_seen(whole: Tally) -> list[str]:
    if not whole.views:
        return []
    parts = ", ".join(f"{count(number)} in the {view}" for view, number in whole.views.most_common())
    return [f"corruption that was kept, by the layer it first appears in: {parts}"]
