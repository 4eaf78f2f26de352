"""The checksum detector: CRC-32 per period, for any stimulus, without its audio.

It says which periods came back as they were sent. It names no age, no ring and
no kind, and behind a slip every period differs; where the audio of both sides
is at hand, a wrong period is narrowed to its wrong frames.

Source: zlib's crc32 (IEEE 802.3 polynomial); any burst of up to 32 wrong bits in
a period is seen, other damage is missed with probability 2^-32.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable

import numpy as np

from stress.detect.checksum_lock import find
from stress.detect.collect import CAP
from stress.model.finding import Analysis, Finding, Kind
from stress.model.formats import SampleFormat
from stress.patterns.layout import Layout

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

# What was played, from a frame on: part(start, frames) -> (frames * frame_bytes,) uint8.
Part = Callable[[int, int], "Bytes"]

LIMITS = "a checksum names no age and no ring; behind a slip every period differs"


@dataclass(frozen=True)
class Checksums:
    """CRC-32 of consecutive periods.

    Parameters
    ----------
    first_frame : of the first period, in the stream it belongs to.
    period_frames : frames per period; the last one may be shorter.
    frames : frames covered in all.
    crcs : one per period.
    """

    first_frame: int
    period_frames: int
    frames: int
    crcs: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the form kept in the record of a burst."""
        return {
            "crcs": "".join(f"{crc:08x}" for crc in self.crcs),
            "first_frame": self.first_frame,
            "period_frames": self.period_frames,
            "frames": self.frames,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Checksums:
        """Return what `to_json` wrote; KeyError or ValueError when it is not."""
        text = str(value["crcs"])
        crcs = tuple(int(text[at : at + 8], 16) for at in range(0, len(text), 8))
        out = cls(int(value["first_frame"]), int(value["period_frames"]), int(value["frames"]), crcs)
        if out.period_frames < 1 or -(-out.frames // out.period_frames) != len(crcs):
            raise ValueError(f"{len(crcs)} checksums do not cover {out.frames} frames")
        return out


class Summer:
    """Sums a stream period by period, in constant memory.

    Threads: one at a time.
    """

    def __init__(self, frame_bytes: int, period_frames: int, first_frame: int = 0) -> None:
        self._frame_bytes, self._period_frames, self._first = frame_bytes, period_frames, first_frame
        self._crcs: list[int] = []
        self._crc = 0
        self._frames = 0

    def feed(self, block: Bytes) -> None:
        """Take whole frames, (n * frame_bytes,) uint8, C-contiguous."""
        frames, done = block.size // self._frame_bytes, 0
        while done < frames:
            n = min(self._period_frames - self._frames % self._period_frames, frames - done)
            part = block[done * self._frame_bytes : (done + n) * self._frame_bytes]
            self._crc = zlib.crc32(part.data, self._crc)
            self._frames += n
            done += n
            if self._frames % self._period_frames == 0:
                self._crcs.append(self._crc)
                self._crc = 0

    def finish(self) -> Checksums:
        """Return the checksums, the last one of what is left of a period."""
        rest = [self._crc] if self._frames % self._period_frames else []
        return Checksums(self._first, self._period_frames, self._frames, (*self._crcs, *rest))


def sums_of(frames: Bytes, frame_bytes: int, period_frames: int, first_frame: int = 0) -> Checksums:
    """Return the checksums of a buffer, (n * frame_bytes,) uint8."""
    summer = Summer(frame_bytes, period_frames, first_frame)
    summer.feed(frames)
    return summer.finish()


def compare(played: Checksums, captured: Checksums, cap: int = CAP) -> Analysis:
    """Compare the checksums of a burst without its audio.

    Periods that only one side has are not judged. `captured` starts at the
    locked frame, so period k of one belongs to period k of the other.
    """
    if played.period_frames != captured.period_frames:
        raise ValueError(
            f"periods of {played.period_frames} and {captured.period_frames} frames do not compare"
        )
    period = played.period_frames
    judged = min(played.frames, captured.frames)
    # A short last period of one side covers other frames than the other side's.
    whole = len(played.crcs) if played.frames == captured.frames else judged // period
    wrong = [k for k in range(whole) if played.crcs[k] != captured.crcs[k]]
    checked = min(judged, whole * period)
    findings = tuple(_finding(k, n, played, captured, checked) for k, n in _joined(wrong))
    return _analysis(findings, captured, checked, cap)


def check_stimulus(
    captured: Bytes,
    played: Bytes,
    fmt: SampleFormat,
    channels: int,
    period_frames: int,
    *,
    played_limit: int | None = None,
    cap: int = CAP,
) -> Analysis:
    """Check a burst of any recording that is in memory as a whole.

    Parameters
    ----------
    captured, played : (n * frame_bytes,) uint8.
    played_limit : frames of `played` that were due [frames].
    """
    layout = Layout(fmt, channels)
    size = layout.frame_bytes
    due = played.size // size if played_limit is None else min(played_limit, played.size // size)

    def part(start: int, frames: int) -> Bytes:
        return played[start * size : (start + frames) * size]

    return check_played(captured, part, due, layout, period_frames, cap=cap)


def check_played(
    captured: Bytes,
    part: Part,
    due: int,
    layout: Layout,
    period_frames: int,
    *,
    latest: int | None = None,
    gap: int = 1,
    cap: int = CAP,
) -> Analysis:
    """Check a burst against what was played, made again period by period.

    Parameters
    ----------
    captured : (n * frame_bytes,) uint8; may begin inside what was played.
    part : what was played, from frame 0 on.
    due : frames played.
    latest : captured frame by which frame 0 has come, None for anywhere.
    gap : right frames between two wrong ones of the same finding, at most.
    """
    size = layout.frame_bytes
    taken = captured.size // size
    first = find(captured, part, due, layout, latest)
    if first is None:
        note = "what was played was not found in the capture"
        return Analysis("checksum", False, taken, notes=(note,))
    skipped = max(0, -first)
    frames = min(taken - max(0, first), due - skipped)
    runs = _Runs(gap)
    for at in range(skipped, skipped + frames, period_frames):
        n = min(period_frames, skipped + frames - at)
        sent, seen = part(at, n), captured[(first + at) * size : (first + at + n) * size]
        if zlib.crc32(sent.data) != zlib.crc32(seen.data):
            runs.add(at, (sent.reshape(-1, size) != seen.reshape(-1, size)).any(axis=1))
    findings = tuple(_narrow(first, run, period_frames) for run in runs.ended)
    span = Checksums(max(0, first), period_frames, frames, ())
    return _analysis(findings, span, frames, cap, taken, skipped)


class _Runs:
    # Runs of wrong frames as [start, stop, wrong frames], in order; joined over right gaps.
    def __init__(self, gap: int) -> None:
        self._gap = gap
        self.ended: list[list[int]] = []

    def add(self, at: int, wrong: NDArray[np.bool_]) -> None:
        for frame in np.flatnonzero(wrong).tolist():
            if self.ended and at + frame - self.ended[-1][1] <= self._gap:
                self.ended[-1][1] = at + frame + 1
                self.ended[-1][2] += 1
            else:
                self.ended.append([at + frame, at + frame + 1, 1])


def _narrow(first: int, run: list[int], period: int) -> Finding:
    start, stop, wrong = run
    details = {"period": start // period, "wrong_frames": wrong}
    frame = first + start
    text = f"{wrong} of {stop - start} frames from capture frame {frame} are not what was played."
    return Finding(Kind.UNKNOWN, frame, stop - start, start, details=details, text=text)


def _joined(wrong: list[int]) -> list[tuple[int, int]]:
    # Runs of neighbouring periods as (first, count).
    out: list[tuple[int, int]] = []
    for k in wrong:
        if out and sum(out[-1]) == k:
            out[-1] = (out[-1][0], out[-1][1] + 1)
        else:
            out.append((k, 1))
    return out


def _finding(k: int, count: int, played: Checksums, captured: Checksums, checked: int) -> Finding:
    period = played.period_frames
    frames = min(count * period, checked - k * period)
    frame = captured.first_frame + k * period
    what = f"period {k} differs" if count == 1 else f"periods {k} to {k + count - 1} differ"
    return Finding(
        Kind.UNKNOWN,
        frame,
        frames,
        played.first_frame + k * period,
        details={"period": k, "periods": count},
        text=f"The CRC-32 of {what}: {frames} frames from capture frame {frame}.",
    )


def _analysis(
    findings: tuple[Finding, ...],
    captured: Checksums,
    checked: int,
    cap: int,
    frames: int | None = None,
    position: int = 0,
) -> Analysis:
    notes = [LIMITS] if findings else []
    if len(findings) > cap:
        notes.append(f"{len(findings) - cap} findings past the first {cap} are only counted")
    return Analysis(
        detector="checksum",
        locked=True,
        frames=captured.first_frame + captured.frames if frames is None else frames,
        checked_frames=checked,
        first_frame=captured.first_frame,
        first_position=position,
        counts={Kind.UNKNOWN: len(findings)} if findings else {},
        sites={(Kind.UNKNOWN, None, None): len(findings)} if findings else {},
        findings=findings[:cap],
        wrong_frames=sum(finding.frames for finding in findings),
        episodes=len(findings),
        notes=tuple(notes),
    )
