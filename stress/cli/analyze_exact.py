# SPDX-License-Identifier: MIT
"""Judge a capture by the pattern, and know what else `generate` may have written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from stress.detect.exact.auxiliary_known import known_auxiliary
from stress.detect.exact.expected import Expected
from stress.detect.exact.known_playing import Known
from stress.detect.exact.recording_check import Judged, check_recording
from stress.detect.exact.survey import KnownRecording, survey
from stress.detect.exact.turns import Turns, find_turns, without_turns
from stress.detect.path.judge import Behind, judge_behind, with_changes
from stress.detect.path.suspect import Suspicion
from stress.model.arrays import Bytes
from stress.model.finding import Analysis
from stress.model.formats import MOST_CHANNELS
from stress.model.words import count
from stress.patterns.word import PATTERNS, Pattern

if TYPE_CHECKING:
    import argparse

    from stress.files.audio import AudioSource
    from stress.model.ring import Rings

# Frames per read: 64 KB of S16 stereo, small beside any memory we run in.
BLOCK_FRAMES = 1 << 14


def judged_by_pattern(
    args: argparse.Namespace, source: AudioSource, rings: Rings, *, tail: bool = True
) -> tuple[Judged, int | None]:
    """Return what the pattern says of a capture, and the frames in which stale data would have shown.

    The other pattern is tried where this one is not found, and an auxiliary
    stimulus in turn with it where frames are wrong; None stands for all frames.

    Parameters
    ----------
    tail : judge what has nothing of the pattern from its last right frame to the end.
    """
    known = Known(args.position, played(args, source.rate), source.rate)
    capture = KnownRecording(lambda first, stop: source.blocks(BLOCK_FRAMES, first, stop), source.frames)
    unlocked: Judged | None = None
    for name in (args.pattern, *(other for other in PATTERNS if other != args.pattern)):
        pattern = Pattern(name, source.fmt, source.channels)
        found = survey(capture.read(0, capture.frames), pattern)
        if name != args.pattern and not found.spans:
            continue
        expected = Expected(pattern, rings, line_bytes=args.line)
        turns = find_turns(capture, pattern, source.rate, found)
        if turns is not None:
            read = without_turns(capture.read, pattern, source.rate, turns)
            judged = check_recording(KnownRecording(read, capture.frames), expected, known)
            return _with_turns(judged, turns), judged.analysis.checked_frames // 2
        judged = check_recording(capture, expected, known, found, tail=tail)
        if name != args.pattern:
            judged = _noted(judged, f"the pattern is {name}: judged as such (--pattern {name} says so)")
        if judged.analysis.locked:
            return judged, None
        unlocked = unlocked or judged
    return unlocked or Judged(Analysis("exact", False, source.frames)), None


def path_judgement(
    args: argparse.Namespace,
    source: AudioSource,
    rings: Rings,
    locked: tuple[int, int] | None,
    suspicion: Suspicion,
) -> Behind:
    """Return what the exact detector says behind the path of a capture; see `judge_behind`."""
    pattern = Pattern(args.pattern, source.fmt, source.channels)
    restored: list[Bytes] = []
    behind = judge_behind(
        source.blocks(BLOCK_FRAMES, 0, source.frames),
        pattern,
        rings,
        first_position=args.position,
        line_bytes=args.line,
        restored=restored,
        locked=locked,
        suspicion=suspicion,
    )
    if behind.analysis is None or behind.sent is None:
        return behind
    # The ends of the file, passes and gaps are judged as those of any other capture.
    every = np.concatenate(restored)
    size = behind.sent.frame_bytes
    known = Known(args.position, played(args, source.rate), source.rate)
    capture = KnownRecording(
        lambda first, stop: iter((every[first * size : stop * size],)), every.size // size
    )
    expected = Expected(behind.sent, rings, line_bytes=args.line)
    judged = check_recording(capture, expected, known)
    if judged.ends_strange:
        judged = check_recording(capture, expected, known, tail=False)
    if not judged.analysis.locked:
        return behind
    analysis = with_changes(judged.analysis, behind.changes)
    return replace(behind, analysis=analysis, advice=tuple(judged.advice))


def frames_of(args: argparse.Namespace, source: AudioSource) -> tuple[Pattern, Callable[[int, int], Bytes]]:
    """Return the pattern of a capture, and a reader of any stretch of its frames.

    The reader takes the first frame and the one behind the last; it returns (n * frame_bytes,) uint8.
    """

    def read(first: int, stop: int) -> Bytes:
        blocks = [np.array(block, np.uint8).reshape(-1) for block in source.blocks(BLOCK_FRAMES, first, stop)]
        return np.concatenate([np.empty(0, np.uint8), *blocks])

    return Pattern(args.pattern, source.fmt, source.channels), read


def auxiliary_line(args: argparse.Namespace, source: AudioSource) -> str:
    """Return what to say of a capture of an auxiliary stimulus, "" where it is none."""
    if source.channels > MOST_CHANNELS:
        return ""
    pattern = Pattern(args.pattern, source.fmt, source.channels)
    found = known_auxiliary(
        lambda first, stop: source.blocks(BLOCK_FRAMES, first, stop), source.frames, pattern
    )
    if found is None:
        return ""
    name, frames, differing = found
    told = (
        f"{count(differing)} of its {count(frames)} frames differ"
        if differing
        else f"{count(frames)} frames of it"
    )
    return (
        f"the capture is the stimulus {name} of generate ({told}): it repeats itself and shows no stale "
        f"data; play the pattern, or generate --stimulus {name} --interleave 1s"
    )


def _noted(judged: Judged, note: str) -> Judged:
    analysis = judged.analysis
    return replace(judged, analysis=replace(analysis, notes=(note, *analysis.notes)))


def _with_turns(judged: Judged, turns: Turns) -> Judged:
    return _noted(
        judged,
        f"the pattern takes turns with {turns.name}, {count(turns.frames)} frames each: both are judged, and "
        "only turns of the pattern count as exposure",
    )


def played(args: argparse.Namespace, rate: int) -> int | None:
    """Return the frames that were played, None where the user does not say."""
    if args.duration is None:
        return int(args.frames) if args.frames else None
    return round(float(args.duration) * rate)
