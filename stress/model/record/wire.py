# SPDX-License-Identifier: MIT
"""What a tap saw beside a burst."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stress.model import shape


@dataclass(frozen=True)
class SideRecord:
    """One direction of the bus against the memory of the user.

    Attributes
    ----------
    frames, wrong : compared and different frames.
    packets, failed : seen, and ended with an error.
    lines, telling_lines : of capture: ring lines, and those whose source differs from earlier laps.
    planted, found : faults of the control of this side.
    statuses : failed packets by their error ("-18": EXDEV, "-71": EPROTO, ...).
    lengths : packets by their length [bytes], the commonest only.
    """

    frames: int = shape.count()
    wrong: int = shape.count()
    failed: int = shape.count()
    packets: int = shape.count(0)
    lines: int = shape.count(0)
    telling_lines: int = shape.count(0)
    planted: int = shape.count(0)
    found: int = shape.count(0)
    statuses: Mapping[str, int] = shape.field(shape.keyed(shape.within(0)), {})
    lengths: Mapping[str, int] = shape.field(shape.keyed(shape.within(0)), {})


@dataclass(frozen=True)
class HeldRecord:
    """What memory held of a ring behind a burst: frames looked at, and those that differ."""

    frames: int = shape.count()
    differ: int = shape.count()
    first: int | None = shape.field(shape.within(0), None, omit=True)


@dataclass(frozen=True)
class WireRecord:
    """What a tap saw beside a burst."""

    events: int = shape.count()
    dropped: int = shape.count()
    truncated: int = shape.count()
    lost_frames: int = shape.count()
    judged: bool = shape.flag()
    doubts: tuple[str, ...] = shape.texts()
    out: SideRecord = shape.part(SideRecord)
    into: SideRecord = shape.part(SideRecord, key="in")
    source: str = shape.text("")
    drain_ns: int = shape.whole(0)
    judged_sides: tuple[str, ...] = shape.texts(())
    notes: tuple[str, ...] = shape.texts(())
    memory: Mapping[str, HeldRecord] = shape.field(shape.keyed(shape.of(HeldRecord)), {})


@dataclass(frozen=True)
class BlindRecord:
    """Why no tap saw a burst, "" where none was asked to."""

    blind: str = shape.text("")


def wire_of(value: Any) -> WireRecord | BlindRecord:
    seen = type(value) is dict and "source" in value
    return shape.read(WireRecord, value) if seen else shape.read(BlindRecord, value)
