# SPDX-License-Identifier: MIT
"""Turn the events of a stretch into findings with place, age and evidence."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Any

from stress.detect.exact.damage_kind import SHORTEST_DITHER, Namer, Part
from stress.detect.exact.decode import Decoder
from stress.detect.exact.dense import DenseNamer
from stress.detect.exact.findings import merged, sentence
from stress.detect.exact.noise_parts import NoiseParts
from stress.detect.exact.partial_frames import Edges
from stress.detect.exact.ring_offset import RingGeometry, line_of, signed
from stress.detect.exact.track import TrackEvent
from stress.detect.exact.window import Stretch, groups, run_edges
from stress.model.arrays import Bytes
from stress.model.finding import Finding, Kind
from stress.model.stimulus import POSITIONS

# Alignments remembered for data that is old in the capture ring. Source: more
# slips than this within a few laps leave nothing to attribute. Higher: time per
# finding; lower: a stale capture line behind two slips is called misplaced.
REMEMBERED = 16


class Builder:
    """Builds findings; one per capture.

    Parameters
    ----------
    decoder, geometry : of this capture.
    """

    def __init__(self, decoder: Decoder, geometry: RingGeometry) -> None:
        self._decoder, self._geometry = decoder, geometry
        self._namer = Namer(decoder)
        self._parts, self._dense = NoiseParts(self._namer), DenseNamer(decoder, self._namer)
        self._votes = {"playback": 0, "capture": 0}
        #: where a slip turned out to lie before the damage beside it: frame of the
        #: stretch and lag of the alignment there; what follows is to be seen in that.
        self.cut: tuple[int, int] | None = None
        # Captured frame from which an alignment held, and the alignment: the last few.
        self._aligns: deque[tuple[int, int]] = deque(maxlen=REMEMBERED)

    def findings(
        self, raw: Bytes, frame: int, position: int, events: list[TrackEvent], before: Bytes | None
    ) -> list[Finding]:
        """Return the findings of one stretch in order of frame.

        Parameters
        ----------
        raw : (n * frame_bytes,) uint8 of the stretch.
        frame : capture frame of its first.
        position : due there under the alignment in force at its start.
        before : (frame_bytes,) uint8, the raw frame before the stretch.
        """
        self._namer.begin()
        stretch, self.cut = Stretch(self._decoder.rows(raw), frame, position, before), None
        if not self._aligns:
            self._aligns.append((0, position - frame))
        found, events = self._dense.taken(stretch, self._settled(stretch, events))
        many = len(found)
        for group in groups(events):
            slips = (event for event in group if event.what == "slip")
            self._aligns.extend((frame + one.start, position - one.shift - frame) for one in slips)
            if group[0].what == "noise":
                found += self._noise(stretch, group)
            elif group[0].what == "slip":
                found.append(self._slip(stretch, group[0]))
            else:
                found.append(self._displaced(stretch, group[0]))
        return sorted(found, key=lambda one: one.frame) if many else found

    def _settled(self, stretch: Stretch, events: list[TrackEvent]) -> list[TrackEvent]:
        aligns = [align for _, align in self._aligns]
        aligns += [stretch.position - one.shift - stretch.frame for one in events if one.what == "slip"]
        slipped = {stretch.position - stretch.frame - align for align in aligns[: 2 * REMEMBERED]}
        edges = Edges(self._decoder, self._geometry, stretch.rows, stretch.due, sorted(slipped))
        return edges.settle(events, stretch.frame) if edges.needed else events

    def complete(self, finding: Finding) -> Finding:
        """Fill in lines and text, once nothing more will be merged."""
        details = dict(finding.details)
        line = finding.line_bytes
        if finding.ring is not None and finding.ring_offset is not None:
            size = self._length(finding, finding.ring)
            line = line_of(finding.ring_offset, size, self._geometry.line_bytes)
            details.update(run_edges(finding.ring_offset, size, line, self._geometry.line_bytes))
        finding = replace(finding, line_bytes=line, details=details)
        return replace(finding, text=sentence(finding, bool(self._geometry.rings.largest)))

    def _displaced(self, stretch: Stretch, event: TrackEvent) -> Finding:
        frame, position = stretch.frame + event.start, stretch.due(event.start, event.shift)
        details, inside = self._part_frames(event)
        base = Finding(
            Kind.MISPLACED, frame, event.end - event.start, position, lag=event.lag, details=details
        )
        seen = (position - event.lag) % POSITIONS
        if signed(seen - self._geometry.first_position) < 0:
            return self._earlier(base, seen, inside)
        laps = self._geometry.laps(event.lag)
        if not laps:
            return self._behind_slip(base, seen, inside) or base
        ring, number = self._side(base, laps, inside)
        self._votes[ring] += 1
        offset = self._geometry.offset(ring, frame, position)
        if len(laps) > 1:
            other = next(pair for pair in laps if pair[0] != ring)
            details["also"] = {"ring": other[0], "laps": other[1]}
        return replace(
            base,
            kind=Kind.STALE,
            laps=number,
            ring=ring,
            ring_offset=self._bytes(ring, offset, inside),
            details=details,
        )

    def _behind_slip(self, base: Finding, seen: int, inside: int) -> Finding | None:
        # The capture ring counts captured frames: a slip since then changes the lag, not the lap.
        size = self._geometry.rings.capture
        until = base.frame
        for start, align in reversed(self._aligns):
            frame = base.frame - signed(base.frame - (seen - align))
            lag = base.frame - frame
            if size and start <= frame < until and lag > 0 and lag % size == 0:
                offset = self._bytes("capture", self._geometry.capture_frame(base.frame), inside)
                return replace(
                    base,
                    kind=Kind.STALE,
                    lag=lag,
                    laps=lag // size,
                    ring="capture",
                    ring_offset=offset,
                    details={**base.details, "position_lag": base.lag},
                )
            until = start
        return None

    def _part_frames(self, event: TrackEvent) -> tuple[dict[str, Any], int]:
        # Length in bytes and bytes into the first frame, where frames are part old.
        size = self._geometry.frame_bytes
        if event.first is None or event.last is None:
            return {}, 0
        length, inside = event.last - event.first, event.first - event.start * size
        return ({"bytes": length} if length != (event.end - event.start) * size else {}), inside

    def _side(self, base: Finding, laps: list[tuple[str, int]], inside: int) -> tuple[str, int]:
        # When the lag fits both rings: the one with whole lines, then the one other findings name.
        if len(laps) == 1:
            return laps[0]

        def rank(pair: tuple[str, int]) -> tuple[int, int, int]:
            place = self._geometry.offset(pair[0], base.frame, base.position)
            offset, size = self._bytes(pair[0], place, inside) or 0, self._length(base, pair[0])
            return (
                line_of(offset, size, self._geometry.line_bytes) is not None,
                self._votes[pair[0]],
                -pair[1],
            )

        return max(laps, key=rank)

    def _earlier(self, base: Finding, seen: int, inside: int) -> Finding:
        # Data from before this burst: a lag of whole laps says which ring it lay in.
        details = {**base.details, "origin": "earlier burst", "seen_position": seen}
        rings = [name for name, _ in self._geometry.laps(base.lag or 0)]
        ring = rings[0] if rings else None
        offset = None if ring is None else self._geometry.offset(ring, base.frame, base.position)
        place = None if ring is None else self._bytes(ring, offset, inside)
        return replace(base, kind=Kind.STALE, ring=ring, ring_offset=place, details=details)

    def _slip(self, stretch: Stretch, event: TrackEvent) -> Finding:
        frame, position = stretch.frame + event.start, stretch.due(event.start, event.shift - event.lag)
        details: dict[str, Any] = {}
        if event.lag < 0:
            return Finding(Kind.DROP, frame, -event.lag, position, details=details)
        laps = self._geometry.laps(event.lag)
        if laps:
            details = {"replay": laps[0][0], "laps": laps[0][1]}
        return Finding(Kind.REPEAT, frame, event.lag, position, lag=event.lag, details=details)

    def _noise(self, stretch: Stretch, group: list[TrackEvent]) -> list[Finding]:
        slip = group[-1] if group[-1].what == "slip" else None
        noises = [event for event in group if event.what == "noise"]
        if slip is not None:
            noises, slip = self._back(stretch, noises, slip)
            if not noises:
                return [self._slip(stretch, slip)]
        parts = self._parts.named(stretch, noises)
        found = [self._plain(stretch, part, noises[0].shift) for part in parts]
        if slip is None:
            return found
        last = noises[-1]
        whole = last.end - last.start
        if whole == slip.lag:
            return self._insert(stretch, last, found)
        if any(part.kind is Kind.UNKNOWN for part in parts):
            better = self._around(stretch, noises, slip)
            if better is not None:
                return better
        fits = [at for at, one in enumerate(found) if one.frames == slip.lag]
        if fits:
            at = fits[-1]
            found[at] = replace(found[at], kind=Kind.INSERT, details={"content": found[at].kind.value})
            return found
        return [*found, self._slip(stretch, slip)]

    def _back(
        self, stretch: Stretch, noises: list[TrackEvent], slip: TrackEvent
    ) -> tuple[list[TrackEvent], TrackEvent]:
        # A lone right frame behind a slip is not believed by itself; the slip confirms it.
        last = noises[-1]
        due = self._decoder.expected(stretch.due(last.start, slip.shift), last.end - last.start)
        wrong = (stretch.rows[last.start : last.end] != due).any(axis=1).nonzero()[0]
        end = last.start + (int(wrong[-1]) + 1 if len(wrong) else 0)
        kept = [*noises[:-1], replace(last, end=end)] if end > last.start else noises[:-1]
        return kept, replace(slip, start=end, end=end)

    def _around(self, stretch: Stretch, noises: list[TrackEvent], slip: TrackEvent) -> list[Finding] | None:
        # Noise next to a slip may belong to the alignment behind it.
        last, size = noises[-1], max(slip.lag, 0)
        early = replace(last, start=last.start + size, shift=slip.shift)
        late = replace(last, end=last.end - size)
        for first, event, at in ((True, early, last.start), (False, late, late.end)):
            event = self._trimmed(stretch, event)
            if event.end - event.start < 1 or event.start < last.start:
                continue
            parts = self._parts.named(stretch, [event])
            if any(part.kind is Kind.UNKNOWN for part in parts):
                # Too short to be told alone: dither leaves a right frame soon, which shows the slip.
                end = min(event.start + 2 * SHORTEST_DITHER, len(stretch.rows))
                if not first or self._parts.fit(stretch, event.start, end, event.shift) is None:
                    continue
            before = self._parts.named(stretch, noises[:-1]) if noises[:-1] else []
            if not first:
                before = self._parts.joined(stretch, before + parts, event.shift)
                parts = []
            found = [self._plain(stretch, part, last.shift) for part in before]
            found += [self._plain(stretch, part, event.shift) for part in parts]
            if size:
                strange = replace(last, start=at, end=at + size)
                found += self._insert(stretch, strange, self._contents(stretch, strange))
                if first:
                    self.cut = self.cut or (at + size, slip.shift)
            elif first:
                found.append(self._slip(stretch, replace(slip, start=at, end=at)))
                self.cut = self.cut or (at, slip.shift)
            else:
                continue
            return sorted(found, key=lambda one: (one.frame, one.kind is not Kind.DROP))
        return None

    def _trimmed(self, stretch: Stretch, event: TrackEvent) -> TrackEvent:
        # Without the frames at its ends that are right under its own alignment.
        rows = stretch.rows[event.start : event.end]
        due = self._decoder.expected(stretch.due(event.start, event.shift), len(rows))
        wrong = (rows != due).any(axis=1).nonzero()[0]
        if not len(wrong):
            return event
        return replace(event, start=event.start + int(wrong[0]), end=event.start + int(wrong[-1]) + 1)

    def _contents(self, stretch: Stretch, event: TrackEvent) -> list[Finding]:
        return [self._plain(stretch, part, event.shift) for part in self._parts.of(stretch, event)]

    def _insert(self, stretch: Stretch, event: TrackEvent, found: list[Finding]) -> list[Finding]:
        start = stretch.frame + event.start
        content = sorted({one.kind.value for one in found if one.frame >= start})
        position = stretch.due(event.start, event.shift)
        if content == [Kind.HOLD.value] and event.end - event.start == 1:
            again = Finding(Kind.REPEAT, start, 1, position, lag=1)
            return [*(one for one in found if one.frame < start), again]
        details = {"content": " and ".join(content)}
        insert = Finding(Kind.INSERT, start, event.end - event.start, position, details=details)
        return [*(one for one in found if one.frame < start), insert]

    def _plain(self, stretch: Stretch, part: Part, shift: int) -> Finding:
        start, end, kind = part.start, part.end, part.kind
        frame, position = stretch.frame + start, stretch.due(start, shift)
        details = dict(part.details)
        if kind is Kind.ZERO:
            # Zeros carry no age, so both places are given; lap 0 of a ring reads as zeros.
            for ring in ("playback", "capture"):
                offset = self._bytes(ring, self._geometry.offset(ring, frame, position))
                if offset is not None:
                    details[f"{ring}_offset"] = offset
        return Finding(kind, frame, end - start, position, details=details)

    def merge(self, last: Finding, finding: Finding) -> Finding:
        """Return two findings that continue each other as one."""
        if "places" in last.details:
            return merged(last, finding)
        size = self._geometry.frame_bytes
        details = dict(last.details)
        if last.lag is not None and ("bytes" in last.details or "bytes" in finding.details):
            details["bytes"] = sum(one.details.get("bytes", one.frames * size) for one in (last, finding))
        return replace(last, frames=last.frames + finding.frames, details=details)

    def _bytes(self, ring: str, offset: int | None, inside: int = 0) -> int | None:
        # Where a ring has other frames than those judged, nothing is known inside a frame.
        size = self._geometry.bytes_of(ring)
        same = size == self._geometry.frame_bytes
        return None if offset is None else offset * size + (inside if same else 0)

    def _length(self, finding: Finding, ring: str) -> int:
        size = self._geometry.bytes_of(ring)
        whole = finding.frames * size
        return int(finding.details.get("bytes", whole)) if size == self._geometry.frame_bytes else whole
