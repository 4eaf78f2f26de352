"""One sentence per finding, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stress.model.finding import SLIPS, Finding, Kind


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


def _plain(kind: Kind, details: Mapping[str, Any]) -> str:
    if kind is Kind.BITFLIP:
        return f"right but for {count(int(details.get('flips', 1)), 'flipped bit')}"
    if kind is Kind.GAIN:
        return f"scaled by {details.get('gain_db')} dB"
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
        Kind.MUTE: "zero, to the end",
    }
    return plain.get(kind, "wrong in a way that fits no known kind")
