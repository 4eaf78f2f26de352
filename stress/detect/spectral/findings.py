# SPDX-License-Identifier: MIT
"""Events on the playback clock as findings in the capture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from stress.detect.exact.ring_offset import line_of
from stress.detect.spectral.explain import Event
from stress.detect.spectral.laps import HOLD, SWAP, ZERO, Guess
from stress.model.finding import Finding, Kind
from stress.model.ring import Rings
from stress.model.stimulus import POSITIONS

_KINDS = {ZERO: Kind.ZERO, SWAP: Kind.SWAP, HOLD: Kind.HOLD}


def whole_laps(rings: Rings, laps: int) -> list[int]:
    """Return the lags of 1..`laps` laps of either ring, without repeats [frames]."""
    sizes = [size for size in (rings.playback, rings.capture) if size]
    return sorted({size * lap for size in sizes for lap in range(1, laps + 1)})


def ring_of(lag: int, rings: Rings, laps: int) -> tuple[str | None, int | None]:
    """Return the ring and the laps a lag belongs to; the fewest laps win."""
    fits = [
        (lag // size, name)
        for name, size in (("playback", rings.playback), ("capture", rings.capture))
        if size and lag % size == 0 and 1 <= lag // size <= laps
    ]
    if not fits:
        return None, None
    count, name = min(fits, key=lambda fit: fit[0])
    return name, count


class FindingMaker:
    """Make findings of guesses.

    Parameters
    ----------
    captured : captured frame of a played one, channel delay included.
    """

    def __init__(
        self,
        rings: Rings,
        laps: int,
        frame_bytes: int,
        first_position: int,
        captured: Callable[[int], int],
    ) -> None:
        self._rings, self._laps, self._frame_bytes = rings, laps, frame_bytes
        self._first_position, self._captured = first_position, captured

    def finding(self, guess: Guess, score: float) -> Finding:
        """Return the finding of one explained event."""
        frames = guess.stop - guess.start
        frame = self._captured(guess.start)
        details: dict[str, Any] = {"score": round(score, 1)}
        position = (self._first_position + guess.start) % POSITIONS
        if not isinstance(guess.source, int):
            kind = _KINDS[guess.source]
            offset, line = self._place(guess, "playback")
            text = f"{kind.value} for {frames} frames at frame {frame}"
            return Finding(
                kind, frame, frames, position, None, None, None, offset, line, False, details, text
            )
        ring, laps = ring_of(guess.source, self._rings, self._laps)
        kind = Kind.STALE if ring else Kind.MISPLACED
        offset, line = self._place(guess, ring or "playback")
        age = f"{laps} lap{'s' if laps != 1 else ''} of the {ring} ring" if ring else "no whole lap"
        text = f"{frames} frames at frame {frame} are {guess.source} frames old: {age}"
        return Finding(
            kind, frame, frames, position, guess.source, laps, ring, offset, line, False, details, text
        )

    def _place(self, guess: Guess, ring: str) -> tuple[int | None, int | None]:
        length = (guess.stop - guess.start) * self._frame_bytes
        if ring == "capture":
            size, first = self._rings.capture, self._rings.capture_start + self._captured(guess.start)
        else:
            size, first = self._rings.playback, guess.start
        start = (first % size if size else first) * self._frame_bytes
        return (start if size else None), line_of(start, length)


def joined(events: Sequence[Event]) -> list[tuple[Guess, float]]:
    """Return explained events in order, touching runs of one source made one."""
    guesses = sorted(((e.guess, e.score) for e in events if e.guess), key=lambda pair: pair[0].start)
    out: list[tuple[Guess, float]] = []
    for guess, score in guesses:
        if out and out[-1][0].source == guess.source and guess.start - out[-1][0].stop <= 1:
            last, best = out.pop()
            stop = max(last.stop, guess.stop)
            merged = Guess(guess.source, last.start, stop, last.gain + guess.gain)
            out.append((merged, max(best, score)))
        else:
            out.append((guess, score))
    return out


def episodes(findings: Sequence[Finding], span: int) -> int:
    """Return how many groups the findings form, `span` frames apart at most."""
    count, last = 0, -span - 1
    for finding in sorted(findings, key=lambda f: f.frame):
        count += finding.frame - last > span
        last = max(last, finding.frame + finding.frames)
    return count
