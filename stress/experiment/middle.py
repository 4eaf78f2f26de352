# SPDX-License-Identifier: MIT
"""A life-cycle event in the middle of a burst: its silence is taken out, so that the rest is one stream.

Behind a pause the pattern goes on where it stopped. In between the capture holds silence, which
is what the event is. With it taken out, a frame that was lost, repeated, rotated or stale across
it shows as it would anywhere else. An underrun is between two bursts only: snd-usb-audio takes
back the packets that are on their way when it notices one, so the last frames before it are lost
by design (48 of them on the lab's card, each time).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stress.experiment.first_lap import OF_KIND, worst
from stress.model.finding import Analysis, Finding, Kind
from stress.model.lifecycle import FirstLap

if TYPE_CHECKING:
    from stress.model.arrays import Bytes, Flags
    from stress.model.middle import Middle, Stood
    from stress.model.pcm import Exchange, StreamResult

# Frames of pattern by which the place of the event is known. Higher: a fault near the event hides the
# place, and only silence is taken out; lower: mono or 8-bit frames may look alike by chance.
_NEEDLE = 8
# Beyond the time that the stream stands still: it settles, starts again, and emulated machines are late [s].
EXTRA_S = 0.6


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
    """Return the silence that the event put into a capture.

    A pause stops what the device takes from the ring, so its silence lies anywhere in the
    last ring-full that was written before it.

    Parameters
    ----------
    seen : (n * frame_bytes,) uint8: the captured frames.
    played : (m * frame_bytes,) uint8: what was played, from the first frame on.
    lap : frames of the playback ring.
    """
    step, at = frame_bytes, middle.frames
    data, out = seen.tobytes(), played.tobytes()
    silent: Flags = np.logical_not(seen[: len(seen) // step * step].reshape(-1, step).any(axis=1))
    sound = np.flatnonzero(~silent)
    if not sound.size:
        return Gap(0, 0, False)
    begun = max(0, at - lap)
    known = _frame_of(data, out[max(0, begun - _NEEDLE) * step : begun * step], step, 0)
    first = int(sound[0]) if known is None else known
    last = _frame_of(data, out[at * step : (at + _NEEDLE) * step], step, first)
    begin, end = _longest_run(silent, first, int(sound[-1]) + 1 if last is None else last)
    if last is None and begin == end:
        # Nothing but silence behind it: the stream did not return.
        begin, end = int(sound[-1]) + 1, len(silent)
    if begin == end:
        return Gap(last or first, 0, last is not None)
    return Gap(begin, end - begin, end < len(silent))


def _longest_run(silent: Flags, first: int, last: int) -> tuple[int, int]:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], silent[first:last].astype(np.int8), [0]))))
    runs = [(first + int(begin), first + int(end)) for begin, end in zip(edges[::2], edges[1::2])]
    return max(runs, key=lambda run: run[1] - run[0], default=(first, first))


def _frame_of(data: bytes, needle: bytes, step: int, start: int) -> int | None:
    place = data.find(needle, start * step) if needle else -1
    while place >= 0 and place % step:
        place = data.find(needle, place + 1)
    return place // step if place >= 0 else None


def without(exchange: Exchange, gap: Gap, stood: Stood) -> Exchange:
    """Return the burst as if capture had stood still in the gap, and no time had passed.

    What a clock says behind it is again only what the stream lost by itself.
    """
    playback = _later(exchange.playback, stood.playback_ns)
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
    return worst(found), frames


def _named(finding: Finding) -> FirstLap:
    if finding.kind is Kind.MISPLACED and (finding.lag or 0) > 0:
        return FirstLap.STALE
    return OF_KIND.get(finding.kind, FirstLap.WRONG)
