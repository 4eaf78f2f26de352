# SPDX-License-Identifier: MIT
"""Findings: classified runs of wrong frames, and what a check as a whole says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Optional

from stress.model.histogram import Axes, Histogram, places_of
from stress.model.path import Path

# The note of a check whose capture holds nothing but zeros.
SILENT = "every captured sample is zero"


class Kind(str, Enum):
    """What is wrong with a run of frames."""

    STALE = "stale"  #: older data of the same ring offset: whole laps, or of an earlier burst
    ZERO = "zero"  #: zeros where the pattern is due, no more than a ring can hold
    HOLD = "hold"  #: the last right frame, repeated
    DROP = "drop"  #: frames are missing
    REPEAT = "repeat"  #: frames come twice
    INSERT = "insert"  #: frames that are not the pattern, between right ones
    BITFLIP = "bitflip"  #: single bits differ
    SWAP = "swap"  #: channels exchanged
    BYTESHIFT = "byteshift"  #: the byte stream is off by 1..3 bytes
    GAIN = "gain"  #: scaled
    DITHER = "dither"  #: low bits differ by a few LSB
    MUTE = "mute"  #: zeros for 480 frames and more: longer than a lap of the larger ring, or up to the end
    RESAMPLE = "resample"  #: another sample rate
    ROTATE = "rotate"  #: channels moved round by n, from an instant on
    POLARITY = "polarity"  #: the sign of every sample changed
    STUCK = "stuck"  #: one bit of every sample is always 0 or 1, or inverted
    ENDIAN = "endian"  #: the bytes or halves of every sample in another order, or unsigned
    MISPLACED = "misplaced"  #: older or newer pattern data whose lag is not a whole lap
    UNKNOWN = "unknown"  #: wrong, and none of the above


#: Frames are missing or extra: what follows is moved, not damaged. Names in a record compare equal to them.
SLIPS = (Kind.DROP, Kind.REPEAT, Kind.INSERT)


@dataclass(frozen=True)
class Finding:
    """One classified run of wrong frames.

    Parameters
    ----------
    frame : first wrong frame of the capture; for a drop the first after the gap.
    frames : how many frames are wrong, missing or extra.
    position : pattern position expected at `frame` (mod 2^32).
    lag : age of the wrong data [frames], None where it has none.
    laps : `lag` in whole laps of `ring`.
    ring : "playback", "capture" or None.
    ring_offset : of the first wrong frame in `ring` [bytes].
    line_bytes : of the board, or 16 or more of it when start and length sit on such
        parts of its lines only, else None.
    injected : True when the tester itself put the fault there (positive control).
    details : what else the kind has to say (bits, gain_db, ratio, burst, ...).
    text : one sentence for people.
    """

    kind: Kind
    frame: int
    frames: int
    position: int
    lag: int | None = None
    laps: int | None = None
    ring: str | None = None
    ring_offset: int | None = None
    line_bytes: int | None = None
    injected: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""

    @property
    def span(self) -> int:
        """Frames from the first wrong one to the last, right ones between them as well."""
        return int(self.details.get("span", self.frames))

    def to_json(self) -> dict[str, Any]:
        """Return the finding as the JSON object of the record."""
        return {
            "kind": self.kind.value,
            "frame": self.frame,
            "frames": self.frames,
            "position": self.position,
            "lag": self.lag,
            "laps": self.laps,
            "ring": self.ring,
            "ring_offset": self.ring_offset,
            "line_bytes": self.line_bytes,
            "injected": self.injected,
            "details": dict(self.details),
            "text": self.text,
        }

    def within(self, line_bytes: int) -> Finding:
        """Return the finding for a board with lines of so many bytes: it names no larger one."""
        size = self.line_bytes
        return self if size is None or size <= line_bytes else replace(self, line_bytes=line_bytes)

    def with_details(self, **details: Any) -> Finding:
        """Return the finding with more to say."""
        return replace(self, details={**self.details, **details})


# Kind, ring and laps of a finding: what statistics tell apart.
Site = tuple[Kind, Optional[str], Optional[int]]


@dataclass(frozen=True)
class Analysis:
    """What a detector says of one capture.

    Parameters
    ----------
    detector : "exact", "checksum" or "spectral".
    locked : whether the stimulus was recognised at all.
    frames : captured frames looked at.
    checked_frames : frames really compared with what was due.
    first_frame : captured frame of the first pattern frame, None without lock.
    first_position : pattern position found there (mod 2^32).
    counts : findings per kind, all of them, also those past the cap.
    findings : at most the cap, in order of frame.
    wrong_frames : frames covered by findings.
    episodes : findings merged within one lap of the larger ring.
    valid_bits : bits per sample the path carries.
    notes : one line each (cap reached, low bits not carried, ...).
    sites : findings per (kind, ring, laps), all of them.
    path : what stands between the two ends, None where it is not known.
    beyond : where the findings past the cap lie, None where all were kept.
    """

    detector: str
    locked: bool
    frames: int
    checked_frames: int = 0
    first_frame: int | None = None
    first_position: int | None = None
    counts: Mapping[Kind, int] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    wrong_frames: int = 0
    episodes: int = 0
    valid_bits: int | None = None
    notes: tuple[str, ...] = ()
    sites: Mapping[Site, int] = field(default_factory=dict)
    path: Path | None = None
    beyond: Histogram | None = None

    @property
    def found(self) -> int:
        """Number of findings, also those past the cap."""
        return sum(self.counts.values())

    def holding(self, findings: Sequence[Finding], most: int, axes: Axes | None = None) -> Analysis:
        """Return the analysis with all `findings` counted, in this order, and `most` of them kept.

        Parameters
        ----------
        axes : rings that the findings lie in, None where none is known.
        """
        return replace(
            self,
            beyond=places_of(findings[most:], axes),
            counts=dict(Counter(one.kind for one in findings)),
            sites=dict(Counter((one.kind, one.ring, one.laps) for one in findings)),
            findings=tuple(findings[:most]),
            wrong_frames=sum(one.frames for one in findings),
        )

    def without(self, findings: Sequence[Finding]) -> Analysis:
        """Return the analysis with these findings neither kept nor counted."""
        counts, sites = dict(self.counts), dict(self.sites)
        for one in findings:
            counts[one.kind] = counts.get(one.kind, 0) - 1
            site = (one.kind, one.ring, one.laps)
            sites[site] = sites.get(site, 0) - 1
        left = tuple(one for one in self.findings if one not in findings)
        # A frame may lie in several findings, and is wrong as long as it lies in one.
        least = min(self.wrong_frames, max((one.frames for one in left), default=0))
        return replace(
            self,
            findings=left,
            counts={kind: number for kind, number in counts.items() if number},
            sites={site: number for site, number in sites.items() if number},
            wrong_frames=max(least, self.wrong_frames - sum(one.frames for one in findings)),
        )

    @property
    def lock(self) -> tuple[int, int] | None:
        """Captured frame and position of the first frame that is judged, None without a lock."""
        if not self.locked or self.first_frame is None or self.first_position is None:
            return None
        return self.first_frame, self.first_position

    def adding(self, finding: Finding) -> Analysis:
        """Return the analysis with `finding` before the others, counted by kind and site only."""
        site = (finding.kind, finding.ring, finding.laps)
        return replace(
            self,
            findings=(finding, *self.findings),
            counts={**self.counts, finding.kind: self.counts.get(finding.kind, 0) + 1},
            sites={**self.sites, site: self.sites.get(site, 0) + 1},
        )
