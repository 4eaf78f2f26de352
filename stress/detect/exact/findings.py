# SPDX-License-Identifier: MIT
"""Keep findings in constant memory: merge, count, cap, group into episodes; and say each in one sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from stress.model.finding import SLIPS, Finding, Kind, Site
from stress.model.histogram import Axes, Histogram

# Findings kept in full. Source: 1 kB each is 1 MB on a board with 64 MB.
# Higher: memory; lower: less evidence. Counts go on past it.
CAP = 1000

# Zeros in a row that may be mute [frames]: where they last to the end, or for longer than a lap of
# the larger ring. Source: 10 ms at 48 kHz, longer than any stale line. Higher: a short mute is
# called zero; lower: zeros that a ring held are called mute.
SHORTEST_MUTE = 480

# Right frames between places of dense damage that are one finding, see `dense` [frames]. Higher:
# sparse damage is told as one; lower: dense damage falls to pieces.
LARGEST_GAP = 128


class Collector:
    """Takes findings in order of frame.

    Parameters
    ----------
    lap : an episode ends when a lap passes without a finding [frames].
    complete : fills in what only the whole finding knows (lines, text).
    merge : makes one of two findings that continue each other.
    cap : findings kept in full.
    axes : of the rings in which the places of the others are counted.

    Attributes
    ----------
    beyond : where the findings past `cap` lie.
    """

    def __init__(
        self,
        lap: int,
        complete: Callable[[Finding], Finding],
        merge: Callable[[Finding, Finding], Finding],
        cap: int = CAP,
        axes: Axes | None = None,
    ) -> None:
        self._lap, self._cap = max(lap, 1), cap
        self._complete, self._merge = complete, merge
        self._kept: list[Finding] = []
        self._last: Finding | None = None
        self._until: int | None = None
        self._covered = 0
        self.counts: dict[Kind, int] = {}
        self.sites: dict[Site, int] = {}
        self.beyond = Histogram(axes)
        self.wrong_frames = 0
        self.episodes = 0

    def add(self, finding: Finding) -> None:
        """Take one finding; one that continues the last is merged into it."""
        last = self._last
        if last is not None and _continues(last, finding):
            self._last = self._merge(last, finding)
            return
        self.flush()
        self._last = finding

    def flush(self) -> None:
        """Count the finding that was held back for merging."""
        last, self._last = self._last, None
        if last is None:
            return
        last = self._mute(last)
        self.counts[last.kind] = self.counts.get(last.kind, 0) + 1
        site = (last.kind, last.ring, last.laps)
        self.sites[site] = self.sites.get(site, 0) + 1
        self.wrong_frames += last.frames - self._shared(last)
        if self._until is None or last.frame - self._until > self._lap:
            self.episodes += 1
        self._until = last.frame + (0 if last.kind is Kind.DROP else last.span)
        if len(self._kept) < self._cap:
            self._kept.append(self._complete(last))
        else:
            self.beyond.add(last)

    def _shared(self, finding: Finding) -> int:
        # A frame that lies in two lines may be wrong in both: it is one wrong frame.
        if finding.kind in SLIPS or finding.span != finding.frames:
            return 0
        shared = min(finding.frames, max(0, self._covered - finding.frame))
        self._covered = max(self._covered, finding.frame + finding.frames)
        return shared

    def mute_to(self, end: int) -> None:
        """Call the last finding mute when it is zeros from there to `end`, the last frame judged."""
        last = self._last
        if last is None or last.kind is not Kind.ZERO or last.frames < SHORTEST_MUTE:
            return
        if last.frame + last.frames == end:
            self._last = replace(last, kind=Kind.MUTE, details={**last.details, "to_end": True})

    def _mute(self, finding: Finding) -> Finding:
        # Zeros that no ring can hold at once are silence of the stream.
        longest = max(SHORTEST_MUTE - 1, self._lap)
        long = finding.kind is Kind.ZERO and "places" not in finding.details and finding.frames > longest
        return replace(finding, kind=Kind.MUTE) if long else finding

    def result(self) -> tuple[Finding, ...]:
        """Return the findings kept, in order."""
        self.flush()
        return tuple(self._kept)

    @property
    def dropped(self) -> int:
        """Findings counted but not kept."""
        return sum(self.counts.values()) - len(self._kept)


def _continues(last: Finding, finding: Finding) -> bool:
    if "places" in last.details:
        gap = finding.frame - last.frame - last.span
        return finding.kind is last.kind and 0 <= gap <= LARGEST_GAP
    return (
        finding.kind is last.kind
        and finding.kind not in SLIPS
        and finding.frame == last.frame + last.frames
        and (finding.lag, finding.ring) == (last.lag, last.ring)
        and _alike(last, finding)
    )


def merged(last: Finding, finding: Finding) -> Finding:
    """Return many places of one kind and what follows of it as one finding."""
    one, other = last.details, finding.details
    details = {
        **one,
        "places": one["places"] + other.get("places", 1),
        "span": finding.frame + finding.span - last.frame,
    }
    if last.kind is Kind.BITFLIP:
        details["flips"] = one["flips"] + other["flips"]
        width = len(one["per_bit"])
        each = other["per_bit"] if "per_bit" in other else _per_bit(other["bits"], width)
        details["per_bit"] = [a + b for a, b in zip(one["per_bit"], each)]
    return replace(last, frames=last.frames + finding.frames, details=details)


def _per_bit(flipped: list[list[int]], width: int) -> list[int]:
    # Of a single place those of its first samples are listed, by frame and bit of the frame.
    counts = [0] * width
    for _, bit in flipped:
        counts[bit % width] += 1
    return counts


def _alike(last: Finding, finding: Finding) -> bool:
    if finding.kind in (Kind.GAIN, Kind.POLARITY):
        one, other = _levels(last.details), _levels(finding.details)
        n = max(len(one), len(other))
        near = all(abs(a - b) < 0.1 for a, b in zip(one * (n // len(one)), other * (n // len(other))))
        return near and last.details.get("inverted") == finding.details.get("inverted")
    if finding.kind is Kind.RESAMPLE:
        return abs(float(last.details["ratio"]) / float(finding.details["ratio"]) - 1) < 1e-2
    keys = {Kind.SWAP: "source", Kind.BYTESHIFT: "bytes"}
    key = keys.get(finding.kind)
    return key is None or last.details.get(key) == finding.details.get(key)


def _levels(details: Mapping[str, Any]) -> list[float]:
    # Of each channel, or one for all of them [dB].
    return [float(level) for level in details.get("channels_db") or [details["gain_db"]]]


def sentence(finding: Finding, rings: bool = True) -> str:
    """Return what the finding says, in one sentence."""
    return f"{_subject(finding)} {_say(finding, rings)}."


def count(number: int, noun: str) -> str:
    """Return ``1 frame`` or ``8 frames``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _subject(finding: Finding) -> str:
    where = f"at capture frame {finding.frame}"
    if finding.kind in SLIPS:
        return f"{where[0].upper()}{where[1:]}"
    if "places" in finding.details:
        places = count(int(finding.details["places"]), "place")
        return (
            f"{finding.frames} of {finding.span} frames from capture frame {finding.frame} on, in {places},"
        )
    return f"{count(finding.frames, 'frame')} {where}"


