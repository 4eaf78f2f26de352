# SPDX-License-Identifier: MIT
"""Where the delay jumps: dropped, repeated and inserted frames, and long stale runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stress.detect.spectral import fit
from stress.detect.spectral.clock import Fitted, SegmentClock, on_played_clock
from stress.detect.spectral.findings import ring_of
from stress.detect.spectral.measure import peak_offset
from stress.detect.spectral.resample import PAD, Resampler
from stress.detect.spectral.signal import Reference
from stress.detect.spectral.splice import OnClock, Splice, place
from stress.detect.spectral.track import BLOCK, Track
from stress.model.arrays import Floats, Signal
from stress.model.finding import Finding, Kind
from stress.model.ring import Rings
from stress.model.stimulus import POSITIONS


@dataclass(frozen=True)
class Jump:
    """One change of delay.

    Parameters
    ----------
    frame : first captured frame that no longer follows the old delay.
    resumed : first captured frame that follows the new one.
    frames : change of delay [frames]: positive is later, negative is lost data.
    played : played frame due at `frame`.
    splice : how it was placed.
    """

    frame: int
    resumed: int
    frames: float
    played: int
    splice: Splice


def jumps(y: Signal, x: Reference, track: Track, fitted: Fitted) -> list[Jump]:
    """Return the jump between each pair of neighbouring segments.

    Parameters
    ----------
    y : (n,) float32, the captured channel.
    """
    return [_jump(y, x, track, fitted, i) for i in range(len(track.segments) - 1)]


def _jump(y: Signal, x: Reference, track: Track, fitted: Fitted, index: int) -> Jump:
    before, after = track.segments[index], track.segments[index + 1]
    old, new = fitted.clocks[index], fitted.clocks[index + 1]
    begin = before.stop - BLOCK
    size = after.start + BLOCK - begin
    resampler = Resampler(size + 4 * PAD)
    at = round(old.played(begin))
    moved = old.played(begin) - new.played(begin)
    then = at - round(moved)
    earlier = OnClock(_seen_from(y, old, at, size, resampler), _played(x, at, size))
    later = OnClock(_seen_from(y, new, then, size, resampler), _played(x, then, size))
    splice = place(earlier, later, fitted.taps, round(moved))
    frame = round(float(old.captured(np.array([at + float(splice.at)]))[0]))
    played = at + splice.at
    if splice.side == "playback":
        frame += peak_offset(fitted.taps)
    else:
        played -= peak_offset(fitted.taps)
    return Jump(frame, frame + splice.gap, moved, played, splice)


def _seen_from(y: Signal, clock: SegmentClock, at: int, size: int, resampler: Resampler) -> Floats:
    heard = on_played_clock(y, clock, at, size, resampler).astype(np.float64)
    return np.asarray(heard - heard.mean())


def _played(x: Reference, at: int, size: int) -> Floats:
    return x.sent(at + fit.PRE - fit.TAPS + 1, size + fit.TAPS - 1).astype(np.float64)


def findings(changes: Sequence[Jump], rings: Rings, laps: int, first_position: int) -> list[Finding]:
    """Return jumps as findings; there and back by whole laps is a stale run."""
    out: list[Finding] = []
    index = 0
    while index < len(changes):
        jump = changes[index]
        back = changes[index + 1] if index + 1 < len(changes) else None
        lag = round(jump.frames)
        ring, count = ring_of(lag, rings, laps)
        position = (first_position + jump.played) % POSITIONS
        if back is not None and ring and abs(jump.frames + back.frames) < 0.6:
            frames = back.frame - jump.frame
            age = f"{lag} frames old: {count} laps of the {ring} ring"
            text = f"{frames} frames at frame {jump.frame} are {age}"
            out.append(Finding(Kind.STALE, jump.frame, frames, position, lag, count, ring, text=text))
            index += 2
            continue
        out.append(_slip(jump, position))
        index += 1
    return out


def _slip(jump: Jump, position: int) -> Finding:
    size = max(1, abs(round(jump.frames)))
    details = {"slip_frames": round(jump.frames, 3), "side": jump.splice.side}
    if jump.frames < 0:
        text = f"{size} frames are missing before frame {jump.frame}"
        return Finding(Kind.DROP, jump.frame, size, position, details=details, text=text)
    if not jump.splice.gap:
        text = f"{size} frames come twice at frame {jump.frame}"
        return Finding(Kind.REPEAT, jump.frame, size, position, lag=size, details=details, text=text)
    what = "silence" if jump.splice.silent else "noise"
    text = f"{size} frames of {what} are inserted at frame {jump.frame}"
    return Finding(Kind.INSERT, jump.frame, size, position, details={**details, "content": what}, text=text)
