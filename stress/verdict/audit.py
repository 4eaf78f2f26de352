# SPDX-License-Identifier: MIT
"""Checksums in the record: check a burst again later, without its audio.

Both sides of a burst are summed period by period: what was played, planted
faults and all, and what came back from the lock on. Periods that differ have to
be those in which the detector reported a wrong run.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stress.detect.sums import Checksums, sums_of
from stress.model.arrays import Bytes
from stress.model.finding import SLIPS, Kind
from stress.model.record.exchange import CapturedSumsRecord, SumsRecord
from stress.model.stimulus import POSITIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stress.model.record.burst import BurstRecord
    from stress.model.record.findings import FindingRecord

# Checksums per side of one burst; longer bursts sum several ring periods in one.
# Source: 64 take 512 bytes of a burst event of 2 KB. Higher: a day's record on a
# board's flash grows; lower: a wrong period is a worse place.
MOST_SUMS = 64
# Places of a contradiction that are kept. Source: a report shows a handful. Higher: a record at odds
# with itself in every period fills the memory; lower: the second burst concerned is not named.
MOST_PLACES = 50
# Behind every period that there is: nothing of the kind was recorded.
_NEVER = 1 << 62
# What moves all that follows.
_MOVES = (*SLIPS, Kind.RESAMPLE)


@dataclass(frozen=True)
class Sums:
    """Checksums of one burst; `captured` is None where the bytes may differ by right."""

    played: Checksums
    captured: Checksums | None

    def to_record(self) -> SumsRecord:
        """Return the compact form: of the captured sums only those that differ."""
        captured = None
        if self.captured is not None:
            pairs = zip(self.captured.crcs, self.played.crcs)
            differ = {str(k): f"{a:08x}" for k, (a, b) in enumerate(pairs) if a != b}
            captured = CapturedSumsRecord(self.captured.first_frame, self.captured.frames, differ)
        played = self.played
        return SumsRecord(played.text(), played.first_frame, played.period_frames, played.frames, captured)

    @classmethod
    def of_record(cls, value: SumsRecord) -> Sums:
        """Return what `to_record` made.

        Raises
        ------
        ValueError, IndexError : the digits are no checksums of so many frames.
        """
        played = Checksums.of_text(value.crcs, value.first_frame, value.period_frames, value.frames)
        seen = value.captured
        if seen is None:
            return cls(played, None)
        crcs = list(played.crcs[: -(-seen.frames // played.period_frames)])
        for k, crc in seen.differ.items():
            crcs[int(k)] = int(crc, 16)
        return cls(played, Checksums(seen.first_frame, played.period_frames, seen.frames, tuple(crcs)))

    @property
    def compared(self) -> int:
        """Periods that both sides have whole."""
        played, captured = self.played, self.captured
        return _whole(played.frames, captured.frames, played.period_frames) if captured else 0

    @property
    def wrong(self) -> tuple[int, ...]:
        """Periods of both sides that differ."""
        seen = self.captured.crcs if self.captured else ()
        return tuple(k for k in range(self.compared) if seen[k] != self.played.crcs[k])


def _whole(played: int, captured: int, period: int) -> int:
    # Periods that both sides have whole: the last one may be short on both.
    return -(-played // period) if played == captured else min(played, captured) // period


def sums_of_burst(
    played: Bytes, captured: Bytes, start: int | None, frame_bytes: int, period_size: int
) -> Sums:
    """Return the checksums of one burst.

    Parameters
    ----------
    played : (n * frame_bytes,) uint8, what left the ring.
    captured : (m * frame_bytes,) uint8.
    start : captured frame of the first one played, None when it is not known or
        the path changes bytes by right.
    period_size : of the playback ring [frames].
    """
    frames = played.size // frame_bytes
    period = period_size * max(1, -(-frames // (period_size * MOST_SUMS)))
    sent = sums_of(played, frame_bytes, period)
    if start is None or start < 0:
        return Sums(sent, None)
    back = captured[start * frame_bytes : (start + frames) * frame_bytes]
    return Sums(sent, sums_of(back, frame_bytes, period, start))


@dataclass(frozen=True)
class Audit:
    """What the checksums of a record say.

    Parameters
    ----------
    bursts, periods : compared; `summed` bursts have checksums of one side only.
    wrong : periods that differ.
    unexplained : (burst, period) that differ where no wrong run is recorded, the first few.
    contradicted : (burst, period) that are alike where one is, the first few.
    more_unexplained, more_contradicted : how many further ones there are.
    """

    bursts: int = 0
    summed: int = 0
    periods: int = 0
    wrong: int = 0
    unexplained: tuple[tuple[int, int], ...] = ()
    contradicted: tuple[tuple[int, int], ...] = ()
    more_unexplained: int = 0
    more_contradicted: int = 0

    @property
    def agrees(self) -> bool:
        """True when the record and its checksums say the same."""
        return not self.unexplained and not self.contradicted


class Auditor:
    """Compares the checksums of bursts, and them with the wrong runs recorded.

    Attributes
    ----------
    result : of the bursts added so far.
    """

    def __init__(self) -> None:
        self._told = Audit()
        # Bursts that agree are nearly all of a long record: only counted.
        self._bursts = self._periods = 0

    @property
    def result(self) -> Audit:
        """What the bursts added so far say."""
        told = self._told
        return replace(told, bursts=told.bursts + self._bursts, periods=told.periods + self._periods)

    def add(self, burst: BurstRecord) -> None:
        """Compare one burst.

        Raises
        ------
        ValueError, IndexError : its checksums are none.
        """
        if burst.crc32 is None:
            return
        if self._alike(burst, burst.crc32):
            return
        sums, had = Sums.of_record(burst.crc32), self._told
        if sums.captured is None:
            self._told = replace(had, summed=had.summed + 1)
            return
        told = _Told(burst, sums)
        differ = [(burst.number, k) for k in sums.wrong if not told.explains(k)]
        alike = [(burst.number, k) for k in told.contradicted()]
        unexplained, contradicted = (had.unexplained + tuple(differ)), (had.contradicted + tuple(alike))
        self._told = replace(
            had,
            bursts=had.bursts + 1,
            periods=had.periods + sums.compared,
            wrong=had.wrong + len(sums.wrong),
            unexplained=unexplained[:MOST_PLACES],
            contradicted=contradicted[:MOST_PLACES],
            more_unexplained=had.more_unexplained + len(unexplained[MOST_PLACES:]),
            more_contradicted=had.more_contradicted + len(contradicted[MOST_PLACES:]),
        )

    def _alike(self, burst: BurstRecord, sums: SumsRecord) -> bool:
        """Count a burst whose sums are alike and that tells of no wrong run; return whether it is one."""
        seen = sums.captured
        if seen is None or seen.differ:
            return False
        if any(not one.injected or one.says("echo") for one in burst.analysis.findings):
            return False
        if len(sums.crcs) != 8 * -(-sums.frames // sums.period_frames):
            return False
        # Raises ValueError where they are no digits.
        int(sums.crcs or "0", 16)
        self._bursts += 1
        self._periods += _whole(sums.frames, seen.frames, sums.period_frames)
        return True


def audit(bursts: Iterable[BurstRecord]) -> Audit:
    """Return what the checksums of all bursts say; see `Auditor.add`."""
    auditor = Auditor()
    for burst in bursts:
        auditor.add(burst)
    return auditor.result


class _Told:
    # The wrong runs one burst event tells of, as periods.
    def __init__(self, burst: BurstRecord, sums: Sums) -> None:
        self._sums, self._position = sums, burst.position
        analysis = burst.analysis
        wrong = [one for one in analysis.findings if not one.injected or one.says("echo")]
        # What is old throughout is right to the checksums, and says nothing of where others end.
        self._runs = [self._periods(one) for one in wrong if not one.says("uniform")]
        slips = [self._periods(one).start for one in wrong if one.kind in _MOVES]
        real = [one for one in analysis.findings if not one.injected]
        # Findings past the cap of a record are only counted, but for some of the last lap.
        ends = [
            self._periods(one).stop - 1 for one in real[: analysis.findings_first] if not one.says("uniform")
        ]
        self._told_until = max(ends, default=0) if analysis.findings_left_out else _NEVER
        # Behind a slip every period differs.
        self._slipped = min(slips, default=_NEVER)

    def _periods(self, finding: FindingRecord) -> range:
        first = (finding.position - self._position) % POSITIONS
        period = self._sums.played.period_frames
        return range(first // period, (first + max(1, finding.frames) - 1) // period + 1)

    def explains(self, k: int) -> bool:
        return k >= min(self._slipped, self._told_until) or any(k in run for run in self._runs)

    def contradicted(self) -> list[int]:
        wrong = set(self._sums.wrong)
        return [
            run.start
            for run in self._runs
            if run.stop <= min(self._sums.compared, self._slipped) and not wrong.intersection(run)
        ]
