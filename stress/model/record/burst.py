# SPDX-License-Identifier: MIT
"""One burst: everything that was asked, seen and judged of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from stress.model import shape
from stress.model.record.analog import ChannelRecord
from stress.model.record.analysis import AnalysisRecord
from stress.model.record.beside import ProcessRecord
from stress.model.record.exchange import ExchangeRecord, SumsRecord
from stress.model.record.proof import (
    ConditionsRecord,
    ControlRecord,
    ExposureRecord,
    OpportunitiesRecord,
    TilesRecord,
)
from stress.model.record.wire import BlindRecord, WireRecord, wire_of


@dataclass(frozen=True)
class BurstRecord:
    """One burst: event "burst".

    Attributes
    ----------
    position : pattern position of its first frame.
    frames : of the pattern, as the plan asks; `span` of them lie in the play buffer.
    episodes, observed_s : see `stress.verdict.episodes`.
    evidence : names of the files in evidence/ that belong to it.
    beside : the processes that took most CPU time and most switches meanwhile.
    kernel : messages of the kernel since the burst before, as dmesg prints them.
    """

    event: ClassVar[str] = "burst"

    number: int = shape.whole()
    arm: str = shape.text()
    position: int = shape.whole()
    frames: int = shape.count()
    streamed_s: float = shape.number()
    exchange: ExchangeRecord = shape.part(ExchangeRecord)
    analysis: AnalysisRecord = shape.part(AnalysisRecord)
    control: ControlRecord = shape.part(ControlRecord)
    exposure: ExposureRecord = shape.part(ExposureRecord)
    episodes: int = shape.count()
    observed_s: float = shape.number()
    conditions: ConditionsRecord = shape.part(ConditionsRecord)
    span: int | None = shape.field(shape.within(0), None, omit=True)
    tiles: TilesRecord = shape.part(TilesRecord, TilesRecord(0, 0, 0))
    opportunities: OpportunitiesRecord = shape.part(OpportunitiesRecord, OpportunitiesRecord())
    evidence: tuple[str, ...] = shape.texts(())
    wire: WireRecord | BlindRecord = shape.field(wire_of, BlindRecord())
    crc32: SumsRecord | None = shape.field(shape.of(SumsRecord), None, omit=True)
    channel: ChannelRecord | None = shape.field(shape.of(ChannelRecord), None, omit=True)
    advice: tuple[str, ...] = shape.field(shape.listed(shape.read_text), (), omit=True)

    beside: tuple[ProcessRecord, ...] = shape.field(shape.listed(shape.of(ProcessRecord)), (), omit=True)
    kernel: tuple[str, ...] = shape.field(shape.listed(shape.read_text), (), omit=True)

    @property
    def seen(self) -> WireRecord | None:
        """What a tap saw, None where none looked."""
        return self.wire if isinstance(self.wire, WireRecord) else None

    @property
    def end(self) -> int:
        """Pattern position behind the burst."""
        return self.position + (self.frames if self.span is None else self.span)
