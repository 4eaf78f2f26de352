# SPDX-License-Identifier: MIT
"""Judge a capture by a known source with the exact detector."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from stress.detect.exact.checker import Begun, ExactChecker
from stress.detect.exact.expected import Expected
from stress.detect.exact.findings import CAP
from stress.detect.exact.idle import LEAST_IDLE
from stress.detect.foreign.source import KnownSource, SourceDecoder
from stress.model.arrays import Bytes
from stress.model.finding import Analysis
from stress.model.ring import Rings
from stress.model.stimulus import POSITIONS
from stress.model.words import counted

# Frames that a device may have counted before the capture. Source: six hours at 48 kHz.
EVER = 1 << 30


@dataclass(frozen=True)
class JudgedBySource:
    """What a known source says of a capture, and what keeps it from PASS."""

    analysis: Analysis
    advice: tuple[str, ...] = ()


def judge_by(
    source: KnownSource, rows: Bytes, rings: Rings, line_bytes: int = 32, due: int | None = None
) -> JudgedBySource:
    """Judge every frame between the silence before and behind what was played.

    Parameters
    ----------
    rows : (n, frame_bytes) uint8, the whole capture.
    due : frames that were played, None where it is not known.
    """
    frames = len(rows)
    lock = source.locked_at(rows)
    if lock is None:
        return JudgedBySource(Analysis("exact", False, frames))
    loud = np.flatnonzero(rows.any(axis=1))
    start, end, advice = int(loud[0]), int(loud[-1]) + 1, []
    start = 0 if start < LEAST_IDLE else start
    position = (lock[1] - (lock[0] - start)) % POSITIONS
    rest = source.silent_until_end(position + end - start)
    if due is not None:
        end = min(frames, start + due)
    elif frames - end < LEAST_IDLE:
        end = frames
    elif rest is not None:
        end = min(frames, end + rest)
    else:
        advice.append(
            f"the last {counted(frames - end, 'frame')} are silent: the end of what was played, or damage "
            "(--frames or --duration says how much was played)"
        )
    lost = source.lost_before(position) if start else 0
    if lost:
        advice.append(f"behind silence it begins at frame {position}: {counted(lost, 'frame')} are lost")
    first = source.begins
    if first is None:
        # A device counts by itself: any older value may be in its ring, and no playback ring is.
        first, rings = (position - EVER) % POSITIONS, replace(rings, playback=None)
    checker = ExactChecker(
        Expected(source, rings, first_position=first, line_bytes=line_bytes, cap=CAP),
        begun=Begun(position, None, source.fmt.bits, frame=start),
        decoding=SourceDecoder,
    )
    checker.feed(np.ascontiguousarray(rows[start:end]).ravel())
    analysis = checker.finish()
    notes = tuple(one for one in (*analysis.notes, f"judged by {source.told}", source.blind) if one)
    return JudgedBySource(replace(analysis, frames=frames, notes=notes), tuple(advice))
