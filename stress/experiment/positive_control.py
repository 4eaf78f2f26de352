# SPDX-License-Identifier: MIT
"""The positive control: inject faults into what is sent, and look for them in what was found.

The places come from a seed and are known only to the runner; the detector gets
the captured bytes like any others. A fault is one ring line: of data one
playback lap old, zeroed, or with one bit flipped.
"""

from __future__ import annotations

import bisect
import dataclasses
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable

from stress.model.arrays import Bytes
from stress.model.finding import SLIPS, Analysis, Finding, Kind
from stress.model.stimulus import POSITIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stress.model.ring import Rings
    from stress.patterns.layout import Layout

# Lines left alone around each fault, so that two never merge into one finding.
# Higher: fewer faults fit a short burst; lower: neighbours blur and count as missed.
SPACING_LINES = 4
# Kinds a planted fault takes on when its line goes stale: the data is older
# than due, and was never the pattern.
ECHO_KINDS = (Kind.UNKNOWN, Kind.BITFLIP, Kind.ZERO, Kind.MISPLACED)


@dataclass(frozen=True)
class Rules:
    """What a detector can be asked to find, and how exactly.

    Parameters
    ----------
    kinds : faults planted for it.
    spacing : frames between the starts of two faults, at least four lines.
    margin : frames left alone at the start and the end of a burst.
    tolerance : frames either end of a finding may be off; a finding that lies over a
        planted fault and is further off counts for neither.
    names_kind : a finding has to carry the kind that was planted. It decides only
        where the bytes cannot be compared, behind converters: see `Carried`.
    echo_kinds : what it calls a planted fault that comes again stale.
    """

    kinds: tuple[Kind, ...] = (Kind.STALE, Kind.ZERO, Kind.BITFLIP)
    spacing: int = 0
    margin: int = 0
    tolerance: int = 0
    names_kind: bool = True
    echo_kinds: tuple[Kind, ...] = ECHO_KINDS


EXACT = Rules()


@dataclass(frozen=True)
class Planted:
    """One fault laid over the play buffer.

    Parameters
    ----------
    frame : first frame, counted from the first pattern frame.
    frames : frames that differ from the pattern.
    """

    kind: Kind
    frame: int
    frames: int


