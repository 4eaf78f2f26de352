# SPDX-License-Identifier: MIT
"""The events of run.jsonl, one class each, and the way from a line to its event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Union, get_args

from stress.model import shape
from stress.model.formats import CARD_FORMATS
from stress.model.lifecycle import FirstLap, LifecycleEvent
from stress.model.record.burst import BurstRecord
from stress.model.record.limits import ADDRESS, SIZE
from stress.model.record.tally import TallyRecord
from stress.model.transport import NO_TRANSPORT, TransportRecord
from stress.model.verdict import Verdict


@dataclass(frozen=True)
class ParamsRecord:
    """hw_params of one direction under ALSA's names.

    `fifo_frames` is the FIFO that the driver states [frames], 0 where it states none.
    """

    format: str = shape.field(shape.among(tuple(CARD_FORMATS)))
    channels: int = shape.field(shape.within(1, 64))
    rate: int = shape.field(shape.within(1, 1 << 24))
    period_size: int = shape.field(SIZE)
    buffer_size: int = shape.field(SIZE)
    access: str = shape.text("")
    fifo_frames: int = shape.count(0)

    @property
    def frame_bytes(self) -> int:
        """Bytes of a frame."""
        return CARD_FORMATS[self.format].frame_bytes(self.channels)


@dataclass(frozen=True)
class PairRecord:
    """hw_params of both directions, as far as they were recorded."""

    playback: ParamsRecord | None = shape.part(ParamsRecord, None)
    capture: ParamsRecord | None = shape.part(ParamsRecord, None)

    def of(self, direction: str | None) -> ParamsRecord | None:
        """Return those of "playback" or "capture", None for anything else."""
        return {"playback": self.playback, "capture": self.capture}.get(direction or "")


@dataclass(frozen=True)
class MappingRecord:
    """One mapping of a ring; see `stress.model.pcm.Mapping`.

    Its page colour and the kernel's are the addresses modulo the size of a way.
    """

    direction: str = shape.text()
    path: str = shape.text()
    vm_flags: str = shape.text()
    is_ring: bool = shape.flag()
    size_bytes: int = shape.whole(0)
    address: int = shape.field(ADDRESS, 0)
    kernel_addresses: tuple[int, ...] = shape.field(shape.listed(ADDRESS), ())


@dataclass(frozen=True)
class StartRecord:
    """The run as it begins: event "start".

    Attributes
    ----------
    files : digests of config.json and board.json.
    wall : when it was recorded.
    """

    event: ClassVar[str] = "start"

    seed: int = shape.whole()
    backend: str = shape.text()
    first_position: int = shape.whole()
    schema: str = shape.text("pcmstress/run/1")
    program: str = shape.text("")
    files: Mapping[str, str] = shape.field(shape.keyed(shape.read_text), {})
    wall: str = shape.field(shape.read_text, "", omit=True)
    transport: TransportRecord = shape.part(TransportRecord, NO_TRANSPORT)


@dataclass(frozen=True)
class TapRecord:
    """Which tap looks at the wire, or why none does: event "wire"."""

    event: ClassVar[str] = "wire"

    source: str = shape.text("")
    blind: str = shape.text("")


@dataclass(frozen=True)
class OpenRecord:
    """A PCM was opened for an arm: event "open"."""

    event: ClassVar[str] = "open"

    arm: str = shape.text()
    backend: str = shape.text("")
    device: str = shape.text("")
    requested: PairRecord = shape.part(PairRecord, PairRecord())
    granted: PairRecord = shape.part(PairRecord, PairRecord())
    mappings: tuple[MappingRecord, ...] = shape.field(shape.listed(shape.of(MappingRecord)), ())
    refused: tuple[str, ...] = shape.texts(())


@dataclass(frozen=True)
class LoopbackRecord:
    """Which loopback there is, and why: event "loopback".

    Attributes
    ----------
    path : what stands between the two ends, "" where every bit gets through or no path was named.
    lost : why the exact detector cannot judge behind the path, "" where it can.
    advice : what makes the path bit-exact.
    """

    event: ClassVar[str] = "loopback"

    kind: str = shape.text()
    detector: str = shape.text()
    why: str = shape.text()
    path: str = shape.text("")
    lost: str = shape.text("")
    advice: str = shape.text("")


@dataclass(frozen=True)
class SkipRecord:
    """An arm could not be run: event "skip"."""

    event: ClassVar[str] = "skip"

    arm: str = shape.text()
    reason: str = shape.text()


@dataclass(frozen=True)
class LifecycleRecord:
    """What a life-cycle event did to the stream behind it: event "lifecycle".

    Attributes
    ----------
    number : of the burst behind it, 0 where none came.
    name : see `stress.model.lifecycle.LifecycleEvent`.
    outcome : see `stress.model.lifecycle.FirstLap`.
    frames : of the first lap that are not right.
    took_s : until the PCM could be opened or started again [s].
    lead_frames : captured frames before the first right one.
    at_frame : captured frame at which it was in the middle of the burst, 0 where it was before it.
    """

    event: ClassVar[str] = "lifecycle"

    arm: str = shape.text()
    number: int = shape.count()
    name: str = shape.field(shape.among(tuple(one.value for one in LifecycleEvent)))
    outcome: str = shape.field(shape.among(tuple(one.value for one in FirstLap)))
    frames: int = shape.count()
    took_s: float = shape.number()
    lead_frames: int = shape.count(0)
    at_frame: int = shape.count(0)

    @property
    def shown(self) -> str:
        """The event, and that it was in the middle of a burst where it was."""
        return f"{self.name} in the middle" if self.at_frame else self.name


@dataclass(frozen=True)
class StopRecord:
    """The run ends before its plan: event "stop"; see `stress.verdict.stopping.Stopped`."""

    event: ClassVar[str] = "stop"

    decision: str = shape.text()
    bursts: int = shape.whole()
    text: str = shape.text()
    walks: int = shape.count(0)
    planned: int = shape.count(0)
    episodes: int = shape.count(0)
    observed_s: float = shape.number(0.0)


@dataclass(frozen=True)
class VerdictRecord:
    """The verdict: event "verdict".

    Attributes
    ----------
    rules : by which it was given, see `stress.verdict.judge.RULES`; 0 in records of versions before.
    """

    event: ClassVar[str] = "verdict"

    verdict: str = shape.field(shape.among(tuple(one.value for one in Verdict)))
    reasons: tuple[str, ...] = shape.texts()
    backend: str = shape.text("")
    arms: Mapping[str, str] = shape.field(shape.keyed(shape.read_text), {})
    rules: int = shape.count(0)


@dataclass(frozen=True)
class EndRecord:
    """The run is over: event "end"."""

    event: ClassVar[str] = "end"

    exit: int = shape.whole()


Event = Union[
    StartRecord,
    TapRecord,
    OpenRecord,
    LoopbackRecord,
    SkipRecord,
    BurstRecord,
    LifecycleRecord,
    TallyRecord,
    StopRecord,
    VerdictRecord,
    EndRecord,
]


EVENTS: Mapping[str, Any] = {cls.event: cls for cls in get_args(Event)}


def event_of(value: Mapping[str, Any]) -> Event:
    """Return the event in a JSON object of run.jsonl.

    Raises
    ------
    Mismatch : no event that is known, or another shape.
    """
    cls = EVENTS.get(value["event"])
    if cls is None:
        raise shape.Mismatch(f"is none of {', '.join(EVENTS)}", "event")
    made: Event = shape.read(cls, value)
    return made
