# SPDX-License-Identifier: MIT
"""How a burst was streamed, and the checksums of what it moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stress.model import shape
from stress.model.record.limits import SIZE


@dataclass(frozen=True)
class StreamRecord:
    """One direction of one burst; see `stress.model.pcm.StreamResult`."""

    frames: int = shape.count()
    xruns: int = shape.count()
    voluntary: int | None = shape.nullable(shape.within())
    involuntary: int | None = shape.nullable(shape.within())
    state: str = shape.text("")
    hw_ptr: int | None = shape.whole(None)
    appl_ptr: int | None = shape.whole(None)
    started_ns: int = shape.whole(0)
    ended_ns: int = shape.whole(0)
    minor_faults: int | None = shape.whole(None)
    waits: int = shape.count(0)
    least_queued: int | None = shape.whole(None)


@dataclass(frozen=True)
class ExchangeRecord:
    """How a burst was streamed; see `stress.model.pcm.Exchange`."""

    playback: StreamRecord = shape.part(StreamRecord)
    capture: StreamRecord = shape.part(StreamRecord)
    lost: str | None = shape.nullable(shape.read_text)
    played_limit: int = shape.count(0)
    notes: tuple[str, ...] = shape.texts(())


@dataclass(frozen=True)
class CapturedSumsRecord:
    """Checksums of what was captured: those that differ from what was played, by period."""

    first_frame: int = shape.count()
    frames: int = shape.count()
    differ: Mapping[str, str] = shape.field(shape.keyed(shape.read_text))


@dataclass(frozen=True)
class SumsRecord:
    """CRC-32 of a burst, period by period, eight hexadecimal digits each."""

    crcs: str = shape.text()
    first_frame: int = shape.count()
    period_frames: int = shape.field(SIZE)
    frames: int = shape.count()
    captured: CapturedSumsRecord | None = shape.part(CapturedSumsRecord, None)
