# SPDX-License-Identifier: MIT
"""The capture ring, judged by the wire: what was read against what came in.

Any source will do, the pattern is not needed: the driver put the packets into
the ring in this order, so what is read has to be the same bytes. Wrong bytes
are looked for one or more ring laps earlier in the same stream.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stress.detect.exact.compare import memory
from stress.detect.exact.findings import CAP
from stress.detect.exact.ring_offset import line_of
from stress.detect.exact.window import run_edges
from stress.model.arrays import Bytes, Flags, Ints
from stress.model.finding import Analysis, Finding, Kind
from stress.model.histogram import Axes
from stress.model.ring import Rings
from stress.model.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

# Laps a wrong line is compared with. Source: round-robin caches keep a line a
# few laps. Higher: time, and a dull source matches by chance; lower: lines that
# survive longer are called unknown.
MOST_LAPS = 16
# Laps a line has to differ from for its staleness to show. Higher: a source
# with a short period has less exposure than it deserves; lower: a line two laps
# old could pass as right.
TOLD_APART = 2
# Frames compared at once after a slip, and how many times as many next as long as none follows: for
# speed only. Every slip moves all that follows, so what lies behind it has to be compared again.
WINDOW_FRAMES, GROWTH = 1024, 2
_NO_AGE = -1
# Wrong frames in a row that may be a slip, and the frames that prove it.
# Higher: short slips are called unknown; lower: chance matches realign a stream.
SLIP_FRAMES, KEY_FRAMES = 96, 24
# Laps to either side in which the frames behind a slip are looked for. Higher: time, and chance matches;
# lower: a slip by more is called unknown.
SLIP_LAPS = 8
# Blocks of the read by which its beginning is looked for in what came in.
# Higher: time where nothing agrees; lower: damage of the first lap hides the beginning.
HEAD_BLOCKS = 16


def distinct_lines(into: Bytes, frames: int, ring: int, frame_bytes: int, line_bytes: int) -> int:
    """Return in how many ring lines of `frames` frames stale data would show.

    A line counts when it differs from the same place of the ring one lap and
    two laps before; of a silent source none does.

    Parameters
    ----------
    into : (n * frame_bytes,) uint8, n at least `frames`.
    ring : [frames].
    """
    size, lap = max(1, line_bytes // frame_bytes) * frame_bytes, ring * frame_bytes
    data = into[: frames * frame_bytes]
    tells: Flags = np.ones(data.size // size, dtype=np.bool_)
    for laps in range(1, TOLD_APART + 1):
        # The newest lines are judged by the laps there are; before the first lap the ring held zeros.
        older = np.zeros_like(data)
        older[laps * lap :] = data[: -laps * lap]
        tells &= _rows(data != older, size).any(axis=1)
    return int(tells.sum())


def _rows(data: np.ndarray[Any, Any], size: int) -> np.ndarray[Any, Any]:
    # The whole pieces of so many items, one a row.
    return data[: data.size - data.size % size].reshape(-1, size)


def bytes_not_taken(read: Bytes, into: Bytes, frame_bytes: int) -> int:
    """Return how many bytes came in before the first one that was read.

    An IN endpoint runs before the capture stream where playback is paced by it
    (implicit feedback), and quirks drop the first packets of a device, or the first
    bytes of a stream. Old data of a ring can never lie ahead, so what is ahead at the
    very start is what the driver did not take.

    Parameters
    ----------
    read, into : (n * frame_bytes,) uint8; `into` may end within a frame.
    """
    heard = _rows(read, frame_bytes)
    for at in _telling_blocks(heard):
        part, behind = heard[at : at + SLIP_FRAMES], heard[at + 1 : at + SLIP_FRAMES + 1]
        # A block may begin in silence, which agrees with any other.
        moves = (part != behind).any(axis=1)
        first = at * frame_bytes
        if _agrees(part, _rows(into[first : first + part.size], frame_bytes), moves):
            return 0
        place = into[first:].tobytes().find(part[:KEY_FRAMES].tobytes())
        here = first + place
        if place > 0 and _agrees(part, _rows(into[here : here + part.size], frame_bytes), moves):
            return place
    return 0


def _telling_blocks(frames: Bytes) -> list[int]:
    # Silence agrees with silence anywhere: only blocks in which most frames differ from their neighbour tell.
    moves = (frames[1:] != frames[:-1]).any(axis=1)
    tell = _rows(moves, SLIP_FRAMES).mean(axis=1) >= 0.5
    places: list[int] = (np.flatnonzero(tell) * SLIP_FRAMES).tolist()
    return places[:HEAD_BLOCKS]


def _agrees(part: Bytes, other: Bytes, moves: Flags) -> bool:
    # Of the frames that differ from their neighbour, at least half are the same.
    same = (part[: len(other)] == other[: len(part)]).all(axis=1)
    return 2 * int((same & moves[: len(same)]).sum()) >= int(moves.sum())


def compare_read(
    read: Bytes, into: Bytes, ring: int, frame_bytes: int, line_bytes: int = 32, cap: int = CAP
) -> Analysis:
    """Compare what was read with what came in; both from the first frame on.

    Parameters
    ----------
    read, into : (n * frame_bytes,) uint8. `into` may be longer: the driver was
        ahead; when it is shorter, only what it covers is compared.
    ring : capture ring [frames].
    cap : findings kept in full; counts go on past it.
    """
    frames = min(read.size, into.size) // frame_bytes
    if memory().same(read[: frames * frame_bytes], into[: frames * frame_bytes]):
        return Analysis("wire", bool(frames), frames, frames, 0, 0)
    found = list(_Stream(read, into, ring, frame_bytes, line_bytes).findings(frames))
    episodes = len({finding.frame // ring for finding in found})
    axes = Axes(Rings(None, ring), frame_bytes, line_bytes=line_bytes)
    return Analysis("wire", True, frames, frames, 0, 0, episodes=episodes).holding(found, cap, axes)


class _Stream:
    # Both streams as rows of one frame, and how they lie to each other.
    def __init__(self, read: Bytes, into: Bytes, ring: int, frame_bytes: int, line_bytes: int) -> None:
        self._read, self._into = _rows(read, frame_bytes), _rows(into, frame_bytes)
        self._ring, self._frame_bytes, self._line_bytes = ring, frame_bytes, line_bytes

    def findings(self, frames: int) -> Iterator[Finding]:
        at = shift = 0
        size = WINDOW_FRAMES
        while at < (whole := min(frames, len(self._into) - shift)):
            end = min(at + size, whole)
            pieces, size = self._pieces(at, end, shift), size * GROWTH
            at = end
            for first, last, age in pieces:
                moved = self._slip(first, last, whole, shift) if age is None else 0
                if moved:
                    yield self._moved(first, moved)
                    at, shift, size = first + max(0, -moved), shift + moved, WINDOW_FRAMES
                    break
                if end < whole and (end - last) * self._frame_bytes < self._line_bytes:
                    # It may go on behind the window: it is judged in the next one, from its start.
                    at = first
                    break
                yield self._wrong(first, last, age, shift)

    def _pieces(self, at: int, end: int, shift: int) -> list[tuple[int, int, int | None]]:
        # Wrong runs within ring lines with their age in laps (0: zeros, None:
        # neither), neighbours of one age joined.
        wrong = np.flatnonzero(self._differs(at, end, shift)) + at
        if not wrong.size:
            return []
        lap, offset = np.divmod(wrong, self._ring)
        line = offset * self._frame_bytes // self._line_bytes
        cuts = np.flatnonzero(np.diff(lap) | np.diff(line)) + 1
        first, last = wrong[np.concatenate([[0], cuts])], wrong[np.concatenate([cuts, [wrong.size]]) - 1] + 1
        first, last, ages = self._without_torn(first, last, self._ages(first, last, shift), shift)
        joined: list[tuple[int, int, int | None]] = []
        for a, b, age in zip(first.tolist(), last.tolist(), ages):
            if joined and joined[-1][2] == age and self._joins(joined[-1][1], a, age, shift):
                joined[-1] = (joined[-1][0], b, age)
            else:
                joined.append((a, b, age))
        return joined

    def _without_torn(
        self, first: Ints, last: Ints, ages: list[int | None], shift: int
    ) -> tuple[Ints, Ints, list[int | None]]:
        # A copy goes on by bytes: a run that has an age but for its first frame is that frame, and the rest.
        mixed = np.array([row for row, age in enumerate(ages) if age is None], dtype=np.intp)
        mixed = mixed[last[mixed] - first[mixed] > 1]
        if not mixed.size:
            return first, last, ages
        rest = dict(zip(mixed.tolist(), self._ages(first[mixed] + 1, last[mixed], shift)))
        pieces: list[tuple[int, int, int | None]] = []
        for row, (a, b, age) in enumerate(zip(first.tolist(), last.tolist(), ages)):
            if rest.get(row) is not None:
                pieces.append((a, a + 1, None))
                a, age = a + 1, rest[row]
            pieces.append((a, b, age))
        starts, ends, of = zip(*pieces)
        return np.array(starts, dtype=np.int64), np.array(ends, dtype=np.int64), list(of)

    def _differs(self, first: int, end: int, shift: int) -> Flags:
        wrong: Flags = (self._read[first:end] != self._into[first + shift : end + shift]).any(axis=1)
        return wrong

    def _ages(self, first: Ints, last: Ints, shift: int) -> list[int | None]:
        ages = np.full(len(first), _NO_AGE, dtype=np.int64)
        base = int(first[0])
        # Silence of the last lap is stale; of silence longer ago nobody can say that it is not just zeros.
        for laps in (1, 0, *range(2, MOST_LAPS + 1)):
            if (ages != _NO_AGE).all():
                break
            misses = np.concatenate([[0], np.cumsum(self._unlike(base, int(last[-1]), laps, shift))])
            ages[(ages == _NO_AGE) & (misses[last - base] == misses[first - base])] = laps
        return [None if age == _NO_AGE else age for age in ages.tolist()]

    def _unlike(self, first: int, end: int, laps: int, shift: int) -> Flags:
        unlike: Flags = np.ones(end - first, dtype=np.bool_)
        if not laps:
            unlike[:] = self._read[first:end].any(axis=1)
            return unlike
        source = first + shift - laps * self._ring
        missing = min(max(0, -source), end - first)
        older = self._into[source + missing : source + end - first]
        unlike[missing:] = (self._read[first + missing : end] != older).any(axis=1)
        return unlike

    def _joins(self, end: int, first: int, age: int | None, shift: int) -> bool:
        if age is None or end == first:
            return end == first
        # Frames between that are right by chance, as old and new data agree there.
        small = (first - end) * self._frame_bytes < self._line_bytes
        return small and not self._unlike(end, first, age, shift).any()

    def _slip(self, first: int, last: int, end: int, shift: int) -> int:
        # Frames by which all that follows is moved: > 0 missing, < 0 repeated.
        if (last - first) * self._frame_bytes < self._line_bytes or end - first < SLIP_FRAMES:
            return 0
        if self._differs(first, first + SLIP_FRAMES, shift).mean() < 0.5:
            return 0
        at = first + SLIP_FRAMES // 2
        key = self._read[at : at + KEY_FRAMES]
        near = max(0, at + shift - SLIP_LAPS * self._ring)
        where = self._into[near : at + shift + SLIP_LAPS * self._ring].tobytes()
        place = where.find(key.tobytes())
        if place < 0 or place % self._frame_bytes or not key.any():
            return 0
        moved = near + place // self._frame_bytes - at - shift
        follows = first + max(0, -moved)
        after = min(end, follows + SLIP_FRAMES, len(self._into) - shift - moved)
        whole_laps = moved < 0 and moved % self._ring == 0
        if whole_laps or after <= follows or self._differs(follows, after, shift + moved).mean() >= 0.5:
            return 0
        return moved

    def _moved(self, frame: int, moved: int) -> Finding:
        kind, words = (Kind.DROP, "are missing") if moved > 0 else (Kind.REPEAT, "come twice")
        text = f"{abs(moved)} frames that came over the wire {words} in what was read, at frame {frame}."
        return Finding(kind, frame, abs(moved), frame, details={"source": "wire"}, text=text)

    def _wrong(self, first: int, last: int, age: int | None, shift: int) -> Finding:
        offset = first % self._ring * self._frame_bytes
        length = (last - first) * self._frame_bytes
        line = line_of(offset, length, self._line_bytes)
        details: dict[str, Any] = {"source": "wire", **run_edges(offset, length, line, self._line_bytes)}
        kind = {None: self._kind_of(first, last, shift), 0: Kind.ZERO}.get(age, Kind.STALE)
        if age is None and last - first == 1 and self._is_torn(first, shift):
            details["torn"] = True
        stale = kind is Kind.STALE
        return Finding(
            kind=kind,
            frame=first,
            frames=last - first,
            position=first + shift,
            lag=(age or 0) * self._ring if stale else None,
            laps=age if stale else None,
            ring="capture" if stale else None,
            ring_offset=offset,
            line_bytes=line,
            details=details,
            text=_text(kind, first, last, age, offset),
        )

    def _is_torn(self, frame: int, shift: int) -> bool:
        # The bytes of one frame up to a place as they came, and from there on as they were one lap before.
        older = frame + shift - self._ring
        if older < 0:
            return False
        new, old, seen = self._into[frame + shift], self._into[older], self._read[frame]
        copied = int(np.argmax(seen != new))
        return copied > 0 and bool((seen[copied:] == old[copied:]).all())

    def _kind_of(self, first: int, last: int, shift: int) -> Kind:
        both = self._read[first:last] ^ self._into[first + shift : last + shift]
        bits = int(np.unpackbits(both).sum())
        return Kind.BITFLIP if bits <= last - first else Kind.UNKNOWN


def _text(kind: Kind, first: int, last: int, age: int | None, offset: int) -> str:
    what = {
        Kind.STALE: f"hold what came over the wire {counted(age or 0, 'lap')} of the capture ring earlier",
        Kind.ZERO: "are zero",
        Kind.BITFLIP: "differ in single bits from what came over the wire",
    }.get(kind, "are not what came over the wire")
    return f"{last - first} frames read from frame {first} on (capture ring offset {offset}) {what}."
