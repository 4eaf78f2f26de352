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
from typing import TYPE_CHECKING, Any

import numpy as np

from stress.detect.collect import CAP
from stress.model.finding import Analysis, Finding, Kind
from stress.model.formats import SampleFormat
from stress.patterns.layout import Layout

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

# Samples correlated for a lock. Source: 4096 samples of any recording that is not
# silent place a peak far above noise. Higher: time; lower: periodic or quiet
# starts lock to the wrong period.
LOCK_FRAMES = 4096

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
            "crc32": [f"{crc:08x}" for crc in self.crcs],
            "first_frame": self.first_frame,
            "period_frames": self.period_frames,
            "frames": self.frames,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Checksums:
        """Return what `to_json` wrote; KeyError or ValueError when it is not."""
        crcs = tuple(int(text, 16) for text in value["crc32"])
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
    """Check a burst of any recording; both sides' audio is at hand.

    Parameters
    ----------
    captured, played : (n * frame_bytes,) uint8.
    played_limit : frames of `played` that were due [frames].
    """
    layout = Layout(fmt, channels)
    size = layout.frame_bytes
    due = played[: played_limit * size] if played_limit is not None else played
    first = find_stimulus(captured, due, layout)
    if first is None:
        note = "the recording was not found in the capture"
        return Analysis("checksum", False, captured.size // size, notes=(note,))
    frames = min(captured.size // size - first, due.size // size)
    seen, sent = captured[first * size : (first + frames) * size], due[: frames * size]
    coarse = compare(sums_of(sent, size, period_frames), sums_of(seen, size, period_frames, first), cap)
    rows = (seen.reshape(-1, size), sent.reshape(-1, size))
    findings = tuple(_narrowed(finding, first, *rows) for finding in coarse.findings)
    return _analysis(
        findings, Checksums(first, period_frames, frames, ()), frames, cap, captured.size // size
    )


def find_stimulus(captured: Bytes, played: Bytes, layout: Layout) -> int | None:
    """Return the captured frame that shows the first of `played`, None without.

    The loudest stretch of the recording is correlated with the capture; the
    place counts when at least half of its frames are equal there.
    """
    sent, seen = _mono(played, layout), _mono(captured, layout)
    at = _loudest(sent)
    probe = sent[at : at + LOCK_FRAMES]
    if not len(seen) or not probe.any():
        return None
    size = 1 << (len(seen) + len(probe)).bit_length()
    spectrum = np.fft.rfft(seen, size) * np.conj(np.fft.rfft(probe, size))
    place = int(np.argmax(np.fft.irfft(spectrum, size)[: len(seen)]))
    first = place - at
    bytes_ = layout.frame_bytes
    low = max(place, at - min(first, 0))
    width = min(len(probe), len(seen) - low)
    a = captured[low * bytes_ : (low + width) * bytes_].reshape(-1, bytes_)
    b = played[(low - first) * bytes_ : (low - first + width) * bytes_].reshape(-1, bytes_)
    if len(a) != len(b) or not len(a) or (a == b).all(axis=1).mean() < 0.5:
        return None
    return first if first >= 0 else None


def _mono(frames: Bytes, layout: Layout) -> NDArray[np.float32]:
    samples: NDArray[np.float32] = layout.samples(frames).sum(axis=1, dtype=np.float32)
    return samples


def _loudest(sent: NDArray[np.float32]) -> int:
    # Start of the loudest whole stretch; a recording may begin with silence.
    whole = len(sent) // LOCK_FRAMES
    if whole < 2:
        return 0
    power = (sent[: whole * LOCK_FRAMES].reshape(whole, -1) ** 2).sum(axis=1)
    return int(np.argmax(power)) * LOCK_FRAMES


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


def _narrowed(finding: Finding, first: int, seen: Bytes, sent: Bytes) -> Finding:
    # From the period to the frames in it that are wrong.
    start = finding.frame - first
    wrong = np.flatnonzero(
        (seen[start : start + finding.frames] != sent[start : start + finding.frames]).any(axis=1)
    )
    low, high = int(wrong[0]), int(wrong[-1]) + 1
    details = {**finding.details, "wrong_frames": int(len(wrong))}
    frame = first + start + low
    text = f"{len(wrong)} of {high - low} frames from capture frame {frame} are not what was played."
    return Finding(Kind.UNKNOWN, frame, high - low, finding.position + low, details=details, text=text)


def _analysis(
    findings: tuple[Finding, ...], captured: Checksums, checked: int, cap: int, frames: int | None = None
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
        counts={Kind.UNKNOWN: len(findings)} if findings else {},
        findings=findings[:cap],
        wrong_frames=sum(finding.frames for finding in findings),
        episodes=len(findings),
        notes=tuple(notes),
    )