@dataclass(frozen=True)
class Geometry:
    """What the control has to know of the ring [frames unless said].

    Parameters
    ----------
    frame_bytes : of a frame of the stimulus.
    sample_bytes : of one sample of a frame, 0 where a frame is one sample.
    ring_frame_bytes : of the same frame in the ring, 0 where it is as long.
    padding_bytes : above the last sample of a frame, which a path need not carry.
    """

    ring: int
    frame_bytes: int
    line_bytes: int
    sample_bytes: int = 0
    ring_frame_bytes: int = 0
    padding_bytes: int = 0

    @property
    def line_frames(self) -> int:
        """Frames of one fault: those of a line, at least one."""
        return max(1, self.line_bytes // (self.ring_frame_bytes or self.frame_bytes))


@dataclass(frozen=True)
class Carried:
    """The bytes of a bit-exact path: what was sent with the faults in it, and what arrived.

    A planted fault arrives as it was sent, whatever a detector calls it: a
    flipped frame can equal the exchanged or the shifted one.

    Parameters
    ----------
    sent, arrived : (n * frame_bytes,) uint8.
    layout : of their frames; the top 16 bits of a sample are compared, which
        every path carries.
    """

    sent: Bytes
    arrived: Bytes
    layout: Layout

    def same(self, fault: Planted, frame: int) -> bool:
        """Return whether `fault` arrived as it was sent, from captured `frame` on."""
        size = self.layout.frame_bytes
        left = self.sent[fault.frame * size : (fault.frame + fault.frames) * size]
        right = self.arrived[max(0, frame) * size : max(0, frame + fault.frames) * size]
        return left.size == right.size and bool((self.layout.top(left) == self.layout.top(right)).all())


def place_faults(
    frames: int, geometry: Geometry, share: float, least: int, seed: str, rules: Rules = EXACT
) -> tuple[Planted, ...]:
    """Choose the faults of one burst, evenly spread and seeded.

    Parameters
    ----------
    frames : pattern frames of the burst.
    share : share of the lines to be faulted.
    """
    size = geometry.line_frames
    spacing = max(SPACING_LINES, -(-rules.spacing // size))
    first = max(geometry.ring, rules.margin) // size + 1
    last = (frames - rules.margin) // size - 1
    room = max(0, (last - first) // spacing)
    wanted = min(room, max(least, round(share * frames / size)))
    if wanted <= 0:
        return ()
    chance = random.Random(seed)
    slots = sorted(chance.sample(range(room), wanted))
    return tuple(_fault(chance, (first + slot * spacing) * size, size, rules.kinds) for slot in slots)


def _fault(chance: random.Random, frame: int, size: int, kinds: Sequence[Kind]) -> Planted:
    kind = chance.choice(kinds)
    if kind is Kind.BITFLIP:
        return Planted(kind, frame + chance.randrange(size), 1)
    return Planted(kind, frame, size)


def inject(
    play: Bytes,
    faults: Iterable[Planted],
    geometry: Geometry,
    fill: Callable[[int, Bytes], None],
    position: int,
) -> tuple[Planted, ...]:
    """Write `faults` over the stimulus in `play`; return those that changed it.

    A recording may repeat itself or be silent: a fault there covers the frames
    that really differ, and is none where nothing does. A flip moves to the next
    frame of its line where the flipped frame could be taken for another fault.

    Parameters
    ----------
    play : (frames * frame_bytes,) uint8, the stimulus from `position` on.
    fill : the stimulus: fill(position, out).
    """
    step = geometry.frame_bytes
    laid: list[Planted] = []
    for fault in faults:
        if fault.kind is Kind.BITFLIP:
            laid += _flipped(play, fault.frame, geometry)
            continue
        run = play[fault.frame * step : (fault.frame + fault.frames) * step]
        right = run.copy()
        if fault.kind is Kind.STALE:
            fill((position + fault.frame - geometry.ring) % POSITIONS, run)
        else:
            run[:] = 0
        wrong = (run != right).reshape(-1, step).any(axis=1).nonzero()[0]
        if wrong.size:
            first, last = int(wrong[0]), int(wrong[-1])
            laid.append(Planted(fault.kind, fault.frame + first, last - first + 1))
    return tuple(laid)


def _flipped(play: Bytes, frame: int, geometry: Geometry) -> list[Planted]:
    # Flip one bit of `frame`, or of the next frame of the same line in which that is plain.
    step, size = geometry.frame_bytes, geometry.line_frames
    start = frame // size * size
    for turn in range(size):
        at = start + (frame - start + turn) % size
        run = play[at * step : (at + 1) * step]
        right = run.tobytes()
        around = play[max(0, at - 2) * step : (at + 3) * step].tobytes()
        flip(run, geometry.padding_bytes)
        if not _ambiguous(run.tobytes(), right, around, geometry.sample_bytes or step):
            return [Planted(Kind.BITFLIP, at, 1)]
        flip(run, geometry.padding_bytes)
    return []


def flip(frame: Bytes, padding_bytes: int = 0) -> None:
    """Flip the bit of one frame that the control plants, in place; twice leaves it as it was.

    Parameters
    ----------
    frame : (frame_bytes,) uint8.
    padding_bytes : of its last sample, above the bits that are carried.
    """
    # The top byte of a sample is carried by every path, also one of 16 of 24 bits; the byte
    # above 24 bits in 4 bytes is not.
    frame[-1 - padding_bytes] ^= 0x10


def _ambiguous(flipped: bytes, right: bytes, around: bytes, size: int) -> bool:
    # Zeros, exchanged or copied samples, a neighbour, the stream some bytes on: other kinds than a flip.
    others = {right[at : at + size] for at in range(0, len(right) - size, size)}
    alike = flipped[-size:] in others or flipped in right * 2 or flipped in around
    return alike or not any(flipped) or not any(right)


@dataclass(frozen=True)
class Outcome:
    """How the control of one burst went; `missed` lists what was not found.

    Parameters
    ----------
    covered : of the missed ones, those that lie under a real wrong run, or
        behind the last finding a full detector kept: nobody could find them.
    """

    planted: int
    found: int
    missed: tuple[Planted, ...]
    covered: int = 0

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(
            self.planted + other.planted,
            self.found + other.found,
            self.missed + other.missed,
            self.covered + other.covered,
        )

    @property
    def whole(self) -> bool:
        """True when something was planted and all of it was found."""
        return self.planted > 0 and self.found == self.planted


def match(
    analysis: Analysis,
    faults: Sequence[Planted],
    position: int,
    limit: int,
    rings: Rings,
    rules: Rules = EXACT,
    carried: Carried | None = None,
) -> tuple[Analysis, Outcome]:
    """Mark the findings that come from planted faults, and count the missed ones.

    A fault is found when findings cover it from its first to its last frame and
    none of them reaches beyond it. Where the path is bit-exact its bytes have to
    be the planted ones, and the kind that was named does not matter.

    Parameters
    ----------
    position : pattern position of the first frame sent.
    limit : frames known to have left the ring; later faults were never due. One that came all the
        same is recognised: where time was lost, more left the ring than its pointers say.
    rings : sizes, to recognise echoes (see `_echo`).
    carried : bytes sent and arrived, None behind converters.
    """
    due = [fault for fault in faults if fault.frame + fault.frames <= limit]
    parts = _parts(analysis, faults, position, rules, carried)
    inside = {index for fault, members in parts.items() if fault is not None for index in members}
    cut = [dataclasses.replace(one, frames=limit - one.frame) for one in faults if _cut(one, limit)]
    marked: list[Finding] = []
    for index, finding in enumerate(analysis.findings):
        start = (finding.position - position) % POSITIONS
        if index in inside or any(_inside(finding, start, part, rules, carried) for part in cut):
            finding = dataclasses.replace(finding, injected=True)
        elif finding.kind in rules.echo_kinds and _echo(start, finding.frames, faults, rings):
            details = {**finding.details, "echo": "of a planted fault that went stale later"}
            finding = dataclasses.replace(finding, injected=True, details=details)
        elif _blurred(start, finding, faults, rules):
            details = {**finding.details, "blurred": "over a planted fault, but not in its place"}
            finding = dataclasses.replace(finding, injected=True, details=details)
        marked.append(finding)
    missed = tuple(fault for fault in due if fault not in parts)
    marked_analysis = dataclasses.replace(analysis, findings=tuple(marked))
    covered = sum(_covered(fault, marked_analysis, position) for fault in missed)
    return marked_analysis, Outcome(len(due), len(due) - len(missed), missed, covered)


def _cut(fault: Planted, limit: int) -> bool:
    # An xrun may end what is judged in the middle of a fault: what came of it is no corruption.
    return fault.frame < limit < fault.frame + fault.frames


def _parts(
    analysis: Analysis, faults: Sequence[Planted], position: int, rules: Rules, carried: Carried | None
) -> dict[Planted, list[int]]:
    """Return for each fault that was found the findings that make it up."""
    firsts = [fault.frame for fault in faults]
    members: dict[Planted, list[int]] = {}
    changed = [one for one in analysis.findings if "path" in one.details]
    by_place = dataclasses.replace(rules, names_kind=False)
    for index, finding in enumerate(analysis.findings):
        start = (finding.position - position) % POSITIONS
        at = bisect.bisect_right(firsts, start + rules.tolerance) - 1
        if at < 0:
            continue
        # A stretch with a path of its own (softer from an instant on) changes the planted bytes as well.
        behind = any(_within(finding, one) for one in changed)
        how = (by_place, None) if behind else (rules, carried)
        if _inside(finding, start, faults[at], *how):
            members.setdefault(faults[at], []).append(index)
    return {
        fault: found
        for fault, found in members.items()
        if _whole([analysis.findings[index] for index in found], fault, position, rules)
    }


def _within(finding: Finding, span: Finding) -> bool:
    ends = finding.frame + finding.frames <= span.frame + span.frames
    return finding is not span and span.frame <= finding.frame and ends


def _inside(finding: Finding, start: int, fault: Planted, rules: Rules, carried: Carried | None) -> bool:
    beyond = start + finding.frames - fault.frame - fault.frames
    if start < fault.frame - rules.tolerance or beyond > rules.tolerance or finding.kind in SLIPS:
        return False
    if carried is not None:
        return carried.same(fault, finding.frame - (start - fault.frame))
    return finding.kind is fault.kind or not rules.names_kind


def _whole(found: Sequence[Finding], fault: Planted, position: int, rules: Rules) -> bool:
    starts = [(one.position - position) % POSITIONS - fault.frame for one in found]
    end = max(start + one.frames for start, one in zip(starts, found))
    return min(starts) <= rules.tolerance and end >= fault.frames - rules.tolerance


def _covered(fault: Planted, analysis: Analysis, position: int) -> bool:
    starts = [((finding.position - position) % POSITIONS, finding) for finding in analysis.findings]
    if analysis.found > len(starts) and all(start < fault.frame for start, _ in starts):
        return True
    return any(_touches(start, finding, fault) for start, finding in starts if not finding.injected)


def _touches(start: int, finding: Finding, fault: Planted) -> bool:
    return start < fault.frame + fault.frames and fault.frame < start + finding.span


def _blurred(start: int, finding: Finding, faults: Sequence[Planted], rules: Rules) -> bool:
    # No fault reaches as far as the next one: what is longer is real, whatever it covers.
    short = rules.tolerance and finding.frames <= rules.spacing
    return bool(short) and any(_touches(start, finding, fault) for fault in faults)


def _echo(start: int, frames: int, faults: Sequence[Planted], rings: Rings) -> bool:
    """Return whether the run lies inside a fault planted there whole laps ago."""
    return any(
        (start - fault.frame) % ring + frames <= fault.frames
        for fault in faults
        for ring in (rings.playback, rings.capture)
        if ring and start > fault.frame
    )
