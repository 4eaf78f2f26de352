# SPDX-License-Identifier: MIT
"""Find where old data begins and ends inside a frame, to the byte.

A cache line need not hold whole frames: 32 bytes are five and a third frames
of S24_3LE stereo. The frames at its ends are part right and part old, decode to
nothing, and are told apart byte by byte. Bytes that fit both sides leave a range;
an edge of a line inside it decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from stress.detect.exact.decode import Decoder
from stress.detect.exact.ring_offset import MAX_LAPS, RingGeometry, lines_within, signed
from stress.detect.exact.track import TrackEvent
from stress.model.arrays import Bytes, Flags

if TYPE_CHECKING:
    Due = Callable[[int, int], int]

# Bytes that name an age by comparison alone [bytes]. Source: 24 bits against 16
# candidates, 1e-6 by chance. Higher: one stale sample of 24 bits is unknown;
# lower: two damaged bytes are called stale.
FEWEST_BYTES = 3

# Laps tried for data too short to decode. Source: ages are geometric, 8 laps
# cover all but a few per mille. Higher: more chance hits; lower: more unknown.
TRIED_LAPS = 8

# Frames at an edge that may be part old [frames]. Source: a 16-byte half line
# touches two frames of any format above 8 bytes; in mono two more may lack the
# other half of their word. Higher: damage beside a stale
# line is tried as part of it; lower: a half line in two frames is unknown.
MOST_PARTIAL, MOST_PARTIAL_MONO = 2, 4


# Part-old frames of a stretch that may fit nothing before the rest is left as damage.
# Source: 2000 frames of dithered mono leave some 1500. Higher: seconds on a burst of
# noise; lower: a part of a line behind dither is unknown.
MOST_FAILED, MOST_FAILED_MONO = 512, 2048

AT_ONCE = 512  #: events whose bytes are compared together


class Edges:
    """Settles part-old frames of one stretch.

    Parameters
    ----------
    rows : (n, frame_bytes) uint8, masked.
    due : position due at a frame of the stretch under a shift.
    slipped : frames by which earlier alignments differ from that of the stretch.
    """

    def __init__(
        self, decoder: Decoder, geometry: RingGeometry, rows: Bytes, due: Due, slipped: list[int]
    ) -> None:
        self._decoder, self._geometry, self._rows, self._due = decoder, geometry, rows, due
        self._slipped = slipped
        self._size, self._failed = rows.shape[1], 0
        self._most_failed = MOST_FAILED_MONO if decoder.pattern.channels == 1 else MOST_FAILED

    @property
    def needed(self) -> bool:
        """False where every half line holds whole frames that prove themselves."""
        known = self._decoder.pattern
        return known.positional and (bool(16 % self._size) or known.channels == 1)

    def settle(self, events: list[TrackEvent], frame: int) -> list[TrackEvent]:
        """Return the events with part-old frames joined to their old data.

        Parameters
        ----------
        frame : capture frame of the first of the stretch.
        """
        out: list[TrackEvent] = []
        moved_slips: set[int] = set()
        most = MOST_PARTIAL_MONO if self._decoder.pattern.channels == 1 else MOST_PARTIAL
        for at, event in enumerate(events):
            after = events[at + 1] if at + 1 < len(events) and _touch(event, events[at + 1]) else None
            if event.what != "noise":
                out += [] if at in moved_slips else [event]
                continue
            before = out[-1] if out and _touch(out[-1], event) else None
            if after is not None and after.what == "slip":
                short = event.end - event.start <= most
                own = self._split(event, before, None) if short else None
                if own:  # old up to the slip
                    out += own
                    continue
                # What is inserted behind old data ends it inside a frame.
                longer = after.lag > 0 and event.end - event.start > after.lag
                head, event = self._head(event, before) if longer and before else ([], event)
                behind = events[at + 2] if at + 2 < len(events) and _touch(after, events[at + 2]) else None
                extra = event.end - event.start - max(after.lag, 0)
                if 0 < extra <= most:
                    # Old from its first frame on, in the alignment behind the slip.
                    cut = event.end - extra
                    pieces = self._split(replace(event, start=cut, shift=after.shift), None, behind)
                    if pieces:
                        rest = [replace(event, end=cut)] if cut > event.start else []
                        out += [*head, *rest, replace(after, start=cut, end=cut), *pieces]
                        moved_slips.add(at + 1)
                        continue
                out += [*head, event]
                continue
            short = event.end - event.start <= most
            out += (self._split(event, before, after) if short else None) or self._peel(event, before, after)
        return self._snapped(_merge(out), frame)

    def _peel(
        self, noise: TrackEvent, before: TrackEvent | None, after: TrackEvent | None
    ) -> list[TrackEvent]:
        # The first or last frame of damage may be the part-old edge of old data beside it.
        head, noise = self._head(noise, before)
        if head and noise.end - noise.start == 1:
            last = self._split(noise, head[-1], after)
            if last:
                return [*head, *last]
        tail: list[TrackEvent] = []
        for _ in range(MOST_PARTIAL):
            if noise.end - noise.start < 2 and not (noise.end > noise.start and head and after):
                break
            final = replace(noise, start=noise.end - 1)
            piece = self._split(final, None, tail[0] if tail else after)
            if not piece:
                break
            tail, noise = [*piece, *tail], replace(noise, end=final.start)
        return [*head, *([noise] if noise.end > noise.start else []), *tail]

    def _head(self, noise: TrackEvent, before: TrackEvent | None) -> tuple[list[TrackEvent], TrackEvent]:
        # Part-old frames that the damage begins with, and the rest.
        head: list[TrackEvent] = []
        for _ in range(MOST_PARTIAL):
            first = replace(noise, end=noise.start + 1)
            piece = self._split(first, head[-1] if head else before, None) if noise.end > first.end else None
            if not piece:
                break
            head, noise = [*head, *piece], replace(noise, start=first.end)
        return head, noise

    def _split(
        self, noise: TrackEvent, before: TrackEvent | None, after: TrackEvent | None
    ) -> list[TrackEvent] | None:
        # Leading bytes of the data before, trailing bytes of the data after, or old data between.
        if self._failed >= self._most_failed:
            return None
        lag_a = before.lag if before is not None and before.what == "displaced" else 0
        lag_b = after.lag if after is not None and after.what == "displaced" else 0
        fits = dict(zip((0, lag_a, lag_b), self._fits(noise, (0, lag_a, lag_b))))
        size = len(fits[0])
        for a, b in ((lag_a, lag_b), (lag_a, 0), (0, lag_b)):
            if a != b and _leading(fits[a]) + _leading(fits[b][::-1]) >= size:
                return [replace(noise, what="displaced", lag=lag) for lag in (a, b) if lag]
        tail = _leading(fits[lag_b][::-1])
        tried: list[int] = []
        # Old data that ended at the edge of a frame leaves right bytes behind it.
        for a in dict.fromkeys((lag_a, 0)):
            head = _leading(fits[a])
            if size - tail - head < FEWEST_BYTES:
                continue
            tried = tried or self._candidates(noise)
            old = self._fits(noise, tried)[:, head : size - tail].all(axis=1)
            if old.any():
                lags = (a if head else 0, tried[int(np.argmax(old))], lag_b if tail else 0)
                return [replace(noise, what="displaced", lag=lag) for lag in lags if lag]
        self._failed += 1
        return None

    def _candidates(self, noise: TrackEvent) -> list[int]:
        # Whole laps that any channel pair of the frames claims, then the likely ones.
        rings = self._decoder.rings
        laps = range(1, TRIED_LAPS + 1)
        tried = [k * size for k in laps for size in (rings.playback, rings.capture) if size]
        if rings.capture:
            tried += [k * rings.capture + signed(d - noise.shift) for k in laps for d in self._slipped]
        if self._decoder.pattern.channels == 1:
            return tried
        rows = self._rows[noise.start : noise.end]
        claimed = self._decoder.pattern.positions(np.ascontiguousarray(rows).ravel()).astype(np.int64)
        due = self._due(noise.start, noise.shift) + np.arange(len(rows))[:, None]
        lags = np.unique(signed(due - claimed))
        return [*(int(lag) for lag in lags if self._geometry.whole_laps(int(lag))), *tried]

    def _fits(self, event: TrackEvent, lags: Sequence[int]) -> Flags:
        # Which bytes are those of each lag, (lags, bytes): one image for all of them.
        due = self._due(event.start, event.shift) + np.arange(event.end - event.start, dtype=np.int64)
        positions = (due - np.array(lags, np.int64)[:, None]).ravel()
        rows = self._rows[event.start : event.end]
        image = self._decoder.image(positions).reshape(len(lags), *rows.shape)
        # One channel and no rings leave no lag to try.
        fits: Flags = (image == rows).reshape(len(lags), rows.size)
        return fits

    def _snapped(self, events: list[TrackEvent], frame: int) -> list[TrackEvent]:
        # One image for many events: each of them is a few frames only.
        out: list[TrackEvent] = []
        for first in range(0, len(events), AT_ONCE):
            some = events[first : first + AT_ONCE]
            wide = [self._wide(event) for event in some if event.what == "displaced"]
            fits = iter(self._old_and_right(wide) if wide else ())
            out += [self._snap(one, frame, *next(fits)) if one.what == "displaced" else one for one in some]
        return out

    def _wide(self, event: TrackEvent) -> TrackEvent:
        return replace(event, start=max(event.start - 1, 0), end=min(event.end + 1, len(self._rows)))

    def _old_and_right(self, events: Sequence[TrackEvent]) -> Iterator[tuple[Flags, Flags]]:
        # Which bytes of each event are old by its lag, and which are right.
        frames = [np.arange(event.start, event.end, dtype=np.int64) for event in events]
        sizes = [len(one) for one in frames]
        at = np.concatenate(frames)
        due = at + np.repeat([self._due(0, event.shift) for event in events], sizes)
        rows = self._rows[at]
        old = self._decoder.image(due - np.repeat([event.lag for event in events], sizes)) == rows
        right = self._decoder.image(due) == rows
        ends = np.cumsum(sizes).tolist()
        return ((old[b - n : b].ravel(), right[b - n : b].ravel()) for n, b in zip(sizes, ends))

    def _snap(self, event: TrackEvent, frame: int, old: Flags, right: Flags) -> TrackEvent:
        # Find the bytes: those that are old beyond doubt, and how far they may reach unseen.
        size, start = self._size, max(event.start - 1, 0)
        own = slice((event.start - start) * size, (event.end - start) * size)
        body = np.flatnonzero(old[own] & ~right[own]) + own.start
        if not body.size:
            return event
        low, high = int(body[0]), int(body[-1]) + 1
        both = old & right
        least = low - (int(np.argmin(both[:low][::-1])) if not both[:low].all() else low)
        rest = both[high:]
        most = high + (int(np.argmin(rest)) if not rest.all() else len(rest))
        first, last = self._choose(event, start, frame, (least, low), (high, most))
        base = start * size
        return replace(
            event,
            start=(base + first) // size,
            end=-(-(base + last) // size),
            first=base + first,
            last=base + last,
        )

    def _choose(
        self, event: TrackEvent, start: int, frame: int, head: tuple[int, int], tail: tuple[int, int]
    ) -> tuple[int, int]:
        # An edge of a line wins, the largest first; then one of a frame, then one of a sample.
        # Behind a slip the lag of old capture data is no whole lap; the capture ring still counts.
        rings = (name for name, laps in self._geometry.laps(event.lag) if laps <= MAX_LAPS)
        ring = next(rings, "capture")
        offset = self._geometry.offset(ring, frame + start, self._due(start, event.shift))
        base = None if offset is None else offset * self._size
        return self._pick(range(head[1], head[0] - 1, -1), base), self._pick(
            range(tail[0], tail[1] + 1), base
        )

    def _pick(self, choices: range, base: int | None) -> int:
        if base is not None:
            for line in lines_within(self._geometry.line_bytes):
                for byte in choices:
                    if (base + byte) % line == 0:
                        return byte
        sample = self._decoder.pattern.fmt.sample_bytes
        edges = (byte for unit in (self._size, sample) for byte in choices if byte % unit == 0)
        return next(edges, choices[0])


def _leading(fits: Flags) -> int:
    # Bytes that fit from the first on.
    return len(fits) if fits.all() else int(np.argmin(fits))


def _touch(one: TrackEvent, other: TrackEvent) -> bool:
    return one.end == other.start and (one.shift == other.shift or other.what == "slip")


def _merge(events: list[TrackEvent]) -> list[TrackEvent]:
    # Old data of one lag that touches or overlaps is one event.
    out: list[TrackEvent] = []
    for event in events:
        last = out[-1] if out else None
        if (
            last is not None
            and last.what == event.what == "displaced"
            and (last.lag, last.shift) == (event.lag, event.shift)
            and event.start <= last.end
        ):
            out[-1] = replace(last, start=min(last.start, event.start), end=max(last.end, event.end))
        else:
            out.append(event)
    return out
