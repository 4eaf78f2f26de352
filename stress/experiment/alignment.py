# SPDX-License-Identifier: MIT
"""What a lock alone cannot see: a start that never came, and a stream late by whole laps.

The detector takes the first pattern frame it finds as the beginning. When the
ring was stale from the start, the first frames are missing; and when every
line without exception is one lap old, the stream is merely late by a ring. Both
show once the pointers of the two streams are asked when the pattern was due.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from stress.detect.exact.decode import NONE, Decoder
from stress.model.arrays import Bytes
from stress.model.finding import SILENT, Analysis, Finding, Kind
from stress.model.stimulus import POSITIONS
from stress.model.words import count, counted
from stress.patterns.word import Pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stress.model.pcm import Direction, Exchange
    from stress.model.ring import Rings

# Longest way a frame may take from the playback ring to the capture ring and be
# called latency [s]. Source: snd-usb-audio queues at most 18 ms of URBs; the
# modelled and emulated cards take 3 to 16 ms in all, converters below 5 ms.
# Higher: a ring of that length that is stale throughout is taken for latency;
# lower: a slow but honest card is accused.
LONGEST_LATENCY_S = 0.040
LOST_START = "lost_start"  #: detail of frames that were lost before the first one that was judged


@dataclasses.dataclass(frozen=True)
class Streams:
    """How the two streams of a burst were set up.

    Parameters
    ----------
    mapped : directions that went through mmap; only they can be a lap late.
    rate : of both [Hz].
    position : pattern position of the first frame sent.
    """

    rings: Rings
    mapped: Sequence[Direction]
    rate: int
    position: int


def settle(analysis: Analysis, captured: Bytes, exchange: Exchange, streams: Streams) -> Analysis:
    """Add what the alignment hides.

    Parameters
    ----------
    captured : (frames * frame_bytes,) uint8, what was judged.
    """
    if analysis.lock is None:
        return _silent(analysis, captured, exchange)
    frame, position = analysis.lock
    missing = (position - streams.position) % POSITIONS
    due = frame - missing
    late = _late(exchange, due, streams)
    if late is not None:
        return _all_stale(analysis, frame, position, *late)
    if missing and due >= 0:
        return _missing_start(analysis, captured, due, missing, streams.position)
    if frame > 0 > due:
        return _lost_start(analysis, frame, missing, position)
    return analysis


def _lost_start(analysis: Analysis, frame: int, missing: int, position: int) -> Analysis:
    # The capture ran before the stream began, so its first frames did not come in before it: they are lost,
    # which takes time as a stall does, and no ring's data is wrong.
    what = f"{counted(missing - frame, 'frame')} or more lost at the start"
    start = Finding(
        kind=Kind.DROP,
        frame=frame,
        frames=missing - frame,
        position=position,
        details={LOST_START: True, "transport": what},
        text=(
            f"Behind {counted(frame, 'captured frame')} the pattern begins with its frame {missing}: {what}."
        ),
    )
    return dataclasses.replace(
        analysis.adding(start), wrong_frames=analysis.wrong_frames + start.frames, episodes=analysis.episodes
    )


def _silent(analysis: Analysis, captured: Bytes, exchange: Exchange) -> Analysis:
    # Zeros throughout are an unconnected cable, or lines of an all-zero ring that
    # never left the cache; only the other arms can tell.
    if not len(captured) or captured.any() or exchange.xruns or exchange.lost:
        return analysis
    return dataclasses.replace(analysis, notes=(*analysis.notes, SILENT))


def _late(exchange: Exchange, due: int, streams: Streams) -> tuple[str, int, int] | None:
    played, taken = exchange.playback.hw_ptr, exchange.capture.hw_ptr
    if played is None or taken is None or exchange.xruns or exchange.lost:
        return None
    # Both streams run from one clock: at any moment capture is this far ahead.
    latency = due - (taken - played)
    longest = round(LONGEST_LATENCY_S * streams.rate)
    found = [
        (latency % ring, direction.value, latency // ring, ring)
        for direction in streams.mapped
        for ring in [streams.rings.playback if direction.value == "playback" else streams.rings.capture]
        if ring and ring > longest and latency >= ring and latency % ring <= longest
    ]
    if not found:
        return None
    _, side, laps, ring = min(found)
    return side, laps, ring


def _all_stale(analysis: Analysis, frame: int, first: int, side: str, laps: int, ring: int) -> Analysis:
    frames = analysis.checked_frames
    whole = Finding(
        kind=Kind.STALE,
        frame=frame,
        frames=frames,
        position=(first + laps * ring) % POSITIONS,
        lag=laps * ring,
        laps=laps,
        ring=side,
        details={"uniform": True},
        text=(
            f"All {count(frames)} frames from capture frame {frame} on are {counted(laps, 'whole lap')} of "
            f"the {side} ring old: the stream comes {laps * ring} frames later than the pointers of both "
            "streams allow."
        ),
    )
    return dataclasses.replace(
        analysis.adding(whole),
        wrong_frames=max(frames, analysis.wrong_frames),
        episodes=max(1, analysis.episodes),
    )


def _missing_start(analysis: Analysis, captured: Bytes, due: int, missing: int, position: int) -> Analysis:
    step = len(captured) // analysis.frames
    silent = not captured[due * step : (due + missing) * step].any()
    start = Finding(
        kind=Kind.ZERO if silent else Kind.UNKNOWN,
        frame=due,
        frames=missing,
        position=position,
        details={"start": True},
        text=(
            f"The first {missing} frames of the pattern were due from capture frame {due} on and are "
            f"{'zero' if silent else 'not the pattern'}."
        ),
    )
    return dataclasses.replace(
        analysis.adding(start),
        wrong_frames=analysis.wrong_frames + missing,
        checked_frames=analysis.checked_frames + missing,
        first_frame=due,
        first_position=position,
        episodes=analysis.episodes + 1,
    )


def old_start(analysis: Analysis, captured: Bytes, stimulus: object, rings: Rings) -> Analysis:
    """Return `analysis` with the age of a start that is not the pattern due, where it is older pattern.

    Parameters
    ----------
    captured : (frames * frame_bytes,) uint8, what was judged.
    stimulus : what was played; only the pattern tells its age.
    """
    start = analysis.findings[0] if analysis.findings else None
    if start is None or start.kind is not Kind.UNKNOWN or not start.details.get("start"):
        return analysis
    if not isinstance(stimulus, Pattern):
        return analysis
    step = stimulus.frame_bytes
    raw = captured[start.frame * step : (start.frame + start.frames) * step]
    lags = Decoder(stimulus, rings).lags(raw, start.position, anywhere=True)
    ages, times = np.unique(lags[lags != NONE], return_counts=True)
    # More than half of one age: chance gives no two of them.
    if not len(ages) or 2 * times.max() <= start.frames or ages[times.argmax()] <= 0:
        return analysis
    lag = int(ages[times.argmax()])
    text = f"{start.text[:-1]}, but older data: {count(lag)} frames old, of before this stream began."
    aged = dataclasses.replace(start, kind=Kind.MISPLACED, lag=lag, text=text)
    counts = dict(analysis.counts)
    counts[Kind.UNKNOWN] -= 1
    counts[Kind.MISPLACED] = counts.get(Kind.MISPLACED, 0) + 1
    kept = {kind: number for kind, number in counts.items() if number}
    return dataclasses.replace(analysis, findings=(aged, *analysis.findings[1:]), counts=kept)
