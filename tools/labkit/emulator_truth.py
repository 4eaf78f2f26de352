# SPDX-License-Identifier: MIT
"""What pcmstress said of a burst, against every stale read the emulator served in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from stress.model.arrays import Indices, Ints, Words
from stress.model.finding import SLIPS, Kind
from stress.model.pcm import Direction
from stress.patterns.mix import mix1, unmix1
from tools.labkit.emulator_log import StaleRead

_POSITIONS, _WORD = 1 << 32, 0xFFFFFFFF
#: Bytes of a frame: 16-bit stereo, one word of the pattern.
FRAME_BYTES = 4
# Which alias delivers from a ring: the driver's copy, or the user's reads.
_VIA = {Direction.PLAYBACK.value: "kl", Direction.CAPTURE.value: "u"}
# Right frames have the shortest way; a delay counts from this share of the frames on.
_TYPICAL = 0.002
_SILENT = (Kind.ZERO.value, Kind.MUTE.value)
_MOVED = tuple(kind.value for kind in SLIPS)


@dataclasses.dataclass(frozen=True)
class Agreement:
    """Frames of one burst, or of many, counted once per pattern position.

    Attributes
    ----------
    served : stale in the log, and in the captured samples as the log says.
    scratch : stale words in the log that reached no sample (touched ahead, tails of lines).
    found : served, and called wrong at that place, with the data's right age.
    misplaced : served, and named as something else.
    missed : served, and not named.
    false : called wrong without a stale read.
    unexplained : wrong in the samples without a stale read.
    checked, wrong : frames captured, and those that are not what was due.
    covered : wrong, and stale in place of what the positive control had sent: set apart.
    """

    served: int = 0
    scratch: int = 0
    found: int = 0
    misplaced: int = 0
    missed: int = 0
    false: int = 0
    unexplained: int = 0
    checked: int = 0
    wrong: int = 0
    covered: int = 0

    def __add__(self, other: Agreement) -> Agreement:
        mine, theirs = dataclasses.astuple(self), dataclasses.astuple(other)
        return Agreement(*(left + right for left, right in zip(mine, theirs)))

    @property
    def whole(self) -> bool:
        """True when both sides say the same of every frame."""
        return not (self.misplaced or self.missed or self.false or self.unexplained)


def compare(
    burst: Mapping[str, Any], captured: Words, reads: Iterable[StaleRead], sides: Iterable[str]
) -> Agreement:
    """Compare the findings of a burst with the log's reads between its marks.

    Parameters
    ----------
    burst : a line of the guest's `emulator_arms.TRUTH`; `missed` are planted faults, [frame, frames]
        of the burst, that merged with real damage beside them.
    captured : (frames,) uint32, the captured frames as words.
    sides : rings that went through mmap ("playback", "capture").
    """
    position, frames = burst["position"], burst["frames"]
    reads, sides = list(reads), set(sides)
    # Relative to the burst; data of an earlier one is negative.
    ages = unmix1(captured).astype(np.int64) - position
    first = _first_frame(ages, frames)
    if first is None:
        return Agreement()
    lead, skipped = max(0, first), max(0, -first)
    # Frames by their place in the burst: what was lost before the first captured one is not judged.
    came = np.concatenate([np.zeros(skipped, captured.dtype), captured[lead:]])
    # Nor is what came after an xrun.
    due = came[: skipped + min(frames - skipped, burst["checked_frames"])]
    wrong = ages[lead : lead + len(due) - skipped] != np.arange(skipped, len(due))
    wrong = np.concatenate([np.zeros(skipped, bool), wrong])
    # Sent wrong on purpose, and found: the positive control says nothing of the cache.
    merged = {at for start, size in burst.get("missed", ()) for at in range(start, start + size)}
    on_purpose = {*_planted(burst["findings"], position, len(due)), *(at for at in merged if at < len(due))}
    wrong[list(on_purpose)] = False
    logged = {side: _logged(reads, _VIA[side]) for side in _VIA if side in sides}
    served = {
        int(at): int(due[at])
        for at in np.flatnonzero(wrong)
        if int(due[at]) in _reachable(_word(position + int(at)), logged)
    }
    left = np.array([at for at in np.flatnonzero(wrong) if int(at) not in served], dtype=np.intp)
    covered = _covered(came, left, position, logged.values())
    wrong[list(covered)] = False
    known = {_word(position + at) for at in served}
    scratch = sum(word not in known for words in logged.values() for word in words)
    damaged = {int(at) for at in np.flatnonzero(wrong)}
    claims = _claims(burst["findings"], position, damaged)
    claims = {at: came for at, came in claims.items() if at not in merged}
    found = sum(claims.get(at) == _true_claim(at, word, position) for at, word in served.items())
    misplaced = sum(at in claims for at in served) - found
    return Agreement(
        served=len(served),
        scratch=scratch,
        found=found,
        misplaced=misplaced,
        missed=len(served) - found - misplaced,
        false=sum(at not in served and at not in covered for at in claims),
        unexplained=sum(int(at) not in served for at in np.flatnonzero(wrong)),
        checked=len(due) - skipped,
        wrong=int(wrong.sum()),
        covered=len(covered),
    )


def _first_frame(ages: Ints, frames: int) -> int | None:
    """Return the captured frame at which the burst's first frame is due.

    Below 0 where the capture begins with a later frame of the burst.
    """
    ours = (ages >= 0) & (ages < frames)
    delays, counts = np.unique(np.flatnonzero(ours) - ages[ours], return_counts=True)
    # Old data comes later than right data, never earlier.
    typical = delays[counts >= max(2, _TYPICAL * frames)]
    return int(typical[0]) if len(typical) else None


def _logged(reads: Iterable[StaleRead], via: str) -> dict[int, set[int]]:
    """Return newest word -> the words that came instead, through one ring."""
    logged: dict[int, set[int]] = {}
    for read in reads:
        if read.via in via:
            for shift in range(0, 8 * read.size_bytes, 8 * FRAME_BYTES):
                newest, observed = ((value >> shift) & _WORD for value in (read.newest, read.observed))
                logged.setdefault(newest, set()).add(observed)
    return logged


def _reachable(word: int, logged: Mapping[str, Mapping[int, set[int]]]) -> set[int]:
    """Return what `word` may have become on its way through the rings, the playback ring first."""
    reached = {word}
    for side in _VIA:
        reached |= {stale for now in reached for stale in logged.get(side, {}).get(now, ())}
    return reached - {word}


def _covered(
    captured: Words, wrong: Indices, position: int, logged: Iterable[Mapping[int, set[int]]]
) -> set[int]:
    """Return the wrong frames that are stale in place of a fault of the positive control.

    The log says what should have come instead: a word that is due nowhere in the
    burst, or at a frame where something else was captured.
    """
    instead: dict[int, set[int]] = {}
    for words in logged:
        for newest, delivered in words.items():
            for word in delivered:
                instead.setdefault(word, set()).add(newest)
    found = set()
    for at in wrong:
        came = int(captured[at])
        for newest in instead.get(came, ()):
            due_at = (int(unmix1(np.array([newest], dtype=np.uint32))[0]) - position) % _POSITIONS
            if due_at >= len(captured) or int(captured[due_at]) != came:
                found.add(int(at))
    return found


def _word(position: int) -> int:
    out, spare = (np.zeros(1, dtype=np.uint32) for _ in range(2))
    mix1(np.array([position & _WORD], dtype=np.uint32), out, spare)
    return int(out[0])


def _claims(findings: Iterable[list[Any]], position: int, damaged: set[int]) -> dict[int, int | None]:
    """Return frame of the burst -> pattern position named for what came; None is silence.

    A finding of many places names how many frames are wrong between its ends, not
    which: it claims the `damaged` ones.
    """
    claims: dict[int, int | None] = {}
    for kind, _, frames, start, lag, _, _, injected, details in findings:
        # After a slip frames are moved, not damaged.
        if injected or kind in _MOVED:
            continue
        spread = "span" in details
        for step in range(details["span"] if spread else frames):
            at = (start + step - position) % _POSITIONS
            if spread and at not in damaged:
                continue
            came = None if kind in _SILENT else -1 if lag is None else (start + step - lag) % _POSITIONS
            claims[at] = came
    return claims


def _planted(findings: Iterable[list[Any]], position: int, frames: int) -> list[int]:
    """Return the frames of the burst that the positive control changed and the detector found."""
    places = [
        (start + step - position) % _POSITIONS
        for _, _, length, start, _, _, _, injected, _ in findings
        if injected
        for step in range(length)
    ]
    return [place for place in places if place < frames]


def _true_claim(at: int, word: int, position: int) -> int | None:
    return None if word == 0 else int(unmix1(np.array([word], dtype=np.uint32))[0])
