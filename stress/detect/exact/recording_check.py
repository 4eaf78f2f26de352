# SPDX-License-Identifier: MIT
"""Judge a capture made by hand: find its passes of the pattern, and check each of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from stress.detect.exact.checker import Begun, ExactChecker
from stress.detect.exact.decode import Decoder
from stress.detect.exact.expected import Expected
from stress.detect.exact.findings import CAP
from stress.detect.exact.known_playing import FIRST_POSITION, Known
from stress.detect.exact.lock import PLAIN_FRAMES
from stress.detect.exact.loop_drain import without_drain
from stress.detect.exact.passes import Pass, Planner
from stress.detect.exact.ring_offset import signed
from stress.detect.exact.survey import KnownRecording, Span, Survey, survey
from stress.detect.exact.valid_bits import top_mask
from stress.model.finding import Analysis, Finding, Kind, Site
from stress.model.histogram import Axes, joined, places_of
from stress.model.ring import Rings
from stress.model.stimulus import POSITIONS
from stress.model.words import count, counted
from stress.patterns.word import Pattern


@dataclass(frozen=True)
class Judged:
    """The analysis of a capture, and why it is no PASS where nothing wrong was found.

    Parameters
    ----------
    foreign : captured frame behind the last right one, from which on nothing was pattern and which is
        judged; None without such a tail.
    """

    analysis: Analysis
    advice: tuple[str, ...] = ()
    foreign: int | None = None

    @property
    def ends_strange(self) -> bool:
        """Whether the capture ends with frames that show the pattern in no form."""
        return self.foreign is not None and is_strange(self.analysis, self.foreign)


def check_recording(
    capture: KnownRecording,
    expected: Expected,
    known: Known,
    found: Survey | None = None,
    *,
    tail: bool = True,
) -> Judged:
    """Check every pass of the pattern in a capture.

    Parameters
    ----------
    expected : pattern, rings and cache line; `known` says where it begins and ends.
    known : what the user says of what was played.
    found : the survey of the capture, None to make it.
    tail : judge what is neither pattern nor idle from the last right frame to the end.
    """
    pattern, rings = expected.pattern, expected.rings
    known = replace(known, laps=tuple(size for size in (rings.playback, rings.capture) if size))
    found = found or survey(capture.read(0, capture.frames), pattern)
    spans = found.spans
    lock = _lock(capture, expected, known)
    if not spans or lock is None:
        return Judged(_plain(capture, expected, known))
    spans = tuple(_from_first(capture, pattern, span) for span in spans)
    lock = _right_from(capture, pattern, *lock)
    planner = Planner(capture.read, capture.frames, pattern, known, tail=tail)
    passes = planner.passes(spans, lock)
    parts = [_judged(capture, expected, known, one) for one in passes]
    axes = Axes(rings, pattern.frame_bytes, known.position or 0, expected.line_bytes)
    whole = _joined([part.analysis for part in parts], capture.frames, axes)
    advice = tuple(line for part in parts for line in part.advice)
    return Judged(whole, advice, planner.foreign if tail else None)


#: Kinds of frames that have nothing of the pattern in them.
STRANGE = (Kind.UNKNOWN, Kind.ZERO, Kind.HOLD, Kind.MUTE)


def is_strange(analysis: Analysis, start: int) -> bool:
    """Tell whether what is wrong from captured frame `start` on shows the pattern in no form."""
    behind = [one for one in analysis.findings if one.frame + one.frames > start]
    return bool(behind) and all(one.frame >= start and one.kind in STRANGE for one in behind)


def _plain(capture: KnownRecording, expected: Expected, known: Known) -> Analysis:
    checker = ExactChecker(replace(expected, first_position=known.position, played_limit=known.frames))
    for block in capture.read(0, capture.frames):
        checker.feed(block)
    return checker.finish()


def _lock(capture: KnownRecording, expected: Expected, known: Known) -> tuple[int, int] | None:
    checker = ExactChecker(replace(expected, first_position=known.position))
    for block in capture.read(0, capture.frames):
        checker.feed(block)
        if checker.lock is not None:
            return checker.lock
    checker.finish()
    return checker.lock


def _from_first(capture: KnownRecording, pattern: Pattern, span: Span) -> Span:
    start, position = _right_from(capture, pattern, span.start, span.position)
    return replace(span, start=start, position=position)


def _right_from(capture: KnownRecording, pattern: Pattern, frame: int, position: int) -> tuple[int, int]:
    # A lone frame of mono shows no position; beside right ones it does. Position 0 is all
    # zeros, as silence is.
    back = min(2, frame, signed(position - FIRST_POSITION))
    if back <= 0:
        return frame, position
    decoder = Decoder(pattern, Rings(), top_mask(pattern))
    seen = np.concatenate([decoder.rows(block).copy() for block in capture.read(frame - back, frame)])
    right = (seen == decoder.expected((position - back) % POSITIONS, back)).all(axis=1)
    more = 0 if not right[-1] else 1 if back == 1 or not right[0] else 2
    return frame - more, (position - more) % POSITIONS


def _judged(capture: KnownRecording, expected: Expected, known: Known, one: Pass) -> Judged:
    frame, position = one.lock
    probe = [block.copy() for block in capture.read(frame, min(frame + PLAIN_FRAMES, one.end))]
    begun = Begun.at_lock(np.concatenate(probe), position, expected.pattern, frame - one.start, one.start)
    first = known.position if known.position is not None and signed(position - known.position) >= 0 else None
    limit = None
    if known.end is not None:
        limit = max(0, signed(known.end - (begun.position if first is None else first)))
    checker = ExactChecker(replace(expected, first_position=first, played_limit=limit), begun=begun)
    for block in capture.read(one.start, one.end):
        checker.feed(block)
    analysis = checker.finish()
    analysis = replace(analysis, notes=(*analysis.notes, *one.notes))
    if one.lost:
        analysis = _with_lost(analysis, one, known.position or 0)
    advice = list(one.advice)
    if one.doubtful_head and analysis.findings:
        analysis, doubt = _without_doubtful(analysis, frame)
        advice += doubt
    end = one.end if limit is None else min(one.end, frame + max(0, signed((known.end or 0) - position)))
    analysis, drained = without_drain(analysis, capture.read, end, expected.pattern, known)
    if drained:
        advice.append(drained)
    return Judged(analysis, tuple(advice))


def _with_lost(analysis: Analysis, one: Pass, due: int) -> Analysis:
    text = (
        f"{counted(one.lost, 'frame')} are missing between the silence and frame {count(one.start)}: "
        f"position {due} was due first, {one.position % POSITIONS} came."
    )
    lost = Finding(Kind.DROP, one.start, one.lost, due, text=text)
    return replace(
        analysis.adding(lost), wrong_frames=analysis.wrong_frames + one.lost, episodes=analysis.episodes + 1
    )


def _without_doubtful(analysis: Analysis, lock: int) -> tuple[Analysis, list[str]]:
    # Before the lock and without silence before them: frames that nothing explains may be anything.
    head = [one for one in analysis.findings if one.frame + one.frames <= lock]
    if not head or any(one.kind is not Kind.UNKNOWN for one in head):
        return analysis, []
    rest = [one for one in analysis.findings if one not in head]
    left = analysis.found - len(analysis.findings)
    frames = sum(one.frames for one in head)
    counts = {**analysis.counts, Kind.UNKNOWN: analysis.counts[Kind.UNKNOWN] - len(head)}
    sites = {**analysis.sites}
    for one in head:
        site = (one.kind, one.ring, one.laps)
        sites[site] = sites.get(site, 1) - 1
    out = replace(
        analysis,
        findings=tuple(rest),
        counts={kind: number for kind, number in counts.items() if number},
        sites={site: number for site, number in sites.items() if number > 0},
        wrong_frames=max(0, analysis.wrong_frames - frames),
        checked_frames=analysis.checked_frames - (head[-1].frame + head[-1].frames - head[0].frame),
        episodes=analysis.episodes if rest or left else 0,
    )
    first, last = head[0].frame, head[-1].frame + head[-1].frames - 1
    return out, [
        f"frames {count(first)} to {count(last)}, before the first right frame, are not the pattern, and no "
        "silence shows when it began: not judged"
    ]


def _joined(parts: list[Analysis], frames: int, axes: Axes) -> Analysis:
    # One analysis of all passes; its first frame and position are those of the first.
    counts: dict[Kind, int] = {}
    sites: dict[Site, int] = {}
    for part in parts:
        for kind, number in part.counts.items():
            counts[kind] = counts.get(kind, 0) + number
        for site, number in part.sites.items():
            sites[site] = sites.get(site, 0) + number
    found = tuple(one for part in parts for one in part.findings)
    beyond = (*(part.beyond for part in parts), places_of(found[CAP:], axes))
    return replace(
        parts[0],
        frames=frames,
        checked_frames=sum(part.checked_frames for part in parts),
        counts=counts,
        sites=sites,
        findings=found[:CAP],
        beyond=joined(beyond),
        wrong_frames=sum(part.wrong_frames for part in parts),
        episodes=sum(part.episodes for part in parts),
        notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
    )
