# SPDX-License-Identifier: MIT
"""The exact detector behind a path: name the path, take it off, judge what is left.

The path may change within a capture. A change is one finding at the frame where it
happens; what follows is judged under the new path.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from stress.detect.exact.checker import ExactChecker
from stress.detect.exact.expected import Expected
from stress.detect.exact.findings import CAP
from stress.detect.path.change import change_finding
from stress.detect.path.curve import CURVES
from stress.detect.path.estimate import estimate
from stress.detect.path.estimated import Estimate, Nothing
from stress.detect.path.feed import Feed, active
from stress.detect.path.model import Model, model_of
from stress.detect.path.noise import only_noise
from stress.detect.path.restore import Restorer
from stress.detect.path.suspect import Suspicion
from stress.model.arrays import Bytes, Flags
from stress.model.finding import Analysis, Finding
from stress.model.path import Path
from stress.model.ring import Rings
from stress.model.stimulus import POSITIONS
from stress.patterns.word import Pattern

# Frames that are restored at a time, and those an estimate is drawn from. Source: the fit wants
# 16384, a ratio of rates to 1 ppm 32768. Higher: memory; lower: poorer figures.
BLOCK, ESTIMATED = 1 << 16, 1 << 16

# Frames in a row, hardly one of them right, that call for another path. Source: the fewest a
# path is named from. Higher: a short change is unknown; lower: time on damage.
LOST, LOST_SHARE = 1024, 0.1

# Likewise where a path may leave samples as they are: a bit held in one channel leaves half of the frames.
# What comes of it must explain EXPLAINS of them. Higher: time on local damage; lower: such a path is damage.
PARTLY_LOST, EXPLAINS = 0.9, 0.95

# Changes of path that are followed. Higher: time on noise; lower: a path that comes and goes is
# unknown after some turns.
MOST_CHANGES = 16

# Looks at lost stretches of a capture. Source: each takes half a second. Higher: time on a fade; lower: a
# path that changes behind much damage is unknown.
MOST_LOOKS = 24


@dataclass(frozen=True)
class Behind:
    """What the exact detector says behind a path.

    Parameters
    ----------
    path : from the first frame of the pattern on, None where none could be named.
    nothing : why not.
    analysis : None where the path cannot be taken off.
    changes : of the path, later on.
    sent : the pattern of the restored frames.
    advice : what keeps a clean capture from PASS, a line each.
    blind : the path accounts for wrong frames and cannot be taken off: no frame can be judged.
    """

    path: Path | None
    nothing: Nothing | None = None
    analysis: Analysis | None = None
    changes: tuple[Finding, ...] = ()
    sent: Pattern | None = None
    advice: tuple[str, ...] = ()
    blind: bool = False


def judge_behind(
    blocks: Iterable[Bytes],
    pattern: Pattern,
    rings: Rings,
    *,
    first_position: int | None = None,
    played_limit: int | None = None,
    line_bytes: int = 32,
    known: Estimate | None = None,
    cap: int = CAP,
    restored: list[Bytes] | None = None,
    locked: tuple[int, int] | None = None,
    suspicion: Suspicion = Suspicion.WHOLLY,
) -> Behind:
    """Name the path of a capture and judge behind it.

    Parameters
    ----------
    blocks : of the capture, (n * frame_bytes,) uint8 each.
    pattern : what was played, in the format and channels of the capture.
    first_position : of the first frame played, None where it is not known.
    known : the path at the beginning, where it was found before.
    cap : findings kept in full.
    restored : takes the frames as they were sent, (n,) uint8 each; `Behind.sent` is their pattern.
    locked : captured frame and position where the exact detector locked, None where it did not.
    suspicion : what wrong frames look like.
    """
    size = pattern.frame_bytes
    feed = Feed(blocks, size)
    start = active(feed, pattern)
    if start is None:
        nothing = estimate(np.zeros(size, np.uint8), pattern)
        return Behind(None, nothing if isinstance(nothing, Nothing) else None)
    raw = feed.frames(start, start + ESTIMATED)
    if feed.end is not None:
        raw = raw[: (feed.end - start) * size]
    hint = 1 if first_position is None else first_position
    due = None if locked is None else (locked[1] + start - locked[0]) % POSITIONS
    if due is None and first_position is not None and start:
        # Behind silence the first frame is the first one played.
        due = first_position
    found = known or estimate(raw, pattern, first_frame=start, hint=hint, known=due)
    if isinstance(found, Nothing):
        return Behind(None, _still(found) if start else found)
    if not found.path.invertible:
        return Behind(found.path, blind=_blinds(found.path) or _noisy(feed, pattern, found, start))
    walk = _Walk(feed, pattern, rings, found, first_position, played_limit, line_bytes, cap, restored)
    walk.partly = suspicion is Suspicion.PARTLY
    return walk.run(start)


def _still(nothing: Nothing) -> Nothing:
    # What stands still before it is another word, and may be silence.
    if nothing.what not in ("silence", "constant"):
        return nothing
    return Nothing("constant", "the capture stands still, on one word and then another: no pattern arrived")


def _blinds(path: Path) -> bool:
    # Whether the path itself makes frames wrong, each a little: a filter or noise may be damage.
    return any(path.clipped) or (path.encoding in ("", *CURVES) and path.rate_ratio == 1)


def _noisy(feed: Feed, pattern: Pattern, found: Estimate, start: int) -> bool:
    # Noise alone: each frame of the capture is near the one that was due.
    if found.path.encoding != "noisy":
        return False
    blocks = (feed.frames(frame, stop) for frame, stop in _stretches(feed, start))
    return only_noise(blocks, pattern, found.position + start)


def _stretches(feed: Feed, frame: int) -> Iterator[tuple[int, int]]:
    while True:
        feed.upto(frame + BLOCK)
        stop = frame + BLOCK if feed.end is None else min(feed.end, frame + BLOCK)
        if stop <= frame:
            return
        yield frame, stop
        frame = stop
        feed.drop(frame)


class _Walk:
    # Restores block after block, and looks for another path where one is lost.

    def __init__(
        self,
        feed: Feed,
        pattern: Pattern,
        rings: Rings,
        found: Estimate,
        first_position: int | None,
        limit: int | None,
        line_bytes: int,
        cap: int = CAP,
        restored: list[Bytes] | None = None,
    ) -> None:
        self._kept = restored
        self._feed, self._pattern, self._rings = feed, pattern, rings
        self._path, self._first = found.path, None
        self._model: Model = model_of(found, pattern)
        self._found = found
        self._restorer = Restorer(self._model, found.position, rings)
        self._checker = ExactChecker(
            Expected(
                self._model.sent,
                rings,
                first_position=first_position,
                played_limit=limit,
                line_bytes=line_bytes,
                cap=cap,
            )
        )
        self._changes: list[Finding] = []
        self._open: tuple[int, Estimate] | None = None
        self._first_right: int | None = None
        self._looks = 0
        self.partly = False

    def run(self, start: int) -> Behind:
        frame = 0
        for frame, stop in self._spans():
            frame = self._span(frame, stop)
        self._close(self._feed.end or frame)
        analysis = self._checker.finish()
        analysis = with_changes(analysis, self._changes)
        path = replace(self._path, from_frame=self._first_right if self._first_right is not None else start)
        return Behind(path, None, analysis, tuple(self._changes), self._model.sent)

    def _spans(self) -> Iterator[tuple[int, int]]:
        frame = 0
        while True:
            self._feed.upto(frame + 2 * BLOCK)
            end = self._feed.end
            stop = frame + BLOCK if end is None else min(end - self._model.ahead, frame + BLOCK)
            if stop <= frame:
                return
            yield frame, stop
            frame = stop
            self._feed.drop(frame - 4 - self._model.behind)

    def _span(self, frame: int, stop: int) -> int:
        while frame < stop:
            out, ok = self._restored(frame, stop)
            lost = self._lost(ok, frame, stop)
            if lost is None or len(self._changes) >= MOST_CHANGES:
                self._give(out, ok, frame, stop)
                return stop
            at, found = lost
            size = self._model.sent.frame_bytes
            # A frame that the change cuts in two belongs to it.
            cut = self._cut(ok[: at - frame], model_of(found, self._pattern))
            self._due(out, at - frame - cut, cut, frame)
            self._give(out[: (at - frame) * size], ok[: at - frame], frame, at)
            self._turn(at, found, cut)
            frame = at
        return stop

    def _restored(self, frame: int, stop: int) -> tuple[Bytes, Flags]:
        raw = self._feed.frames(frame - self._model.behind, stop + self._model.ahead)
        return self._restorer.block(raw, frame)

    @staticmethod
    def _cut(ok: Flags, model: Model) -> int:
        # Frames at the end that neither path explains whole.
        most = min(len(ok), model.behind + model.ahead)
        return next((k for k in range(most) if ok[len(ok) - 1 - k]), most)

    def _due(self, out: Bytes, first: int, frames: int, frame: int) -> None:
        # Put what was due in the place of frames that nobody can put together.
        size, at = self._model.sent.frame_bytes, (self._restorer.align + frame + first) % POSITIONS
        if frames:
            out[first * size : (first + frames) * size] = self._model.sent.bytes_at(at, frames)

    def _give(self, out: Bytes, ok: Flags, frame: int, stop: int) -> None:
        if self._first_right is None and ok.any():
            head = int(np.argmax(ok))
            self._first_right = frame + head
            if not frame and head <= self._model.behind:
                # The other part of the first frames came before the capture began.
                self._due(out, 0, head, 0)
        self._checker.feed(out)
        if self._kept is not None:
            self._kept.append(out)

    def _lost(self, ok: Flags, frame: int, stop: int) -> tuple[int, Estimate] | None:
        # Where, behind right frames, another path begins in this block.
        if self._first_right is None and not ok.any():
            return None
        for start in _bare(ok, PARTLY_LOST if self.partly else LOST_SHARE):
            if self._looks >= MOST_LOOKS:
                return None
            self._looks += 1
            at = frame + start
            size = self._pattern.frame_bytes
            raw = self._feed.frames(at, at + ESTIMATED)
            end = self._feed.end
            if end is not None:
                raw = raw[: max(0, end - at) * size]
            if raw.size < LOST * size or not raw[: LOST * size].any():
                continue
            due = (self._restorer.align + at) % POSITIONS
            found = estimate(raw, self._pattern, first_frame=at, hint=due, known=due)
            if isinstance(found, Nothing) or not found.path.invertible:
                continue
            model = model_of(found, self._pattern)
            if model.sent.channels != self._model.sent.channels or self._known(found):
                continue
            if self.partly and not self._explains(raw[: LOST * size], at, found, model):
                continue
            return self._exactly(at, frame, found, model), found
        return None

    def _known(self, found: Estimate) -> bool:
        # The path that holds already: what follows is damage, or a gain that changes all the time.
        same = found.path == replace(self._found.path, from_frame=found.path.from_frame)
        return same and (found.position - self._restorer.align) % POSITIONS == 0

    def _explains(self, raw: Bytes, at: int, found: Estimate, model: Model) -> bool:
        seen = model.seen(raw)
        positions = found.position + at + model.behind + np.arange(len(seen), dtype=np.int64)
        return bool(model.same(seen, model.made(positions)).mean() >= EXPLAINS)

    def _exactly(self, at: int, frame: int, found: Estimate, model: Model) -> int:
        # Back from where nothing fits to the first frame that only the new path explains.
        first = max(frame, at - 2 * LOST)
        raw = self._feed.frames(first - model.behind, at + 64 + model.ahead)
        seen = model.seen(raw)
        positions = found.position + first + np.arange(len(seen), dtype=np.int64)
        new = model.same(seen, model.made(positions))
        old = self._restored(first, at + 64)[1]
        wrong = np.flatnonzero(~new[: at + 32 - first])
        begin = int(wrong[-1]) + 1 if len(wrong) else 0
        bad = np.flatnonzero(~old[begin:])
        return first + begin + (int(bad[0]) if len(bad) else 0)

    def _turn(self, at: int, found: Estimate, cut: int) -> None:
        self._close(at)
        self._model = model_of(found, self._pattern)
        self._restorer = Restorer(self._model, found.position, self._rings)
        if found.path != replace(self._path, from_frame=found.path.from_frame):
            self._open = (at - cut, found)
        self._found = found

    def _close(self, end: int) -> None:
        if self._open is None:
            return
        at, found = self._open
        self._open = None
        position = (found.position + at) % POSITIONS
        self._changes.append(change_finding(self._path, found, at, end - at, position))


def _bare(ok: Flags, least: float) -> list[int]:
    # Where long stretches without right frames begin.
    n = len(ok)
    if n < LOST:
        return []
    sums = np.concatenate([[0], np.cumsum(ok)])
    share = (sums[LOST:] - sums[:-LOST]) / LOST
    bare = share < least
    edges = np.flatnonzero(np.diff(np.concatenate([[False], bare]).astype(np.int8)) == 1)
    # Frames that a path leaves right by chance may stand before it.
    return [int(edge) + _tail(ok[edge : edge + LOST]) for edge in edges[:4]]


def _tail(ok: Flags) -> int:
    # Behind the last run of right frames that is no chance.
    right = np.flatnonzero(ok[:-2] & ok[1:-1] & ok[2:])
    return int(right[-1]) + 3 if len(right) else 0


def with_changes(analysis: Analysis, changes: Sequence[Finding]) -> Analysis:
    """Return the analysis with changes of the path among its findings."""
    for change in reversed(changes):
        analysis = analysis.adding(change)
    if not changes:
        return analysis
    findings = tuple(sorted(analysis.findings, key=lambda one: one.frame))
    wrong = min(analysis.checked_frames, analysis.wrong_frames + sum(one.frames for one in changes))
    return replace(analysis, findings=findings, wrong_frames=wrong, episodes=analysis.episodes + len(changes))


def moved_since(before: Path, analysis: Analysis) -> Analysis:
    """Return the analysis of a later burst, with a finding where its path is another than before."""
    path = analysis.path
    if path is None or _alike(before, path):
        return analysis
    first = analysis.first_frame or 0
    position = analysis.first_position or 0
    change = change_finding(before, Estimate(path, 0), first, analysis.checked_frames, position)
    return with_changes(analysis, [replace(change, text=f"Unlike in earlier bursts: {change.text}")])


def _alike(one: Path, other: Path) -> bool:
    def shape(path: Path) -> tuple[object, ...]:
        return path.channels, path.polarity, path.offset, path.delay_frames, path.encoding

    levels = zip(one.gain_db, other.gain_db)
    near = all((a is None) == (b is None) and abs((a or 0.0) - (b or 0.0)) < 0.02 for a, b in levels)
    return near and shape(one) == shape(other)
