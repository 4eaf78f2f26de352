# SPDX-License-Identifier: MIT
"""A life-cycle event in the middle of a burst: its silence is taken out, so that the rest is one stream.

Behind a pause, or an underrun, the pattern goes on where it stopped. In between the capture
holds silence, and behind an underrun what a driver plays beyond the last frame it was given:
older data of the ring. Both are what the event is. With them taken out, a frame that was lost,
repeated, rotated or stale across it shows as it would anywhere else.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stress.model.finding import Analysis, Finding, Kind
from stress.model.lifecycle import FirstLap, LifecycleEvent

if TYPE_CHECKING:
    from stress.model.arrays import Bytes, Flags
    from stress.model.middle import Middle, Stood
    from stress.model.pcm import Exchange, StreamResult

# Frames of pattern by which the place of the event is known. Higher: a fault near the event hides the
# place, and only silence is taken out; lower: mono or 8-bit frames may look alike by chance.
_NEEDLE = 8
# Beyond the time that the stream stands still: it settles, starts again, and emulated machines are late [s].
EXTRA_S = 0.6
_KINDS = {
    Kind.SWAP: FirstLap.ROTATED,
    Kind.ROTATE: FirstLap.ROTATED,
    Kind.STALE: FirstLap.STALE,
    Kind.DROP: FirstLap.LOST,
    Kind.REPEAT: FirstLap.REPEATED,
    Kind.ZERO: FirstLap.MUTE,
    Kind.MUTE: FirstLap.MUTE,
}


class Gap(NamedTuple):
    """What was taken out of a capture.

    Parameters
    ----------
    at : first captured frame of it [frames].
    frames : its length [frames].
    returned : the pattern was there again behind it.
    """

    at: int
    frames: int
    returned: bool


def gap_in(seen: Bytes, played: Bytes, middle: Middle, frame_bytes: int, lap: int) -> Gap:
    """Return what the event put into a capture.

    Parameters
    ----------
    seen : (n * frame_bytes,) uint8: the captured frames.
    played : (m * frame_bytes,) uint8: what was played, from the first frame on.
    lap : frames of the playback ring: as much old data may be played beyond the last frame.
    """
    step, at = frame_bytes, middle.frames
    data, out = seen.tobytes(), played.tobytes()
    before = _frame_of(data, out[max(0, at - _NEEDLE) * step : at * step], step, 0)
    first = None if before is None else before + min(at, _NEEDLE)
    last = _frame_of(data, out[at * step : (at + _NEEDLE) * step], step, first or 0)
    silent: Flags = np.logical_not(seen[: len(seen) // step * step].reshape(-1, step).any(axis=1))
    if (
        first is not None
        and last is not None
        and _is_of_event(data, out, first, last, middle, step, lap, silent)
    ):
        return Gap(first, last - first, True)
    begin, end = _silence(silent, first, last)
    return Gap(begin, end - begin, end < len(silent))


def _is_of_event(
    data: bytes,
    out: bytes,
    first: int,
    last: int,
    middle: Middle,
    step: int,
    lap: int,
    silent: Flags,
) -> bool:
    heard = np.flatnonzero(~silent[first:last])
    if not heard.size:
        return True
    if middle.event is LifecycleEvent.PAUSE:
        return False
    old = data[(first + int(heard[0])) * step : (first + int(heard[-1]) + 1) * step]
    return old in out[max(0, middle.frames - lap) * step : middle.frames * step]


def _silence(silent: Flags, first: int | None, last: int | None) -> tuple[int, int]:
    """Return the silence that begins at `first`, ends at `last`, or else the longest between two sounds."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], silent.astype(np.int8), [0]))))
    runs = [(int(begin), int(end)) for begin, end in zip(edges[::2], edges[1::2])]
    if first is not None:
        return next((run for run in runs if run[0] == first), (first, first))
    if last is not None:
        return next((run for run in runs if run[1] == last), (last, last))
    inner = [run for run in runs if run[0] and run[1] < len(silent)]
    return max(inner, key=lambda run: run[1] - run[0], default=(0, 0))


def _frame_of(data: bytes, needle: bytes, step: int, start: int) -> int | None:
    place = data.find(needle, start * step) if needle else -1
    while place >= 0 and place % step:
        place = data.find(needle, place + 1)
    return place // step if place >= 0 else None


def without(exchange: Exchange, gap: Gap, stood: Stood, event: LifecycleEvent) -> Exchange:
    """Return the burst as if capture had stood still in the gap, and no time had passed.

    What a clock says behind it is again only what the stream lost by itself.
    """
    playback = _later(exchange.playback, stood.playback_ns)
    if event is LifecycleEvent.XRUN_PLAYBACK:
        playback = replace(playback, least_queued=None)  # the event itself emptied the queue
    capture = exchange.capture
    hw_ptr = None if capture.hw_ptr is None else capture.hw_ptr - gap.frames
    capture = _later(replace(capture, frames=capture.frames - gap.frames, hw_ptr=hw_ptr), stood.playback_ns)
    return replace(exchange, playback=playback, capture=capture)


def _later(stream: StreamResult, still_ns: int) -> StreamResult:
    return replace(stream, started_ns=min(stream.started_ns + still_ns, stream.ended_ns))


def outcome(analysis: Analysis, gap: Gap, lap: int) -> tuple[FirstLap, int]:
    """Return what the lap behind the event held, and how many of its frames are not right.

    Parameters
    ----------
    analysis : of the capture without the gap.
    lap : frames of the larger ring.
    """
    if not analysis.locked or not gap.returned:
        return FirstLap.MUTE, 0
    end = gap.at + lap
    near = [
        finding
        for finding in analysis.findings
        if not finding.injected and finding.frame < end and finding.frame + finding.frames >= gap.at
    ]
    found = {_named(finding) for finding in near}
    frames = sum(min(finding.frames, end - finding.frame) for finding in near)
    worst = (*dict.fromkeys(_KINDS.values()), FirstLap.WRONG)
    return next((one for one in worst if one in found), FirstLap.RIGHT), frames


def _named(finding: Finding) -> FirstLap:
    if finding.kind is Kind.MISPLACED and (finding.lag or 0) > 0:
        return FirstLap.STALE
    return _KINDS.get(finding.kind, FirstLap.WRONG)