def _say(finding: Finding, rings: bool) -> str:
    details = finding.details
    be = "is" if finding.frames == 1 else "are"
    if finding.kind is Kind.STALE:
        return f"{be} {_age(finding)}{_lines(finding, be)}"
    if finding.kind is Kind.DROP:
        return f"{count(finding.frames, 'frame')} {'is' if finding.frames == 1 else 'are'} missing"
    if finding.kind is Kind.REPEAT:
        replay = f", {count(details['laps'], 'whole lap')} of a ring: a replay" if "laps" in details else ""
        return f"the stream falls back by {count(finding.frames, 'frame')} that came before{replay}"
    if finding.kind is Kind.INSERT:
        return f"{count(finding.frames, 'frame')} {be} inserted ({details.get('content', 'no pattern')})"
    if finding.kind is Kind.MISPLACED:
        lag = finding.lag or 0
        side = "older" if lag > 0 else "newer"
        known = ", which is no whole lap of a ring" if rings else ""
        return f"{be} pattern data {count(abs(lag), 'frame')} {side}{known}"
    return f"{be} {_plain(finding.kind, details)}"


def _age(finding: Finding) -> str:
    if finding.laps is None:
        return "left from an earlier burst"
    if finding.laps == 1:
        return f"one {finding.ring} lap old"
    return f"{finding.laps} {finding.ring} laps old"


def _lines(finding: Finding, be: str) -> str:
    if finding.ring is None or finding.line_bytes is None:
        return "" if finding.ring is None else f", from byte {finding.ring_offset} of the {finding.ring} ring"
    lines = finding.details.get("lines", 1)
    verb = "it fills" if be == "is" else "they fill"
    of = finding.details.get("part_of_line", finding.line_bytes) // finding.line_bytes
    part = {1: "", 2: "half ", 4: "quarter "}.get(of, "part ")
    what = "one" if lines == 1 else str(lines)
    what += f" {finding.line_bytes}-byte {part}line{'' if lines == 1 else 's'}"
    return f"; {verb} exactly {what} of the {finding.ring} ring"


def _scaled(kind: Kind, details: Mapping[str, Any]) -> str:
    inverted = details.get("inverted")
    sign = ""
    if isinstance(inverted, list):
        which = " and ".join(str(channel + 1) for channel in inverted)
        sign = f"of inverted sign in {'channel' if len(inverted) == 1 else 'channels'} {which}"
    elif inverted:
        sign = "of inverted sign"
    if kind is Kind.POLARITY:
        return sign
    levels = details.get("channels_db")
    told = f"{details.get('gain_db')} dB" if not levels else f"{', '.join(map(str, levels))} dB (by channel)"
    return f"scaled by {told}{' and ' if sign else ''}{sign}"


def _plain(kind: Kind, details: Mapping[str, Any]) -> str:
    if kind is Kind.BITFLIP:
        return f"right but for {count(int(details.get('flips', 1)), 'flipped bit')}"
    if kind in (Kind.GAIN, Kind.POLARITY):
        return _scaled(kind, details)
    if kind is Kind.DITHER:
        return f"off by at most {details.get('lsb')} LSB"
    if kind is Kind.SWAP:
        return f"with channels exchanged (channel by channel from {details.get('source')})"
    if kind is Kind.BYTESHIFT:
        return f"shifted by {count(int(details.get('bytes', 0)), 'byte')}"
    if kind is Kind.RESAMPLE:
        return f"resampled by {details.get('ratio')}"
    plain = {
        Kind.ZERO: "zero where the pattern was due",
        Kind.HOLD: "a repetition of the frame before",
        Kind.MUTE: "zero, to the end" if "to_end" in details else "zero, for longer than a ring holds",
    }
    return plain.get(kind, "wrong in a way that fits no known kind")
