"""Checksums in the record: check a burst again later, without its audio.

Both sides of a burst are summed period by period: what was played, planted
faults and all, and what came back from the lock on. Periods that differ have to
be those in which the detector reported a wrong run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stress.detect.sums import Checksums, sums_of
from stress.model.stimulus import POSITIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

# Checksums per side of one burst; longer bursts sum several ring periods in one.
# Source: 64 take 512 bytes of a burst event of 2 KB. Higher: a day's record on a
# board's flash grows; lower: a wrong period is a worse place.
MOST_SUMS = 64
_SLIPS = ("drop", "repeat", "insert", "resample")


@dataclass(frozen=True)
class Sums:
    """Checksums of one burst; `captured` is None where the bytes may differ by right."""

    played: Checksums
    captured: Checksums | None

    def to_json(self) -> dict[str, Any]:
        """Return the compact form: of the captured sums only those that differ."""
        out = self.played.to_json()
        if self.captured is not None:
            pairs = zip(self.captured.crcs, self.played.crcs)
            out["captured"] = {
                "first_frame": self.captured.first_frame,
                "frames": self.captured.frames,
                "differ": {str(k): f"{a:08x}" for k, (a, b) in enumerate(pairs) if a != b},
            }
        return out

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Sums:
        """Return what `to_json` wrote; KeyError, TypeError or ValueError when it is not."""
        played, seen = Checksums.from_json(value), value.get("captured")
        if seen is None:
            return cls(played, None)
        frames, period = int(seen["frames"]), played.period_frames
        crcs = list(played.crcs[: -(-frames // period)])
        for k, crc in seen["differ"].items():
            crcs[int(k)] = int(crc, 16)
        return cls(played, Checksums(int(seen["first_frame"]), period, frames, tuple(crcs)))

    @property
    def compared(self) -> int:
        """Periods that both sides have whole."""
        if self.captured is None:
            return 0
        if self.captured.frames == self.played.frames:
            return len(self.played.crcs)
        return min(self.played.frames, self.captured.frames) // self.played.period_frames

    @property
    def wrong(self) -> tuple[int, ...]:
        """Periods of both sides that differ."""
        seen = self.captured.crcs if self.captured else ()
        return tuple(k for k in range(self.compared) if seen[k] != self.played.crcs[k])


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
    unexplained : (burst, period) that differ where no wrong run is recorded.
    contradicted : (burst, period) that are alike where one is.
    """

    bursts: int = 0
    summed: int = 0
    periods: int = 0
    wrong: int = 0
    unexplained: tuple[tuple[int, int], ...] = ()
    contradicted: tuple[tuple[int, int], ...] = ()

    @property
    def agrees(self) -> bool:
        """True when the record and its checksums say the same."""
        return not self.unexplained and not self.contradicted


def audit(events: Iterable[Mapping[str, Any]]) -> Audit:
    """Compare the checksums of all bursts, and them with the wrong runs recorded."""
    whole = Audit()
    for event in events:
        if event["event"] != "burst" or "crc32" not in event:
            continue
        sums, number = Sums.from_json(event["crc32"]), event["number"]
        if sums.captured is None:
            whole = Audit(whole.bursts, whole.summed + 1, *_rest(whole))
            continue
        told = _Told(event, sums)
        whole = Audit(
            whole.bursts + 1,
            whole.summed,
            whole.periods + sums.compared,
            whole.wrong + len(sums.wrong),
            (*whole.unexplained, *((number, k) for k in sums.wrong if not told.explains(k))),
            (*whole.contradicted, *((number, k) for k in told.contradicted())),
        )
    return whole


def _rest(whole: Audit) -> tuple[int, int, tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]:
    return whole.periods, whole.wrong, whole.unexplained, whole.contradicted


class _Told:
    # The wrong runs one burst event tells of, as periods.
    def __init__(self, event: Mapping[str, Any], sums: Sums) -> None:
        self._sums, self._position = sums, event["position"]
        analysis = event["analysis"]
        wrong = [one for one in analysis["findings"] if not one["injected"] or "echo" in one["details"]]
        # What is old throughout is right to the checksums, and says nothing of where others end.
        self._runs = [self._periods(one) for one in wrong if "uniform" not in one["details"]]
        slips = [self._periods(one).start for one in wrong if one["kind"] in _SLIPS]
        real = [one for one in analysis["findings"] if not one["injected"]]
        # Findings past the cap of a record are only counted, but for some of the last lap.
        real = real[: analysis.get("findings_first", len(real))]
        ends = [self._periods(one).stop - 1 for one in real if "uniform" not in one["details"]]
        full = not analysis.get("findings_left_out")
        self._told_until = 1 << 62 if full else max(ends, default=0)
        # Behind a slip every period differs.
        self._slipped = min(slips, default=1 << 62)

    def _periods(self, finding: Mapping[str, Any]) -> range:
        first = (finding["position"] - self._position) % POSITIONS
        period = self._sums.played.period_frames
        return range(first // period, (first + max(1, finding["frames"]) - 1) // period + 1)

    def explains(self, k: int) -> bool:
        return k >= min(self._slipped, self._told_until) or any(k in run for run in self._runs)

    def contradicted(self) -> list[int]:
        wrong = set(self._sums.wrong)
        return [
            run.start
            for run in self._runs
            if run.stop <= min(self._sums.compared, self._slipped) and not wrong.intersection(run)
        ]
